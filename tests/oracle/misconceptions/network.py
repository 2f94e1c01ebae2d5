"""Mistakes that only a network gives occasion for: in pooling, in the softmax, in a dense layer."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.cells import Cell, Cells, each, times
from tests.oracle.layers import windows, winner
from tests.oracle.misconceptions.entry import in_networks
from tests.oracle.misconceptions.shapes import square, transposed
from tests.oracle.network import AveragePool, Dense, MaxPool, NetworkWork, Softmax


def _shares(w: NetworkWork, name: str, share: Callable[[Cells, list[Cell], Cell], float], *, upstream: bool) -> Cells:
    """Each ∂L/∂y (or 1 in its place) times the share that each cell of its window gets."""
    pool, x, d = w.question.layer(name), w.source(name), w.upstream(name)
    assert isinstance(pool, MaxPool)
    back = dict.fromkeys(x, 0.0)
    for cell, covered in windows(x, pool.size, pool.stride).items():
        for one in covered:
            back[one] += share(x, covered, one) * (d[cell] if upstream else 1.0)
    return back


def _equal(x: Cells, covered: list[Cell], one: Cell) -> float:
    """1 where it is as large as the largest."""
    return float(x[one] == max(x[other] for other in covered))


def _shared(x: Cells, covered: list[Cell], one: Cell) -> float:
    """The largest share alike."""
    return _equal(x, covered, one) / sum(_equal(x, covered, other) for other in covered)


def _won(x: Cells, covered: list[Cell], one: Cell) -> float:
    return float(one == winner(x, covered))


def _alike(x: Cells, covered: list[Cell], one: Cell) -> float:
    return 1.0 / len(covered)


def _overwritten(w: NetworkWork, name: str, share: Callable[[Cells, list[Cell], Cell], float], whole: bool) -> Cells:
    """The last window's part where windows overlap; the `whole` window is written over, or its winner's cell alone."""
    pool, x, d = w.question.layer(name), w.source(name), w.upstream(name)
    assert isinstance(pool, MaxPool)
    back = dict.fromkeys(x, 0.0)
    for cell, covered in windows(x, pool.size, pool.stride).items():
        back |= {one: share(x, covered, one) * d[cell] for one in covered if whole or share(x, covered, one)}
    return back


def _pooled(w: NetworkWork, name: str) -> Cells:
    return w.right(f"{name}.forward")


def _window_size(w: NetworkWork, name: str) -> int:
    pool = w.question.layer(name)
    assert isinstance(pool, MaxPool)
    return pool.size[0] * pool.size[1]


def _p(w: NetworkWork, name: str) -> Cells:
    return w[f"{name}.forward"]


MAX, MEAN, BACK = MaxPool, AveragePool, "input_gradient"
in_networks("pool-tie-copied", MAX, BACK, lambda w, name: _shares(w, name, _equal, upstream=True))
in_networks("pool-tie-shared", MAX, BACK, lambda w, name: _shares(w, name, _shared, upstream=True))
in_networks("pool-spread", MAX, BACK, lambda w, name: _shares(w, name, _alike, upstream=True))
in_networks("pool-upstream-forgotten", MAX, BACK, lambda w, name: _shares(w, name, _won, upstream=False))
in_networks("pool-upstream-forgotten", MEAN, BACK, lambda w, name: _shares(w, name, _alike, upstream=False))
in_networks("pool-average-not-divided", MEAN, "forward", lambda w, name: times(_window_size(w, name), _pooled(w, name)))
in_networks(
    "pool-average-not-divided",
    MEAN,
    BACK,
    lambda w, name: times(_window_size(w, name), w.right(f"{name}.{BACK}")),
)
in_networks("overwritten-not-added", MAX, BACK, lambda w, name: _overwritten(w, name, _won, False))
in_networks("overwritten-not-added", MAX, BACK, lambda w, name: _overwritten(w, name, _won, True))
in_networks("overwritten-not-added", MEAN, BACK, lambda w, name: _overwritten(w, name, _alike, True))
in_networks("softmax-slope-forgotten", Softmax, BACK, lambda w, name: dict(w.upstream(name)))
in_networks(
    "softmax-diagonal-only",
    Softmax,
    BACK,
    lambda w, name: each(lambda d, p: d * p * (1.0 - p), w.upstream(name), _p(w, name)),
)
in_networks(
    "softmax-slope-twice",
    Softmax,
    BACK,
    lambda w, name: each(lambda d, p: d * p * (1.0 - p), w.right(f"{name}.{BACK}"), _p(w, name)),
)
in_networks(
    "gradient-transposed",
    Dense,
    "gradient",
    lambda w, name: transposed(w.right(f"{name}.gradient")) if square(w.right(f"{name}.gradient")) else None,
)
