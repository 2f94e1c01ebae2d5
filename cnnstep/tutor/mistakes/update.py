"""Mistakes in the last line, which way, how far, and from where; and in the memory of momentum and Adam."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnnstep.engine.optimizers import COUNT
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, by_optimizer, by_step, mistake


def _number(at: Setting, name: str) -> float:
    return at.scenario.optimizer.parameters[name]


def _mu(at: Setting) -> float:
    return _number(at, "momentum")


def _under(*names: str) -> Callable[[Setting], bool]:
    """Whether the optimizer is one of these."""
    return lambda at: at.scenario.optimizer.name in names


_WITH_VELOCITY = _under("momentum", "nesterov")


def _velocity(context: StepContext) -> StepContext:
    """The step of the velocity, for itself and for the update after it."""
    if context.step.word == "velocity":
        return context
    return StepContext(context.lesson, context.made_by(context.step.inputs[-1].name), context.values)


def _before(velocity: StepContext) -> Array:
    return velocity.input(0)


def _gradient(velocity: StepContext) -> Array:
    return velocity.input(1)


def _moved_by(context: StepContext, direction: Array) -> Array:
    """w − η·direction, or w + η·direction where the lesson carries −∂L/∂w."""
    return context.input(0) - context.scenario.sign * context.scenario.learning_rate * direction


def _plain_step(context: StepContext) -> Array:
    gradient = _gradient(_velocity(context))
    return gradient.copy() if context.step.word == "velocity" else _moved_by(context, gradient)


mistake(
    "velocity-forgotten",
    "you left the earlier gradients out",
    by_step(
        velocity="You took the gradient for the velocity, without μ times the velocity before.",
        update="You made a plain step along the gradient.",
    ),
    "The velocity carries the weights on in a direction that lasts. Without the gradients before this one it has "
    "nothing to carry on.",
    lambda at: at.right_line,
    when=_WITH_VELOCITY,
    shown_on="momentum",
    remembers=True,
    velocity=Alteration(working=_plain_step),
    update=Alteration(working=_plain_step),
)


def _with_the_old(context: StepContext) -> Mapping[str, Array]:
    velocity = _velocity(context)
    return {velocity.step.name: _before(velocity)}


mistake(
    "old-velocity",
    "you used the last iteration's velocity",
    by_optimizer(
        momentum="You moved by the velocity as it was before this gradient came in.",
        nesterov="You looked ahead along the velocity as it was before this gradient came in.",
    ),
    by_optimizer(
        momentum="The gradient at the present weights then has no part in its own step.",
        nesterov="The gradient at the present weights belongs to the velocity that carries the weights on from here.",
    ),
    lambda at: f"First the new velocity, then {at.step.formula}.",
    when=_WITH_VELOCITY,
    shown_on="momentum",
    skill="momentum",
    remembers=True,
    update=Alteration(inputs=_with_the_old),
)

mistake(
    "momentum-not-multiplied",
    "you did not multiply the last velocity by μ",
    "You added the gradient to the whole velocity of the iteration before.",
    lambda at: (
        "Each gradient then counts in full for ever. With μ an old one fades: after k iterations μᵏ of it is left, "
        f"here {_mu(at):g}ᵏ."
    ),
    lambda at: at.right_line,
    when=_WITH_VELOCITY,
    shown_on="momentum",
    remembers=True,
    velocity=Alteration(working=lambda context: _before(context) + _gradient(context)),
)


def _average(context: StepContext) -> Array:
    mu = _mu(context)
    return mu * _before(context) + (1.0 - mu) * _gradient(context)


mistake(
    "averaged-velocity",
    "you multiplied the gradient by 1 − μ",
    "You took a running average for the velocity: μ·v + (1 − μ)·G.",
    lambda at: (
        "Some books write it so, and mean another η by it. Here the velocity, carried on like this from the start, "
        f"comes out at {1.0 - _mu(at):g} of its size."
    ),
    lambda at: at.right_line,
    when=_WITH_VELOCITY,
    shown_on="momentum",
    velocity=Alteration(working=_average),
)


mistake(
    "nesterov-as-momentum",
    "you did not look ahead",
    "You moved by the velocity alone: that is plain momentum.",
    "Nesterov goes by the gradient and μ times the new velocity: where the velocity is about to carry the weights.",
    lambda at: at.right_line,
    when=_under("nesterov"),
    shown_on="nesterov",
    skill="momentum",
    update=Alteration(working=lambda context: _moved_by(context, context.input(-1))),
)


def _corrections(context: StepContext) -> tuple[float, float]:
    """1 − β₁ᵏ and 1 − β₂ᵏ, with the first update counted as 1."""
    turns = float(context.values[COUNT.name]) + 1.0
    return 1.0 - _number(context, "beta1") ** turns, 1.0 - _number(context, "beta2") ** turns


def _uncorrected(context: StepContext) -> Array:
    return _moved_by(context, context.input(1) / (np.sqrt(context.input(2)) + _number(context, "epsilon")))


def _first_step(at: Setting) -> float:
    """How many times too long Adam's first step is without the corrections."""
    first, second = 1.0 - _number(at, "beta1"), 1.0 - _number(at, "beta2")
    return float(first / np.sqrt(second))


