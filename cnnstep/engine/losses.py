"""Losses: L(a, t) with its slope ∂L/∂a, and again term by term.

∂L/∂a is weight · e with e = a − t, so that a lesson which shows e keeps it whatever the loss, and the weight joins in
with δ; but for cross_entropy, which goes with softmax. `count` is n, the number of target cells, the whole batch
included.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry


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
    cell_formula: str = "e²"
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
        cell_formula="−[t·ln a + (1 − t)·ln(1 − a)]",
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
        cell_formula="−y·ln p",
        only_with="softmax",
        pull=_class_pull,
        pull_formula="−y / p",
    )
)
"""−Σ y·ln p over the units and the samples: with softmax, for whole networks. The mean over samples is not taken."""

FILTER_LOSSES = LOSSES.only(lambda loss: loss.pull is None)
"""Those of one filter, whose lesson shows e: their ∂L/∂a is a multiple of it."""
