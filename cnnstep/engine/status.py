"""How a run stands: converged, settled, stuck, improving, worse or diverged.

Where none of the other four holds, a run is improving while its loss is smaller than the first one by more than
rounding, and worse otherwise: one that goes nowhere, or is back where it began, has not improved.

Of a network that tells classes apart also: how many samples it classifies correctly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.keys import expected
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario, weights_of
from cnnstep.engine.trace import Iteration, gradients

Status: TypeAlias = Literal["converged", "settled", "stuck", "improving", "worse", "diverged"]

GONE = 1e-12
"""A loss below this share of the run's scale is rounding."""
SMALLER = 1 - GONE
"""A loss is smaller than another one if it is less than this share of it; between the two there is only rounding."""
LEVEL = 1e-8
"""A gradient below this share of the first one is no slope any more."""
RUNAWAY = 1e6
"""A loss this many times the first one has diverged."""


STATUSES: tuple[Status, ...] = get_args(Status)
CONVERGED, SETTLED, STUCK, IMPROVING, WORSE, DIVERGED = range(6)
"""The codes of many runs' statuses: indices into `STATUSES`."""
Codes: TypeAlias = NDArray[np.int8]
Mask: TypeAlias = NDArray[np.bool_]


def final(codes: Codes) -> Mask:
    """Where a status is one to end with: neither improving nor worse."""
    mask: Mask = (codes != IMPROVING) & (codes != WORSE)
    return mask


LARGEST = float(np.finfo(float).max)


@dataclass(frozen=True)
class Bounds:
    """What the losses and slopes of each run [R] are measured by, as they follow from its first loss and slope.

    Up to `gone` a loss is rounding, below `smaller` it has improved, beyond `away` it ran away; up to `level` the
    steepest slope is none, and a loss up to `nothing` then is none either.
    """

    gone: Array
    nothing: Array
    smaller: Array
    away: Array
    level: Array

    @staticmethod
    def of(loss: Array, steepest: Array, least: float, blank: float) -> Bounds:
        """From the first L [R] and the first largest |∂L/∂w| [R], L of a perfect output and L of an output of 0."""
        sizes = np.stack([loss - least, np.full(loss.shape, blank)])
        scale = np.where(np.isfinite(sizes), sizes, 0.0).max(axis=0)
        away = np.minimum(np.where(loss > 0, RUNAWAY * loss, np.inf), LARGEST)  # an infinite loss is beyond it
        return Bounds(least + GONE * scale, least + LEVEL * scale, SMALLER * loss, away, LEVEL * steepest)

    def of_runs(self, runs: NDArray[np.intp] | slice) -> Bounds:
        """The bounds of some of the runs."""
        return Bounds(self.gone[runs], self.nothing[runs], self.smaller[runs], self.away[runs], self.level[runs])


def judged(
    loss: Array, steepest: Array, bounds: Bounds, floor: float, blocked: Callable[[NDArray[np.intp]], Mask]
) -> Codes:
    """The status of each run by L [R] and the largest |∂L/∂w| [R]; `floor` is the smallest L that can be reached.

    Where all is level and L above the floor, the run is stuck if it is `blocked`: asked for those runs alone.
    """
    codes = np.where(loss < bounds.smaller, IMPROVING, WORSE).astype(np.int8)
    going = (loss > bounds.gone) & (loss <= bounds.away) & (steepest > bounds.level) & (steepest < np.inf)
    if going.all():  # as at nearly every look
        return codes
    # level, and not only 0: whether a cell that has learned leaves 0 or 1e-17 is rounding
    level = np.flatnonzero(steepest <= bounds.level)
    if level.size:
        codes[level] = np.where((loss[level] <= floor * (1 + LEVEL)) | ~blocked(level), SETTLED, STUCK)
        codes[level[loss[level] <= bounds.nothing[level]]] = CONVERGED
    codes[loss <= bounds.gone] = CONVERGED
    codes[~(np.isfinite(loss) & np.isfinite(steepest)) | (loss > bounds.away)] = DIVERGED
    return codes


