"""Losses: L(a, t) with its slope ∂L/∂a, and again term by term.

∂L/∂a is weight · e with e = a − t, so that a lesson which shows e keeps it whatever the loss, and the weight joins in
with δ; but for cross_entropy, which goes with softmax. `count` is n, the number of target cells, the whole batch
included.

And the step `error`, which a loss makes of output and target: e, or ∂L/∂a where a lesson's words say so; and what it
sends back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.layers.layer import Upstream
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Factor, Put, ShortForm, Step, Term, Working, read
from cnnstep.engine.sums import Call, Each, Indices, Part, Products, Read, Sums, letters
from cnnstep.registry import Registry

if TYPE_CHECKING:
    from cnnstep.engine.scenario import Scenario


@dataclass(frozen=True)
class Loss:
    """L = scale(n) · Σ cell(a, t) with ∂L/∂a = weight(a, n) · (a − t).

    `weight_label` is how that weight is written ("" where it is 1), and `weight_put` the same with places for its
    numbers, {a} or {n}. `squares` is the formula with places for what is squared and for n. `only_with` names
    the one activation, or the type of the last layer, that the loss goes with. `factor` is the number 1, 2, 1/n or 2/n
    where the weight is the same for every cell. `pull` is ∂L/∂a of a loss whose slope is no multiple of e.
    """

    name: str
    formula: str
    cells: Callable[[Array, Array], Array] = field(repr=False, compare=False)
    cell_at: Callable[[float, float], float] = field(repr=False, compare=False)
    scale: Callable[[int], float] = field(repr=False, compare=False)
    weight: Callable[[Array, int], Array] = field(repr=False, compare=False)
    weight_at: Callable[[float, int], float] = field(repr=False, compare=False)
    factor: Callable[[int], float] | None = field(default=None, repr=False, compare=False)
    weight_label: str = ""
    weight_put: str = ""
    squares: str = ""
    only_with: str | None = None
    pull: Callable[[Array, Array], Array] | None = field(default=None, repr=False, compare=False)
    pull_formula: str = ""

    @property
    def counts_cells(self) -> bool:
        """Whether n stands in the weight."""
        return self.factor is not None and self.factor(1) != self.factor(2)

    @property
    def weight_formula(self) -> str:
        """The weight as it stands in front of e in a formula, with ⊙ where it differs from cell to cell."""
        return f"{self.weight_label} ⊙" if self.weight_label and self.factor is None else self.weight_label

    def value(self, output: Array, target: Array) -> float:
        """L, a single number; may be inf, never NaN for finite outputs."""
        return self.scale(output.size) * float(self.cells(output, target).sum())

    def each(self, outputs: Array, target: Array) -> Array:
        """L [n] of each of the outputs [n, …]."""
        losses: Array = self.scale(target.size) * self.cells(outputs, target).reshape(len(outputs), -1).sum(axis=1)
        return losses

    def part_at(self, output: float, target: float, count: int) -> float:
        """What one cell adds to L, in plain scalar arithmetic."""
        return self.scale(count) * self.cell_at(output, target)

    def slope_at(self, output: float, target: float, count: int) -> float:
        """∂L/∂a of one cell, in plain scalar arithmetic."""
        if self.pull is not None:
            return 0.0 if target == 0 else -target / output if output else -math.inf
        return 0.0 if output == target else self.weight_at(output, count) * (output - target)

    def weight_of(self, count: int, *cell: float) -> float:
        """What stands before e: of the number of cells, where it depends on it the output, and for `pull` the target.

        With a `pull` it is what −t is multiplied by.
        """
        if self.pull is not None:
            output, target = cell
            return 0.0 if target == 0 else 1.0 / output if output else math.inf
        return self.weight_at(cell[0] if cell else 0.0, count)

    @property
    def weighted(self) -> str:
        """The same as a formula."""
        if self.pull is not None:
            return f"{self.name}_weight(n, a, t) = 1/a, 0 where t is 0"
        return f"{self.name}_weight({'n' if self.factor else 'n, a'}) = {self.weight_label or 1}"

    def least(self, target: Array) -> float:
        """The loss of a perfect output: 0, but for cross-entropies whose targets are not 0 or 1."""
        return self.value(target, target)

    def slope(self, output: Array, target: Array) -> Array:
        """∂L/∂a, cell by cell."""
        if self.pull is not None:
            return self.pull(output, target)
        error = output - target
        with np.errstate(invalid="ignore"):
            return np.where(error == 0, 0.0, self.weight(output, target.size) * error)


LOSSES: Registry[Loss] = Registry("loss")


def _squares(name: str, formula: str, squares: str, weight: str, scale: Callable[[int], float]) -> None:
    """A loss that is Σe² times `scale`; its slope is 2·scale·e, and `weight` is how 2·scale is written."""
    LOSSES.add(name)(
        Loss(
            name,
            formula,
            cells=lambda output, target: np.square(output - target),
            cell_at=lambda output, target: (output - target) * (output - target),  # ** raises where this is inf
            scale=scale,
            weight=lambda output, count: np.full_like(output, 2.0 * scale(count)),
            weight_at=lambda output, count: 2.0 * scale(count),
            factor=lambda count: 2.0 * scale(count),
            weight_label=f"({weight})".format(n="n") if "{n}" in weight else weight,
            weight_put=weight,
            squares=squares,
        )
    )


_squares("half_squared_error", "½ Σ e²", "½ {squares}", "", lambda count: 0.5)
_squares("squared_error", "Σ e²", "{squares}", "2", lambda count: 1.0)
_squares("mean_squared_error", "Σ e² / n", "{squares} / {n}", "2/{n}", lambda count: 1.0 / count)
_squares("half_mean_squared_error", "Σ e² / (2n)", "{squares} / (2·{n})", "1/{n}", lambda count: 0.5 / count)


def _cross_entropy_cells(output: Array, target: Array) -> Array:
    """−t·ln a − (1 − t)·ln(1 − a), with 0·ln 0 = 0."""
    return -(_times_log(target, output) + _times_log(1.0 - target, 1.0 - output))


def _times_log(factor: Array, number: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(factor == 0, 0.0, factor * np.log(np.where(factor == 0, 1.0, number)))


def _cross_entropy_at(output: float, target: float) -> float:
    def part(factor: float, number: float) -> float:
        if factor == 0:
            return 0.0
        return -factor * math.log(number) if number > 0 else math.inf

    return part(target, output) + part(1.0 - target, 1.0 - output)


def _pull(output: Array, count: int) -> Array:
    with np.errstate(divide="ignore"):
        return 1.0 / (output * (1.0 - output))


LOSSES.add("binary_cross_entropy")(
    Loss(
        "binary_cross_entropy",
        "−Σ [t·ln a + (1 − t)·ln(1 − a)]",
        cells=_cross_entropy_cells,
        cell_at=_cross_entropy_at,
        scale=lambda count: 1.0,
        weight=_pull,
        weight_at=lambda output, count: 1.0 / spread if (spread := output * (1.0 - output)) else math.inf,
        weight_label="1/(a(1 − a))",
        weight_put="1/({a}(1 − {a}))",
        only_with="sigmoid",
    )
)


def _class_cells(output: Array, target: Array) -> Array:
    """−y·ln p, with 0·ln 0 = 0."""
    return -_times_log(target, output)


def _class_at(output: float, target: float) -> float:
    if target == 0:
        return 0.0
    return -target * math.log(output) if output > 0 else math.inf


def _class_pull(output: Array, target: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.where(target == 0, 0.0, -target / np.where(target == 0, 1.0, output))


CROSS_ENTROPY = LOSSES.add("cross_entropy")(
    Loss(
        "cross_entropy",
        "−Σ y·ln p",
        cells=_class_cells,
        cell_at=_class_at,
        scale=lambda count: 1.0,
        weight=_pull,
        weight_at=lambda output, count: 1.0 / (output * (1.0 - output)),
        weight_label="−y/p",
        only_with="softmax",
        pull=_class_pull,
        pull_formula="−y / p",
    )
)
"""−Σ y·ln p over the units and the samples: with softmax, for whole networks. The mean over samples is not taken."""

FILTER_LOSSES = LOSSES.only(lambda loss: loss.pull is None)
"""Those of one filter, whose lesson shows e: their ∂L/∂a is a multiple of it."""


def error_step(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
    """e = a − t, or ∂L/∂a of the output a, as the scenario's vocabulary shows it; and what goes back from it.

    The two are one chain, cut before or after the loss's weight.
    """
    return (_difference if scenario.vocabulary.shows_difference else _slope)(scenario, output, target)


def _difference(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
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


def _slope(scenario: Scenario, output: Quantity, target: Quantity) -> tuple[Step, Upstream]:
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
