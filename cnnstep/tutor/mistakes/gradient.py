"""Mistakes in the filter's gradient: which numbers meet which, and whether all patches count."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.layers.conv import filter_gradient
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.forward import cropped_too, full_correlation
from cnnstep.tutor.mistakes.mistake import Alteration, StepContext, mistake, transposed, turned


def _delta(context: StepContext) -> Array:
    return context.input(1)


def _output(context: StepContext) -> Array | None:
    """a: what the activation after this layer gave, if there is one."""
    made = context.made_by(_delta_name(context))
    z = made.inputs[-1].name
    after = [step for step in context.lesson.called("activation") if step.inputs[0].name == z]
    return context.values.get(after[0].name) if after else None


def _delta_name(context: StepContext) -> str:
    return context.step.inputs[1].name


def _weights(context: StepContext) -> Array:
    return context.values[context.parameter]


def _delta_turned(context: StepContext) -> Mapping[str, Array]:
    return {_delta_name(context): turned(_delta(context))}


mistake(
    "delta-flipped",
    "you rotated δ by 180° before correlating",
    "You rotated δ by 180°, then slid it over the input.",
    "Rotation belongs to the input gradient, and there it is the filter that is rotated. For the filter gradient each "
    "δ meets its own patch.",
    lambda at: f"{at.step.formula}, with δ as it is.",
    shown_on="six-outputs",
    gradient=Alteration(inputs=_delta_turned),
)

mistake(
    "gradient-rotated",
    "your gradient is rotated by 180°",
    "You rotated the finished gradient by 180°.",
    "Each weight then gets the gradient of the weight at the opposite place.",
    "∂L/∂W[u,v] stands where W[u,v] stands: no rotation.",
    shown_on="six-outputs",
    gradient=Alteration(result=lambda context, gradient: turned(gradient)),
)

mistake(
    "gradient-transposed",
    "your gradient has rows and columns exchanged",
    "You wrote the gradient's rows as its columns.",
    "W[0,1] then moves by the gradient of W[1,0].",
    "The gradient is laid out as W is, row by row.",
    shown_on="six-outputs",
    gradient=Alteration(result=lambda context, gradient: transposed(gradient)),
    dense_gradient=Alteration(result=lambda context, gradient: transposed(gradient)),
)


def _with_delta_transposed(context: StepContext) -> Array | None:
    return full_correlation(context.input(0), transposed(_delta(context)), context.conv.geometry)


mistake(
    "delta-transposed",
    "you exchanged the rows and columns of δ",
    "You correlated the input with δᵀ.",
    "δ[i,j] then meets the patch of output [j,i].",
    "δ[i,j] meets the patch of output [i,j].",
    shown_on="leaky-relu-rescue",
    gradient=Alteration(working=_with_delta_transposed, result=cropped_too),
)


def _just_delta(context: StepContext) -> Array | None:
    delta = _delta(context)
    return delta.swapaxes(0, 1).copy() if delta.shape[2:] == context.conv.window else None


mistake(
    "delta-as-gradient",
    "you took δ itself for the gradient",
    "You wrote δ where the gradient belongs.",
    "δ says how the loss changes with each z. A weight reaches z through the inputs that it met, and those are missing "
    "here. That the shapes agree is chance.",
    lambda at: f"{at.step.formula}: multiply each δ by the patch of its output, and add up.",
    when=lambda at: at.samples == at.conv.weights.shape[1] == 1,
    gradient=Alteration(instead=_just_delta),
)


def _one_number(context: StepContext) -> Array | None:
    output = _output(context)
    if output is None or output.shape != _delta(context).shape:
        return None
    total = (_delta(context) * output).sum(axis=(0, 2, 3))
    return np.broadcast_to(total[:, None, None, None], _weights(context).shape).copy()


mistake(
    "one-number-for-all",
    "you gave every weight the same number",
    "You added up δ × output and used that one sum for every weight.",
    "Each weight met other inputs, so each has a gradient of its own.",
    lambda at: f"{at.step.formula}: for each weight, the sum of δ × the input that it met.",
    gradient=Alteration(instead=_one_number),
)

mistake(
    "filter-scaled",
    "you multiplied the filter by the summed δ",
    "You wrote (Σδ)·W for the gradient.",
    "The gradient depends on the inputs, not on the weight's own value. With this one a weight of 0 gets no gradient, "
    "and every other one is in proportion to its weight.",
    lambda at: at.right_line,
    shown_on="six-outputs",
    gradient=Alteration(
        instead=lambda context: _delta(context).sum(axis=(0, 2, 3))[:, None, None, None] * _weights(context)
    ),
)


def _one_patch(context: StepContext, sample: int, cell: int) -> Array:
    delta, windows = _delta(context), context.windows(context.input(0))
    return delta[sample, :, cell, cell][:, None, None, None] * windows[sample, None, :, cell, cell]


mistake(
    "first-patch-only",
    "you used the first patch only",
    "You multiplied the first δ by the first patch and stopped.",
    "Every output has a patch, and all of them share the filter. In code: a `return` inside the loop.",
    "Do this for every output cell, and add up.",
    shown_on="dilation",
    gradient=Alteration(working=lambda context: _one_patch(context, 0, 0)),
)

mistake(
    "last-patch-only",
    "you kept the last patch only",
    "You multiplied each δ by its patch, but each result replaced the one before.",
    "All outputs share the filter, so their parts are added. In code: `=` where `+=` belongs.",
    "Start from 0 and add each δ × patch.",
    gradient=Alteration(working=lambda context: _one_patch(context, -1, -1)),
)


def _from_output(context: StepContext) -> Array | None:
    output = _output(context)
    if output is None or output.shape[1] != 1:
        return None
    geometry = context.conv.geometry
    if output.shape == context.input(0).shape:
        return filter_gradient(output, _delta(context), context.conv.window, geometry)
    return full_correlation(output, _delta(context), Geometry.of(dilation=geometry.dilation))


mistake(
    "output-for-input",
    "you used the output where the input belongs",
    "You correlated the layer's output a with δ.",
    "A weight multiplies inputs, so its gradient is made of inputs.",
    lambda at: f"{at.step.formula}, with {at.step.inputs[0].symbol} as it came into the layer.",
    gradient=Alteration(working=_from_output),
)


def _filter_for_delta(context: StepContext) -> Array | None:
    weights = _weights(context).swapaxes(0, 1)
    return full_correlation(context.input(0), np.repeat(weights, context.samples, axis=0), context.conv.geometry)


mistake(
    "weights-as-delta",
    "you used the filter where δ belongs",
    "You correlated the input with the filter, much as on the way forward.",
    "What the outputs should have been has no part in it, so it can't say which way to go.",
    lambda at: f"{at.step.formula}, with δ in the place of the filter.",
    when=lambda at: at.conv.weights.shape[1] == 1,
    gradient=Alteration(instead=_filter_for_delta, result=cropped_too),
)

_ITSELF = Alteration(instead=lambda context: context.values[context.parameter].copy())

mistake(
    "filter-as-gradient",
    "you took the weights themselves for their gradient",
    lambda at: f"You wrote {at.lesson.quantity(at.parameter).symbol} for {at.step.symbol}.",
    "The gradient says how the loss changes with each weight. Neither the input nor the error has a part in this one.",
    lambda at: at.right_line,
    gradient=_ITSELF,
    dense_gradient=_ITSELF,
)

mistake(
    "bias-value-as-gradient",
    "you took the bias itself for its gradient",
    "You wrote b where ∂L/∂b belongs.",
    "The gradient says how the loss changes with b. It is made of what the outputs send back, not of b's own value.",
    lambda at: at.right_line,
    shown_on="bias",
    bias_gradient=_ITSELF,
    dense_bias_gradient=_ITSELF,
)


def _one_loss(context: StepContext) -> tuple[Array, ...]:
    """The error's sum or the loss, for every weight or times each."""
    weights, errors = _weights(context), context.values["error"].sum(axis=(0, 2, 3))[:, None, None, None]
    loss = context.lesson.loss(context.values)
    return tuple(one for number in (errors, loss) for one in (number + np.zeros_like(weights), number * weights))


