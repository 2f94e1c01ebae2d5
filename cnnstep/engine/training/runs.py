"""Runs side by side from beginning to end, one or many thousand, without their record: microseconds an iteration.

They go forward by blocks of iterations, and each is dropped where it is over. How they stand is looked at after each
block: of a single run after 64 iterations, 128, 256, then every `LOOK`. Where a final status holds that did not before,
the iteration at which it began is found inside the block: by halving it, or, where the optimizer remembers, one by
one. A status that comes and goes between two looks is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import (
    CONVERGED,
    DIVERGED,
    IMPROVING,
    STATUSES,
    Bounds,
    Codes,
    Mask,
    Status,
    final,
    judged,
)
from cnnstep.engine.training.compiled import compiled, has_kernel
from cnnstep.engine.training.kernels import Advance, KeepingLosses, Rates, State, iterate, joined
from cnnstep.engine.training.problem import Problem

RunNumbers = NDArray[np.intp]


@dataclass(frozen=True)
class RunStatus:
    """The status code of each run, whether the run is over with it, and L."""

    codes: Codes
    over: Mask
    loss: Array

    def some(self, runs: RunNumbers) -> RunStatus:
        """The status of some of the runs."""
        return RunStatus(self.codes[runs], self.over[runs], self.loss[runs])

    @staticmethod
    def joined(parts: list[RunStatus]) -> RunStatus:
        """The status of the runs of several blocks together."""
        codes, over, loss = ([getattr(part, name) for part in parts] for name in ("codes", "over", "loss"))
        return RunStatus(np.concatenate(codes), np.concatenate(over), np.concatenate(loss))


def _status_of(problem: Problem, bounds: Bounds, weights: Array) -> RunStatus:
    """How these runs stand at these weights."""
    return _judged(problem, bounds, weights, *problem.measured(weights))


def _judged(problem: Problem, bounds: Bounds, weights: Array, loss: Array, steepest: Array) -> RunStatus:
    """The status by what was measured.

    A run is over when it has converged or diverged; where the optimizer remembers nothing also when it has settled
    or is stuck.
    """
    codes = judged(loss, steepest, bounds, problem.floor, lambda runs: problem.blocked(weights[:, :, runs]))
    over = final(codes) if problem.memoryless else (codes == CONVERGED) | (codes == DIVERGED)
    return RunStatus(codes, over, loss)


@dataclass(frozen=True)
class _Fresh:
    """Runs whose status began to hold in the last block: as they were before it, and how they stand after it."""

    runs: RunNumbers
    before: State
    end: RunStatus
    weights: Array

    def some(self, which: RunNumbers) -> _Fresh:
        """Some of them."""
        weights = self.weights.take(which, axis=2)
        return _Fresh(self.runs[which], self.before.of_runs(which), self.end.some(which), weights)

    @staticmethod
    def joined(parts: list[_Fresh]) -> _Fresh:
        """The runs of several blocks together."""
        weights = np.concatenate([part.weights for part in parts], axis=2)
        before, end = joined([part.before for part in parts]), RunStatus.joined([part.end for part in parts])
        return _Fresh(np.concatenate([part.runs for part in parts]), before, end, weights)


class Runs:
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
        forward: Advance = iterate,
        again: Advance = iterate,
    ) -> None:
        runs = state.weights.shape[2]
        self.problem, self.forward, self.again = problem, forward, again
        self.look, self.width, self.count = look, width, 0
        self.weights, self.now = state.weights, state.copy()
        self.active: RunNumbers = np.arange(runs)
        self.iteration = np.zeros(runs, dtype=np.int64)
        self.iterations = np.zeros(runs, dtype=np.int64)
        with np.errstate(all="ignore"):
            blocks = [problem.measured(state.of_runs(block).weights) for block in self._blocks()]
            loss, steepest = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
            self.bounds = self.bounds_now = Bounds.of(loss, steepest, problem.least, problem.blank)
            self.end = _judged(problem, self.bounds, state.weights, loss, steepest)
        self.codes, self.loss = self.end.codes.copy(), loss.copy()
        self._drop(self.end.over | (final(self.end.codes) & (steepest == 0)))

    def run(self, iterations: int) -> None:
        """All runs to their end, but `iterations` at most."""
        with np.errstate(all="ignore"):
            while self.count < iterations and self.active.size:
                length = min(self.look, max(self.count, self.look // 4), iterations - self.count)
                self._go_on(1 << length.bit_length() - 1)
        self._write(self.active, self.end, self.now.weights)

    def _go_on(self, length: int) -> None:
        """One block of iterations for every active run: a power of two, so that it can be halved."""
        parts = [self._block(block, length) for block in self._blocks()]
        self.count += length
        self.end = RunStatus.joined([end for end, _, _ in parts])
        self._drop(np.concatenate([over for _, over, _ in parts]))
        fresh = [part for _, _, part in parts if part is not None]
        if fresh:
            self._locate(_Fresh.joined(fresh), length)

    def _block(self, block: slice, length: int) -> tuple[RunStatus, Mask, _Fresh | None]:
        """These runs go on by `length` iterations: how they stand, which are over, and whose status is a new one."""
        before = self.now.of_runs(block, self.count)
        after = before.copy()
        last = self._forward(after, length)
        end = _status_of(self.problem, self.bounds_now.of_runs(block), after.weights)
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

    def _write(self, runs: RunNumbers, end: RunStatus, weights: Array) -> None:
        """The end of these runs, as far as they have come."""
        ended = final(end.codes)
        known = final(self.codes[runs])  # located already; it only went on
        self.codes[runs] = np.where(ended & known, self.codes[runs], end.codes)
        self.iteration[runs] = np.where(ended, self.iteration[runs], self.count)
        self.loss[runs], self.iterations[runs] = end.loss, self.count
        self.weights[:, :, runs] = weights

    def _drop(self, over: Mask) -> None:
        """Runs that are over are taken out; the others move together."""
        if over.any():
            gone, stay = np.flatnonzero(over), np.flatnonzero(~over)
            self._write(self.active[gone], self.end.some(gone), self.now.weights.take(gone, axis=2))
            self.active, self.now, self.end = self.active[stay], self.now.of_runs(stay), self.end.some(stay)
            self.bounds_now = self.bounds_now.of_runs(stay)

    def _halve(self, fresh: _Fresh, length: int) -> None:
        """A final status holds at the block's end; where one holds in the middle too, it began before that."""
        low, bounds = fresh.before, self.bounds.of_runs(fresh.runs)
        weights, loss, codes = fresh.weights, fresh.end.loss, fresh.end.codes
        offset = np.zeros(fresh.runs.size, dtype=np.int64)
        at, half = offset + length, length // 2
        while half:
            middle = low.copy()
            self.again(self.problem, middle, half)
            there = _status_of(self.problem, bounds, middle.weights)
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
        state, bounds, over = fresh.before, self.bounds.of_runs(fresh.runs), fresh.end.over
        weights, loss, codes = fresh.weights, fresh.end.loss, fresh.end.codes
        at = np.full(fresh.runs.size, length, dtype=np.int64)
        held = np.zeros(at.size, dtype=bool)
        for number in range(1, length + 1):
            self.again(self.problem, state, 1)
            there = _status_of(self.problem, bounds, state.weights)
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


