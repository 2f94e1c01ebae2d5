"""Mistakes with the error: where it is worked out, or on its way to δ and to the gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, mistake


def _is_difference(at: Setting) -> bool:
    """Whether the error is a − t, with an activation or a softmax before it."""
    squashed = isinstance(at.made_by(at.step.inputs[0].name).part, ActivationLayer | Softmax)
    return squashed and (at.scenario.vocabulary.shows_difference or not at.loss.weight_label)


def _pre_activation(context: StepContext) -> Array:
    last = context.made_by(context.step.inputs[0].name)
    return context.scenario.sign * (context.values[last.inputs[0].name] - context.input(1))


def _compared(at: Setting) -> str:
    return f"You worked out {'z − t' if at.scenario.sign > 0 else 't − z'}."


mistake(
    "error-from-pre-activation",
    "you compared z with the target, not a",
    _compared,
    "The target is meant for the output. A cell whose output is right can still show an error here.",
    lambda at: f"{at.step.formula}, with the output after the activation.",
    when=_is_difference,
    shown_on="six-outputs",
    error=Alteration(working=_pre_activation),
)


def _takes_the_error(at: Setting) -> bool:
    """Whether the step is the error, a δ that is made of it, or a gradient that is made of such a δ."""
    if at.step.role == "error":
        return True
    delta = Setting(at.lesson, at.fed_by("delta") or at.step)
    return delta.fed_by("error") is not None


def _on_the_way(change: Callable[[Array], Array]) -> Callable[[StepContext], Mapping[str, Array] | None]:
    """What goes into a step where the error was changed on the way to it: the error, or the δ that it gives.

    A change that turns every sign is none: that is the other way to write an error.
    """

    def inputs(context: StepContext) -> Mapping[str, Array] | None:
        delta = context.fed_by("delta")
        error = (delta or context.step).inputs[0].name
        changed = {error: change(context.values[error])}
        if np.array_equal(changed[error], -context.values[error]):
            return None
        return {delta.name: delta.compute(context.changed(changed).values)} if delta else changed

    return inputs


def _made_in(at: Setting, symbols: str) -> str:
    if at.step.role == "error":
        return f"each cell: {symbols}"
    return f"{at.upstream} on the way to {at.step.symbol}, though it was written down rightly"


def _squared(at: Setting) -> str:
    return f"You squared {_made_in(at, at.scenario.vocabulary.squared_error)}."


def _why_not_squared(at: Setting) -> str:
    lost = "Squares lose the sign, shrink numbers below 1 and blow up those above."
    return f"The square belongs to the loss; its slope is a multiple of e. {lost}" if at.loss.factor else lost


mistake(
    "squared-error",
    "you squared the error where its derivative belongs",
    _squared,
    _why_not_squared,
    lambda at: f"{at.step.formula}, without a square.",
    when=_takes_the_error,
    shown_on="six-outputs",
    skill="error",
    error=Alteration(result=lambda context, error: np.square(error)),
    delta=Alteration(inputs=_on_the_way(np.square), against="error"),
    gradient=Alteration(inputs=_on_the_way(np.square), against="delta"),
)


def _positive(at: Setting) -> str:
    return f"You dropped the sign of {_made_in(at, f'|{at.scenario.vocabulary.error}|')}."


def _which_way(at: Setting) -> str:
    side = "low" if at.scenario.sign > 0 else "high"
    return f"The sign says which way to go. Without it an output that is too {side} pulls the weights the wrong way."


mistake(
    "absolute-error",
    "you dropped the error's sign",
    _positive,
    _which_way,
    lambda at: f"Keep the sign: {at.step.formula}.",
    when=_takes_the_error,
    shown_on="six-outputs",
    skill="error",
    error=Alteration(result=lambda context, error: np.abs(error)),
    delta=Alteration(inputs=_on_the_way(np.abs), against="error"),
    gradient=Alteration(inputs=_on_the_way(np.abs), against="delta"),
)


def _error_for_delta(context: StepContext) -> Mapping[str, Array]:
    delta = context.fed_by("delta")
    assert delta is not None
    return {delta.name: context.values[delta.inputs[0].name]}


_UNUSED = Alteration(inputs=_error_for_delta, against="delta")

mistake(
    "error-as-delta-used",
    "you went on with the error, not with δ",
    lambda at: f"You worked out δ, and then used {at.upstream} in its place.",
    "δ holds the slope of the activation, which says how much of each error reaches z. Without it the slope has no "
    "part in what is learned.",
    lambda at: f"{at.step.formula}, with the δ that you have.",
    when=lambda at: at.fed_by("delta") is not None,
    shown_on="six-outputs",
    skill="gradient",
    gradient=_UNUSED,
    bias_gradient=_UNUSED,
    input_gradient=_UNUSED,
    dense_gradient=_UNUSED,
    dense_bias_gradient=_UNUSED,
    dense_input_gradient=_UNUSED,
)
