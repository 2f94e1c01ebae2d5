"""Mistakes at the activation on the way back: the slope, or the mask that a ReLU makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.activations import Activation
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.forward import activation_line, folds
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, by_activation, mistake


def _phi(at: Setting) -> Activation:
    assert at.phi is not None  # a step called delta belongs to an activation
    return at.phi


def upstream(context: StepContext) -> Array:
    """∂L/∂a at a step called delta: the error, with the weight that the loss gives it, if it has not got it yet."""
    error = context.input(0)
    if not context.scenario.vocabulary.shows_difference or len(context.step.inputs) < 3:
        return error
    output = context.input(1)
    return context.loss.weight(output, output.size) * error


def _z(context: StepContext) -> Array:
    return context.input(-1)


def _slope(context: StepContext) -> Array:
    return _phi(context).slope(_z(context))


def _output(context: StepContext) -> Array:
    """The learner's own a of the layer that δ belongs to."""
    forward = next(one for one in context.lesson.steps if one.word == "activation" and one.layer == context.step.layer)
    return context.values[forward.name]


_SLOPES_IN_A: Mapping[str, Callable[[Array], Array]] = {
    "sigmoid": lambda a: a * (1.0 - a),
    "tanh": lambda a: 1.0 - a * a,
}
"""The slopes that are written in the output."""


BY_SEVERAL_ROUTES = ("delta", "softmax_gradient")
"""What the steps are called that can be worked out in more than one right way."""


def routes(context: StepContext) -> Iterator[Array]:
    """∂L/∂z in each right way that there is; from numbers that were rounded, or are wrong, the ways differ.

    Where the loss's weight cancels the slope: the short form, or the chain rule from the error. The slope of a sigmoid
    or a tanh: from z, or from a.
    """
    yield context.right
    if context.step.word == "softmax_gradient":
        shares, back = context.input(-1), context.input(0)
        yield shares * (back - (shares * back).sum(axis=-1, keepdims=True))
    elif context.step.word == "delta":
        phi, back = _phi(context), upstream(context)
        yield back * _slope(context)
        if phi.name in _SLOPES_IN_A:
            yield back * _SLOPES_IN_A[phi.name](_output(context))


def _with_slope(at: Setting) -> str:
    """`δ = e ⊙ relu′(z), with relu′(z) = 1 if z > 0, else 0.`"""
    phi = _phi(at)
    return f"{at.step.formula}, with {phi.name}′(z) = {phi.slope_formula}."


def _cancels(at: Setting) -> bool:
    """Whether the loss's weight cancels the slope, so that δ = e."""
    return at.loss.only_with == _phi(at).name


def _forgotten(at: Setting) -> str:
    return f"You took {at.upstream} for {at.step.symbol}, without × φ′(z)."


def _why_slope(at: Setting) -> str:
    phi = _phi(at)
    if _cancels(at):
        return f"That is ∂L/∂a, not ∂L/∂z. In ∂L/∂z the slope cancels the loss's {at.loss.weight_label}."
    texts = {
        "relu": "Here an inactive cell pulls on the weights though no small change of them moves its output.",
        "leaky_relu": f"Where z ≤ 0 that is {phi.slope_at(-1.0):g} of it.",
        "sigmoid": "A sigmoid passes on a quarter of it at most. (With binary cross-entropy δ = e is right: there the "
        "slope cancels.)",
        "tanh": "Except at z = 0, tanh passes on only a part of it.",
    }
    return f"What comes back reaches the filter only as far as φ′ lets it through. {texts.get(phi.name, '')}".strip()


mistake(
    "slope-forgotten",
    "you left out the activation's slope",
    _forgotten,
    _why_slope,
    _with_slope,
    shown_on="six-outputs",
    delta=Alteration(working=upstream),
)

_WRITTEN_IN_A = {"sigmoid": "a·(1 − a)", "tanh": "1 − a²"}
"""The slopes that are written in the output."""


def _near_zero(at: Setting) -> str:
    where = "φ′ is the slope where the number went in, and that is z."
    if _phi(at).name not in _WRITTEN_IN_A:
        return where
    return (
        f"{where} Near z = 0 the two slopes differ by a few per cent, which is easily taken for rounding; "
        "further out they are several times apart."
    )


def _in_a(at: Setting) -> str:
    written = _WRITTEN_IN_A.get(_phi(at).name)
    return f"{at.step.formula}. φ′(z) = {written} is written in a already." if written else at.right_line


mistake(
    "slope-at-output",
    "you took the slope at a, not at z",
    "You put the output into φ′: φ′(a).",
    _near_zero,
    _in_a,
    shown_on="sigmoid",
    delta=Alteration(working=lambda context: upstream(context) * _phi(context).slope(_output(context))),
)


def _masked(context: StepContext, passes: NDArray[np.bool_]) -> Array:
    """∂L/∂a where it passes, and elsewhere what the activation lets through where z < 0."""
    return upstream(context) * np.where(passes, 1.0, _phi(context).slope_at(-1.0))


def _leak(at: Setting) -> str:
    return f"{_phi(at).slope_at(-1.0):g}"


mistake(
    "mask-not-strict",
    "your mask lets everything through",
    "You let δ pass where a ≥ 0. After a ReLU that is everywhere.",
    "A cell with a negative z has a = 0, and 0 ≥ 0 holds, so its error passes back although its slope is 0.",
    _with_slope,
    when=lambda at: _phi(at).name == "relu",
    shown_on="six-outputs",
    delta=Alteration(working=lambda context: upstream(context) * (_phi(context).value(_z(context)) >= 0)),
)


