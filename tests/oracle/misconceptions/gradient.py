"""Mistakes in the filter's gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.oracle.cells import Cells, each, indices, sizes, times
from tests.oracle.layers import Geometry, filter_gradient
from tests.oracle.misconceptions.delta import weighted
from tests.oracle.misconceptions.entry import entry
from tests.oracle.misconceptions.forward import channels_summed, correlated, first_channels, one_channel
from tests.oracle.misconceptions.shapes import exchanged, several, square, transposed, turned
from tests.oracle.one_filter import FilterWork


def _gradient(w: FilterWork, x: Cells | None = None, d: Cells | None = None) -> Cells:
    """∂L/∂W with another input or δ."""
    return times(w.turn, filter_gradient(x or w["input"], d or w["delta"], w.question.window, w.question.geometry))


def _for_each_weight(w: FilterWork, totals: Cells) -> Cells:
    """One number a filter, written for every weight of it."""
    return {cell: w.turn * totals[cell[0],] for cell in w["filter"]}


def sums(array: Cells) -> Cells:
    """The sum over each filter's map."""
    totals: Cells = {}
    for (_, f, *_rest), x in array.items():
        totals[f,] = totals.get((f,), 0.0) + x
    return totals


def _delta_as_gradient(w: FilterWork, _: str) -> Cells | None:
    alone = sizes(w["delta"])[0] == 1 and not several(w["input"], 1)
    if not alone or sizes(w["delta"])[2:] != w.question.window:
        return None
    return times(w.turn, {(f, 0, i, j): d for (_, f, i, j), d in w["delta"].items()})


