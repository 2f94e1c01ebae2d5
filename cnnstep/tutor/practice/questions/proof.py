"""An answer proved on a second way: each number term by term, each gradient by nudging what it is the gradient of.

The answer itself comes from whole arrays at once; a fault in that way, or in the other, and the two differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.nudge import NUDGE, slope_shown
from cnnstep.tutor.sentences import ties

NEAR = 1e-3
"""How far a slope seen by nudging may be from the gradient, relative to it where it is above 1."""


def is_proved(iteration: Iteration, steps: Sequence[Step]) -> bool:
    """Whether both ways give the same numbers in all of these steps."""
    return all(_term_by_term(iteration, step) and _by_nudging(iteration, step) for step in steps)


def _term_by_term(iteration: Iteration, step: Step) -> bool:
    numbers = iteration.values[step.name]
    return all(
        np.isclose(step.working(iteration.values, cell).value, numbers[cell], rtol=1e-9, atol=1e-9)
        for cell in np.ndindex(*numbers.shape)
    )


def _by_nudging(iteration: Iteration, step: Step) -> bool:
    """True too where the loss has a kink within reach of a nudge, at which it shows no one slope."""
    if _has_kink_near(iteration):
        return True
    numbers, sign = iteration.values[step.name], iteration.lesson.scenario.sign
    for cell in np.ndindex(*numbers.shape):
        seen = slope_shown(iteration, step, cell)
        if seen is not None and abs(seen - sign * float(numbers[cell])) > NEAR * max(1.0, abs(float(numbers[cell]))):
            return False
    return True


def _has_kink_near(iteration: Iteration) -> bool:
    """Whether a pre-activation is as good as at its kink, or a pooling window has two numbers as good as equal."""
    bends = [s for s in iteration.lesson.called("delta") if cast("ActivationLayer", s.part).phi.kinks]
    pools = [s for s in iteration.lesson.called("pool") if isinstance(s.part, MaxPool)]
    at_zero = any((np.abs(iteration.values[step.inputs[-1].name]) < 20 * NUDGE).any() for step in bends)
    return at_zero or any(ties(cast("MaxPool", s.part), iteration.values[s.inputs[0].name]).any() for s in pools)