def _inverted(at: Setting) -> str:
    if _phi(at).name == "relu":
        return f"You let {at.upstream} pass where z ≤ 0 and stopped it where z > 0."
    return f"You let {at.upstream} pass whole where z ≤ 0, and {_leak(at)} of it where z > 0."


mistake(
    "mask-inverted",
    "your mask is the wrong way round",
    _inverted,
    by_activation(
        "Each side of z = 0 then gets the other side's slope.",
        relu="The active cells then learn nothing, and the inactive ones pull on the weights.",
    ),
    _with_slope,
    when=folds,
    shown_on="six-outputs",
    delta=Alteration(working=lambda context: _masked(context, _z(context) <= 0)),
)


def _by_sign(at: Setting) -> str:
    if _phi(at).name == "relu":
        return f"You set δ to 0 where {at.upstream} was negative."
    return f"Where {at.upstream} was negative you let {_leak(at)} of it pass, and all of it elsewhere."


mistake(
    "mask-on-error",
    "you masked by the error's sign, not by z",
    _by_sign,
    by_activation(
        "The slope depends on z alone; the sign of what comes back has no part in it.",
        relu="The mask asks whether the cell is active, and that is told by z. An active cell passes negative "
        "numbers back too.",
    ),
    _with_slope,
    when=folds,
    shown_on="six-outputs",
    delta=Alteration(working=lambda context: _masked(context, context.input(0) > 0)),
)

mistake(
    "mask-alone",
    "you wrote the slope alone, without the error",
    "You took φ′(z) for δ and left out what comes back.",
    "The gradient then does not depend on the target at all.",
    lambda at: f"{at.step.formula}: multiply the two." if not _cancels(at) else at.right_line,
    delta=Alteration(working=_slope),
)


def _how_much_less(at: Setting) -> str:
    phi = _phi(at)
    if _cancels(at):
        return "With this loss the slope cancels, so it must not come in at all."
    texts = {
        "leaky_relu": f"Where z ≤ 0 δ comes out at {_leak(at)} of what it should be.",
        "sigmoid": "A sigmoid's slope is a quarter at most, so δ comes out at a quarter or less of what it should be.",
    }
    return f"The chain rule passes each activation once. {texts.get(phi.name, '')}".strip()


mistake(
    "slope-twice",
    "you multiplied by the slope twice",
    lambda at: f"You worked out {at.step.symbol} rightly and multiplied it by φ′(z) once more.",
    _how_much_less,
    lambda at: at.right_line if _cancels(at) else f"{at.step.formula}, once.",
    shown_on="sigmoid",
    delta=Alteration(result=lambda context, delta: delta * _slope(context)),
)


def _through_relu(context: StepContext) -> tuple[Array, Array]:
    """∂L/∂a where z is positive, or where it is not negative, and 0 elsewhere."""
    back, z = upstream(context), _z(context)
    return back * (z > 0), back * (z >= 0)


def _as_for_a_relu(at: Setting) -> str:
    if at.step.word == "activation":
        return "You took max(0, z) for the output, as for a ReLU."
    return f"You let {at.upstream} pass where z is positive and set it to 0 where z is negative, as for a ReLU."


def _not_a_relu(at: Setting) -> str:
    name = _phi(at).name
    if at.step.word == "activation":
        return f"The activation here is {name}, and it has other outputs."
    return f"The activation here is {name}: where z is negative its slope is not 0, so something comes back there too."


mistake(
    "relu-for-another",
    "you took the activation for a ReLU",
    _as_for_a_relu,
    _not_a_relu,
    lambda at: activation_line(at) if at.step.word == "activation" else _with_slope(at),
    when=lambda at: _phi(at).name != "relu" and _phi(at).slope_at(-1.0) != 0,
    shown_on="leaky-relu-rescue",
    activation=Alteration(working=lambda context: np.maximum(context.input(0), 0.0)),
    delta=Alteration(working=_through_relu),
)


def _slopes_of_z(context: StepContext) -> Array | tuple[Array, ...]:
    back, z = upstream(context), _z(context)
    if _phi(context).name == "sigmoid":
        return back * z * (1.0 - z)
    return back * (1.0 - z * z), back * (1.0 - np.tanh(z))


mistake(
    "slope-of-z",
    "you put the wrong number into the slope",
    by_activation(
        "",
        sigmoid="You put z into a formula that takes a: z·(1 − z).",
        tanh="You put z into a formula that takes a, 1 − z² for 1 − a²; or you left out the square, 1 − a.",
    ),
    by_activation(
        "",
        sigmoid="a·(1 − a) lies between 0 and ¼. z·(1 − z) is negative where z is negative or above 1, and large far "
        "out.",
        tanh="1 − a² lies between 0 and 1. 1 − z² is negative where z is beyond ±1, and 1 − a is above 1 where z is "
        "negative.",
    ),
    lambda at: f"{_with_slope(at)} Work out a = {_phi(at).name}(z) first.",
    when=lambda at: _phi(at).name in _WRITTEN_IN_A,
    shown_on="sigmoid",
    delta=Alteration(working=_slopes_of_z),
)


def _slope_where_negative(context: StepContext) -> Array:
    return np.where(_z(context) > 0, upstream(context), _slope(context))


mistake(
    "slope-without-error",
    "you left out the error where z is not positive",
    lambda at: f"Where z ≤ 0 you wrote the slope by itself, without × {at.upstream}.",
    "These cells then pull on the weights by the same amount whatever comes back to them, even where it is 0.",
    _with_slope,
    when=lambda at: _phi(at).name in ("leaky_relu", "elu"),
    shown_on="leaky-relu-rescue",
    delta=Alteration(working=_slope_where_negative),
)