mistake(
    "adam-uncorrected",
    "you left out Adam's corrections",
    "You divided m by √s as they are, not m̂ by √ŝ.",
    lambda at: (
        "Both averages begin at 0 and are too small at first. Without the corrections the first step comes out at "
        f"{_first_step(at):.3g} times its length."
    ),
    lambda at: at.right_line,
    when=_under("adam"),
    shown_on="adam",
    skill="adam",
    update=Alteration(working=_uncorrected),
)


def _rootless(context: StepContext) -> Array:
    first, second = _corrections(context)
    return _moved_by(context, (context.input(1) / first) / (context.input(2) / second + _number(context, "epsilon")))


mistake(
    "adam-root-forgotten",
    "you divided by ŝ, not by its root",
    "You worked out m̂/(ŝ + ε).",
    "s is an average of squares; only its root has the size of a gradient. Without it the first step is η/G: the "
    "larger the gradient, the less the weight moves.",
    lambda at: at.right_line,
    when=_under("adam"),
    shown_on="adam",
    skill="adam",
    update=Alteration(working=_rootless),
)


def _of_plain_gradients(context: StepContext) -> Array:
    beta = _number(context, "beta2")
    return beta * context.input(0) + (1.0 - beta) * context.input(1)


mistake(
    "adam-squared-forgotten",
    "you did not square the gradient in s",
    "You took G for G² in the second moment.",
    "s says how large the gradients are, whatever their sign. Without the square, gradients of both signs cancel, and "
    "where s is negative it has no root.",
    lambda at: at.right_line,
    when=_under("adam"),
    shown_on="adam",
    second_moment=Alteration(working=_of_plain_gradients),
)


def _unweighted(context: StepContext, average: Array) -> Array:
    """β·average + x for β·average + (1 − β)·x."""
    beta = _number(context, "beta1" if context.step.word == "first_moment" else "beta2")
    return beta * context.input(0) + (average - beta * context.input(0)) / (1.0 - beta)


mistake(
    "adam-average-forgotten",
    "you left out 1 − β",
    by_step(first_moment="You added the whole G to β₁·m.", second_moment="You added the whole G² to β₂·s."),
    "In an average the weights add up to 1: β for what was there, 1 − β for what is new. Without 1 − β it is a sum.",
    lambda at: at.right_line,
    when=_under("adam"),
    shown_on="adam",
    first_moment=Alteration(result=_unweighted),
    second_moment=Alteration(result=_unweighted),
)


def _miscounted(context: StepContext) -> tuple[Mapping[str, Array], ...]:
    """One iteration too many, and from the second one on also one too few."""
    count = context.values[COUNT.name]
    return tuple({COUNT.name: count + off} for off in (1.0, -1.0) if count + off >= 0)


mistake(
    "adam-step-off-by-one",
    "you counted Adam's iterations wrongly",
    "You raised β₁ and β₂ to a power that is one off.",
    "The corrections undo what the zeros at the start have taken away, and that depends on how many updates there "
    "were, this one included: the power is 1 in the first iteration.",
    lambda at: f"{at.step.formula}, with k = 0 in the first iteration.",
    when=_under("adam"),
    shown_on="adam",
    skill="adam",
    update=Alteration(inputs=_miscounted),
)


def _old(context: StepContext) -> Array:
    return context.input(0)


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
    update=Alteration(result=lambda context, new: 2 * _old(context) - new),
)

mistake(
    "rate-forgotten",
    "you left out the learning rate",
    lambda at: f"You moved by {_direction(at)}, without η.",
    "It says which way to go. How far is what η says.",
    lambda at: at.right_line,
    update=Alteration(result=lambda context, new: _old(context) + (new - _old(context)) / _rate(context)),
)

mistake(
    "rate-twice",
    "you multiplied by the learning rate twice",
    lambda at: f"You moved by η·η·{_direction(at)}.",
    lambda at: f"The step comes out at {_rate(at):g} of its length.",
    lambda at: f"{at.step.formula}, with η once.",
    update=Alteration(result=lambda context, new: _old(context) + (new - _old(context)) * _rate(context)),
)

mistake(
    "old-filter-forgotten",
    "you wrote the step alone, without the old weights",
    "You wrote how far to go for where to arrive.",
    "That is how far each weight moves. It has to be added to the old weight.",
    lambda at: at.right_line,
    update=Alteration(result=lambda context, new: new - _old(context)),
)


def _rounded(context: StepContext, new: Array) -> tuple[Array, ...]:
    """Rounding at the end or of the step, to the nearest whole number or towards 0."""
    old = _old(context)
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


def _down(context: StepContext, new: Array) -> tuple[Array, ...]:
    """The next whole number below, of the new weights or of the step."""
    old = _old(context)
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
    update=Alteration(instead=lambda context: _old(context).copy()),
)
