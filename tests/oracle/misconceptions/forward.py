"""Mistakes on the way forward: in the filter's pass, the activation, the error."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from tests.oracle.cells import Cells, each, indices, sizes, times
from tests.oracle.layers import Geometry, correlate
from tests.oracle.misconceptions.entry import entry
from tests.oracle.misconceptions.shapes import exchanged, several, square, transposed, turned
from tests.oracle.one_filter import FilterWork


def correlated(w: FilterWork, **changed: Cells | None) -> Cells:
    """z with another input or filter, or without the bias."""
    parts = {"input": w["input"], "filter": w["filter"], "bias": w.steps.get("bias")} | changed
    image, weights = parts["input"], parts["filter"]
    assert image
    assert weights
    return correlate(image, weights, parts["bias"], w.question.geometry)


def _bias_per_product(w: FilterWork, _: str) -> Cells | None:
    taps = prod(sizes(w["filter"])[1:])
    return correlated(w, bias=times(taps, w["bias"])) if "bias" in w.steps else None


def _moved_otherwise(w: FilterWork, other: Geometry) -> Cells | None:
    """z with another stride or padding; None where it is the same one, or nothing fits."""
    fits = min(other.outputs(sizes(w["input"])[2:], w.question.window)) > 0
    if other == w.question.geometry or not fits:
        return None
    return correlate(w["input"], w["filter"], w.steps.get("bias"), other)


def channels_summed(image: Cells) -> Cells:
    """Every channel holds the sum of all."""
    channels = range(sizes(image)[1])
    return {cell: sum(image[(cell[0], c, *cell[2:])] for c in channels) for cell in image}


def _summed_first(w: FilterWork, _: str) -> Cells | None:
    """The sum of the channels under the first channel's weights."""
    if not several(w["input"], 1):
        return None
    first = one_channel(w["filter"])
    return correlated(w, input=channels_summed(w["input"]), filter=first)


def one_channel(array: Cells) -> Cells:
    """The first channel; the others as if they were not there."""
    return {cell: x if cell[1] == 0 else 0.0 for cell, x in array.items()}


def first_channels(array: Cells) -> Cells:
    """Every channel as the first."""
    return {cell: array[(cell[0], 0, *cell[2:])] for cell in array}


def _matrix_products(w: FilterWork, _: str) -> Cells | None:
    """z = Σ of the matrix product of patch and filter, Σ_u,v Σ_k patch[u,k]·W[k,v]."""
    if not square(w["filter"]):
        return None
    side, geometry = w.question.window[0], w.question.geometry
    z = dict.fromkeys(w["target"], 0.0)
    for n, f, i, j in z:
        for c, u, v, k in indices(sizes(w["input"])[1], side, side, side):
            z[n, f, i, j] += w["input"].get((n, c, *geometry.met(i, j, u, k)), 0.0) * w["filter"][f, c, k, v]
        z[n, f, i, j] += w["bias"][f,] if "bias" in w.steps else 0.0
    return z


entry("flipped-filter", "forward", lambda w, _: correlated(w, filter=turned(w["filter"])))
entry(
    "transposed-filter",
    "forward",
    lambda w, _: correlated(w, filter=transposed(w["filter"])) if square(w["filter"]) else None,
)
entry("bias-forgotten", "forward", lambda w, _: correlated(w, bias=None) if "bias" in w.steps else None)
entry("bias-per-product", "forward", _bias_per_product)
entry("stride-ignored", "forward", lambda w, _: _moved_otherwise(w, replace(w.question.geometry, stride=(1, 1))))
entry("padding-ignored", "forward", lambda w, _: _moved_otherwise(w, replace(w.question.geometry, padding=(0, 0))))
entry("channels-summed-first", "forward", _summed_first)
entry(
    "first-channel-only",
    "forward",
    lambda w, _: correlated(w, filter=one_channel(w["filter"])) if several(w["input"], 1) else None,
)
entry(
    "same-for-every-channel",
    "forward",
    lambda w, _: correlated(w, filter=first_channels(w["filter"])) if several(w["input"], 1) else None,
)
entry(
    "channels-exchanged",
    "forward",
    lambda w, _: correlated(w, input=exchanged(w["input"], 1)) if several(w["input"], 1) else None,
)
entry(
    "filters-exchanged", "forward", lambda w, _: exchanged(w.right("forward"), 1) if several(w["filter"], 0) else None
)
entry("matrix-product", "forward", _matrix_products)


def _relu_for_another(w: FilterWork, _: str) -> Cells | None:
    return each(lambda z: max(z, 0.0), w["forward"]) if w.question.phi != "relu" else None


def _relus_mask(w: FilterWork, _: str) -> Cells | None:
    return each(lambda e, z: e if z > 0 else 0.0, w.upstream, w["forward"]) if w.question.phi != "relu" else None


entry("activation-skipped", "activation", lambda w, _: dict(w["forward"]))
entry("absolute-activation", "activation", lambda w, _: each(abs, w["forward"]) if w.question.phi == "relu" else None)
entry("relu-for-another", "activation", _relu_for_another)
entry("relu-for-another", "delta", _relus_mask)
entry(
    "error-from-pre-activation",
    "error",
    lambda w, _: each(lambda z, t: w.manner.error * (z - t), w["forward"], w["target"]),
)
entry("squared-error", "error", lambda w, _: each(lambda a, t: (a - t) ** 2, w["activation"], w["target"]))
entry("absolute-error", "error", lambda w, _: each(lambda a, t: abs(a - t), w["activation"], w["target"]))