def _one_patch(w: FilterWork, at: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Cells:
    """δ of one output times its patch."""
    samples, _, rows, columns = sizes(w["delta"])
    n, i, j = at((samples - 1, rows - 1, columns - 1))
    only = {cell: d if (cell[0], *cell[2:]) == (n, i, j) else 0.0 for cell, d in w["delta"].items()}
    return _gradient(w, d=only)


def _output_for_input(w: FilterWork, _: str) -> Cells | None:
    """a in the place of X, where the two are of one size."""
    same = sizes(w["activation"])[1:] == sizes(w["input"])[1:]
    return _gradient(w, x=w["activation"]) if same else None


def _weights_as_delta(w: FilterWork, _: str) -> Cells | None:
    """X ⋆ W: the filter laid over the outputs, where it is as large as δ."""
    if w.question.window != sizes(w["delta"])[2:] or several(w["input"], 1):
        return None
    return _gradient(w, d={(n, f, i, j): w["filter"][f, 0, i, j] for n, f, i, j in w["delta"]})


def _matrix_product_gradient(w: FilterWork, _: str) -> Cells | None:
    """Σ of the matrix product of each weight's inputs and δ."""
    if not square(w["delta"]):
        return None
    side, geometry = sizes(w["delta"])[2], w.question.geometry
    total = dict.fromkeys(w["filter"], 0.0)
    for f, c, u, v in total:
        for n, i, j, k in indices(sizes(w["delta"])[0], side, side, side):
            met = w["input"].get((n, c, *geometry.met(i, k, u, v)), 0.0)
            total[f, c, u, v] += w.turn * met * w["delta"][n, f, k, j]
    return total


def _wherever_it_fits(w: FilterWork, moved: Geometry) -> Cells | None:
    """X ⋆ δ at every place where δ, its cells a stride apart, lies within the padded input."""
    image, delta = sizes(w["input"])[2:], sizes(w["delta"])[2:]
    room = (image[k] + 2 * moved.padding[k] - (delta[k] - 1) * moved.stride[k] for k in (0, 1))
    window = tuple(-(-space // spread) for space, spread in zip(room, moved.dilation, strict=True))
    return times(w.turn, filter_gradient(w["input"], w["delta"], window, moved)) if min(window) > 0 else None


def _close_together(w: FilterWork, _: str) -> Cells | None:
    """δ not spread out: a larger matrix than the filter."""
    geometry = w.question.geometry
    return _wherever_it_fits(w, replace(geometry, stride=(1, 1))) if max(geometry.stride) > 1 else None


def _without_rim(w: FilterWork, _: str) -> Cells | None:
    """X without its rim: a smaller matrix than the filter."""
    geometry = w.question.geometry
    return _wherever_it_fits(w, replace(geometry, padding=(0, 0))) if max(geometry.padding) else None


def _takes_the_mean(w: FilterWork) -> bool:
    return w.question.loss in ("mean_squared_error", "half_mean_squared_error")


def _divided(w: FilterWork, prefix: str, by: int) -> Cells | None:
    return times(1.0 / by, w.right(f"{prefix}gradient")) if by > 1 else None


def _mean_of_samples(w: FilterWork, prefix: str) -> Cells | None:
    """Divided by the samples where the loss is a sum."""
    return None if _takes_the_mean(w) else _divided(w, prefix, sizes(w["target"])[0])


def _mean_twice(w: FilterWork, prefix: str) -> Cells | None:
    """Divided by the samples twice where the loss is a sum, once more where it is a mean."""
    samples = sizes(w["target"])[0]
    return _divided(w, prefix, samples if _takes_the_mean(w) else samples**2)


def _mean_of_cells_again(w: FilterWork, prefix: str) -> Cells | None:
    """Divided by the cells once more where the loss is a mean over them."""
    return _divided(w, prefix, w.question.count) if _takes_the_mean(w) else None


def _one_sample(w: FilterWork, prefix: str, which: int) -> Cells | None:
    last = sizes(w["target"])[0] - 1
    if not last:
        return None
    only = {cell: d if cell[0] == which % (last + 1) else 0.0 for cell, d in w["delta"].items()}
    return replace(w, steps=w.steps | {"delta": only}).right(f"{prefix}gradient")


def _not_reset(w: FilterWork, prefix: str) -> Cells | None:
    name = f"{prefix}gradient"
    return each(lambda now, old: now + old, w.right(name), w.before[name]) if w.before else None


def _nudged(w: FilterWork, cell: tuple[int, ...], by: float) -> float:
    """The loss with one weight moved."""
    moved = w["filter"] | {cell: w["filter"][cell] + by}
    return w.loss(each(w.phi.value, correlated(w, filter=moved)))


def _differences(w: FilterWork, up: float, down: float) -> Cells | None:
    """(L(w + up) − L(w − down)) / (up + down), weight by weight."""
    if w.manner.loss == "binary_cross_entropy":
        return None
    return {c: w.manner.sign * (_nudged(w, c, up) - _nudged(w, c, -down)) / (up + down) for c in w["filter"]}


entry("delta-flipped", "gradient", lambda w, _: _gradient(w, d=turned(w["delta"])))
entry("gradient-rotated", "gradient", lambda w, _: turned(_gradient(w)))
entry("gradient-transposed", "gradient", lambda w, _: transposed(_gradient(w)) if square(w["filter"]) else None)
entry(
    "delta-transposed", "gradient", lambda w, _: _gradient(w, d=transposed(w["delta"])) if square(w["delta"]) else None
)
entry("delta-as-gradient", "gradient", _delta_as_gradient)
entry(
    "one-number-for-all",
    "gradient",
    lambda w, _: _for_each_weight(w, sums(each(lambda d, a: d * a, w["delta"], w["activation"]))),
)
entry(
    "filter-scaled",
    "gradient",
    lambda w, _: each(lambda total, x: total * x, _for_each_weight(w, sums(w["delta"])), w["filter"]),
)
entry("first-patch-only", "gradient", lambda w, _: _one_patch(w, lambda last: (0, 0, 0)))
entry("last-patch-only", "gradient", lambda w, _: _one_patch(w, lambda last: last))
entry("output-for-input", "gradient", _output_for_input)
entry("stride-ignored", "gradient", _close_together)
entry("padding-ignored", "gradient", _without_rim)
entry(
    "channels-summed-first",
    "gradient",
    lambda w, _: _gradient(w, x=channels_summed(w["input"])) if several(w["input"], 1) else None,
)
entry("first-channel-only", "gradient", lambda w, _: one_channel(_gradient(w)) if several(w["input"], 1) else None)
entry(
    "same-for-every-channel",
    "gradient",
    lambda w, _: first_channels(_gradient(w)) if several(w["input"], 1) else None,
)
entry("channels-exchanged", "gradient", lambda w, _: exchanged(_gradient(w), 1) if several(w["input"], 1) else None)
entry("filters-exchanged", "gradient", lambda w, _: exchanged(_gradient(w), 0) if several(w["filter"], 0) else None)
entry("matrix-product", "gradient", _matrix_product_gradient)
entry("error-as-delta-used", "gradient", lambda w, _: _gradient(w, d=w["error"]))
entry("squared-error", "gradient", lambda w, _: _gradient(w, d=weighted(w, each(lambda e: e * e, w["error"]))))
entry("absolute-error", "gradient", lambda w, _: _gradient(w, d=weighted(w, each(abs, w["error"]))))
entry("weights-as-delta", "gradient", _weights_as_delta)
entry("filter-as-gradient", "gradient", lambda w, _: dict(w["filter"]))
entry("loss-scalar-for-all", "gradient", lambda w, _: _for_each_weight(w, sums(w["error"])))
entry(
    "loss-scalar-for-all",
    "gradient",
    lambda w, _: each(lambda total, x: total * x, _for_each_weight(w, sums(w["error"])), w["filter"]),
)
entry("averaged-over-batch", "gradient bias_gradient", _mean_of_samples)
entry("averaged-twice", "gradient bias_gradient", _mean_twice)
entry("averaged-twice", "gradient bias_gradient", _mean_of_cells_again)
entry("one-sample-only", "gradient bias_gradient", lambda w, b: _one_sample(w, b, 0))
entry("one-sample-only", "gradient bias_gradient", lambda w, b: _one_sample(w, b, -1))
entry("gradients-not-reset", "gradient bias_gradient", _not_reset)
entry("one-sided-difference", "gradient", lambda w, _: _differences(w, 0.01, 0.0))
entry("nudge-too-large", "gradient", lambda w, _: _differences(w, 0.5, 0.5))
