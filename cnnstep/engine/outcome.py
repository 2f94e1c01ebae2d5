"""How a run stands: converged, settled, stuck, improving, worse or diverged.

Where none of the other four holds, a run is improving while its loss is smaller than the first one by more than
rounding, and worse otherwise: one that goes nowhere, or is back where it began, has not improved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from cnnstep.engine.checks import expected
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array
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


@dataclass(frozen=True)
class Outcome:
    """Where a run ended, after its last update: `values` are those the next iteration would have."""

    status: Status
    loss: float
    lesson: Lesson
    values: Mapping[str, Array] = field(repr=False)

    def matrix(self, name: str) -> Array:
        """A leaf's array, such as the filter, with the axes that a learner sees."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])


def outcome(first: Iteration, last: Iteration) -> Outcome:
    """How a run that began with `first` stands after `last`'s update."""
    for iteration in (first, last):
        expected(Iteration, iteration, "an iteration", "cnnstep.trace(scenario) gives them, one after another")
    status = judge(last.lesson, last.following, last.loss_after, first)
    return Outcome(status, last.loss_after, last.lesson, last.following)


def judge(lesson: Lesson, values: Mapping[str, Array], loss: float, first: Iteration) -> Status:
    """The status of these values, in a run that began with `first`."""
    slopes = gradients(lesson, values)
    if diverged(loss, first.loss) or not all(np.isfinite(slope).all() for slope in slopes):
        return "diverged"
    if gone(lesson, loss, first.loss):
        return "converged"
    steepest = max((float(np.abs(slope).max()) for slope in slopes), default=0.0)
    began = max((float(np.abs(slope).max()) for slope in gradients(lesson, first.values)), default=0.0)
    if steepest <= LEVEL * began:  # and not only at 0: whether a cell that has learned leaves 0 or 1e-17 is rounding
        at_floor = loss <= floor(lesson) * (1 + LEVEL)
        return "settled" if at_floor or not _blocked(lesson, values) else "stuck"
    return "improving" if loss < SMALLER * first.loss else "worse"


def _blocked(lesson: Lesson, values: Mapping[str, Array]) -> bool:
    """Whether an error meets a slope of 0. Where none does, what pulls on each weight cancels: that is a minimum."""
    for step in lesson.of_role("delta"):
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
