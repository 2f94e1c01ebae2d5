"""Mistakes on the way forward: in the filter's pass, the activation and the error."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Case, Slant, mistake, transposed, turned


def _flipped(case: Case) -> Mapping[str, Array]:
    return {case.step.inputs[1].name: turned(case.input(1))}


def _transposed(case: Case) -> Mapping[str, Array] | None:
    return {case.step.inputs[1].name: transposed(case.input(1))} if _square(case.input(1)) else None


def _square(array: Array) -> bool:
    return bool(array.shape[-1] == array.shape[-2])


mistake(
    "flipped-filter",
    "you rotated the filter by 180° before sliding it",
    "You worked out a true convolution: the filter was rotated by 180°, then slid over the input.",
    "A convolution layer slides its filter as it is (cross-correlation). NumPy's and SciPy's `convolve` rotate "
    "it, which is why their numbers differ from hand work.",
    "z = X ⋆ W: lay the filter on the patch as it is written, multiply cell by cell, add up.",
    forward=Slant(inputs=_flipped),
)

mistake(
    "transposed-filter",
    "you exchanged the filter's rows and columns",
    "You used Wᵀ: each row of the filter lay on a column of the patch.",
    "Only the weights on the diagonal still meet their own inputs: W[u,v] meets those of W[v,u]. A symmetric "
    "filter hides it.",
    "Row 0 of the filter lies on row 0 of the patch.",
    forward=Slant(inputs=_transposed),
)


def _no_bias(case: Case) -> Array | None:
    return None if case.conv.bias is None else correlate(case.input(0), case.input(1), None, case.conv.geometry)


def _bias_everywhere(case: Case) -> Array | None:
    if case.conv.bias is None:
        return None
    taps = int(np.prod(case.input(1).shape[1:]))
    return correlate(case.input(0), case.input(1), case.input(2) * taps, case.conv.geometry)


mistake(
    "bias-forgotten",
    "you left the bias out",
    "You added up input × filter and stopped there.",
    "Every output of a filter is too low by its b (too high, where b is negative).",
    "z = X ⋆ W + b: add the bias once to each output.",
    shown_on="bias",
    forward=Slant(working=_no_bias),
)

mistake(
    "bias-per-product",
    "you added the bias to each product, not once to the sum",
    "You added b to every input × filter before adding up.",
    "Each output then contains b once for every weight of the filter, where once in all is right.",
    "Add up the products first, then add b once.",
    shown_on="bias",
    forward=Slant(working=_bias_everywhere),
)


def _stride_one(case: Case) -> Array | None:
    old = case.conv.geometry
    if old.stride == 1:
        return None
    return correlate(case.input(0), case.input(1), _bias(case), Geometry(1, old.padding, old.dilation))


def _bias(case: Case) -> Array | None:
    return None if case.conv.bias is None else case.input(2)


def _unpadded(case: Case) -> Array | None:
    old = case.conv.geometry
    bare = Geometry(old.stride, 0, old.dilation)
    sizes = zip(case.input(0).shape[2:], case.conv.window, strict=True)
    if not old.padding or any(bare.room(size, window) < 0 for size, window in sizes):
        return None
    return correlate(case.input(0), case.input(1), _bias(case), bare)


def full_correlation(case: Case, image: Array, delta: Array, stride: int, padding: int) -> Array | None:
    """Every number that correlating the padded image with δ can give, taken every `dilation` cells."""
    from cnnstep.engine.layers.conv import filter_gradient

    rows, columns = (
        size + 2 * padding - (cells - 1) * stride for size, cells in zip(image.shape[2:], delta.shape[2:], strict=True)
    )
    if rows < 1 or columns < 1:
        return None
    step = case.conv.geometry.dilation
    return filter_gradient(image, delta, (rows, columns), Geometry(stride, padding))[..., ::step, ::step]


def _gradient_stride_one(case: Case) -> Array | None:
    geometry = case.conv.geometry
    if geometry.stride == 1:
        return None
    return full_correlation(case, case.input(0), case.input(1), 1, geometry.padding)


def _cropped_too(case: Case, result: Array) -> tuple[Array, ...]:
    """The whole of it, and the corner that has the filter's size."""
    rows, columns = case.conv.window
    corner = result[..., :rows, :columns]
    return (result, corner) if corner.shape[-2:] == (rows, columns) != result.shape[-2:] else (result,)


