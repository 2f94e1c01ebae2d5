"""The softmax layer: p = eᶻ / Σeᶻ, and back through its whole Jacobian ∂p_i/∂z_j = p_i(δ_ij − p_j)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cnnstep.engine.layers.entry import Entry, layer_kind
from cnnstep.engine.layers.layer import Layer, LayerContext, Size, Told, Upstream
from cnnstep.engine.quantity import VECTOR, Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Put, Step, Term, Working, read
from cnnstep.engine.sums import FUNCTIONS, Call, Each, Function, Products, Read, Sums, letters
from cnnstep.errors import Fault, InputError

SMALLEST = 1e-300
"""Shares below it have too few digits for y/p·p to be y again, and 0 has none."""


LARGEST = 100.0
"""Powers of e up to this one are written as they are; beyond it the largest is taken away from all first."""


def softmax(z: Array) -> Array:
    """eᶻ / Σeᶻ along the last axis; the largest z is taken away first, so that nothing overflows."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


@dataclass(frozen=True)
class Softmax(Layer):
    """Shares of one row of numbers: each between 0 and 1, all together 1; no weights."""

    kind = "softmax"
    letter = "p"
    words = MappingProxyType({"forward": "softmax", "input_gradient": "softmax_gradient"})
    told = MappingProxyType(
        {
            "forward": Told(
                "Softmax",
                "e to this power, divided by the sum of all of them",
                meaning="each power of e, divided by the sum of all",
                idea="Divide each power of e by the sum of all of them. Together they make 1.",
            ),
            "input_gradient": Told(
                "Input gradient",
                "this z changes every p: the upstream gradient at each p, times ∂p/∂z",
                times="the softmax's slope",
                idea="With cross-entropy it all comes to p − t: each probability, less 1 at the right class.",
            ),
        }
    )

    def output_size(self, size: Size) -> Size:
        """The input's size; `InputError` where that is not one row."""
        if len(size) != 1:
            shape = "×".join(str(n) for n in size)
            what = f"softmax takes one row of numbers, but its input is maps of {shape}"
            raise InputError(Fault("shape", what, "put {type: flatten} before it"))
        return size

    def forward(self, context: LayerContext) -> Step:
        """p = eᶻ / Σeᶻ."""
        z, p = context.source, context.quantity("forward", VECTOR)

        def working(values: Values, cell: Cell) -> Working:
            n, i = cell
            row = [float(value) for value in values[z.name][n]]
            top = _top(row)
            own, each = (f"({name} − {top:.4g})" if top else name for name in (z.label(cell), z.symbol))
            total = sum(math.exp(value - top) for value in row)
            reads = tuple(Read(z.name, (n, unit)) for unit in range(len(row)))
            call = Call("power", (reads[i], reads))
            power = Factor(f"e^{own}", math.exp(row[i] - top), z.name, cell, _power(row[i], top), call=call)
            share = Call("inverse_power_sum", (reads,))
            return Working((Term((power, Factor(f"1/Σe^{each}", 1.0 / total, put=_share(row, top), call=share))),))

        formula = f"{p.symbol} = e^{z.symbol} / Σ e^{z.symbol}"
        (n, i), (unit,) = letters(2), letters(1, 2)
        row = Each(context.size, Read(z.name, (n, unit)))
        sums = (Products((Call("power", (Read(z.name, (n, i)), row)), Call("inverse_power_sum", (row,)))),)

        def compute(values: Values) -> Array:
            return softmax(values[z.name])

        return self.step(context, p, "forward", formula, (z,), compute, working, sums=sums)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂z_j = Σ_i ∂L/∂p_i · p_i(δ_ij − p_j); with cross-entropy that comes to p − y."""
        p, gradient = context.quantity("forward", VECTOR), context.like_source("input_gradient")

        def compute(values: Values) -> Array:
            if upstream.short is not None:
                return upstream.short.compute(values)
            shares, received = values[p.name], upstream.read(values)
            passed: Array = shares * (received - (shares * received).sum(axis=-1, keepdims=True))
            return passed

        def working(values: Values, cell: Cell) -> Working:
            n, j = cell
            units = range(values[p.name].shape[1])
            if upstream.short is not None and values[p.name][n].min() < SMALLEST:
                return Working(upstream.short.terms(values, cell))
            return Working(tuple(_passed(values, upstream, p, (n, i), j) for i in units))

        formula = f"{gradient.symbol} = {upstream.formula}·(diag({p.symbol}) − {p.symbol}ᵀ{p.symbol})"
        if upstream.short is not None:
            formula += f" = {upstream.short.formula}"
        inputs, sums = (*upstream.inputs, p), _backward_sums(upstream, p, context.size)
        step = self.step(context, gradient, "input_gradient", formula, inputs, compute, working, upstream.short, sums)
        return (step,)


def _backward_sums(upstream: Upstream, p: Quantity, size: Size) -> Sums:
    """∂L/∂p_j · p_j − Σ_i ∂L/∂p_i · p_i · p_j."""
    n, j, i = letters(3)
    own, other = Read(p.name, (n, j)), Read(p.name, (n, i))
    return Products((*upstream.parts((n, j)), own)), Products((-1.0, *upstream.parts((n, i)), other, own), size)


def _top(row: Sequence[float]) -> float:
    """What is taken away from all powers: the largest, where one of them is so large that it matters."""
    return max(row) if max(map(abs, row)) > LARGEST else 0.0


FUNCTIONS.add("power")(
    Function(
        f"power(z, row) = e^(z − m); m is the row's largest where one of its |z| is above {LARGEST:g}, else 0",
        lambda z, row: math.exp(z - _top(row)),
    )
)
FUNCTIONS.add("inverse_power_sum")(
    Function(
        "inverse_power_sum(row) = 1/Σ power(z, row) over the row's z",
        lambda row: 1.0 / sum(math.exp(z - _top(row)) for z in row),
    )
)


def _power(value: float, top: float) -> Put:
    """e^z, or e^(z − top)."""
    text = "e^({z} − {top})" if top else "e^{z}"
    return Put(text, {"z": value, "top": top}, lambda numbers: math.exp(numbers["z"] - numbers["top"]))


def _share(row: list[float], top: float) -> Put:
    """1 / (e^z₀ + e^z₁ + …)."""
    names = [f"z{j}" for j in range(len(row))]
    powers = " + ".join(f"e^({{{name}}} − {{top}})" if top else f"e^{{{name}}}" for name in names)
    numbers = dict(zip(names, row, strict=True)) | {"top": top}
    return Put(f"1/({powers})", numbers, lambda given: 1.0 / sum(math.exp(given[z] - given["top"]) for z in names))


def _passed(values: Values, upstream: Upstream, p: Quantity, cell: Cell, j: int) -> Term:
    """What one share sends back to z_j: ∂L/∂p_i · p_i · (1 − p_j where i is j, else −p_j)."""
    n, i = cell
    own, other = float(i == j), read(p, values, (n, j))
    call = Call("difference", (own, Read(p.name, (n, j))))
    slope = Factor(f"({own:g} − {other.label})", own - other.value, p.name, (n, j), call=call)
    return Term((*upstream.factors(values, cell), read(p, values, cell), slope))


@layer_kind("softmax", "Shares that add up to 1.", 50)
def _read(entry: Entry) -> Softmax:
    return Softmax()
