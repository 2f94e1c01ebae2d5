"""Mistakes that layers besides a single filter give occasion for: in ∂L/∂X, in pooling, and in the softmax."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import cast

import numpy as np

from cnnstep.engine.layers.conv import correlate, input_gradient
from cnnstep.engine.layers.pool import AveragePool, MaxPool, Pool
from cnnstep.engine.layers.transposed_conv import TransposedConv
from cnnstep.engine.patches import Geometry, Pair, scatter
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.channels import has_filters
from cnnstep.tutor.mistakes.forward import padded
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, mistake, turned


def _filter_as_is(context: StepContext) -> Mapping[str, Array]:
    return {context.step.inputs[-1].name: turned(context.input(-1))}


def _backwards(at: Setting) -> str:
    in_reverse = (
        "As the filter slides past an input, that input meets its weights in reverse, from the last to the first. "
        "On the way back the δ of those outputs have to meet them in that order too."
    )
    if at.conv.geometry.padded:
        return in_reverse
    return f"{in_reverse} The sum of all cells still comes out right, and a check of the mean misses the mistake."


mistake(
    "filter-not-rotated",
    "you did not rotate the filter on the way back",
    "You slid the filter over the padded δ as it is written.",
    _backwards,
    "Rotate W by 180° first; or add δ[i,j]·W to the patch of output [i,j], which needs no rotation.",
    input_gradient=Alteration(inputs=_filter_as_is),
)


def _valid(context: StepContext) -> Array | None:
    delta, weights, geometry = context.input(0), context.input(-1), context.conv.geometry
    back = turned(weights).swapaxes(0, 1)
    unpadded = Geometry.of(dilation=geometry.dilation)
    if min(unpadded.room((delta.shape[2], delta.shape[3]), (back.shape[2], back.shape[3]))) < 0:
        return None
    return correlate(delta, np.ascontiguousarray(back), None, unpadded)


mistake(
    "valid-not-full",
    "you did not pad δ before sending it back",
    "You slid the rotated filter over δ without padding.",
    "The result is smaller than the input. The cells at the edge met only some of the weights, but they did meet them.",
    "Put zeros around δ first: on each side one fewer than the filter spans, less the padding.",
    input_gradient=Alteration(working=_valid),
)


def _overwritten(context: StepContext) -> Array:
    """Each window's W·δ written over what stood there, in reading order."""
    return _written_over(context.input(0), context.input(-1), context.conv.geometry, context.image_size)


def _patches_overwritten(context: StepContext) -> Array:
    """Each number's multiple of a transposed convolution's filter, written over what stood there; then the bias."""
    layer = cast("TransposedConv", context.step.part)
    written = _written_over(context.input(0), context.input(1), layer.geometry, context.image_size)
    return written if layer.bias is None else written + context.input(2)[:, None, None]


def _written_over(delta: Array, weights: Array, geometry: Geometry, size: Pair) -> Array:
    window, outputs = (weights.shape[2], weights.shape[3]), (delta.shape[2], delta.shape[3])
    frame = np.zeros((delta.shape[0], weights.shape[1], *geometry.frame(size)))
    for u, v in _from_the_last(window):
        part = np.tensordot(weights[:, :, u, v], delta, axes=((0,), (1,)))
        frame[geometry.tap((u, v), outputs)] = part.swapaxes(0, 1)
    return frame[geometry.image(size)].copy()


def _from_the_last(window: Pair) -> Iterator[Pair]:
    """The taps from the last to the first: a later window meets a cell with an earlier tap, so what is written in this
    order, a tap in all windows at once, is what remains of the windows written in reading order."""
    return product(reversed(range(window[0])), reversed(range(window[1])))


def _pooling_overwritten(context: StepContext, right: Array) -> tuple[Array, ...]:
    """Each window's part put over what stood there: in all of its cells, or (max pooling) in the winners' alone."""
    pool, signal = cast("Pool", context.step.part), context.input(0)
    window, geometry, outputs = pool.window.size, pool.window.geometry, (signal.shape[2], signal.shape[3])
    won = _winners(pool, context.input(-1)) if isinstance(pool, MaxPool) else None
    whole = np.zeros((*right.shape[:2], *geometry.frame(context.image_size)))
    alone = whole.copy()
    for u, v in _from_the_last(window):
        here = geometry.tap((u, v), outputs)
        took = np.full(1, 1 / (window[0] * window[1])) if won is None else won[..., u, v]
        share = signal * took
        whole[here] = share
        alone[here] = np.where(took > 0, share, alone[here])
    inside = geometry.image(context.image_size)
    return (whole[inside].copy(),) if won is None else (alone[inside].copy(), whole[inside].copy())


def _winners(pool: MaxPool, image: Array) -> Array:
    """What each cell of a window gets of its ∂L/∂y: 1 at the one that won, else 0: [N, C, oh, ow, h, w]."""
    rows, columns = pool.window.size
    part = pool.parts_of(image)
    shares = np.stack([np.asarray(part(number), dtype=float) for number in range(rows * columns)], axis=-1)
    return shares.reshape(*shares.shape[:-1], rows, columns)


