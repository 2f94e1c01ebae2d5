"""Mistakes of loops and of where a window lies: one left out, one too few, the stride and the padding left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product

import numpy as np

from cnnstep.engine.layers.conv import bias_gradient, correlate, filter_gradient, input_gradient
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.code_mistake import afterwards, code_mistake
from cnnstep.tutor.mistakes.mistake import StepContext


def _without(array: Array, axes: tuple[int, ...], end: int) -> Array:
    """The array with 0 at the first or last place along each of these axes."""
    left = array.copy()
    for axis in axes:
        np.moveaxis(left, axis, 0)[end] = 0.0
    return left


ENDS = {"one short": -1, "one late": 0}
OUTPUTS: Mapping[str, tuple[int, ...]] = {
    "samples": (0,),
    "filters": (1,),
    "output's rows": (2,),
    "output's columns": (3,),
    "output's rows and columns": (2, 3),
}
"""The loops of a convolution over what it gives, and their axes in z, in δ."""
TAPS: Mapping[str, tuple[int, ...]] = {
    "channels": (1,),
    "filter's rows": (2,),
    "filter's columns": (3,),
    "filter's rows and columns": (2, 3),
}
"""Its loops within the sum, and their axes in W."""


def _loops(
    outer: Callable[[tuple[int, ...], int], Array], inner: Callable[[tuple[int, ...], int], Array] | None
) -> dict[str, Array]:
    """What each loop gives that ends one short or begins one late."""
    found = {
        f"the loop over the {loop} ends one short" if end else f"the loop over the {loop} begins at 1": outer(axes, end)
        for (loop, axes), end in product(OUTPUTS.items(), ENDS.values())
    }
    if inner:
        found |= {
            f"the loop over the {loop} ends one short" if end else f"the loop over the {loop} begins at 1": inner(
                axes, end
            )
            for (loop, axes), end in product(TAPS.items(), ENDS.values())
        }
    return found


def _forward(context: StepContext, image: Array, weights: Array) -> Array:
    bias = None if context.conv.bias is None else context.input(2)
    return correlate(image, weights, bias, context.conv.geometry)


def _short_forward(context: StepContext) -> dict[str, Array]:
    image, weights, right = context.input(0), context.input(1), context.right
    return _loops(
        lambda axes, end: _without(right, axes, end),
        lambda axes, end: _forward(context, image, _without(weights, axes, end)),
    )


def _gradient(context: StepContext, delta: Array) -> Array:
    return filter_gradient(context.input(0), delta, context.conv.window, context.conv.geometry)


def _short_gradient(context: StepContext) -> dict[str, Array]:
    delta, right = context.input(1), context.right
    return _loops(
        lambda axes, end: _gradient(context, _without(delta, axes, end)),
        lambda axes, end: _without(right, axes, end),
    )


def _short_bias(context: StepContext) -> dict[str, Array]:
    delta = context.input(0)
    return _loops(lambda axes, end: bias_gradient(_without(delta, axes, end)), None)


def _short_input(context: StepContext) -> dict[str, Array]:
    delta, weights, geometry = context.input(0), context.input(-1), context.conv.geometry
    size = context.image_size
    return _loops(
        lambda axes, end: input_gradient(_without(delta, axes, end), weights, size, geometry),
        lambda axes, end: input_gradient(delta, _without(weights, axes, end), size, geometry),
    )


def _short_pool(context: StepContext) -> dict[str, Array]:
    right = context.right
    return _channels(_loops(lambda axes, end: _without(right, axes, end), None))


def _short_pool_gradient(context: StepContext) -> dict[str, Array]:
    name, upstream = context.step.inputs[0].name, context.input(0)
    return _channels(_loops(lambda axes, end: context.changed({name: _without(upstream, axes, end)}).right, None))


def _channels(found: dict[str, Array]) -> dict[str, Array]:
    """Pooling has no filters: what comes second among its axes are channels."""
    return {way.replace("filters", "channels"): array for way, array in found.items()}


code_mistake(
    "loop-one-short",
    "a loop leaves one out",
    "In your code {way}.",
    "`range(n)` runs from 0 to n − 1. Where it is `range(n - 1)` the last is left out, and with `range(1, n)` the "
    "first.",
    "Let the loop run over all of them: `for i in range(n)`.",
    forward=_short_forward,
    gradient=_short_gradient,
    bias_gradient=_short_bias,
    input_gradient=_short_input,
    pool=_short_pool,
    pool_gradient=_short_pool_gradient,
)


def _smaller(context: StepContext, right: Array) -> dict[str, Array]:
    return {
        "rows and columns": right[:, :, :-1, :-1],
        "rows": right[:, :, :-1],
        "columns": right[:, :, :, :-1],
    }


afterwards(
    "size-one-short",
    "the output is one too small",
    "Your output has one too few {way}.",
    "A filter that fits n cells further on has n + 1 places, for it begins at place 0.",
    "The size is (input + 2·padding − filter) // stride + 1.",
    forward=_smaller,
)


def _plain(context: StepContext) -> Geometry:
    """Stride 1 and no padding; the taps stay as far apart as they are."""
    return context.conv.geometry.with_stride(1).without_padding()


def _unmoved_forward(context: StepContext) -> dict[str, Array]:
    image, bias = context.input(0), None if context.conv.bias is None else context.input(2)
    if min(_plain(context).room((image.shape[2], image.shape[3]), context.conv.window)) < 0:
        return {}
    return {"": correlate(image, context.input(1), bias, _plain(context))}


def _fits_plainly(context: StepContext, image: tuple[int, ...], delta: Array) -> bool:
    """Whether so many windows, side by side, lie in the image."""
    reach = _plain(context).reach(context.conv.window)
    return all(n - 1 + span <= size for n, span, size in zip(delta.shape[2:], reach, image, strict=True))


def _unmoved_gradient(context: StepContext) -> dict[str, Array]:
    image, delta = context.input(0), context.input(1)
    if not _fits_plainly(context, image.shape[2:], delta):
        return {}
    rows, columns = (
        n - 1 + span for n, span in zip(delta.shape[2:], _plain(context).reach(context.conv.window), strict=True)
    )
    return {"": filter_gradient(image[:, :, :rows, :columns], delta, context.conv.window, _plain(context))}


def _unmoved_input(context: StepContext) -> dict[str, Array]:
    delta, weights = context.input(0), context.input(-1)
    if not _fits_plainly(context, context.image_size, delta):
        return {}
    return {"": input_gradient(delta, weights, context.image_size, _plain(context))}


code_mistake(
    "stride-and-padding-ignored",
    "you left out stride and padding",
    "Your code takes neither the stride nor the padding into account.",
    "With stride 1 and no padding nobody sees it.",
    "Put the border of zeros around x first; then output [i,j] belongs to the patch at row i·stride, column j·stride.",
    forward=_unmoved_forward,
    gradient=_unmoved_gradient,
    input_gradient=_unmoved_input,
)