def _gradient_unpadded(case: Case) -> Array | None:
    geometry = case.conv.geometry
    return full_correlation(case, case.input(0), case.input(1), geometry.stride, 0) if geometry.padding else None


mistake(
    "stride-ignored",
    "you moved by 1, not by the stride",
    "You moved the filter one cell at a time; or, on the way back, you left the cells of δ next to each other.",
    "The stride says how far apart the patches are, forward and backward.",
    "Output [i,j] uses the patch that starts at row i·stride, column j·stride (of the padded input). On the way "
    "back, put the cells of δ the same distance apart.",
    shown_on="stride",
    skill="stride-padding",
    forward=Slant(working=_stride_one),
    gradient=Slant(working=_gradient_stride_one, results=_cropped_too),
)

mistake(
    "padding-ignored",
    "you left the padding out",
    "You used the input without its border of zeros.",
    "The patches at the edge are missing, so the result has another size, or δ meets the wrong inputs.",
    "Put the border of zeros around the input first, for the forward pass and for the gradient.",
    shown_on="padding",
    skill="stride-padding",
    forward=Slant(working=_unpadded),
    gradient=Slant(working=_gradient_unpadded, results=_cropped_too),
)


def _summed(case: Case) -> Array | None:
    return case.input(0).sum(axis=1, keepdims=True) if case.input(0).shape[1] > 1 else None


def _summed_forward(case: Case) -> Array | None:
    image = _summed(case)
    return None if image is None else correlate(image, case.input(1)[:, :1], _bias(case), case.conv.geometry)


def _summed_gradient(case: Case) -> Array | None:
    from cnnstep.engine.layers.conv import filter_gradient

    image = _summed(case)
    if image is None:
        return None
    once = filter_gradient(image, case.input(1), case.conv.window, case.conv.geometry)
    return np.repeat(once, case.input(0).shape[1], axis=1)


mistake(
    "channels-summed-first",
    "you added the channels up before filtering",
    "You added the input's channels into one matrix and filtered that once.",
    "Each channel has weights of its own. Summed first, all channels would get the same gradient.",
    "Filter each channel with its own matrix, then add the results.",
    shown_on="two-channels",
    skill="channels",
    forward=Slant(working=_summed_forward),
    gradient=Slant(working=_summed_gradient),
)

mistake(
    "activation-skipped",
    "you left the activation out",
    "You took z for the output a.",
    "Without φ there can be outputs that this activation never gives, and the slope φ′(z) on the way back belongs"
    " to a step that was not taken.",
    "a = φ(z), cell by cell.",
    activation=Slant(working=lambda case: case.input(0).copy()),
)

mistake(
    "absolute-activation",
    "you took the absolute value of z",
    "You made negative numbers positive instead of setting them to 0.",
    "ReLU is max(0, z), not |z|: it stops a negative z.",
    "Where z is negative, write 0 (for leaky_relu: slope · z).",
    activation=Slant(
        working=lambda case: np.abs(case.input(0)) if case.activation.phi.name in ("relu", "leaky_relu") else None
    ),
)


def _pre_activation(case: Case) -> Array | None:
    if case.lesson.scenario.is_network and case.lesson.scenario.loss.weight_formula:
        return None
    z = case.made_by(case.step.inputs[0].name).inputs[0]
    return case.lesson.scenario.sign * (case.values[z.name] - case.input(1))


mistake(
    "error-from-pre-activation",
    "you compared z with the target, not a",
    "You worked out the error from the pre-activation z.",
    "The target is meant for the output a. A cell whose output is right can still show an error here.",
    "Use a, the number after the activation.",
    error=Slant(working=_pre_activation),
)

mistake(
    "squared-error",
    "you squared the error where its derivative belongs",
    "You wrote e² for each cell, as in the loss itself.",
    "What goes back is the slope of the loss, and the slope of ½e² is e. Squares lose the sign, shrink small "
    "errors and blow up large ones.",
    "Write e itself. The square belongs to the loss only.",
    error=Slant(result=lambda case, error: np.square(error)),
)

mistake(
    "absolute-error",
    "you dropped the error's sign",
    "You wrote |e| for each cell.",
    "The sign tells too high from too low. Without it, one of the two is pushed the wrong way.",
    "Keep the sign of e.",
    shown_on="dilation",
    error=Slant(result=lambda case, error: np.abs(error)),
)