def _overlap(at: Setting) -> bool:
    if at.step.word == "input_gradient":
        return any(apart < span for apart, span in zip(at.conv.geometry.stride, at.conv.window, strict=True))
    if isinstance(at.step.part, TransposedConv):
        moves = zip(at.step.part.geometry.stride, at.step.part.window, strict=True)
        return any(apart < span for apart, span in moves)
    window = cast("Pool", at.step.part).window
    return any(apart < span for apart, span in zip(window.geometry.stride, window.size, strict=True))


def _called(at: Setting) -> str:
    return "patch" if isinstance(at.step.part, TransposedConv) else "window"


mistake(
    "overwritten-not-added",
    "overlapping windows overwrote each other",
    lambda at: (
        f"You wrote each {_called(at)}'s part into its cells, over what an earlier {_called(at)} had left there."
    ),
    lambda at: (
        "An output that several patches reach is the sum of what they bring. In code: `=` where `+=` belongs."
        if isinstance(at.step.part, TransposedConv)
        else "A number that lies in several windows gets the sum of what they send back. "
        "In code: `=` where `+=` belongs."
    ),
    lambda at: f"Start from 0 and add each {_called(at)}'s part.",
    when=_overlap,
    input_gradient=Alteration(working=_overwritten),
    pool_gradient=Alteration(result=_pooling_overwritten),
    transposed_conv=Alteration(working=_patches_overwritten),
)


def _one_filter(context: StepContext) -> tuple[Mapping[str, Array], ...]:
    """δ of the first filter alone, or of the last."""
    name, ways = context.step.inputs[0].name, []
    for kept in (0, -1):
        alone = np.zeros_like(context.values[name])
        alone[:, kept] = context.values[name][:, kept]
        ways.append({name: alone})
    return tuple(ways)


mistake(
    "one-filter-sent-back",
    "you sent back through one filter only",
    "You used the first filter and its δ, or the last one's, and left it at that.",
    "All filters read this input, so it gets the sum of what they send back. In code: `=` where `+=` belongs.",
    "Start from 0 and add each filter's part.",
    when=has_filters,
    shown_on="two-filters",
    input_gradient=Alteration(inputs=_one_filter),
)


def _with_its_rim(context: StepContext) -> tuple[Array, ...]:
    """∂L/∂ of the input with its padding: all of it, or the corner that has the input's size."""
    rows, columns = context.image_size
    geometry = context.conv.geometry
    whole = input_gradient(
        context.input(0), context.input(-1), geometry.frame((rows, columns)), geometry.without_padding()
    )
    return whole, whole[..., :rows, :columns]


mistake(
    "padding-kept",
    "you did not cut off the padding",
    "You worked out the gradient of the padded input and left the border on.",
    "The zeros of the border are no input, so nothing is to be sent back to them.",
    "Cut the border off, as wide as the padding: what is left has the input's size.",
    when=padded,
    shown_on="padding",
    input_gradient=Alteration(working=_with_its_rim),
)


def _new_filter(context: StepContext) -> Mapping[str, Array] | None:
    values = dict(context.values)
    name = context.step.inputs[-1].name
    update = next((step for leaf, step in context.lesson.carried if leaf == name), None)
    for step in context.lesson.steps:
        if step.name not in values and all(quantity.name in values for quantity in step.inputs):
            values[step.name] = step.compute(values)
    return {name: values[update]} if update in values else None


mistake(
    "updated-too-early",
    "you sent the gradient back through the new weights",
    "You updated the weights first and used the new ones on the way back.",
    "The error was made with the old weights, so it goes back through the old ones.",
    "Work out all gradients first, then update.",
    input_gradient=Alteration(inputs=_new_filter),
    transposed_conv_input_gradient=Alteration(inputs=_new_filter),
    dense_input_gradient=Alteration(inputs=_new_filter),
)


def _window(context: StepContext) -> Pool:
    return cast("Pool", context.step.part)


def _blocks(context: StepContext, shares: Array) -> Array:
    """Windows' shares [N, C, oh, ow, h, w] added into the image that the pooling layer read."""
    return scatter(shares, context.image_size, _window(context).window.geometry).copy()


def _of_maxima(at: Setting) -> bool:
    return isinstance(at.step.part, MaxPool)


def _of_means(at: Setting) -> bool:
    return isinstance(at.step.part, AveragePool)


def _every_winner(context: StepContext) -> Array:
    """Each ∂L/∂y whole to every cell that equals its window's largest number."""
    views = _window(context).window.views(context.input(-1), -np.inf)
    won = views == views.max(axis=(-2, -1), keepdims=True)
    return _blocks(context, won * context.input(0)[..., None, None])


mistake(
    "pool-tie-copied",
    "you gave the gradient to every equal maximum",
    "Where several numbers of a window were equally large, you sent each of them the whole ∂L/∂y.",
    "The window has one output. Sent whole to several cells, its ∂L/∂y counts more than once.",
    lambda at: (
        "Here equal maxima share it: to each of them an equal part."
        if _shares(at)
        else "One winner per window: here the first in reading order. The others get 0."
    ),
    when=_of_maxima,
    shown_on="pooling",
    pool_gradient=Alteration(working=_every_winner),
)


