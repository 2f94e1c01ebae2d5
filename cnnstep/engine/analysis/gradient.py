"""The gradient check: ∂L/∂w ≈ (L(w + h) − L(w − h)) / 2h, weight by weight, against the lesson's own gradient.

A cell whose z lies within the nudge of a kink sees both of the kink's slopes, which proves nothing either way: such
cells are named, and left out of both sides.

Why a gradient is 0: four reasons that look the same and mean different things.

∂L/∂W[k] = Σᵢ δᵢ·pᵢₖ over the output cells i is 0 where there is no error; where the cells with an error are dead
(δ = 0); where the weight met only zeros wherever a δ came back; and where the products cancel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.analysis.curvature import as_maps, by_filter
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.trace import Iteration

Band: TypeAlias = Literal["tight", "ok", "suspicious", "wrong", "unknown"]

BANDS: tuple[tuple[Band, float], ...] = (("tight", 1e-7), ("ok", 1e-4), ("suspicious", 1e-2))
"""Relative errors up to here; more is wrong (the bands of Stanford's CS231n notes)."""
NUDGE = 1e-6
"""h, times the weight where that is above 1: truncation is about h², rounding about 1e-16·L/h."""
MOST_WEIGHTS, FEWEST_WEIGHTS, WORK = 200, 8, 10**9
"""How many weights are nudged, evenly spread, at most and at least; between, as many as `WORK` products allow. Each
costs two forward passes."""
CHECK_ROUNDING = 8 * float(np.finfo(float).eps)
"""A slope measured with h is off by this share of L/h."""


@dataclass(frozen=True)
class GradientCheck:
    """max|measured − gradient| / max(|measured|, |gradient|), with and without the cells near a kink.

    `near_kink` marks those cells [N, F, oh, ow]; `checked` counts the numbers nudged.
    """

    relative_error: float
    with_kinks: float
    band: Band
    near_kink: NDArray[np.bool_]
    checked: int


def check_gradient(iteration: Iteration, matrix: Array) -> GradientCheck:
    """The check at the weights of this iteration; `matrix` is its lesson's patch matrix P [N·oh·ow, K]."""
    off_kinks: list[tuple[float, float]] = []
    raw: list[tuple[float, float]] = []
    with np.errstate(all="ignore"):  # numbers that run away are told by the band
        near = _near_kink(iteration, matrix)
        smooth, every = _analytic(iteration, ~near), _analytic(iteration, np.ones_like(near))
        for leaf, cell in _nudged(iteration, matrix):
            measured, measured_raw = _measured(iteration, leaf, cell, ~near)
            off_kinks.append((measured, float(smooth[leaf][cell])))
            raw.append((measured_raw, float(every[leaf][cell])))
    rounding = CHECK_ROUNDING * abs(iteration.loss) / NUDGE
    band = _band(_relative(off_kinks, rounding, rounding))
    return GradientCheck(_relative(off_kinks, rounding), _relative(raw, rounding), band, near, len(raw))


def _nudged(iteration: Iteration, matrix: Array) -> Iterator[tuple[str, Cell]]:
    """The weights to nudge, and every bias."""
    shape = iteration.values["filter"].shape
    weights = list(np.ndindex(*shape))
    most = min(max(WORK // (matrix.size * shape[0]), FEWEST_WEIGHTS), MOST_WEIGHTS, len(weights))
    for number in np.unique(np.linspace(0, len(weights) - 1, most).astype(int)):
        yield "filter", weights[number]
    if "bias" in iteration.values:
        yield from (("bias", cell) for cell in np.ndindex(*iteration.values["bias"].shape))


def _step(value: float) -> float:
    return NUDGE * max(1.0, abs(value))


def _near_kink(iteration: Iteration, matrix: Array) -> NDArray[np.bool_]:
    """The cells that some nudge brings onto a kink or over it."""
    z, conv = iteration.values["forward"], iteration.lesson.scenario.conv
    columns = iteration.values["filter"].reshape(len(conv.weights), -1)
    if conv.bias is not None:
        columns = np.hstack([columns, iteration.values["bias"][:, None]])
    steps = NUDGE * np.maximum(1.0, np.abs(columns))  # [F, columns of P]
    moves = np.stack([(np.abs(matrix) * step).max(axis=1) for step in steps], axis=1)
    reach = as_maps(moves, z)
    near = np.zeros(z.shape, dtype=bool)
    for kink in iteration.lesson.scenario.activation.kinks:
        near |= (np.abs(z - kink) <= reach) & (reach > 0)
    return near


def _measured(iteration: Iteration, leaf: str, cell: Cell, smooth: NDArray[np.bool_]) -> tuple[float, float]:
    """The measured slope of the loss of the smooth cells, and that of all cells."""
    value = float(iteration.values[leaf][cell])
    below, above = value - _step(value), value + _step(value)
    apart = _cell_losses(iteration, leaf, cell, above) - _cell_losses(iteration, leaf, cell, below)
    scale = iteration.lesson.scenario.loss.scale(apart.size) / (above - below)
    return scale * float(apart[smooth].sum()), scale * float(apart.sum())


def _cell_losses(iteration: Iteration, leaf: str, cell: Cell, value: float) -> Array:
    lesson = iteration.lesson
    begin = {name: iteration.values[name] for name in lesson.start}
    begin[leaf] = begin[leaf].copy()
    begin[leaf][cell] = value
    return lesson.scenario.loss.cells(lesson.output_of(begin), iteration.values["target"])


def _analytic(iteration: Iteration, kept: NDArray[np.bool_]) -> dict[str, Array]:
    """∂L/∂W and ∂L/∂b by the lesson's own steps, from the δ of the kept cells alone."""
    lesson = iteration.lesson
    values = {**iteration.values, "delta": np.where(kept, iteration.values["delta"], 0.0)}
    leaves = {"filter": "gradient"} | ({"bias": "bias_gradient"} if "bias" in iteration.values else {})
    return {leaf: lesson.scenario.sign * lesson.step(step).compute(values) for leaf, step in leaves.items()}


def _relative(pairs: list[tuple[float, float]], rounding: float, forgiven: float = 0.0) -> float:
    """max|measured − gradient| as a share of the largest of them; 0 where all of them are 0 but for rounding."""
    apart = max(abs(measured - slope) for measured, slope in pairs)
    size = max(max(abs(measured), abs(slope)) for measured, slope in pairs)
    return 0.0 if size <= rounding else max(apart - forgiven, 0.0) / size


def _band(error: float) -> Band:
    if not np.isfinite(error):
        return "unknown"
    return next((band for band, most in BANDS if error <= most), "wrong")


Reason: TypeAlias = Literal["cancellation", "zero-patch", "dead", "no-error"]

REASONS: tuple[Reason, ...] = ("cancellation", "zero-patch", "dead", "no-error")
"""Of several weights the first of these that holds for one of them is the reason for all."""
SUM_ROUNDING = 1e-12
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
    """The reasons at the weights of this iteration; `matrix` is its lesson's patch matrix P [N·oh·ow, K]."""
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
    if not abs(float(products.sum())) <= SUM_ROUNDING * size:
        return None
    if size > 0:
        return "cancellation"
    if delta.any():
        return "zero-patch"
    return "dead" if error.any() else "no-error"
