"""Mistakes in the last line: which way, how far, and from where."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.context import Setting, StepContext
from cnnstep.tutor.mistakes.mistake import Alteration, mistake


def _old(case: StepContext) -> Array:
    return case.input(0)


def _rate(at: Setting) -> float:
    return at.scenario.learning_rate


def _direction(at: Setting) -> str:
    """What the step goes along, when it goes downhill, without its sign."""
    slope = f"∂L/∂{at.step.inputs[0].symbol}"
    return {"sgd": slope, "momentum": "v", "nesterov": f"({slope} + μ·v)"}.get(at.scenario.optimizer.name, "m̂/(√ŝ + ε)")


mistake(
    "uphill-update",
    "you walked uphill",
    lambda at: (
        f"You moved along +{_direction(at)}. This happens easily where the error is target − output: the gradient "
        "then points downhill already, and is subtracted all the same."
    ),
    "Away from a kink, a short enough step uphill raises the loss.",
    "With e = output − target, subtract η times the gradient. With e = target − output, add it.",
    update=Alteration(result=lambda case, new: 2 * _old(case) - new),
)

mistake(
    "rate-forgotten",
    "you left out the learning rate",
    lambda at: f"You moved by {_direction(at)}, without η.",
    "It says which way to go. How far is what η says.",
    lambda at: at.right_line,
    update=Alteration(result=lambda case, new: _old(case) + (new - _old(case)) / _rate(case)),
)

mistake(
    "rate-twice",
    "you multiplied by the learning rate twice",
    lambda at: f"You moved by η·η·{_direction(at)}.",
    lambda at: f"The step comes out at {_rate(at):g} of its length.",
    lambda at: f"{at.step.formula}, with η once.",
    update=Alteration(result=lambda case, new: _old(case) + (new - _old(case)) * _rate(case)),
)

mistake(
    "old-filter-forgotten",
    "you wrote the step alone, without the old weights",
    "You wrote how far to go for where to arrive.",
    "That is how far each weight moves. It has to be added to the old weight.",
    lambda at: at.right_line,
    update=Alteration(result=lambda case, new: new - _old(case)),
)


def _rounded(case: StepContext, new: Array) -> tuple[Array, ...]:
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
    update=Alteration(result=_rounded),
)


def _down(case: StepContext, new: Array) -> tuple[Array, ...]:
    """The next whole number below, of the new weights or of the step."""
    old = _old(case)
    return np.floor(new), old + np.floor(new - old)


mistake(
    "rounded-down",
    "you rounded down to whole numbers",
    "The new weights, or the steps, were set to the next whole number below. In code: `//` or `floor`.",
    "Rounding down always goes the same way, so the weights drift: from a whole number a small step up is lost, and a "
    "small step down becomes 1.",
    "Keep the decimals; in NumPy, use float arrays and `/`.",
    shown_on="six-outputs",
    update=Alteration(result=_down),
)

mistake(
    "not-updated",
    "you wrote the old weights again",
    lambda at: f"{at.step.symbol} is {at.step.inputs[0].symbol}, unchanged.",
    "The gradient says which way the loss falls. With the old weights again nothing is learned from it.",
    lambda at: at.right_line,
    update=Alteration(instead=lambda case: _old(case).copy()),
)
