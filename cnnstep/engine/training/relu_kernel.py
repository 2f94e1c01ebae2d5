"""Many ReLU runs as columns. With y = −z the sign bit of y is relu′(z), and y + t under that mask is −e ⊙ relu′(z).

An iteration is w ← w + η·c·Pᵀ·(y + t masked). Where P has no more rows than columns the outputs need no weights
to go on: y ← y − η·c·P·Pᵀ·(y + t masked), one matrix product instead of two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.quantity import Array

if TYPE_CHECKING:
    from cnnstep.engine.training.kernels import Rates
    from cnnstep.engine.training.problem import Problem

FEW = 4
"""Up to this many calls with a number cost less than one call with an array that has to be read."""
WELL_CONDITIONED = 1e4
"""Weights are worked back from outputs only where that costs less than so many roundings."""


@dataclass(frozen=True)
class Columns:
    """P and the targets with the `zeros` cells first whose target is 0: there the masked y + t is just min(y, 0).

    `gram` is P·Pᵀ, and `back` = Pᵀ·(P·Pᵀ)⁻¹ tells the weights' move from the outputs'; neither where P has more
    rows than columns or is badly conditioned. `sign_tells`: the matrix product gives no −0, whose sign would lie.
    """

    patches: Array
    targets: Array
    zeros: int
    gram: Array | None
    back: Array | None
    sign_tells: bool

    @staticmethod
    def of(patches: Array, targets: Array) -> Columns:
        """The arrangement of P [M, K] and targets [M, F]."""
        wanted = (targets != 0).any(axis=1)
        order = np.lexsort((targets[:, 0], wanted))
        P = patches[order]
        gram = back = None
        if len(P) <= P.shape[1] and np.linalg.cond(P) ** 2 < WELL_CONDITIONED:
            gram = P.dot(P.T)
            back = np.ascontiguousarray(np.linalg.solve(gram, P).T)
        nothing = np.zeros((P.shape[1], 8))
        negative = np.signbit((-P).dot(nothing)).any() or np.signbit(P.dot(nothing)).any()
        return Columns(P, targets[order], int((~wanted).sum()), gram, back, not negative)


def relu_columns(problem: Problem, weights: Array, rates: Rates, iterations: int) -> None:
    """The given number of iterations of the weights [K, F, R], in place."""
    assert problem.factor is not None
    filters, runs = weights.shape[1:]
    w = weights.reshape(-1, filters * runs)
    step = problem.factor * (np.tile(rates, filters) if isinstance(rates, np.ndarray) else rates)
    if problem.columns.gram is not None and problem.columns.back is not None:
        _by_outputs(problem.columns, problem.columns.gram, problem.columns.back, w, step, iterations)
    else:
        _by_filters(problem.columns, w, step, iterations)


class _Pull:
    """From y = −z the masked y + t: −δ/c, where z > 0 it is t − z, elsewhere 0."""

    def __init__(self, columns: Columns, y: Array, out: Array) -> None:
        zeros = columns.zeros
        self.zero_y, self.zero_out = y[:zeros], out[:zeros]
        self.y, self.out = y[zeros:], out[zeros:]
        self.bits, self.out_bits = self.y.view(np.int64), self.out.view(np.int64)
        self.mask = np.empty(self.y.shape, dtype=np.int64)
        self.sums = list(_sums(self.y, columns.targets[zeros:], self.out))

    def __call__(self) -> None:
        np.minimum(self.zero_y, 0.0, out=self.zero_out)
        np.right_shift(self.bits, 63, out=self.mask)  # all ones where y < 0, which is z > 0
        for y, target, out in self.sums:
            np.add(y, target, out=out)
        np.bitwise_and(self.out_bits, self.mask, out=self.out_bits)


def _sums(y: Array, targets: Array, out: Array) -> Iterator[tuple[Array, Array | float, Array]]:
    """What y + t adds up: a number to all rows with the same target, or, where these are many, an array to all."""
    values, first = np.unique(targets[:, 0], return_index=True)
    if targets.shape[1] > 1 or len(values) > FEW:
        yield y, np.repeat(targets, y.shape[1] // targets.shape[1], axis=1), out
        return
    for value, start, end in zip(values, first, (*first[1:], len(targets)), strict=True):
        yield y[start:end], float(value), out[start:end]


def _by_filters(columns: Columns, w: Array, step: Rates, iterations: int) -> None:
    minus, back = -columns.patches, np.ascontiguousarray(columns.patches.T)
    each = step if isinstance(step, np.ndarray) else None
    if each is None:
        back = step * back
    y, change = np.empty((len(minus), w.shape[1])), np.empty_like(w)
    pull = _Pull(columns, y, y)
    for _ in range(iterations):
        minus.dot(w, y)
        pull()
        back.dot(y, change)
        if each is not None:
            np.multiply(change, each, out=change)
        np.add(w, change, out=w)


def _by_outputs(columns: Columns, gram: Array, back: Array, w: Array, step: Rates, iterations: int) -> None:
    each = step if isinstance(step, np.ndarray) else None
    product = gram if each is not None else step * gram
    before = (-columns.patches).dot(w)
    y = before.copy()
    d, change = np.empty_like(y), np.empty_like(y)
    pull = _Pull(columns, y, d)
    for _ in range(iterations):
        pull()
        product.dot(d, change)
        if each is not None:
            np.multiply(change, each, out=change)
        np.subtract(y, change, out=y)
    np.add(w, back.dot(before - y), out=w)
