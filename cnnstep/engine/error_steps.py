"""The step `error`: e = a − t, or ∂L/∂a where a lesson begins its way back with that; and what goes back from it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cnnstep.engine.layers.layer import Upstream
from cnnstep.engine.losses import Loss
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Factor, Put, ShortForm, Step, Term, Working, read
from cnnstep.engine.sums import Call, Each, Indices, Part, Products, Read, Sums, letters


def difference(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
    """e = a − t (or t − a), and what it sends back: weight(a) · e."""
    loss, sign = scenario.loss, scenario.sign
    error = Quantity("error", "e", output.layout)

    def compute(values: Values) -> Array:
        a, t = values[output.name], values[target.name]
        return a - t if sign > 0 else t - a

    def working(values: Values, cell: Cell) -> Working:
        return Working(_subtracted(output, target, sign, values, cell))

    formula = "e = a − t" if sign > 0 else "e = t − a"
    sums = _signed(output, target, sign)
    step = Step(error, "error", formula, (output, target), compute, working, loss, sums=sums)
    upstream = _weighted(scenario, error, output, target)
    if loss.only_with == scenario.layers[-1].kind:
        note = "the loss's weight cancels the slope"
        short = ShortForm(
            error.symbol,
            lambda values: values[error.name].copy(),
            lambda values, cell: (Term((read(error, values, cell),), note),),
            (Products((Read(error.name, letters(len(error.layout.axes))),)),),
        )
        upstream = replace(upstream, short=short)
    return step, upstream


def _signed(output: Quantity, target: Quantity, sign: int) -> Sums:
    """a − t, or t − a, of every cell."""
    at = letters(len(output.layout.axes))
    first, second = (output, target) if sign > 0 else (target, output)
    return Products((Read(first.name, at),)), Products((-1.0, Read(second.name, at)))


def _subtracted(output: Quantity, target: Quantity, sign: int, values: Values, cell: Cell) -> tuple[Term, ...]:
    """a − t, or t − a."""
    first, second = (output, target) if sign > 0 else (target, output)
    return Term((read(first, values, cell),)), Term((Factor("−1", -1.0), read(second, values, cell)))


def slope(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
    """∂L/∂a of the output a, in the direction that the scenario's sign says, which goes back as it is."""
    loss, sign, count = scenario.loss, scenario.sign, scenario.targets.size
    error = Quantity("error", f"∂L/∂{output.symbol}", output.layout, negated=sign < 0)

    def compute(values: Values) -> Array:
        return sign * loss.slope(values[output.name], values[target.name])

    def working(values: Values, cell: Cell) -> Working:
        a, t = read(output, values, cell), read(target, values, cell)
        outer = (Factor("−1", -1.0),) if sign < 0 else ()
        if loss.pull is not None:
            put = Put("1/{p}", {"p": a.value}, lambda numbers: _inverse(numbers["p"])) if t.value else None
            call = Call(f"{loss.name}_weight", (float(count), Read(output.name, cell), Read(target.name, cell)))
            part = Factor(f"1/{a.label}", _inverse(a.value) if t.value else 0.0, a.source, a.cell, put, call=call)
            return Working((Term((*outer, Factor("−1", -1.0), t, part)),))
        weight = () if not loss.weight_formula else (_weight(loss, output, values, cell),)
        if weight and math.isinf(weight[0].value):
            call = Call("difference", (Read(output.name, cell), Read(target.name, cell)))
            e = Factor(f"({a.label} − {t.label})", a.value - t.value, call=call)
            return Working((Term((*outer, *(weight if e.value else ()), e)),))
        return Working((Term((*outer, *weight, a)), Term((*outer, Factor("−1", -1.0), *weight, t))))

    written = loss.pull_formula or f"{loss.weight_formula} ({output.symbol} − t)".strip()
    formula = f"{error.symbol} = {written if sign > 0 else f'−[{written}]'}"
    at = letters(len(output.layout.axes))
    part = Call(f"{loss.name}_slope", (Read(output.name, at), Read(target.name, at), float(count)))
    sums = (Products((float(sign), part)),)
    step = Step(error, "error", formula, (output, target), compute, working, loss, sums=sums)
    upstream = Upstream.of(error)
    sums_to_one = np.allclose(scenario.targets.sum(axis=-1), 1.0, rtol=0.0, atol=1e-12)
    if loss.only_with == scenario.layers[-1].kind:
        in_short = _signed(output, target, sign)
        if loss.pull is not None:
            in_short = _of_shares(output, target, sign, scenario.targets.shape[1])
        upstream = _shortened(upstream, output, target, sign, sums_to_one or loss.pull is None, in_short)
    return step, upstream


