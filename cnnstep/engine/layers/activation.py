"""The activation layer: a = φ(z) forward, ∂L/∂z = ∂L/∂a ⊙ φ′(z) backward."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.keys import Faults, chosen, numbers_of
from cnnstep.engine.layers.entry import KINDS, Entry, LayerKind
from cnnstep.engine.layers.layer import Layer, LayerContext, Size, Told, Upstream
from cnnstep.engine.quantity import Array, Cell, Quantity, Values, number
from cnnstep.engine.step import Factor, Put, Step, Term, Working
from cnnstep.engine.sums import Call, Indices, Products, Read, letters


@dataclass(frozen=True)
class ActivationLayer(Layer):
    """φ on every cell; no weights. `slope_cancels`: the loss's weight is exactly 1/φ′, so that δ = e."""

    phi: Activation
    slope_cancels: bool = False
    letter = "a"
    words = MappingProxyType({"forward": "activation", "input_gradient": "delta"})
    told = MappingProxyType(
        {
            "forward": Told("Activation", "one number in, one number out"),
            "input_gradient": Told(
                "Delta",
                "the error here, times the slope of the activation here",
                times="the slope φ′",
                meaning="the error times the activation's slope, cell by cell",
            ),
        }
    )

    @property
    def kind(self) -> str:  # type: ignore[override]  # each activation is a type of its own in a scenario
        """The activation's name."""
        return self.phi.name

    def settings(self) -> dict[str, Any]:
        """The activation's own numbers."""
        return {key: number(value) for key, value in self.phi.parameters.items()}

    def output_size(self, size: Size) -> Size:
        """The input's size."""
        return size

    def forward(self, context: LayerContext) -> Step:
        """a = φ(z)."""
        z = context.source
        output = context.quantity("forward", z.layout.axes)

        def compute(values: Values) -> Array:
            return self.phi.value(values[z.name])

        def working(values: Values, cell: Cell) -> Working:
            at, label = float(values[z.name][cell]), z.label(cell)
            put = put_value(self.phi, at, label)
            name, value = self.phi.name, self.phi.value_at(at)
            factor = Factor(f"{name}({label})", value, z.name, cell, put, name, self._value(z, cell))
            return Working((Term((factor,)),))

        formula = f"{output.symbol} = {self.phi.name}({z.symbol})"
        sums = (Products((self._value(z, letters(len(z.layout.axes))),)),)
        return self.step(context, output, "forward", formula, (z,), compute, working, sums=sums)

    def _value(self, z: Quantity, at: Indices | Cell) -> Call:
        return Call(self.phi.name, (Read(z.name, at), *self.phi.parameters.values()))

    def _slope(self, z: Quantity, at: Indices | Cell) -> Call:
        return Call(f"{self.phi.name}_slope", (Read(z.name, at), *self.phi.parameters.values(), *self.phi.of_slope))

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """δ = ∂L/∂a ⊙ φ′(z): the error, where the slope lets it back through."""
        z = context.source
        delta = context.quantity("input_gradient", z.layout.axes)

        def compute(values: Values) -> Array:
            if upstream.short is not None:
                return upstream.short.compute(values)
            received, slope = upstream.read(values), self.phi.slope(values[z.name])
            # in place saves a tenth of a large iteration; a learner's own error may have another shape
            return np.multiply(received, slope, out=slope if slope.shape == received.shape else None)

        def working(values: Values, cell: Cell) -> Working:
            at, label = float(values[z.name][cell]), z.label(cell)
            put = put_slope(self.phi, at, label)
            call = self._slope(z, cell)
            slope = Factor(f"{self.phi.name}′({label})", self.phi.slope_at(at), z.name, cell, put, call=call)
            factors = upstream.factors(values, cell)
            if upstream.short is not None and not (slope.value > 0 and all(abs(f.value) < 1e6 for f in factors)):
                # 1/(a(1 − a)) and φ′ are inverse; where a cell saturates, 1 − a has too few digits left to part them
                return Working(upstream.short.terms(values, cell))
            inactive = "inactive: slope 0" if slope.value == 0 else ""
            return Working((Term((*factors, slope), inactive),))

        formula = f"{delta.symbol} = {upstream.formula} ⊙ {self.phi.name}′({z.symbol})"
        if upstream.short is not None:
            formula += f" = {upstream.short.formula}"
        inputs, at = (*upstream.inputs, z), letters(len(z.layout.axes))
        sums = (Products((*upstream.parts(at), self._slope(z, at))),)
        return (self.step(context, delta, "input_gradient", formula, inputs, compute, working, upstream.short, sums),)


def put_value(phi: Activation, z: float, label: str) -> Put:
    """φ(z) with the number put in: `relu({z}) = max(0, {z})`; `label` is what z is called there."""
    formula, words = phi.formula.at_number(z, label)
    text = f"{phi.name}({{z}})"
    if formula != f"{phi.name} {{z}}":
        text += f" = {formula}"
    return Put(text, {"z": z}, lambda numbers: phi.value_at(numbers["z"]), words)


def put_slope(phi: Activation, z: float, label: str) -> Put:
    """φ′(z) with the numbers put in: `sigmoid′({z}) = {a}·(1 − {a})`, where a is sigmoid(z)."""
    formula, words = phi.slope_formula.at_number(z, label)
    text = f"{phi.name}′({{z}}) = {formula}"
    if phi.slope_from is None:
        words = words or phi.formula.meaning
        return Put(text, {"z": z}, lambda numbers: phi.slope_at(numbers["z"]), words)
    letter = "s" if phi.letter else "a"
    numbers = {"z": z, letter: (phi.letter or phi.value_at)(z)}
    words = f"{words} = {{s}}" if phi.letter else f"a = {phi.name}({{z}}) = {{a}}"
    slope_from = phi.slope_from
    return Put(text, numbers, lambda given: slope_from(given["z"], given[letter]), words)


def dead_cells(phi: Activation, z: Array) -> list[Cell]:
    """The cells whose slope is exactly 0 in a flat stretch of φ: nothing passes back through them."""
    if not phi.flat:
        return []
    return [tuple(int(i) for i in cell) for cell in zip(*(phi.slope(z) == 0).nonzero(), strict=True)]


def _read(entry: Entry) -> ActivationLayer | None:
    kind, own = entry.kind, Faults()
    settings = {key.name: entry.given[key.name] for key in numbers_of(ACTIVATIONS[kind]) if key.name in entry.given}
    phi = chosen(ACTIVATIONS, {"name": kind, **settings}, "type", own)
    entry.faults.found.extend(replace(fault, path=(*entry.path, *fault.path[1:])) for fault in own.found)
    if phi is None or own.found:
        return None
    return ActivationLayer(ACTIVATIONS["relu"](entry.slope_at_zero) if kind == "relu" else phi)


for _name in ACTIVATIONS:
    KINDS.add(_name)(LayerKind(f"φ: {_name}.", 60, numbers_of(ACTIVATIONS[_name]), _read))
