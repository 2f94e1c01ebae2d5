"""Mistakes in the last line: which way, how far, and from where."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Case, Slant, mistake


def _old(case: Case) -> Array:
    return case.input(0)


def _rate(case: Case) -> float:
    return case.lesson.scenario.learning_rate


mistake(
    "uphill-update",
    "you walked uphill",
    "You moved the weights along +∂L/∂W. This happens easily where the error is target − output: the gradient "
    "then points downhill already, and is subtracted all the same.",
    "Uphill the loss grows, for every small enough learning rate. (A long step across a kink can land lower, by luck.)",
    "With e = output − target, subtract η times the gradient. With e = target − output, add it.",
    update=Slant(result=lambda case, new: 2 * _old(case) - new),
)

mistake(
    "rate-forgotten",
    "you left out the learning rate",
    "You moved each weight by the whole gradient.",
    "The gradient says which way and how steep, not how far to go. That is what η is for.",
    "W ← W − η·∂L/∂W.",
    update=Slant(result=lambda case, new: _old(case) + (new - _old(case)) / _rate(case)),
)

mistake(
    "rate-twice",
    "you multiplied by the learning rate twice",
    "You moved each weight by η·η times the gradient.",
    "The step is off by another factor of η.",
    "W ← W − η·∂L/∂W, with η once.",
    update=Slant(result=lambda case, new: _old(case) + (new - _old(case)) * _rate(case)),
)

mistake(
    "old-filter-forgotten",
    "you wrote the step alone, without the old weights",
    "You wrote −η·∂L/∂W for the new filter.",
    "That is how far each weight moves. It has to be added to the old weight.",
    "New filter = old filter + step.",
    update=Slant(result=lambda case, new: new - _old(case)),
)


def _rounded(case: Case, new: Array) -> tuple[Array, ...]:
    """Rounding at the end or of the step, to the nearest whole number or towards 0."""
    old = _old(case)
    candidates = (np.rint(new), np.trunc(new), old + np.rint(new - old), old + np.trunc(new - old))
    return tuple(one for one in candidates if not np.allclose(one, new))


mistake(
    "rounded-to-integers",
    "you rounded to whole numbers",
    "The new weights, or the steps, were rounded or cut off to integers. In code: an array of integers.",
    "Small steps get lost, or become steps of 1.",
    "Keep the decimals; in NumPy, use float arrays.",
    shown_on="dilation",
    update=Slant(results=_rounded),
)
