"""Why a gradient is 0: four reasons that look the same and mean different things.

∂L/∂W[k] = Σᵢ δᵢ·pᵢₖ over the output cells i is 0 where there is no error; where the cells with an error are dead
(δ = 0); where the weight met only zeros wherever a δ came back; and where the products cancel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from cnnstep.engine.analysis.patch_matrix import by_filter
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.trace import Iteration

Reason: TypeAlias = Literal["cancellation", "zero-patch", "dead", "no-error"]

REASONS: tuple[Reason, ...] = ("cancellation", "zero-patch", "dead", "no-error")
"""Of several weights the first of these that holds for one of them is the reason for all."""
ROUNDING = 1e-12
"""A sum below this share of its products' sizes is 0 but for rounding."""


@dataclass(frozen=True)
class ZeroGradient:
    """`weights` has, for each reason, the weights with a gradient of 0, as a learner counts them.

    `whole` is the reason why the entire gradient is 0; None where some weight still moves. `bias` is the reason
    for the biases, by filter, where theirs is 0.
    """

    whole: Reason | None
    weights: Mapping[Reason, tuple[Cell, ...]]
    bias: Mapping[int, Reason]


def zero_gradient(iteration: Iteration, matrix: Array) -> ZeroGradient:
    """The reasons at the weights of this iteration, whose lesson's patch matrix this is."""
    errors, deltas = by_filter(iteration.values["error"]), by_filter(iteration.values["delta"])
    reasons = [
        [_reason(e, d, column) for column in matrix.T] for e, d in zip(errors.T, deltas.T, strict=True)
    ]  # [F][columns of P]
    shape = iteration.values["filter"].shape
    layout = iteration.lesson.quantity("filter").layout
    taps = int(np.prod(shape[1:]))
    weights: dict[Reason, list[Cell]] = {}
    for number, cell in enumerate(np.ndindex(*shape)):
        if reason := reasons[number // taps][number % taps]:
            weights.setdefault(reason, []).append(layout.shown_cell(cell))
    every = [reason for row in reasons for reason in row]
    whole = None if None in every else next(reason for reason in REASONS if reason in every)
    biases = {f: reason for f, row in enumerate(reasons) for reason in row[taps:] if reason}
    return ZeroGradient(whole, {reason: tuple(cells) for reason, cells in weights.items()}, biases)


def _reason(error: Array, delta: Array, met: Array) -> Reason | None:
    """Why Σ δᵢ·pᵢₖ is 0 for one weight; None where it is not."""
    products = delta * met
    size = float(np.abs(products).sum())
    if not abs(float(products.sum())) <= ROUNDING * size:
        return None
    if size > 0:
        return "cancellation"
    if delta.any():
        return "zero-patch"
    return "dead" if error.any() else "no-error"
