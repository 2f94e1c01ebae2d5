"""Runs side by side from beginning to end: forward by blocks of iterations, and each is dropped where it is over.

How they stand is looked at after each block. Where a final status holds that did not before, the iteration at
which it began is found inside the block: by halving it, or, where the optimizer remembers, one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.train.advance import Advance, advance
from cnnstep.engine.train.problem import Problem
from cnnstep.engine.train.standing import IMPROVING, Beginning, Mask, Standing, final, judged, measured, standing
from cnnstep.engine.train.state import State, joined

Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class _Fresh:
    """Runs whose status began to hold in the last block: as they were before it, and how they stand after it."""

    runs: Numbers
    before: State
    end: Standing
    weights: Array

    def some(self, which: Numbers) -> _Fresh:
        """Some of them."""
        weights = self.weights.take(which, axis=2)
        return _Fresh(self.runs[which], self.before.of_runs(which), self.end.some(which), weights)

    @staticmethod
    def joined(parts: list[_Fresh]) -> _Fresh:
        """Those of several blocks together."""
        weights = np.concatenate([part.weights for part in parts], axis=2)
        before, end = joined([part.before for part in parts]), Standing.joined([part.end for part in parts])
        return _Fresh(np.concatenate([part.runs for part in parts]), before, end, weights)


class Course:
    """R runs from weights [K, F, R], and for each its end: status code, `iteration`, the first at which that holds, and
    the weights and L after so many `iterations`.

    `active` are the numbers of the runs that are not over, `now` is where they are, side by side at iteration `count`.
    The first block is a quarter of `look` long, no later one longer than all before it or than `look`; `width` runs go
    through it together.
    `forward` is how a block goes on, `again` how a part of it is repeated.
    """

    def __init__(
        self,
        problem: Problem,
        state: State,
        look: int,
        width: int,
        forward: Advance = advance,
        again: Advance = advance,
    ) -> None:
        runs = state.weights.shape[2]
        self.problem, self.forward, self.again = problem, forward, again
        self.look, self.width, self.count = look, width, 0
        self.weights, self.now = state.weights, state.copy()
        self.active: Numbers = np.arange(runs)
        self.iteration = np.zeros(runs, dtype=np.int64)
        self.iterations = np.zeros(runs, dtype=np.int64)
        with np.errstate(all="ignore"):
            blocks = [measured(problem, state.of_runs(block).weights) for block in self._blocks()]
            loss, steepest = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
            self.began = self.began_now = Beginning.of(problem, loss, steepest)
            self.end = judged(problem, self.began, state.weights, loss, steepest)
        self.codes, self.loss = self.end.codes.copy(), loss.copy()
        self._drop(self.end.over | (final(self.end.codes) & (steepest == 0)))

    def run(self, iterations: int) -> None:
        """All runs to their end, or so many iterations."""
        with np.errstate(all="ignore"):
            while self.count < iterations and self.active.size:
                length = min(self.look, max(self.count, self.look // 4), iterations - self.count)
                self._go_on(1 << length.bit_length() - 1)
        self._write(self.active, self.end, self.now.weights)

    def _go_on(self, length: int) -> None:
        """One block of iterations for every active run: a power of two, so that it can be halved."""
        parts = [self._block(block, length) for block in self._blocks()]
        self.count += length
        self.end = Standing.joined([end for end, _, _ in parts])
        self._drop(np.concatenate([over for _, over, _ in parts]))
        fresh = [part for _, _, part in parts if part is not None]
        if fresh:
            self._locate(_Fresh.joined(fresh), length)

    def _block(self, block: slice, length: int) -> tuple[Standing, Mask, _Fresh | None]:
        """These runs go on by so many iterations: how they stand, which are over, and whose status is a new one."""
        before = self.now.of_runs(block, self.count)
        after = before.copy()
        last = self._forward(after, length)
        end = standing(self.problem, self.began_now.of_runs(block), after.weights)
        self.now.put(block, after)
        ended, over = final(end.codes), end.over
        if not ended.any() and last is None:
            return end, over, None
        if last is not None:  # the memory has run out too where nothing moves any more
            over = over | (ended & (after.weights == last).all(axis=(0, 1)))
        runs = self.active[block]
        known = final(self.codes[runs])
        self.codes[runs[known & ~ended]] = IMPROVING
        new = np.flatnonzero(ended & (~known | (end.over & (end.codes != self.codes[runs]))))
        return end, over, _Fresh(runs, before, end, after.weights).some(new) if new.size else None

    def _forward(self, state: State, length: int) -> Array | None:
        """The iterations of a block; the weights before the last one, where the optimizer remembers."""
        if self.problem.memoryless:
            self.forward(self.problem, state, length)
            return None
        self.forward(self.problem, state, length - 1)
        last = state.weights.copy()
        self.forward(self.problem, state, 1)
        return last

    def _locate(self, fresh: _Fresh, length: int) -> None:
        """Where in the block that has just ended their status began to hold; from all blocks, to fill some again."""
        search = self._halve if self.problem.memoryless else self._one_by_one
        for at in range(0, fresh.runs.size, self.width):
            search(fresh.some(np.arange(fresh.runs.size)[at : at + self.width]), length)

    def _blocks(self) -> list[slice]:
        return [slice(at, at + self.width) for at in range(0, self.active.size, self.width)]

    def _write(self, runs: Numbers, end: Standing, weights: Array) -> None:
        """The end of these runs, as far as they have come."""
        ended = final(end.codes)
        known = final(self.codes[runs])  # located already; it only went on
        self.codes[runs] = np.where(ended & known, self.codes[runs], end.codes)
        self.iteration[runs] = np.where(ended, self.iteration[runs], self.count)
        self.loss[runs], self.iterations[runs] = end.loss, self.count
        self.weights[:, :, runs] = weights

    def _drop(self, over: Mask) -> None:
        """Those that are over leave, and the rest close ranks."""
        if over.any():
            gone, stay = np.flatnonzero(over), np.flatnonzero(~over)
            self._write(self.active[gone], self.end.some(gone), self.now.weights.take(gone, axis=2))
            self.active, self.now, self.end = self.active[stay], self.now.of_runs(stay), self.end.some(stay)
            self.began_now = self.began_now.of_runs(stay)

    def _halve(self, fresh: _Fresh, length: int) -> None:
        """A final status holds at the block's end; where one holds in the middle too, it began before that."""
        low, began = fresh.before, self.began.of_runs(fresh.runs)
        weights, loss, codes = fresh.weights, fresh.end.loss, fresh.end.codes
        offset = np.zeros(fresh.runs.size, dtype=np.int64)
        at, half = offset + length, length // 2
        while half:
            middle = low.copy()
            self.again(self.problem, middle, half)
            there = standing(self.problem, began, middle.weights)
            holds = there.over
            at[holds] = offset[holds] + half
            weights[:, :, holds], loss[holds] = middle.weights[:, :, holds], there.loss[holds]
            codes[holds] = there.codes[holds]
            low.weights[:, :, ~holds] = middle.weights[:, :, ~holds]
            offset[~holds] += half
            half //= 2
        self._found(fresh, self.count - length + at)

    def _one_by_one(self, fresh: _Fresh, length: int) -> None:
        """Every iteration is looked at: what ends a run does so the first time, any other status may come and go."""
        state, began, over = fresh.before, self.began.of_runs(fresh.runs), fresh.end.over
        weights, loss, codes = fresh.weights, fresh.end.loss, fresh.end.codes
        at = np.full(fresh.runs.size, length, dtype=np.int64)
        held = np.zeros(at.size, dtype=bool)
        for number in range(1, length + 1):
            self.again(self.problem, state, 1)
            there = standing(self.problem, began, state.weights)
            begins = np.where(over, there.over, final(there.codes)) & ~held
            at[begins], loss[begins], codes[begins] = number, there.loss[begins], there.codes[begins]
            weights[:, :, begins] = state.weights[:, :, begins]
            held = final(there.codes) | (held & over)
        self._found(fresh, self.count - length + at)

    def _found(self, fresh: _Fresh, iteration: NDArray[np.int64]) -> None:
        """Where the status began to hold; a run that is over with it is left as it was there."""
        over = fresh.end.over
        runs = fresh.runs[over]
        self.iteration[fresh.runs], self.codes[fresh.runs] = iteration, fresh.end.codes
        self.iterations[runs], self.loss[runs] = iteration[over], fresh.end.loss[over]
        self.weights[:, :, runs] = fresh.weights[:, :, over]
