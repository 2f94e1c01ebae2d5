"""Mistakes on the way forward: in the filter's pass and the activation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cnnstep.engine.layers.conv import correlate, filter_gradient, input_gradient
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.mistakes.mistake import Alteration, Setting, StepContext, by_step, mistake, transposed, turned


def _flipped(context: StepContext) -> Mapping[str, Array]:
    return {context.step.inputs[1].name: turned(context.input(1))}


def _transposed(context: StepContext) -> Mapping[str, Array]:
    return {context.step.inputs[1].name: transposed(context.input(1))}


mistake(
    "flipped-filter",
    "you rotated the filter by 180° before sliding it",
    "You worked out a true convolution: the filter rotated by 180°, then slid over the input.",
    "A convolution layer slides its filter as it is (cross-correlation). NumPy's and SciPy's `convolve` rotate it, "
    "which is why their numbers differ from hand work. A filter that looks the same after the rotation hides it.",
    lambda at: f"{at.step.formula}: lay the filter on the patch as it is written, multiply cell by cell, add up.",
    forward=Alteration(inputs=_flipped),
)

mistake(
    "transposed-filter",
    "you exchanged the filter's rows and columns",
    "You used Wᵀ: each row of the filter lay on a column of the patch.",
    "Only the weights on the diagonal still meet their own inputs: W[u,v] meets those of W[v,u]. A symmetric filter "
    "hides the mistake.",
    "Row 0 of the filter lies on row 0 of the patch.",
    when=lambda at: at.conv.window[0] == at.conv.window[1],
    forward=Alteration(inputs=_transposed),
)


def _rows_with_columns(weights: Array) -> tuple[Array, Array]:
    """Filters that give the sum of the matrix product patch·W, or W·patch, as if cell met cell.

    Σ_ij (P·W)_ij = Σ_ik P_ik · (row k of W, added up), and Σ_ij (W·P)_ij = Σ_kj P_kj · (column k of W, added up).
    """
    rows, columns = weights.sum(axis=-1), weights.sum(axis=-2)
    return (
        np.broadcast_to(rows[..., None, :], weights.shape).copy(),
        np.broadcast_to(columns[..., :, None], weights.shape).copy(),
    )


def _as_matrices(context: StepContext) -> tuple[Mapping[str, Array], ...] | None:
    """The filter, or on the way back δ, as it counts in a matrix product; only square ones fit."""
    name = context.step.inputs[1].name
    rows, columns = context.values[name].shape[-2:]
    return tuple({name: one} for one in _rows_with_columns(context.values[name])) if rows == columns else None


mistake(
    "matrix-product",
    "you multiplied as matrices, not cell by cell",
    by_step(
        forward="You took the matrix product of patch and filter, and added up what came out.",
        gradient="You took the matrix product of δ and the inputs that a weight met, and added up what came out.",
    ),
    "A matrix product multiplies rows by columns, so a number meets others than its own. Square ones fit together, so "
    "no shape gives it away. In code: `@` or `dot` where `*` belongs.",
    "Multiply each number by the one that it lies on, and add up.",
    shown_on="six-outputs",
    skill="forward",
    forward=Alteration(inputs=_as_matrices),
    gradient=Alteration(inputs=_as_matrices),
)


def _has_bias(at: Setting) -> bool:
    return at.conv.bias is not None


def _no_bias(context: StepContext) -> Array:
    return correlate(context.input(0), context.input(1), None, context.conv.geometry)


def _products(at: Setting) -> int:
    """How many products an output is the sum of."""
    return int(np.prod(at.conv.weights.shape[1:]))


def _bias_everywhere(context: StepContext) -> Array:
    return correlate(context.input(0), context.input(1), context.input(2) * _products(context), context.conv.geometry)


mistake(
    "bias-forgotten",
    "you left the bias out",
    "You added up input × filter and stopped there.",
    "Every output of a filter is too low by its b (too high, where b is negative).",
    lambda at: f"{at.step.formula}: add the bias once to each output.",
    when=_has_bias,
    shown_on="bias",
    forward=Alteration(working=_no_bias),
)

mistake(
    "bias-per-product",
    "you added the bias to each product, not once to the sum",
    "You added b to every input × filter before adding up.",
    lambda at: f"Each output is the sum of {_products(at)} products, so it holds b {_products(at)} times.",
    "Add up the products first, then add b once.",
    when=_has_bias,
    shown_on="bias",
    forward=Alteration(working=_bias_everywhere),
)


def strided(at: Setting) -> bool:
    """Whether the filter moves by more than 1."""
    return at.conv.geometry.stride != (1, 1)


def padded(at: Setting) -> bool:
    """Whether there are zeros around the input."""
    return at.conv.geometry.padded


def _stride_one(context: StepContext) -> Array:
    return correlate(context.input(0), context.input(1), _bias(context), context.conv.geometry.with_stride(1))


def _bias(context: StepContext) -> Array | None:
    return None if context.conv.bias is None else context.input(2)


def _unpadded(context: StepContext) -> Array | None:
    image, bare = context.input(0), context.conv.geometry.without_padding()
    if min(bare.room((image.shape[2], image.shape[3]), context.conv.window)) < 0:
        return None
    return correlate(image, context.input(1), _bias(context), bare)


def full_correlation(image: Array, delta: Array, geometry: Geometry) -> Array | None:
    """Every number that correlating the padded image with δ, its cells spread by the stride, can give.

    They are taken every `dilation` cells.
    """
    cells = (delta.shape[2], delta.shape[3])
    spread = Geometry(replace(geometry.rows, dilation=1), replace(geometry.columns, dilation=1))
    (rows, columns), (down, across) = spread.frame((image.shape[2], image.shape[3])), geometry.stride
    taps = rows - (cells[0] - 1) * down, columns - (cells[1] - 1) * across
    if min(taps) < 1:
        return None
    apart, aside = geometry.dilation
    return filter_gradient(image, delta, taps, spread)[..., ::apart, ::aside]


def _gradient_stride_one(context: StepContext) -> Array | None:
    return full_correlation(context.input(0), context.input(1), context.conv.geometry.with_stride(1))


def cropped_too(context: StepContext, result: Array) -> tuple[Array, ...]:
    """The whole of it, and the corner that has the filter's size."""
    rows, columns = context.conv.window
    corner = result[..., :rows, :columns]
    return (result, corner) if corner.shape[-2:] == (rows, columns) != result.shape[-2:] else (result,)


