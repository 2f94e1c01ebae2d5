"""The flatten layer: maps [N, C, H, W] in reading order as one row of numbers [N, C·H·W], and back again."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnstep.engine.layers.entry import Entry, layer_kind
from cnnstep.engine.layers.layer import Layer, LayerContext, Size, Told, Upstream
from cnnstep.engine.quantity import VECTOR, Array, Cell, Values
from cnnstep.engine.step import Step, Term, Working, read
from cnnstep.engine.sums import Index, Products, Read, letters


@dataclass(frozen=True)
class Flatten(Layer):
    """v[n, (c·H + i)·W + j] = x[n, c, i, j]; nothing is computed and nothing is trained."""

    kind = "flatten"
    letter = "v"
    words = MappingProxyType({"forward": "flatten", "input_gradient": "flatten_gradient"})
    told = MappingProxyType(
        {
            "forward": Told("Flatten", "the same number, from its place in the maps"),
            "input_gradient": Told(
                "Input gradient",
                "the same number, from its place in the row",
                "The row goes back into its maps: every number to where it came from. Nothing is computed.",
                "only moved",
            ),
        }
    )

    def output_size(self, size: Size) -> Size:
        """One axis with all the numbers."""
        return (int(np.prod(size)),)

    def forward(self, context: LayerContext) -> Step:
        """v = x in one row."""
        x, v = context.source, context.quantity("forward", VECTOR)

        def compute(values: Values) -> Array:
            source = values[x.name]
            return source.reshape(source.shape[0], -1)

        def working(values: Values, cell: Cell) -> Working:
            where = np.unravel_index(cell[1], context.size)
            return Working((Term((read(x, values, (cell[0], *(int(i) for i in where))),)),))

        formula = f"{v.symbol} = {x.symbol} in one row"
        sums = (Products((Read(x.name, letters(2)),)),)
        return self.step(context, v, "forward", formula, (x,), compute, working, sums=sums)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂x = ∂L/∂v, put back into its maps."""
        gradient = context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            return upstream.read(values).reshape(-1, *context.size)

        def working(values: Values, cell: Cell) -> Working:
            unit = int(np.ravel_multi_index(cell[1:], context.size))
            return Working((Term(upstream.factors(values, (cell[0], unit))),))

        formula = f"{gradient.symbol} = {upstream.formula}, back in its maps"
        n, *at = letters(1 + len(context.size))
        unit = Index()
        for index, size in zip(at, context.size, strict=True):
            unit = unit * size + index
        sums = (Products(upstream.parts((n, unit))),)
        step = self.step(context, gradient, "input_gradient", formula, upstream.inputs, compute, working, sums=sums)
        return (step,) if send_back else ()


@layer_kind("flatten", "Maps as one row of numbers.", 30)
def _read(entry: Entry) -> Flatten:
    return Flatten()
