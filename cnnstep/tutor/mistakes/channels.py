"""Mistakes with several samples, channels or filters: left out, all alike, or one in the place of another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import permutations

import numpy as np

from cnnstep.engine.layers.conv import correlate, filter_gradient
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, by_step, mistake


def _is_batch(at: Setting) -> bool:
    return at.samples > 1


def _takes_the_mean(at: Setting) -> bool:
    """Whether the loss has a 1/n in it."""
    return at.loss.factor is not None and at.loss.factor(2) != at.loss.factor(1)


def _over_samples(context: StepContext, gradient: Array) -> Array:
    return gradient / context.samples


_DIVIDED = Alteration(result=_over_samples)

mistake(
    "averaged-over-batch",
    "you divided by the number of samples",
    lambda at: f"You took the mean over the {at.samples} samples.",
    lambda at: (
        f"The loss here is a sum, {at.loss.formula}, so its gradient is a sum too. The mean belongs to a loss that is "
        "a mean over the samples, as cross-entropy is in many libraries."
    ),
    lambda at: at.right_line,
    when=lambda at: _is_batch(at) and not _takes_the_mean(at),
    shown_on="small-batch",
    gradient=_DIVIDED,
    bias_gradient=_DIVIDED,
    dense_gradient=_DIVIDED,
    transposed_conv_gradient=_DIVIDED,
    dense_bias_gradient=_DIVIDED,
)


def _divided_again(context: StepContext, gradient: Array) -> tuple[Array, ...]:
    """By the square of the samples' number where the loss is a sum; else by that number or the cells' once more."""
    cells = context.scenario.targets.size
    if not _takes_the_mean(context):
        return (gradient / context.samples**2,)
    return tuple(gradient / count for count in dict.fromkeys((context.samples, cells)) if count > 1)


_DIVIDED_AGAIN = Alteration(result=_divided_again)


def _twice(at: Setting) -> str:
    if _takes_the_mean(at):
        return "The loss has divided already, and you divided the gradient once more."
    return f"You divided by the {at.samples} samples twice: in the loss, and again in the gradient."


mistake(
    "averaged-twice",
    "you divided twice",
    _twice,
    lambda at: (
        f"The loss is {at.loss.formula}: "
        + ("its 1/n is in δ, and so in the gradient." if _takes_the_mean(at) else "it does not divide at all.")
    ),
    lambda at: at.right_line,
    when=lambda at: _is_batch(at) or _takes_the_mean(at),
    shown_on="small-batch",
    gradient=_DIVIDED_AGAIN,
    bias_gradient=_DIVIDED_AGAIN,
    dense_gradient=_DIVIDED_AGAIN,
    transposed_conv_gradient=_DIVIDED_AGAIN,
    dense_bias_gradient=_DIVIDED_AGAIN,
)


def _of_one_sample(context: StepContext) -> tuple[Mapping[str, Array], ...]:
    """δ of the first sample alone, or of the last: as if the others were 0."""
    delta = context.step.inputs[0 if context.step.role == "bias_gradient" else 1].name
    ways = []
    for sample in (0, -1):
        alone = np.zeros_like(context.values[delta])
        alone[sample] = context.values[delta][sample]
        ways.append({delta: alone})
    return tuple(ways)


_ALONE = Alteration(inputs=_of_one_sample)

mistake(
    "one-sample-only",
    "you used one sample only",
    "You worked out the gradient of the first sample, or of the last, and left it at that.",
    "All samples share the weights, so their parts are added. In code: a `return` inside the loop over the samples, or "
    "`=` where `+=` belongs.",
    "Start from 0 and add each sample's part.",
    when=_is_batch,
    shown_on="small-batch",
    gradient=_ALONE,
    bias_gradient=_ALONE,
    dense_gradient=_ALONE,
    transposed_conv_gradient=_ALONE,
    dense_bias_gradient=_ALONE,
)


def _has_channels(at: Setting) -> bool:
    return bool(at.conv.weights.shape[1] > 1)


def has_filters(at: Setting) -> bool:
    """Whether the layer has more than one filter."""
    return bool(at.conv.weights.shape[0] > 1)


def _summed_forward(context: StepContext) -> Array:
    bias = context.input(2) if context.conv.bias is not None else None
    return correlate(_summed(context), context.input(1)[:, :1], bias, context.conv.geometry)


def _summed(context: StepContext) -> Array:
    total: Array = context.input(0).sum(axis=1, keepdims=True)
    return total


def _summed_gradient(context: StepContext) -> Array:
    once = filter_gradient(_summed(context), context.input(1), context.conv.window, context.conv.geometry)
    return np.repeat(once, context.input(0).shape[1], axis=1)


mistake(
    "channels-summed-first",
    "you added the channels up before filtering",
    "You added the input's channels into one matrix and used that for all of them.",
    "Each channel has weights of its own. Summed first, all channels would get the same gradient.",
    "Filter each channel with its own matrix, then add the results.",
    when=_has_channels,
    shown_on="two-channels",
    skill="channels",
    forward=Alteration(working=_summed_forward),
    gradient=Alteration(working=_summed_gradient),
)

_OWN_CHANNEL = by_step(
    forward="Filter each channel with its own matrix, then add the results.",
    gradient="The gradient of a channel's weights is made of that channel's inputs.",
)


def _first_alone(context: StepContext) -> Mapping[str, Array]:
    image = np.zeros_like(context.input(0))
    image[:, 0] = context.input(0)[:, 0]
    return {context.step.inputs[0].name: image}


mistake(
    "first-channel-only",
    "you used the first channel only",
    by_step(
        forward="You filtered the first channel and left the others out.",
        gradient="You worked out the first channel's gradient; the others' stayed 0.",
    ),
    by_step(
        forward="Every channel has a part in each output.",
        gradient="The weights of the other channels have a part in each output too, and would never move.",
    ),
    _OWN_CHANNEL,
    when=_has_channels,
    shown_on="two-channels",
    skill="channels",
    forward=Alteration(inputs=_first_alone),
    gradient=Alteration(inputs=_first_alone),
)


def _all_like_the_first(position: int) -> Callable[[StepContext], Mapping[str, Array]]:
    """Every channel of this input of the step as its first one."""

    def inputs(context: StepContext) -> Mapping[str, Array]:
        array = context.input(position)
        return {context.step.inputs[position].name: np.repeat(array[:, :1], array.shape[1], axis=1)}

    return inputs


_image_of_one, _weights_of_one = _all_like_the_first(0), _all_like_the_first(1)

mistake(
    "same-for-every-channel",
    "you treated every channel as the first",
    by_step(
        forward="You used the first channel's weights, or its inputs, for all channels.",
        gradient="You gave the weights of all channels the first channel's gradient.",
    ),
    by_step(
        forward="Each channel's inputs belong to its own weights.",
        gradient="Each channel has other inputs, so its weights have another gradient.",
    ),
    _OWN_CHANNEL,
    when=_has_channels,
    shown_on="two-channels",
    skill="channels",
    forward=Alteration(inputs=lambda context: (_weights_of_one(context), _image_of_one(context))),
    gradient=Alteration(inputs=_image_of_one),
)


def _orders(count: int) -> list[tuple[int, ...]]:
    """The ways to mix up so many: all of them for three at most, else turned round or shifted by one."""
    right = tuple(range(count))
    if count <= 3:
        return list(permutations(right))[1:]
    return [right[::-1], (*right[1:], 0), (count - 1, *right[:-1])]


def _channels_mixed_up(context: StepContext) -> tuple[Mapping[str, Array], ...]:
    image = context.input(0)
    return tuple({context.step.inputs[0].name: image[:, order]} for order in _orders(image.shape[1]))


mistake(
    "channels-exchanged",
    "you mixed up the channels",
    by_step(
        forward="A channel met the weights of another.",
        gradient="A channel's gradient stands in the place of another's.",
    ),
    by_step(
        forward="Each matrix of weights is there for one channel.",
        gradient="The matrices are right and in the wrong place: each then moves the weights of another channel.",
    ),
    by_step(
        forward="Channel c of the input meets channel c of the filter.",
        gradient="Channel c of the gradient belongs to channel c of the filter.",
    ),
    when=_has_channels,
    shown_on="two-channels",
    skill="channels",
    forward=Alteration(inputs=_channels_mixed_up),
    gradient=Alteration(inputs=_channels_mixed_up),
)


def _outputs_mixed_up(context: StepContext, z: Array) -> tuple[Array, ...]:
    """The filters' outputs in another order, each with its own bias, or with that of the place where it stands."""
    orders = _orders(z.shape[1])
    whole = [z[:, order] for order in orders]
    if context.conv.bias is None:
        return tuple(whole)
    bias = context.input(2)
    moved = [(bias - bias[list(order)])[:, None, None] for order in orders]
    return (*whole, *(one + by for one, by in zip(whole, moved, strict=True)))


def _gradients_mixed_up(context: StepContext, gradient: Array) -> tuple[Array, ...]:
    return tuple(gradient[list(order)] for order in _orders(len(gradient)))


mistake(
    "filters-exchanged",
    "you mixed up the filters",
    by_step(
        forward="The output of one filter stands in the place of another's.",
        gradient="The gradient of one filter stands in the place of another's.",
        bias_gradient="The gradient of one filter's bias stands in the place of another's.",
    ),
    by_step(
        forward="The matrices are right and in the wrong place: each is then compared with another filter's target.",
        gradient="The matrices are right and in the wrong place: each then moves another filter.",
        bias_gradient="The numbers are right and in the wrong place: each then moves another filter's bias.",
    ),
    "Filter f has output f, δ f and gradient f.",
    when=has_filters,
    shown_on="two-filters",
    skill="channels",
    forward=Alteration(result=_outputs_mixed_up),
    gradient=Alteration(result=_gradients_mixed_up),
    bias_gradient=Alteration(result=_gradients_mixed_up),
)
