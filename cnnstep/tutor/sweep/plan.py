"""A plan: which runs a sweep makes, over axes or from random starting filters, and where each of them starts.

An axis `learning_rate=0.01:1:200` is 200 values from 0.01 to 1, both among them, evenly spaced. Runs go in blocks,
each from its own numbers alone, so it matters not who asks for it when: block k draws from Philox with
SeedSequence(seed, spawn_key=(k,)). How long a block is depends on the scenario only, so the same seed gives the same
starts for any number of workers, and more starts begin with the same ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cnnstep.engine.initialisers import INITIALISERS, Initialiser
from cnnstep.engine.keys import expected
from cnnstep.engine.quantity import BIAS as BIAS_AXES
from cnnstep.engine.quantity import WEIGHTS, Array, Cell, bracketed, is_whole
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.typed import read_number

RATE, FILTER, BIAS = "learning_rate", "filter", "bias"
SWEPT = (RATE, FILTER, BIAS)
"""What an axis can run along."""

EXAMPLE = "write it as filter[0,0]=-2:2:80 or learning_rate=0.01:1:40, which is start:stop:count"
MOST_DIGITS = 18
SPACING = {"": False, "linear": False, "log": True}

_AXIS = re.compile(r"\s*([^\W\d][\w-]*)\s*(?:\[([^\]]*)\])?\s*=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Axis:
    """`count` values from `start` to `stop`, both among them: evenly spaced, or with `log` in even ratios.

    `of` is `learning_rate`, `filter` or `bias`; `cell` is which number of the last two, as the scenario shows them.
    """

    of: str
    start: float
    stop: float
    count: int
    log: bool = False
    cell: Cell = ()

    def __post_init__(self) -> None:
        for what, hint in self._misfits():
            raise InputError(Fault("axis", what, hint))

    def _misfits(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it whatever the scenario, and what to do: the first thing first."""
        if self.of not in SWEPT:
            yield f'there is no axis called "{self.of}"', did_you_mean(self.of, SWEPT)
        for name, value in (("start", self.start), ("stop", self.stop)):
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
                yield f'the {name} "{value}" is not a number', EXAMPLE
        if not is_whole(self.count) or self.count < 2:
            yield f'the count "{self.count}" is not a whole number of 2 or more', EXAMPLE
        if self.of == RATE and self.cell:
            yield "learning_rate is one number and has no cells", "write learning_rate=0.01:1:40"
        if not isinstance(self.cell, tuple) or not all(is_whole(index) and index >= 0 for index in self.cell):
            yield f"{self.cell} is not a cell", "give the row and the column, counted from 0: cell=(0, 1)"
        if not self.start < self.stop:
            hint = "exchange the two" if self.stop < self.start else "give two different ends"
            yield f"start {self.start:g} is not below stop {self.stop:g}", hint
        if self.log and self.start <= 0:
            yield f"a log scale needs a start above 0, not {self.start:g}", "leave out log, or start above 0"

    @property
    def name(self) -> str:
        """`filter[0,0]`."""
        return self.of + bracketed(self.cell)

    @property
    def text(self) -> str:
        """The axis as it is typed: `filter[0,0]=-2:2:80`."""
        return f"{self.name}={self.start:.15g}:{self.stop:.15g}:{self.count}{':log' if self.log else ''}"

    def values(self) -> Array:
        """The values in their order, float64 [count]."""
        return (np.geomspace if self.log else np.linspace)(self.start, self.stop, self.count)

    @classmethod
    def read(cls, text: str) -> Axis:
        """The axis that `filter[0,0]=-2:2:80` stands for; `InputError` says which part of it can't be read."""
        found = _AXIS.fullmatch(text)
        if found is None:
            raise _fault(text, "it has no name and = before its values", EXAMPLE)
        of, cell, values = found[1].replace("-", "_"), found[2], found[3]
        settings = *_range(text, values), _cell(text, of, cell)
        try:
            return cls(of, *settings)
        except InputError as error:
            (fault,) = error.faults
            raise _fault(text, fault.what, fault.hint) from None


def _fault(text: str, what: str, hint: str) -> InputError:
    return InputError(Fault("axis", f'"{text.strip():.80}": {what}', hint))