mistake(
    "loss-scalar-for-all",
    "you made one number of the error",
    "You added the error up, or took the loss, and used that one number for every weight, or times each weight.",
    "Each weight met other inputs, so each has a gradient of its own. One number for all can't tell them apart.",
    lambda at: f"{at.step.formula}: for each weight, the sum of δ × the input that it met.",
    when=lambda at: at.scenario.vocabulary.shows_difference,
    shown_on="six-outputs",
    gradient=Alteration(instead=_one_loss),
)


def _with_the_last(context: StepContext, gradient: Array) -> Array | None:
    before = context.values.get(f"{context.step.name}_before")
    return None if before is None else gradient + before


mistake(
    "gradients-not-reset",
    "you added the last iteration's gradient",
    "You kept adding to the gradient of the iteration before.",
    "Each update needs the gradient at the present weights alone. In code: the gradient was not set to 0 first.",
    "Start each iteration's gradient from 0.",
    remembers=True,
    gradient=Alteration(result=_with_the_last),
    bias_gradient=Alteration(result=_with_the_last),
    dense_gradient=Alteration(result=_with_the_last),
    dense_bias_gradient=Alteration(result=_with_the_last),
)

mistake(
    "bias-gradient-averaged",
    "you averaged δ instead of adding it up",
    "You took the mean of δ for the bias.",
    "A bias is added to each of its outputs, so what they send back is added up.",
    lambda at: at.right_line,
    shown_on="bias",
    bias_gradient=Alteration(working=lambda context: context.input(0).mean(axis=(0, 2, 3))),
    dense_bias_gradient=Alteration(working=lambda context: context.input(0).mean(axis=0)),
)

mistake(
    "bias-gradient-not-summed",
    "you kept δ as a matrix for the bias",
    "You used δ itself, cell by cell, as the bias's gradient.",
    "All these outputs share one bias, so its gradient is one number.",
    lambda at: at.right_line,
    shown_on="bias",
    bias_gradient=Alteration(working=lambda context: context.input(0).copy()),
    dense_bias_gradient=Alteration(working=lambda context: context.input(0).copy()),
)