def _gradient_unpadded(context: StepContext) -> Array | None:
    return full_correlation(context.input(0), context.input(1), context.conv.geometry.without_padding())


def _back_side_by_side(context: StepContext) -> tuple[Array, ...]:
    """Each δ·W added one cell on from the last: into the whole input, or into no more than that takes."""
    delta, weights, plain = context.input(0), context.input(-1), context.conv.geometry.with_stride(1)
    whole = input_gradient(delta, weights, context.image_size, plain)
    spans = zip(plain.axes, delta.shape[2:], context.conv.window, strict=True)
    rows, columns = (n - 1 + axis.reach(taps) - axis.before - axis.after for axis, n, taps in spans)
    small = (input_gradient(delta, weights, (rows, columns), plain),) if min(rows, columns) > 0 else ()
    return whole, *small


def _begins(at: Setting) -> str:
    (down, across), of = at.conv.geometry.stride, "the padded input" if padded(at) else "the input"
    return f"Output [i,j] belongs to the patch that begins at row {down}·i, column {across}·j of {of}."


mistake(
    "stride-ignored",
    "you moved by 1, not by the stride",
    by_step(
        forward="You moved the filter one cell at a time.",
        gradient="You kept the cells of δ side by side as you slid it over the input.",
        input_gradient="You added each δ·W one cell on from the last.",
    ),
    "The stride says how far apart the patches are, forward and backward.",
    _begins,
    when=strided,
    shown_on="stride",
    skill="stride-padding",
    forward=Alteration(working=_stride_one),
    gradient=Alteration(working=_gradient_stride_one, result=cropped_too),
    input_gradient=Alteration(working=_back_side_by_side),
)

mistake(
    "padding-ignored",
    "you left the padding out",
    "You used the input without its border of zeros.",
    "The patches at the edge are missing, so the result has another size, or δ meets the wrong inputs.",
    "Put the border of zeros around the input first, for the forward pass and for the gradient.",
    when=padded,
    shown_on="padding",
    skill="stride-padding",
    forward=Alteration(working=_unpadded),
    gradient=Alteration(working=_gradient_unpadded, result=cropped_too),
)


def _nothing_below(at: Setting) -> str:
    phi = at.phi
    bounded = phi is not None and (phi.low > -np.inf or phi.high < np.inf)
    never = f"Outputs can then be numbers that {phi.name} never gives, and the" if phi and bounded else "The"
    return f"{never} slope on the way back belongs to an activation that was not there."


mistake(
    "activation-skipped",
    "you left the activation out",
    "You took z for the output a.",
    _nothing_below,
    lambda at: f"{at.step.formula}, cell by cell.",
    shown_on="six-outputs",
    activation=Alteration(working=lambda context: context.input(0).copy()),
)


def activation_line(at: Setting) -> str:
    """`a = relu(z), with relu(z) = max(0, z).`"""
    return f"{at.step.formula}, with {at.phi.name}(z) = {at.phi.formula}." if at.phi else at.right_line


def folds(at: Setting) -> bool:
    """Whether the activation is one straight line for positive z and another for negative: its slope is a mask."""
    return at.phi is not None and at.phi.name in ("relu", "leaky_relu")


def _instead_of_size(at: Setting) -> str:
    if at.phi is None or at.phi.name == "relu":
        return "A ReLU gives 0 for a negative z, not its size."
    return f"A negative z is multiplied by {at.phi.slope_at(-1.0):g}; its sign stays."


mistake(
    "absolute-activation",
    "you took the absolute value",
    "You dropped the sign of the negative numbers: |z|.",
    _instead_of_size,
    activation_line,
    when=folds,
    shown_on="six-outputs",
    activation=Alteration(working=lambda context: np.abs(context.input(0))),
)
