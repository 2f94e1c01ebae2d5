"""The transposed convolution: each input number writes its multiple of the filter into the output, overlaps added.

z is what a convolution with the same filter would send back, were X its δ. So forward and backward have changed places:
∂L/∂X is a convolution of δ. Shapes as in PyTorch: X [N, C, H, W], W [C, F, kh, kw], b [F], z and δ [N, F, oh, ow] with
oh = (H − 1)·stride + dilation·(kh − 1) + 1 − 2·padding. See Dumoulin & Visin 2016, chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnstep.engine.keys import Part
from cnnstep.engine.layers import conv
from cnnstep.engine.layers.entry import BIAS as BIAS_KEY
from cnnstep.engine.layers.entry import DRAWN_SIZE, INIT, SEED, Entry, layer_kind, weights_key
from cnnstep.engine.layers.layer import BIAS_OF_MAPS, LayerContext, Size, Told, Upstream
from cnnstep.engine.patches import DILATION, PADDING, STRIDE, Pair, apart
from cnnstep.engine.quantity import BIAS, MAP, Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Step, Term, Working, read
from cnnstep.engine.sums import Products, Read, Sums, letters, turned
from cnnstep.errors import Fault, InputError

WEIGHTS = ("channel", "filter", "row", "column")
NOTHING = Term((Factor("0", 0.0),), "no filter was written here")


@dataclass(frozen=True)
class TransposedConv(conv.FilterLayer):
    """Filters W [C, F, kh, kw] with an optional bias b [F]; `geometry` is that of the convolution the other way."""

    kind = "transposed_conv"
    words = MappingProxyType(
        {
            "forward": "transposed_conv",
            "gradient": "transposed_conv_gradient",
            "input_gradient": "transposed_conv_input_gradient",
        }
    )
    told = MappingProxyType(
        {
            "forward": Told(
                "Forward pass",
                "each input that reaches this output, times the weight that carries it there",
                "Each input number writes its multiple of the filter into the output; where two overlap, they add up.",
                meaning="each input × the filter, written into the output and added up",
                idea="Multiply the whole filter by one input, and write that patch into the output at the input's "
                "place. Do so for every input, and add up where patches overlap.",
            ),
            "gradient": Told(
                "Filter gradient",
                "this weight carried these inputs to these outputs",
                "Each weight gets the sum of the inputs it multiplied, each times δ of the output that it wrote to.",
                "the input it met",
                "for each weight the sum of δ × the input that it carried there",
                "A weight carried every input to one output. Multiply each input by the δ of that output, and add the "
                "products up.",
            ),
            "bias_gradient": BIAS_OF_MAPS,
            "input_gradient": Told(
                "Input gradient",
                "this input was written to these outputs, each through another weight",
                "The filter slides over δ as in a convolution: an input hears from each output that it wrote to.",
                "the weight between",
                "for each input the sum of δ × the weight that carried it there",
                "Lay the filter on the patch of δ that the input wrote to. Multiply each δ by the weight that lies on "
                "it, and add the products up.",
            ),
        }
    )
    axes = WEIGHTS

    def output_size(self, size: Size) -> Size:
        """(F, oh, ow), from which a convolution would come to the input's size; `InputError` where there is none."""
        channels, filters = self.weights.shape[:2]
        self._refuse_a_row(size)
        if size[0] != channels:
            what = f"the weights are for {_maps(channels)}, but the input has {size[0]}"
            raise InputError(Fault("shape", what, "give a list of filters for each map of the input", ("weights",)))
        rows, columns = (
            (cells - 1) * axis.stride + axis.reach(taps) - axis.before - axis.after
            for axis, cells, taps in zip(self.geometry.axes, size[1:], self.window, strict=True)
        )
        if min(rows, columns) < 1:
            what = f"padding {self.geometry.written['padding']} cuts off all that {size[1]}×{size[2]} maps become"
            raise InputError(Fault("shape", what, "make it smaller", ("padding",)))
        return filters, rows, columns

    def forward(self, context: LayerContext) -> Step:
        """z[n,f,·] = Σ_{c,a,b} X[n,c,a,b] · W[c,f] at the place of (a, b), + b[f]."""
        x, w = context.source, context.quantity("weights", WEIGHTS)
        b = None if self.bias is None else context.quantity("bias", BIAS)
        z = context.quantity("forward", MAP)
        _, *size = self.output_size(context.size)

        def compute(values: Values) -> Array:
            written = conv.input_gradient(values[x.name], values[w.name], (size[0], size[1]), self.geometry)
            return written if b is None else written + values[b.name][:, None, None]

        def working(values: Values, cell: Cell) -> Working:
            n, f, *at = cell
            terms = [
                Term((read(x, values, (n, c, *source)), read(w, values, (c, f, *tap))))
                for c in range(context.size[0])
                for source, tap in self.carried(context.size, (at[0], at[1]))
            ]
            if b is not None:
                terms.append(Term((read(b, values, (f,)),)))
            return Working(tuple(terms or [NOTHING]))

        formula = f"{z.symbol} = {x.symbol} ⋆ᵀ {w.symbol}" + ("" if b is None else f" + {b.symbol}")
        inputs = (x, w) if b is None else (x, w, b)
        sums = self._forward_sums(x, w, b)
        return self.step(context, z, "forward", formula, inputs, compute, working, sums=sums)

    def _forward_sums(self, x: Quantity, w: Quantity, b: Quantity | None) -> Sums:
        (n, f, *at), (c, *taps) = letters(4), letters(3, 4)
        tap = turned(tuple(taps), self.window)  # from the last to the first: so the inputs come in reading order
        source = Read(x.name, (n, c, *self.geometry.reaching(tuple(at), tap)))
        written = Products((source, Read(w.name, (c, f, *tap))), (len(self.weights), *self.window))
        return (written,) if b is None else (written, Products((Read(b.name, (f,)),)))

    def carried(self, size: Size, output: Pair) -> Iterator[tuple[Pair, Pair]]:
        """The input cells that write to this output cell, each with the tap that carries it there."""
        return self.geometry.over(output, self.window, (size[1], size[2]))

    def _gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        x, gradient = context.source, context.quantity("gradient", WEIGHTS)

        def compute(values: Values) -> Array:
            return conv.filter_gradient(upstream.read(values), values[x.name], self.window, self.geometry)

        def working(values: Values, cell: Cell) -> Working:
            c, f, u, v = cell
            _, *size = self.output_size(context.size)
            terms = []
            for n, i, j in np.ndindex(len(values[x.name]), *context.size[1:]):
                row, column = self.geometry.met((i, j), (u, v))
                if 0 <= row < size[0] and 0 <= column < size[1]:
                    terms.append(Term((*upstream.factors(values, (n, f, row, column)), read(x, values, (n, c, i, j)))))
            return Working(tuple(terms or [NOTHING]))

        formula = f"{gradient.symbol} = {upstream.formula} ⋆ {x.symbol}"
        if self.geometry.stride != (1, 1):
            formula += f", its cells spread {apart(self.geometry.stride)}"
        inputs = (x, *upstream.inputs)
        (c, f, u, v), (n, i, j) = letters(4), letters(3, 4)
        received = upstream.parts((n, f, *self.geometry.meeting((i, j), (u, v))))
        sums = (Products((*received, Read(x.name, (n, c, i, j))), (context.samples, *context.size[1:])),)
        return self.step(context, gradient, "gradient", formula, inputs, compute, working, sums=sums)

    def _input_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        w, gradient = context.quantity("weights", WEIGHTS), context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            return conv.correlate(upstream.read(values), values[w.name], None, self.geometry)

        def working(values: Values, cell: Cell) -> Working:
            n, c, *at = cell
            filters, rows, columns = self.output_size(context.size)
            terms = []
            for f, u, v in np.ndindex(filters, *self.window):
                row, column = self.geometry.met((at[0], at[1]), (u, v))
                if 0 <= row < rows and 0 <= column < columns:
                    terms.append(Term((*upstream.factors(values, (n, f, row, column)), read(w, values, (c, f, u, v)))))
            return Working(tuple(terms or [NOTHING]))

        formula = f"{gradient.symbol} = {upstream.formula} ⋆ {w.symbol}"
        inputs = (*upstream.inputs, w)
        (n, c, i, j), (f, u, v) = letters(4), letters(3, 4)
        received = upstream.parts((n, f, *self.geometry.meeting((i, j), (u, v))))
        sums = (Products((*received, Read(w.name, (c, f, u, v))), self.weights.shape[1:]),)
        return self.step(context, gradient, "input_gradient", formula, inputs, compute, working, sums=sums)


def _maps(number: int) -> str:
    return "1 map" if number == 1 else f"{number} maps"


NESTING = "[C][F][kh][kw]"
WEIGHTS_KEY = weights_key(
    Part("DrawnTransposedFilters", "Filters drawn at random.", (INIT, SEED, conv.FILTERS, DRAWN_SIZE)),
    4,
    "a list of filters for each map of the input",
    NESTING,
    "filters: 8, size: 3",
)


@layer_kind(
    "transposed_conv",
    "Filters that every input number writes into larger maps.",
    25,
    (WEIGHTS_KEY, BIAS_KEY, STRIDE, PADDING, DILATION),
)
def _read(entry: Entry) -> TransposedConv | None:
    def shape(draw: Entry) -> tuple[int, ...]:
        size = draw.pair(DRAWN_SIZE)
        return draw.maps or 1, draw.count(conv.FILTERS), *size

    weights = entry.weights(WEIGHTS_KEY, NESTING, shape, inputs_axis=0)
    geometry = entry.geometry(None if weights is None else (weights.shape[2], weights.shape[3]))
    return None if weights is None else TransposedConv(weights, entry.bias(weights.shape[1]), geometry)