@dataclass(frozen=True)
class Outcome:
    """Where a run ended, after its last update: `values` are those the next iteration would have."""

    status: Status
    loss: float
    lesson: Lesson
    values: Mapping[str, Array] = field(repr=False)

    def matrix(self, name: str) -> Array:
        """A leaf's array, such as the filter, with the axes that a learner sees; `InputError` where there is none."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])


def outcome(first: Iteration, last: Iteration) -> Outcome:
    """How a run that began with `first` stands after `last`'s update; `InputError` of what is no iteration.

    >>> run = list(cnnstep.trace(cnnstep.scenario("first-filter"), 40))
    >>> end = cnnstep.outcome(run[0], run[-1])
    >>> end.status, end.loss, end.matrix("filter").shape
    ('stuck', 1.0, (2, 2))
    """
    for iteration in (first, last):
        expected(Iteration, iteration, "an iteration", "cnnstep.trace(scenario) gives them, one after another")
    status = judge(last.lesson, last.following, last.loss_after, first)
    return Outcome(status, last.loss_after, last.lesson, last.following)


def judge(lesson: Lesson, values: Mapping[str, Array], loss: float, first: Iteration) -> Status:
    """The status of these values, in a run that began with `first`."""
    begins = np.array([first.loss]), np.array([steepest(lesson, first.values)])
    with np.errstate(all="ignore"):
        bounds = Bounds.of(*begins, lesson.least_loss, lesson.blank_loss)
        slope = np.array([steepest(lesson, values)])
        (code,) = judged(np.array([loss]), slope, bounds, floor(lesson), lambda _: np.array([_blocked(lesson, values)]))
    return STATUSES[int(code)]


def steepest(lesson: Lesson, values: Mapping[str, Array]) -> float:
    """The largest |∂L/∂w| over everything that is trained; NaN where one is none."""
    return max((float(np.abs(slope).max()) for slope in gradients(lesson, values)), default=0.0)


def _blocked(lesson: Lesson, values: Mapping[str, Array]) -> bool:
    """Whether an error meets a slope of 0. Where none does, what pulls on each weight cancels: that is a minimum."""
    for step in lesson.called("delta"):
        if isinstance(step.part, ActivationLayer) and not step.part.slope_cancels:
            upstream, z = values[step.inputs[0].name], values[step.inputs[-1].name]
            if ((step.part.phi.slope(z) == 0) & (upstream != 0)).any():
                return True
    return False


def diverged(loss: float, first_loss: float) -> bool:
    """Whether the loss is not finite, or a millionfold of the first one."""
    return not math.isfinite(loss) or loss > RUNAWAY * first_loss > 0


def gone(lesson: Lesson, loss: float, first_loss: float) -> bool:
    """Whether nothing but rounding is left of a loss, measured by the first one and by that of an output of 0."""
    least, blank = lesson.least_loss, lesson.blank_loss
    scale = max((size for size in (first_loss - least, blank) if math.isfinite(size)), default=0.0)
    return loss - least <= GONE * scale


def floor(lesson: Lesson) -> float:
    """The smallest loss that the last activation's range allows: every target that lies beyond it is missed."""
    loss, target = lesson.scenario.loss, lesson.scenario.targets
    last = next((step.part for step in lesson.steps if step.quantity is lesson.output), None)
    if not isinstance(last, ActivationLayer):
        return loss.least(target)
    return loss.value(np.clip(target, last.phi.low, last.phi.high), target)


def trained(outcome: Outcome) -> dict[str, Array]:
    """The weights after a run's last update."""
    return {name: outcome.values[name] for name in weights_of(outcome.lesson.scenario)}


MOST_TESTS = 64
"""The samples held back are read about so often in a run: enough for a curve."""


def has_classes(scenario: Scenario) -> bool:
    """Whether the network ends in softmax and every target is one class: a single 1, the rest 0."""
    if not isinstance(scenario.layers[-1], Softmax):
        return False
    targets = scenario.targets
    return bool(np.isin(targets, (0.0, 1.0)).all() and (targets.sum(axis=-1) == 1).all())


def accuracy(output: Array, target: Array) -> float:
    """The share of samples whose largest output is their class; output and one-hot target [N, classes]."""
    return float((output.argmax(axis=-1) == target.argmax(axis=-1)).mean())


def tests_of(scenario: Scenario) -> tuple[Array, Array] | None:
    """The samples held back from training [N, C, H, W] and their targets [N, classes]; None where there are none."""
    inputs, targets = scenario.test_inputs, scenario.test_targets
    return None if inputs is None or targets is None else (inputs, targets)


def test_output(lesson: Lesson, values: Mapping[str, Array], inputs: Array) -> Array:
    """What the network makes of other inputs [N, C, H, W], with the weights among these values."""
    begin = {name: values[name] for name in lesson.start} | {"input": inputs}
    with np.errstate(all="ignore"):
        return lesson.output_of(begin)


@dataclass
class Accuracies:
    """Accuracy as a run goes on: of the training samples each time, of those held back in even steps."""

    lesson: Lesson
    training: list[float] = field(default_factory=list)
    held_back: list[float] = field(default_factory=list)
    _stride: int = 1

    def look(self, values: Mapping[str, Array], *, last: bool = False) -> None:
        """Takes in one iteration's values, or those after the last update."""
        scenario = self.lesson.scenario
        if not has_classes(scenario):
            return
        number = len(self.training)
        self.training.append(accuracy(values[self.lesson.output.name], values["target"]))
        tests = tests_of(scenario)
        if tests is None or (number % self._stride and not last):
            return
        self.held_back.append(accuracy(test_output(self.lesson, values, tests[0]), tests[1]))
        if len(self.held_back) > MOST_TESTS and not last:
            self.held_back, self._stride = self.held_back[::2], 2 * self._stride