LOOK = 256
"""How a run stands costs as much as about fifteen iterations; so it is looked at this seldom."""


@dataclass(frozen=True)
class RunResult:
    """What became of a run: filters [F, C, kh, kw] and biases [F] after `iterations` updates, and L there.

    `iteration` is the first one at which the status holds; for `improving` and `worse` it is the last.
    `losses` are those at iteration 0, `every`, 2·`every`, …, as far as the run went; empty if not asked for.
    """

    status: Status
    iteration: int
    iterations: int
    loss: float
    filters: Array
    bias: Array | None
    losses: Array


def run(scenario: Scenario, iterations: int, *, losses: int = 0) -> RunResult:
    """One scenario, `iterations` at most; with `losses` = n it keeps every n-th loss, which costs a little time.

    A run is over when it has converged or diverged, and when it is stuck or settled for good: with momentum or
    adam that is where the weights no longer move.
    """
    problem = Problem.of(scenario)
    keeping = KeepingLosses()
    state = State.start(problem, problem.start.copy(), scenario.learning_rate)
    runs = Runs(problem, state, LOOK, 1, forward=keeping if losses else iterate)
    runs.run(iterations)
    made, loss = int(runs.iterations[0]), float(runs.loss[0])
    filters, bias = problem.filters_of(runs.weights[:, :, 0])
    all_losses = np.append(np.concatenate([np.empty(0), *keeping.kept])[:made], loss)
    kept = all_losses[::losses] if losses else all_losses[:0]
    return RunResult(STATUSES[runs.codes[0]], int(runs.iteration[0]), made, loss, filters, bias, kept)


