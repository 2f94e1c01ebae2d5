"""A plan: which runs a sweep makes. Random starting filters, or every combination of the values of one or two axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cnnstep.engine.checks import expected
from cnnstep.engine.initialisers import INITIALISERS, Initialiser
from cnnstep.engine.quantity import BIAS as BIAS_AXES
from cnnstep.engine.quantity import WEIGHTS, is_whole
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.sweep.axis import BIAS, FILTER, RATE, Axis

ITERATIONS = 500
"""Updates of one run, unless told."""
SEED = 1
MOST_NUMBERS = 200_000_000
"""Numbers that the results may hold, 1.6 GB of them; more is a slip of the keyboard, or a job for several sweeps."""


INITS: Mapping[str, Initialiser] = {
    short: INITIALISERS[name]
    for short, name in {"normal": "normal", "uniform": "uniform", "he": "he_normal", "glorot": "glorot_uniform"}.items()
}
"""The ways to draw a start. With C channels, F filters and kh×kw cells, a cell has C·kh·kw inputs and F·kh·kw outputs
(He et al. 2015, Glorot & Bengio 2010). A bias is not drawn: it starts as the scenario has it."""


@dataclass(frozen=True)
class Plan:
    """`starts` random filters, or the grid of `axes`; each run makes at most `iterations` updates.

    `seed` and `init` are how filters are drawn. `learning_rate` replaces the scenario's own. `fast` is machine code
    where there is some: the same numbers but for their last digits, which runs that jump about make into others.
    """

    iterations: int = ITERATIONS
    starts: int = 0
    seed: int = SEED
    init: str = "normal"
    axes: tuple[Axis, ...] = ()
    learning_rate: float | None = None
    fast: bool = False

    @property
    def runs(self) -> int:
        """How many runs that makes."""
        return self.starts or math.prod(axis.count for axis in self.axes)

    def rate(self, scenario: Scenario) -> float:
        """η of every run, unless an axis changes it."""
        return scenario.learning_rate if self.learning_rate is None else self.learning_rate

    def data(self) -> dict[str, Any]:
        """The plan as plain data; two plans that differ in it are different sweeps."""
        return asdict(self) | {"axes": [axis.text for axis in self.axes]}


def check_plan(plan: Plan, scenario: Scenario) -> None:
    """`InputError` with everything about the plan that does not fit this scenario."""
    expected(Scenario, scenario, "a scenario", 'cnnstep.scenario("first-filter") gives one')
    expected(Plan, plan, "a plan", "write cnnstep.Plan(starts=1000)")
    if faults := [*_faults_of_kind(plan)]:
        raise InputError(faults)
    scenario.check_one_filter("a sweep takes")
    faults = [*_faults_of_choice(plan), *_faults_of_axes(plan, scenario)]
    weights = scenario.conv.weights.size + (0 if scenario.conv.bias is None else scenario.conv.bias.size)
    most = MOST_NUMBERS // (weights + 2)
    if plan.runs > most:
        what = f"{counted(plan.runs, 'run')} of {counted(weights, 'weight')} are more than fit in memory"
        faults.append(Fault("plan", what, f"ask for {most} runs at most, and sweep several times"))
    if faults:
        raise InputError(faults)


def _faults_of_kind(plan: Plan) -> Iterator[Fault]:
    """What is no number, or no axis."""
    if not isinstance(plan.axes, tuple | list) or not all(isinstance(axis, Axis) for axis in plan.axes):
        yield Fault("plan", "axes is not a list of axes", 'write axes=(Axis("learning_rate", 0.01, 1, 40),)')
    for key in ("starts", "seed", "iterations"):
        if not is_whole(value := getattr(plan, key)):
            yield Fault("plan", f"{key} is {value!r}; it must be a whole number", f"write {key}=1")
    rate = plan.learning_rate
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float | np.number)):
        yield Fault("plan", f"learning_rate is {rate!r}; it must be a number", "write learning_rate=0.5")


def _faults_of_choice(plan: Plan) -> list[Fault]:
    faults = []
    if not plan.starts and not plan.axes:
        hint = "add --starts 1000, --learning-rate 0.01:1:200 or --axis filter[0,0]=-2:2:80"
        faults.append(Fault("plan", "there is nothing to sweep over", hint))
    if plan.starts and plan.axes:
        what = "random starts and axes don't go together"
        faults.append(Fault("plan", what, "leave out --starts, or the axes"))
    if len(plan.axes) > 2:
        what = f"there are {len(plan.axes)} axes; a map has one or two"
        faults.append(Fault("plan", what, "leave out all but two"))
    for key, value, least in (("starts", plan.starts, 0), ("seed", plan.seed, 0), ("iterations", plan.iterations, 1)):
        if value < least:
            what = f"{key} is {value}; it must be {least} or more"
            faults.append(Fault("plan", what, f"type: --{key} {max(least, 1)}"))
    if plan.init not in INITS:
        faults.append(Fault("unknown-init", f'there is no init called "{plan.init}"', did_you_mean(plan.init, INITS)))
    if plan.learning_rate is not None and not 0 < plan.learning_rate < math.inf:
        what = f"learning_rate is {plan.learning_rate:g}; it must be greater than 0"
        faults.append(Fault("plan", what, "change the number"))
    return faults


def _faults_of_axes(plan: Plan, scenario: Scenario) -> list[Fault]:
    faults = [fault for axis in plan.axes if (fault := _fault_of_axis(axis, scenario))]
    names = [axis.name for axis in plan.axes]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        faults.append(Fault("axis", f"there are two axes called {twice}", "leave one out"))
    if plan.learning_rate is not None and RATE in names:
        faults.append(Fault("axis", "learning_rate is an axis and a number as well", "leave one out"))
    return faults


def _fault_of_axis(axis: Axis, scenario: Scenario) -> Fault | None:
    if axis.of == RATE:
        what = f'"{axis.text}": a learning rate must be greater than 0, and this starts at {axis.start:g}'
        return Fault("axis", what, "start a little above 0, such as 0.01") if axis.start <= 0 else None
    shape = shape_of(axis.of, scenario)
    if shape is None:
        return Fault("axis", f'"{axis.text}": this scenario has no bias', "give it one in its file: bias: 0")
    if len(axis.cell) == len(shape) and all(index < size for index, size in zip(axis.cell, shape, strict=True)):
        return None
    last = ",".join(str(size - 1) for size in shape)
    cells = f"from {axis.of}[{','.join('0' * len(shape))}] to {axis.of}[{last}]" if shape else "one number, bias"
    return Fault("axis", f'"{axis.text}": there is no {axis.name}', f"the {axis.of} has {cells}")


def shape_of(leaf: str, scenario: Scenario) -> tuple[int, ...] | None:
    """The shape of the filter or the bias as a learner sees it; None where there is no bias."""
    if leaf == FILTER:
        return scenario.layout(WEIGHTS).show(scenario.conv.weights).shape
    assert leaf == BIAS
    return None if scenario.conv.bias is None else scenario.layout(BIAS_AXES).show(scenario.conv.bias).shape