def _shortened(
    upstream: Upstream, output: Quantity, target: Quantity, sign: int, is_difference: bool, sums: Sums
) -> Upstream:
    """The same with a − t as ∂L/∂ of the last layer's input; a·Σt − t where softmax meets targets of another sum."""

    def short(values: Values) -> Array:
        a, t = values[output.name], values[target.name]
        return sign * ((a if is_difference else a * t.sum(axis=-1, keepdims=True)) - t)

    def terms(values: Values, cell: Cell) -> tuple[Term, ...]:
        if is_difference:
            return _subtracted(output, target, sign, values, cell)
        row = tuple(Read(target.name, (cell[0], unit)) for unit in range(values[target.name].shape[1]))
        total = Factor("Σt", float(values[target.name][cell[0]].sum()), call=Call("sum", (row,)))
        a, t = read(output, values, cell), read(target, values, cell)
        return Term((Factor(f"{sign}", sign), a, total)), Term((Factor(f"{-sign}", -sign), t))

    first = output.symbol if is_difference else f"{output.symbol}·Σt"
    formula = f"{first} − t" if sign > 0 else f"t − {first}"
    inputs = (*upstream.inputs, output, target)
    return replace(upstream, inputs=inputs, short=ShortForm(formula, short, terms, sums))


def _of_shares(output: Quantity, target: Quantity, sign: int, units: int) -> Sums:
    """a·Σt − t, which is a − t where the targets are shares of 1."""
    (n, unit), (other,) = letters(2), letters(1, 2)
    total = Call("sum", (Each((units,), Read(target.name, (n, other))),))
    first = Products((float(sign), Read(output.name, (n, unit)), total))
    return first, Products((float(-sign), Read(target.name, (n, unit))))


def _inverse(value: float) -> float:
    return 1.0 / value if value else math.inf


def _weight(loss: Loss, output: Quantity, values: Values, cell: Cell) -> Factor:
    """What stands before e, such as 2/n or 1/(a(1 − a))."""
    a, count = float(values[output.name][cell]), values[output.name].size
    value, call = loss.weight_at(a, count), _weight_call(loss, output, count, cell)
    if loss.factor is None:
        put = Put(loss.weight_put, {"a": a}, lambda numbers: loss.weight_at(numbers["a"], count))
        return Factor(loss.weight_label, value, put=put if math.isfinite(value) else None, call=call)
    words = "n counts all target cells: {n}"
    put = Put(loss.weight_put, {"n": float(count)}, lambda numbers: loss.weight_at(a, int(numbers["n"])), words)
    return Factor(loss.weight_label, value, put=put if loss.counts_cells else None, call=call)


def _weight_call(loss: Loss, output: Quantity, count: int, at: Cell | Indices) -> Call:
    """The same for programs: it reads the output only where it depends on it."""
    return Call(f"{loss.name}_weight", (float(count), *(() if loss.factor else (Read(output.name, at),))))


def _weighted(scenario: Scenario, error: Quantity, output: Quantity, target: Quantity) -> Upstream:
    loss, count = scenario.loss, scenario.targets.size

    def parts(at: Indices) -> tuple[Part, ...]:
        return _weight_call(loss, output, count, at), Read(error.name, at)

    if not loss.weight_formula:  # a weight of 1 is not written, but a program may put another loss in its place
        return replace(Upstream.of(error), parts=parts)

    def factors(values: Values, cell: Cell) -> tuple[Factor, ...]:
        return _weight(loss, output, values, cell), read(error, values, cell)

    def weighted(values: Values) -> Array:
        return loss.weight(values[output.name], values[target.name].size) * values[error.name]

    return Upstream((error, output), f"{loss.weight_formula} {error.symbol}", weighted, factors, parts)