def _range(text: str, values: str) -> tuple[float, float, int, bool]:
    """start:stop:count, and whether `:log` follows."""
    parts = [part.strip() for part in values.split(":")]
    if len(parts) not in (3, 4):
        raise _fault(text, "its values are not start:stop:count", EXAMPLE)
    spacing = parts[3].lower() if len(parts) == 4 else ""
    if spacing not in SPACING:
        raise _fault(
            text, f'"{parts[3]}" is not a spacing', "write :log for a log scale; without it the steps are even"
        )
    start, stop = _number(text, parts[0], "start"), _number(text, parts[1], "stop")
    if not _is_count(parts[2]):
        raise _fault(text, f'the count "{parts[2]:.30}" is not a whole number of 2 or more', EXAMPLE)
    return start, stop, int(parts[2]), SPACING[spacing]


def _number(text: str, part: str, name: str) -> float:
    try:
        return read_number(part).value
    except (ValueError, ZeroDivisionError):
        raise _fault(text, f'the {name} "{part:.30}" is not a number', EXAMPLE) from None


def _is_count(part: str) -> bool:
    """Whether it is a whole number that can be meant; Python reads none of thousands of digits."""
    return part.isdecimal() and len(part) <= MOST_DIGITS


def _cell(text: str, of: str, indices: str | None) -> Cell:
    """`0,1` as (0, 1)."""
    if indices is None:
        return ()
    parts = [part.strip() for part in indices.split(",")]
    if not all(_is_count(part) for part in parts):
        raise _fault(text, f"[{indices:.30}] is not a cell", f"write {of}[0,1]: row and column, counted from 0")
    return tuple(int(part) for part in parts)


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


LONGEST_BLOCK = 4096
CELLS_OF_A_BLOCK = 1 << 16
"""Output cells of all its runs together: what a processor's cache takes, and short enough to stop soon after Ctrl-C."""


@dataclass(frozen=True)
class RunBlock:
    """The runs from `first` on: filters [R, weights] in row order, biases [R, filters] or None, rates [R]."""

    first: int
    filters: Array = field(repr=False)
    biases: Array | None = field(repr=False)
    rates: Array = field(repr=False)

    @property
    def runs(self) -> slice:
        """The place of these runs among all."""
        return slice(self.first, self.first + len(self.rates))


def block_length(scenario: Scenario) -> int:
    """R, a power of 2: 4096 for small scenarios, fewer for those with many output cells."""
    fits = max(CELLS_OF_A_BLOCK // scenario.targets.size, 1)
    return int(min(LONGEST_BLOCK, 1 << (fits.bit_length() - 1)))


def block_count(plan: Plan, scenario: Scenario) -> int:
    """How many blocks the plan has."""
    return -(-plan.runs // block_length(scenario))


def block(plan: Plan, scenario: Scenario, number: int) -> RunBlock:
    """The block of this number; the last one may be shorter."""
    length = block_length(scenario)
    first = number * length
    count = min(length, plan.runs - first)
    filters = np.tile(scenario.conv.weights.reshape(1, -1), (count, 1))
    biases = None if scenario.conv.bias is None else np.tile(scenario.conv.bias, (count, 1))
    rates = np.full(count, plan.rate(scenario))
    if plan.starts:
        return RunBlock(first, _drawn(plan, scenario, number, count), biases, rates)
    values = axis_values(plan, np.arange(first, first + count))
    for axis, column in zip(plan.axes, values, strict=True):
        if axis.of == RATE:
            rates = column
        elif axis.of == FILTER:
            cell = scenario.layout(WEIGHTS).full_cell(axis.cell)
            filters[:, np.ravel_multi_index(cell, scenario.conv.weights.shape)] = column
        else:
            assert axis.of == BIAS
            assert biases is not None
            biases[:, scenario.layout(BIAS_AXES).full_cell(axis.cell)[0]] = column
    return RunBlock(first, filters, biases, rates)


def axis_values(plan: Plan, runs: np.ndarray[tuple[int], np.dtype[np.int_]]) -> list[Array]:
    """What each axis has at these runs: the last axis changes fastest."""
    places = np.unravel_index(runs, [axis.count for axis in plan.axes])
    return [axis.values()[place] for axis, place in zip(plan.axes, places, strict=True)]


def _drawn(plan: Plan, scenario: Scenario, number: int, count: int) -> Array:
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(plan.seed, spawn_key=(number,))))
    filters, channels, rows, columns = scenario.conv.weights.shape
    inputs, outputs = channels * rows * columns, filters * rows * columns
    return INITS[plan.init].draw(rng, (count, scenario.conv.weights.size), inputs, outputs)