def _shares(at: Setting) -> bool:
    return isinstance(at.step.part, MaxPool) and at.step.part.shares


def _shared(context: StepContext) -> Array:
    """Each ∂L/∂y in equal parts to the cells that equal its window's largest number."""
    views = _window(context).window.views(context.input(-1), -np.inf)
    won = views == views.max(axis=(-2, -1), keepdims=True)
    return _blocks(context, won / won.sum(axis=(-2, -1), keepdims=True) * context.input(0)[..., None, None])


mistake(
    "pool-tie-shared",
    "you shared the gradient out among equal maxima",
    "Where several numbers of a window were equally large, you gave each of them an equal part of ∂L/∂y.",
    "Some libraries do so. Here, as in PyTorch, the first in reading order won, and it alone was passed on.",
    "The first of equals gets all of it. (With ties: share in the scenario, yours would be right.)",
    when=lambda at: _of_maxima(at) and not _shares(at),
    shown_on="pooling",
    pool_gradient=Alteration(working=_shared),
)


def _spread(context: StepContext) -> Array:
    """Each ∂L/∂y in equal shares over its window, though the largest number was taken."""
    cells = _window(context).window.size
    share = context.input(0)[..., None, None] / (cells[0] * cells[1])
    return _blocks(context, np.broadcast_to(share, (*context.input(0).shape, *cells)))


mistake(
    "pool-spread",
    "you spread the gradient over the window",
    "You gave every cell of the window an equal share, as for average pooling.",
    "Max pooling passes on one number. The smaller ones had no part in the output, so nothing goes back to them.",
    "Send the whole ∂L/∂y to the cell that won.",
    when=_of_maxima,
    shown_on="smallest-network",
    pool_gradient=Alteration(working=_spread),
)


def _undivided(context: StepContext, result: Array) -> Array:
    rows, columns = _window(context).window.size
    return result * (rows * columns)


_WHOLE = {
    "pool": "You added the window up and left it at that.",
    "pool_gradient": "You sent the whole ∂L/∂y to each cell of the window.",
}

mistake(
    "pool-average-not-divided",
    "you did not divide by the window's size",
    lambda at: _WHOLE[at.step.word],
    "A mean is the sum divided by the number of cells, forward and backward.",
    "Divide by the number of cells in the window.",
    when=_of_means,
    shown_on="pooling",
    pool=Alteration(result=_undivided),
    pool_gradient=Alteration(result=_undivided),
)


def _without_upstream(context: StepContext) -> dict[str, Array]:
    return {context.step.inputs[0].name: np.ones_like(context.input(0))}


mistake(
    "pool-upstream-forgotten",
    "you left the upstream gradient out",
    lambda at: f"You wrote {'1 at each winner' if _of_maxima(at) else '1/size for each cell'}, without × ∂L/∂y.",
    "That says where the gradient goes, not how much of it there is. What comes back then has nothing to do with the "
    "target.",
    lambda at: at.right_line,
    shown_on="pooling",
    pool_gradient=Alteration(inputs=_without_upstream),
)


def _probabilities(context: StepContext) -> Array:
    return context.input(-1)


def _diagonal(context: StepContext) -> Array:
    """∂L/∂p_j · p_j(1 − p_j): each probability as if it moved alone."""
    p = _probabilities(context)
    return context.input(0) * p * (1.0 - p)


mistake(
    "softmax-diagonal-only",
    "you used only the diagonal of the softmax's Jacobian",
    "You worked out ∂L/∂p · p(1 − p) for each class by itself.",
    "The probabilities add up to 1: when one grows, others shrink. Those terms, −p[i]·p[j], are missing.",
    lambda at: at.right_line,
    shown_on="two-conv-layers",
    softmax_gradient=Alteration(working=_diagonal),
)

mistake(
    "softmax-slope-twice",
    "you multiplied by the softmax's slope twice",
    lambda at: f"You worked out {at.step.symbol} rightly and multiplied it by p(1 − p) once more.",
    lambda at: (
        "With cross-entropy p − y is ∂L/∂z already: the softmax's slope is in it."
        if at.loss.only_with == "softmax"
        else "The chain rule passes the softmax once."
    ),
    lambda at: at.right_line,
    shown_on="smallest-network",
    softmax_gradient=Alteration(
        result=lambda context, delta: delta * _probabilities(context) * (1.0 - _probabilities(context))
    ),
)


def _of_the_probabilities(at: Setting) -> str:
    if at.loss.only_with == "softmax":
        return (
            "∂L/∂p = −y/p says how the loss changes with each probability: it is 0 for every class that y leaves out."
        )
    return "That says how the loss changes with each probability, not with each score."


mistake(
    "softmax-slope-forgotten",
    "you left the softmax's slope out",
    lambda at: f"You took {at.step.inputs[0].symbol} for {at.step.symbol}.",
    lambda at: f"{_of_the_probabilities(at)} Each score moves all probabilities, so every one of them has a part here.",
    lambda at: at.right_line,
    shown_on="smallest-network",
    softmax_gradient=Alteration(working=lambda context: context.input(0).copy()),
)
