"""Mistakes in the bias's gradient and in the input's."""

from __future__ import annotations

from dataclasses import replace

from tests.oracle.cells import Cells, indices, sizes, times
from tests.oracle.layers import Geometry, correlate, input_gradient
from tests.oracle.misconceptions.entry import entry
from tests.oracle.misconceptions.gradient import sums
from tests.oracle.misconceptions.shapes import several, turned
from tests.oracle.one_filter import FilterWork


def _bias_mean(w: FilterWork, _: str) -> Cells:
    cells = len(w["delta"]) / len(w["bias"])
    return times(w.turn / cells, sums(w["delta"]))


def _sent_back(w: FilterWork, f: Cells | None = None, geometry: Geometry | None = None) -> Cells:
    """∂L/∂X with another filter or way to move it."""
    return input_gradient(w["input"], f or w["filter"], w["delta"], geometry or w.question.geometry)


def _overwritten(w: FilterWork, _: str) -> Cells:
    """Each window's Σ_f δ·W put over what stood there, in reading order."""
    back = dict.fromkeys(w["input"], 0.0)
    samples, filters, rows, columns = sizes(w["delta"])
    for n, i, j in indices(samples, rows, columns):
        for c, u, v in indices(*sizes(w["filter"])[1:]):
            place = (n, c, *w.question.geometry.met(i, j, u, v))
            if place in back:
                back[place] = sum(w["delta"][n, f, i, j] * w["filter"][f, c, u, v] for f in range(filters))
    return back


def _valid(w: FilterWork, _: str) -> Cells | None:
    """The turned filter slid over δ without a rim."""
    plain = Geometry(dilation=w.question.geometry.dilation)
    if min(plain.outputs(sizes(w["delta"])[2:], w.question.window)) < 1:
        return None
    back = {(cell[1], cell[0], *cell[2:]): x for cell, x in turned(w["filter"]).items()}
    return correlate(w["delta"], back, None, plain)


def _close_together(w: FilterWork, _: str) -> Cells | None:
    geometry = w.question.geometry
    return _sent_back(w, geometry=replace(geometry, stride=(1, 1))) if max(geometry.stride) > 1 else None


def _rim_kept(w: FilterWork, _: str) -> Cells | None:
    """∂L/∂ of the input with its padding: larger than the input."""
    down, across = w.question.geometry.padding
    samples, channels, rows, columns = sizes(w["input"])
    padded = dict.fromkeys(indices(samples, channels, rows + 2 * down, columns + 2 * across), 0.0)
    bare = replace(w.question.geometry, padding=(0, 0))
    return input_gradient(padded, w["filter"], w["delta"], bare) if down or across else None


def _one_filter_back(w: FilterWork, _: str) -> Cells | None:
    only = {cell: x if cell[0] == 0 else 0.0 for cell, x in w["filter"].items()}
    return _sent_back(w, f=only) if several(w["filter"], 0) else None


def _too_early(w: FilterWork, _: str) -> Cells:
    """δ sent back through the filter as it is after the update."""
    done = replace(w, steps=dict(w.steps))
    for step in (*done.question.memory, "update"):
        done.steps[step] = done.right(step)
    return _sent_back(w, f=done["update"])


entry("bias-gradient-averaged", "bias_gradient", _bias_mean)
entry("bias-gradient-not-summed", "bias_gradient", lambda w, _: dict(w["delta"]))
entry("bias-value-as-gradient", "bias_gradient", lambda w, _: dict(w["bias"]))
entry("filter-not-rotated", "input_gradient", lambda w, _: _sent_back(w, f=turned(w["filter"])))
entry("valid-not-full", "input_gradient", _valid)
entry("overwritten-not-added", "input_gradient", _overwritten)
entry("updated-too-early", "input_gradient", _too_early)
entry("one-filter-sent-back", "input_gradient", _one_filter_back)
entry("stride-ignored", "input_gradient", _close_together)
entry("padding-kept", "input_gradient", _rim_kept)