WIDTH = 4096
"""Columns in a block: its arrays stay in the second cache, and a call of NumPy costs next to nothing each."""
LOOK_MANY = 512
"""How the runs stand costs as much as ten iterations and more, for it leaves the cache; so it is looked at seldom."""
LOOK_FAST = 2048
"""In machine code it is as much as a hundred and fifty iterations."""


@dataclass(frozen=True)
class Swept:
    """What became of R runs, a row each; plain arrays, so that it travels between processes.

    `codes` index `STATUSES`; `iteration` is the first one at which that status holds; filters [R, F, C, kh, kw],
    biases [R, F] and `losses` are those after `iterations` updates.
    """

    codes: Codes
    iteration: NDArray[np.int64]
    iterations: NDArray[np.int64]
    losses: Array
    filters: Array
    biases: Array | None


def sweep_block(
    scenario: Scenario,
    filters: ArrayLike,
    learning_rates: ArrayLike | None = None,
    iterations: int = 500,
    *,
    biases: ArrayLike | None = None,
    fast: bool = False,
) -> Swept:
    """The scenario from each of these filters [R, …], with one learning rate or one each, by the rules of `run`.

    `biases` [R, F] are the scenario's own unless given. With `fast`, a scenario that has a kernel in machine code
    uses it: `InputError` where the extra `fast` is not installed; the first call takes a second longer.
    """
    problem = Problem.of(scenario)
    conv = scenario.conv
    starts = np.asarray(filters, dtype=np.float64).reshape(-1, *conv.weights.shape)
    rates = _rates(scenario.learning_rate if learning_rates is None else learning_rates)
    state = State.start(problem, _weights(problem, starts, biases), rates)
    if fast and has_kernel(problem):
        kernel = compiled(problem)
        runs = Runs(problem, state, LOOK_FAST, WIDTH, kernel, kernel)
    else:
        runs = Runs(problem, state, LOOK_MANY, WIDTH)
    runs.run(iterations)
    found = _filters(problem, runs.weights)
    return Swept(runs.codes, runs.iteration, runs.iterations, runs.loss, *found)


def _rates(given: ArrayLike) -> Rates:
    """One number where all runs have the same rate, which is then part of a matrix; else an array [R]."""
    rates = np.asarray(given, dtype=np.float64)
    first = float(rates.flat[0]) if rates.size else 0.0
    return first if (rates == first).all() else rates


def _weights(problem: Problem, filters: Array, biases: ArrayLike | None) -> Array:
    """Weights [K, F, R] of filters [R, F, C, kh, kw] and biases [R, F]."""
    weights = filters.reshape(*filters.shape[:2], -1).transpose(2, 1, 0)
    bias = problem.scenario.conv.bias
    if bias is None:
        return np.array(weights, order="C")
    own = np.broadcast_to(bias if biases is None else np.asarray(biases, dtype=np.float64), filters.shape[:2])
    return np.concatenate((weights, own.T[None]))


def _filters(problem: Problem, weights: Array) -> tuple[Array, Array | None]:
    """The inverse of `_weights`."""
    shape = problem.scenario.conv.weights.shape
    if problem.scenario.conv.bias is None:
        return np.ascontiguousarray(weights.transpose(2, 1, 0)).reshape(-1, *shape), None
    return np.ascontiguousarray(weights[:-1].transpose(2, 1, 0)).reshape(-1, *shape), weights[-1].T.copy()
