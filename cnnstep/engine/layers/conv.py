"""The convolution layer: z = X ⋆ W + b (cross-correlation, no flip), its three gradients, and their workings.

Shapes: X [N, C, H, W], W [F, C, kh, kw], b [F], z and δ [N, F, oh, ow].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np

from cnnstep.engine.keys import Key, Part
from cnnstep.engine.layers.entry import BIAS as BIAS_KEY
from cnnstep.engine.layers.entry import DRAWN_SIZE, INIT, SEED, Entry, layer_kind, weights_key
from cnnstep.engine.layers.layer import BIAS_OF_MAPS, LayerContext, Size, Told, Upstream, WithWeights
from cnnstep.engine.patches import (
    BATCH,
    DILATION,
    LEFTOVER_KEY,
    PADDING,
    PLAIN,
    STEPS,
    STRIDE,
    Geometry,
    Pair,
    PatchMemory,
    apart,
    patch_matrix,
    scatter,
)
from cnnstep.engine.quantity import BIAS, MAP, WEIGHTS, Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Step, Term, Working, read
from cnnstep.engine.sums import Products, Read, Sums, letters, turned
from cnnstep.errors import Fault, InputError


def correlate(
    image: Array, weights: Array, bias: Array | None, geometry: Geometry, matrix: Array | None = None
) -> Array:
    """z[n,f,i,j] = Σ_{c,u,v} X[n, c, i·s + u·d − p, j·s + v·d − p] · W[f,c,u,v] + b[f]: P·Wᵀ + b.

    `matrix` is the image's patch matrix P where it is at hand.
    """
    filters, _, *window = weights.shape
    if matrix is None:
        matrix = patch_matrix(image, (window[0], window[1]), geometry)
    flat = matrix.dot(weights.reshape(filters, -1).T)
    samples, rows = len(image), geometry.rows.outputs(image.shape[2], window[0])
    if filters == 1:  # no axes to change places
        z: Array = flat.reshape(samples, 1, rows, -1)
    else:
        z = np.ascontiguousarray(flat.reshape(samples, rows, -1, filters).transpose(0, 3, 1, 2))
    return z if bias is None else z + bias[:, None, None]


def filter_gradient(image: Array, delta: Array, window: Pair, geometry: Geometry, matrix: Array | None = None) -> Array:
    """∂L/∂W[f,c,u,v] = Σ_{n,i,j} δ[n,f,i,j] · X[n, c, i·s + u·d − p, j·s + v·d − p]: δᵀ·P, with P as in `correlate`."""
    if matrix is None:
        matrix = patch_matrix(image, window, geometry)
    filters = delta.shape[1]
    rows = delta.reshape(1, -1) if filters == 1 else delta.transpose(1, 0, 2, 3).reshape(filters, -1)
    gradient: Array = rows.dot(matrix).reshape(filters, image.shape[1], *window)
    return gradient


def correlate_batch(columns: Array, weights: Array, bias: Array | None, size: Size) -> Array:
    """The same z as `correlate`'s, of size [oh, ow], from a batch's patch columns: W·P + b, samples innermost."""
    filters = len(weights)
    rows = weights.reshape(filters, -1)
    flat = rows.dot(columns[:-1]) if bias is None else np.column_stack((rows, bias)).dot(columns)
    z: Array = flat.reshape(filters, *size, -1)
    return z.transpose(3, 0, 1, 2)


def filter_gradient_of_batch(columns: Array, delta: Array, size: Size) -> Array:
    """The same ∂L/∂W as `filter_gradient`'s, of size [C, kh, kw], from a batch's patch columns: δ·Pᵀ."""
    gradient: Array = _in_columns(delta).dot(columns[:-1].T).reshape(-1, *size)
    return gradient


def _in_columns(delta: Array) -> Array:
    """δ[f, (i,j,n)]: no copy where the samples lie innermost."""
    return delta.transpose(1, 2, 3, 0).reshape(delta.shape[1], -1)


def bias_gradient(delta: Array) -> Array:
    """∂L/∂b[f] = Σ_{n,i,j} δ[n,f,i,j]: the bias joins every output once."""
    gradient: Array = delta.sum(axis=(0, 2, 3))
    return gradient


def input_gradient(delta: Array, weights: Array, size: Pair, geometry: Geometry) -> Array:
    """∂L/∂X: W·δ added into each window; for stride 1 the full correlation of δ with the turned filter."""
    samples, filters, *cells = delta.shape
    blocks = weights.reshape(filters, -1).T.dot(_in_columns(delta)).reshape(*weights.shape[1:], *cells, samples)
    return scatter(blocks.transpose(5, 0, 3, 4, 1, 2), size, geometry)


def input_gradient_by_correlation(delta: Array, weights: Array, size: Pair, geometry: Geometry) -> Array:
    """The same ∂L/∂X the other way: δ spread out by the stride, fully padded, correlated with W turned by 180°."""
    window, (down, across) = (weights.shape[2], weights.shape[3]), geometry.stride
    rows, columns = geometry.room(size, window)
    spread = np.zeros((*delta.shape[:2], rows + 1, columns + 1))
    spread[:, :, ::down, ::across] = delta
    high, wide = geometry.reach(window)
    turned = weights[:, :, ::-1, ::-1].swapaxes(0, 1)
    full = correlate(spread, turned, None, Geometry.of(padding=(high - 1, wide - 1), dilation=geometry.dilation))
    return full[geometry.image(size)]


LARGEST_STRIDE = 12
"""Strides up to this one are proposed where the given one does not fit."""


@dataclass(frozen=True)
class FilterLayer(WithWeights):
    """Filters that move over maps as `geometry` says, with an optional bias b [F]: what both convolutions share."""

    bias_axes = BIAS
    geometry: Geometry = PLAIN

    @property
    def window(self) -> Pair:
        """(kh, kw)."""
        return self.weights.shape[2], self.weights.shape[3]

    def settings(self) -> dict[str, Any]:
        """Weights, bias, and how the filter moves."""
        return {**super().settings(), **self.geometry.written}

    def _refuse_a_row(self, size: Size) -> None:
        if len(size) != 3:
            what = f"a {self.kind} layer takes maps, but its input is one row of {size[0]} numbers"
            raise InputError(Fault("shape", what, "put it before flatten"))

    def _bias_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        gradient = context.quantity("bias_gradient", BIAS)

        def working(values: Values, cell: Cell) -> Working:
            samples, _, rows, columns = upstream.read(values).shape
            cells = ((n, *cell, i, j) for n, i, j in np.ndindex(samples, rows, columns))
            return Working(tuple(Term(upstream.factors(values, at)) for at in cells))

        formula = f"{gradient.symbol} = Σ {upstream.formula}"

        def compute(values: Values) -> Array:
            return bias_gradient(upstream.read(values))

        (f,), (n, i, j) = letters(1), letters(3, 1)
        sums = (Products(upstream.parts((n, f, i, j)), (context.samples, *self.output_size(context.size)[1:])),)
        return self.step(context, gradient, "bias_gradient", formula, upstream.inputs, compute, working, sums=sums)


@dataclass(frozen=True)
class Conv(FilterLayer):
    """Filters W [F, C, kh, kw] with an optional bias b [F]; `geometry` is stride, padding and dilation."""

    kind = "conv"
    told = MappingProxyType(
        {
            "forward": Told(
                "Forward pass",
                "the filter lies on this patch of the input: input × filter, summed",
                meaning="an output is the sum of input × weight where the filter lies",
                idea="Lay the filter on a patch of the input, as it is. Multiply each input by the weight that lies on "
                "it, and add all the products up.",
            ),
            "gradient": Told(
                "Filter gradient",
                "this weight met these inputs, one for each output cell",
                times="the input it met",
                meaning="for each weight the sum of δ × the input that it met",
                idea="A weight met one input for every output. Multiply each of these inputs by the δ of its output, "
                "and add the products up. Nothing is rotated.",
            ),
            "bias_gradient": BIAS_OF_MAPS,
            "input_gradient": Told(
                "Input gradient",
                "this input met these weights, one for each output that it is part of",
                times="the weight between",
                meaning="for each input the sum of δ × the weight that it met",
                idea="An input gets something back from every output that it went into: the δ of that output times "
                "the weight that lay on it. Add these up.",
            ),
        }
    )
    axes = WEIGHTS

    @cached_property
    def _memory(self) -> PatchMemory:
        return PatchMemory(self.window, self.geometry)

    def output_size(self, size: Size) -> Size:
        """(F, oh, ow); `InputError` where the filter does not fit says the sizes, and what would fit."""
        filters, channels = self.weights.shape[:2]
        self._refuse_a_row(size)
        if size[0] != channels:
            what = f"the filter has {_count(channels, 'channel')}, but the input has {size[0]}"
            raise InputError(Fault("shape", what, "give the filter one matrix for each channel of the input"))
        for axis in (0, 1):
            self._check_axis(axis, (size[1], size[2]))
        return filters, *self.geometry.outputs((size[1], size[2]), self.window)

    def _check_axis(self, axis: int, size: Pair) -> None:
        geometry, written, name = self.geometry, self.geometry.written, ("rows", "columns")[axis]
        room, left = geometry.room(size, self.window)[axis], geometry.left_over(size, self.window)[axis]
        reach, apart = geometry.reach(self.window)[axis], geometry.dilation[axis]
        spans = f" (with dilation {apart} it spans {reach})" if apart > 1 else ""
        image = f"{size[0]}×{size[1]} input" + (f" with padding {written['padding']}" if geometry.padded else "")
        window = f"{self.window[0]}×{self.window[1]} filter{spans}"
        if room < 0:
            what = f"the {window} does not fit into the {image}: it has too many {name}"
            raise InputError(Fault("shape", what, "make the filter smaller, the input larger, or add padding"))
        if left and not geometry.drops:
            over = f"stride {geometry.stride[axis]} leaves {_count(left, name[:-1])} of the {image} over"
            what = f"{over}: the {window} has {_count(room, name[:-1])} to move over"
            raise InputError(Fault("shape", what, self._fitting(size), ("stride",)))

    def _fitting(self, size: Pair) -> str:
        rooms = self.geometry.room(size, self.window)
        strides = [str(s) for s in range(1, LARGEST_STRIDE + 1) if all(room % s == 0 for room in rooms if room > 0)]
        return f"a stride of {' or '.join(strides)} fits; or change the padding, or write leftover: drop"

    def forward(self, context: LayerContext) -> Step:
        """z = X ⋆ W + b."""
        x, w = context.source, context.quantity("weights", WEIGHTS)
        b = None if self.bias is None else context.quantity("bias", BIAS)
        z = context.quantity("forward", MAP)
        matrix_of, cells = self._memory.matrix, self.output_size(context.size)[1:]

        def compute(values: Values) -> Array:
            bias = None if b is None else values[b.name]
            image = values[x.name]
            if len(image) < BATCH:
                return correlate(image, values[w.name], bias, self.geometry, matrix_of(image))
            return correlate_batch(matrix_of(image), values[w.name], bias, cells)

        def working(values: Values, cell: Cell) -> Working:
            n, f, i, j = cell
            terms = [
                Term((tap, read(w, values, (f, c, u, v))), _outside(tap))
                for c, u, v in np.ndindex(*values[w.name].shape[1:])
                for tap in [self._met(x, values, (n, c, i, j), (u, v))]
            ]
            if b is not None:
                terms.append(Term((read(b, values, (f,)),)))
            return Working(tuple(terms))

        formula = f"{z.symbol} = {x.symbol} ⋆ {w.symbol}" + ("" if b is None else f" + {b.symbol}")
        inputs = (x, w) if b is None else (x, w, b)
        sums = self._forward_sums(x, w, b)
        return self.step(context, z, "forward", formula, inputs, compute, working, sums=sums)

    def _forward_sums(self, x: Quantity, w: Quantity, b: Quantity | None) -> Sums:
        (n, f, i, j), (c, u, v) = letters(4), letters(3, 4)
        tap = Read(x.name, (n, c, *self.geometry.meeting((i, j), (u, v))), self.geometry.padded)
        products = Products((tap, Read(w.name, (f, c, u, v))), self.weights.shape[1:])
        return (products,) if b is None else (products, Products((Read(b.name, (f,)),)))

    def _gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        x, gradient = context.source, context.quantity("gradient", WEIGHTS)
        matrix_of, size = self._memory.matrix, self.weights.shape[1:]

        def compute(values: Values) -> Array:
            image = values[x.name]
            if len(image) < BATCH:
                return filter_gradient(image, upstream.read(values), self.window, self.geometry, matrix_of(image))
            return filter_gradient_of_batch(matrix_of(image), upstream.read(values), size)

        def working(values: Values, cell: Cell) -> Working:
            f, c, u, v = cell
            samples, _, rows, columns = upstream.read(values).shape
            terms = []
            for n, i, j in np.ndindex(samples, rows, columns):
                tap = self._met(x, values, (n, c, i, j), (u, v))
                terms.append(Term((*upstream.factors(values, (n, f, i, j)), tap), _outside(tap)))
            return Working(tuple(terms))

        formula = f"{gradient.symbol} = {x.symbol} ⋆ {upstream.formula}"
        if self.geometry.stride != (1, 1):
            formula += f", its cells spread {apart(self.geometry.stride)}"
        inputs = (x, *upstream.inputs)
        (f, c, u, v), (n, i, j) = letters(4), letters(3, 4)
        tap = Read(x.name, (n, c, *self.geometry.meeting((i, j), (u, v))), self.geometry.padded)
        outputs = self.output_size(context.size)[1:]
        sums = (Products((*upstream.parts((n, f, i, j)), tap), (context.samples, *outputs)),)
        return self.step(context, gradient, "gradient", formula, inputs, compute, working, sums=sums)

    def _input_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        w = context.quantity("weights", WEIGHTS)
        gradient = context.like_source("input_gradient")
        size = (context.size[1], context.size[2])

        def compute(values: Values) -> Array:
            return input_gradient(upstream.read(values), values[w.name], size, self.geometry)

        def working(values: Values, cell: Cell) -> Working:
            n, c, row, column = cell
            filters, rows, columns = upstream.read(values).shape[1:]
            over = list(self.geometry.over((row, column), self.window, (rows, columns)))
            terms = []
            for f, (output, tap) in product(range(filters), over):
                terms.append(Term((*upstream.factors(values, (n, f, *output)), read(w, values, (f, c, *tap)))))
            return Working(tuple(terms))

        formula = f"{gradient.symbol} = {upstream.formula} ⋆ {w.symbol} rotated by 180°, padded all round"
        inputs = (*upstream.inputs, w)
        (n, c, *at), (f, *taps) = letters(4), letters(3, 4)
        tap = turned(tuple(taps), self.window)  # from the last to the first: so the outputs come in reading order
        output = (n, f, *self.geometry.reaching(tuple(at), tap))
        over = (len(self.weights), *self.window)
        sums = (Products((*upstream.parts(output), Read(w.name, (f, c, *tap))), over),)
        return self.step(context, gradient, "input_gradient", formula, inputs, compute, working, sums=sums)

    def _met(self, x: Quantity, values: Values, output: Cell, tap: Pair) -> Factor:
        """The input number that this tap meets at this output; 0 in the padding."""
        n, c, i, j = output
        row, column = self.geometry.met((i, j), tap)
        height, width = values[x.name].shape[2:]
        if 0 <= row < height and 0 <= column < width:
            return read(x, values, (n, c, row, column))
        return Factor("0", 0.0)


FILTERS = Key("filters", STEPS, about="How many filters.", examples=(8,))
NESTING = "[F][C][kh][kw]"
WEIGHTS_KEY = weights_key(
    Part("DrawnFilters", "Filters drawn at random.", (INIT, SEED, FILTERS, DRAWN_SIZE)),
    4,
    "a list of filters, each with a matrix for each channel",
    NESTING,
    "filters: 8, size: 3",
)


@layer_kind(
    "conv", "Filters that move over maps.", 10, (WEIGHTS_KEY, BIAS_KEY, STRIDE, PADDING, DILATION, LEFTOVER_KEY)
)
def _read(entry: Entry) -> Conv | None:
    def shape(draw: Entry) -> tuple[int, ...]:
        size = draw.pair(DRAWN_SIZE)
        return draw.count(FILTERS), draw.maps or 1, *size

    weights = entry.weights(WEIGHTS_KEY, NESTING, shape)
    geometry = entry.geometry(None if weights is None else (weights.shape[2], weights.shape[3]))
    return None if weights is None else Conv(weights, entry.bias(len(weights)), geometry)


def _outside(tap: Factor) -> str:
    return "" if tap.source else "padding"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
