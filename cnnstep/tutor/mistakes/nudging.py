"""Mistakes in a gradient by nudging: (L(w + h) − L(w − h)) / 2h, with one side left out, or with too large an h."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv, correlate
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, mistake

LARGE = (1.0, 0.5, 0.1)
"""Nudges over which a loss is seldom straight."""
SMALL = (0.01, 0.001)
"""Nudges that are small enough for both sides, and whose one side can still be told from the slope."""
MOST_WEIGHTS = 100
"""Nobody nudges more of them."""
MOST_NUMBERS = 4_000
"""Nor works out the loss over and over where the inputs have more numbers."""


def _by_hand(at: Setting) -> bool:
    """There are few numbers and weights, and from the weights to the output it is one activation."""
    match at.scenario.layers:
        case (Conv() as conv, ActivationLayer()):
            return conv.weights.size <= MOST_WEIGHTS and at.scenario.inputs.size <= MOST_NUMBERS
    return False


def _losses(context: StepContext, ways: tuple[float, ...]) -> Array:
    """L with each number of what the step is the gradient of moved, the others as they are: [way, number]."""
    weights, *biases = (context.values[one.leaf.name] for one in context.lesson.trained)
    parts = [weights, *(biases or [np.zeros(len(weights))])]
    at = 0 if context.step.word == "gradient" else 1
    nudges = np.array(ways)[:, None, None] * np.eye(parts[at].size)
    count = nudges.shape[0] * nudges.shape[1]
    stacks = [np.repeat(part.reshape(1, -1), count, axis=0) for part in parts]
    stacks[at] += nudges.reshape(count, -1)
    z = correlate(
        context.values["input"], stacks[0].reshape(-1, *weights.shape[1:]), stacks[1].ravel(), context.conv.geometry
    )
    outputs = context.scenario.activation.value(z).reshape(len(z), count, len(weights), *z.shape[2:]).swapaxes(0, 1)
    return context.loss.each(outputs, context.values["target"]).reshape(len(ways), -1)


def _slopes(context: StepContext, *nudges: tuple[float, float]) -> tuple[Array, ...]:
    """(L(w + ahead) − L(w − behind)) / (ahead + behind) for each pair of these; its sign is the lesson's."""
    ends = tuple(dict.fromkeys(end for ahead, behind in nudges for end in (ahead, -behind)))
    with np.errstate(all="ignore"):
        losses = dict(zip(ends, context.scenario.sign * _losses(context, ends), strict=True))
    slopes = ((losses[ahead] - losses[-behind]) / (ahead + behind) for ahead, behind in nudges)
    return tuple(slope.reshape(context.values[context.parameter].shape) for slope in slopes)


def _one_sided(context: StepContext) -> tuple[Array, ...]:
    return _slopes(context, *((h, 0.0) for h in (*SMALL, *LARGE)))


def _far(context: StepContext) -> tuple[Array, ...]:
    return _slopes(context, *((h, behind) for h in LARGE for behind in (h, 0.0)))


def _letter(at: Setting) -> str:
    return "w" if at.step.word == "gradient" else "b"


def _exactly(at: Setting) -> str:
    w = _letter(at)
    return f"Nudge both ways, by 0.001 or less: (L({w} + h) − L({w} − h)) / 2h. Or exactly: {at.step.formula}."


mistake(
    "one-sided-difference",
    "you nudged to one side only",
    lambda at: f"You worked out (L({_letter(at)} + h) − L({_letter(at)})) / h, with an h such as {SMALL[0]:g}.",
    "It is off by about h/2 times the loss's curvature. Nudging both ways, that cancels.",
    _exactly,
    when=_by_hand,
    shown_on="first-filter-linear",
    skill="gradient-check",
    gradient=Alteration(instead=_one_sided),
    bias_gradient=Alteration(instead=_one_sided),
)


def _bends(at: Setting) -> str:
    phi, bends = at.scenario.activation, "Over so long a way the loss is no straight line."
    return (
        f"{bends} And some z may cross {phi.kinks[0]:g}, where the slope of {phi.name} jumps." if phi.kinks else bends
    )


mistake(
    "nudge-too-large",
    "your nudge is too large",
    lambda at: f"You nudged {_letter(at)} by {LARGE[0]:g}, or by 0.1 at least, to see how the loss changes.",
    _bends,
    _exactly,
    when=_by_hand,
    shown_on="six-outputs",
    skill="gradient-check",
    gradient=Alteration(instead=_far),
    bias_gradient=Alteration(instead=_far),
)
