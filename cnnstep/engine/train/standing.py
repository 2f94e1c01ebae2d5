"""How runs stand: the rules of `outcome.judge` for many runs at once, from the loss L and the steepest ∂L/∂w.

A status code is an index into `STATUSES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.outcome import GONE, LEVEL, RUNAWAY, SMALLER, Status
from cnnstep.engine.quantity import Array
from cnnstep.engine.train.problem import Problem

STATUSES: tuple[Status, ...] = get_args(Status)
CONVERGED, SETTLED, STUCK, IMPROVING, WORSE, DIVERGED = range(6)
Codes: TypeAlias = NDArray[np.int8]
Mask: TypeAlias = NDArray[np.bool_]


def final(codes: Codes) -> Mask:
    """Where a status is one to end with: neither improving nor worse."""
    mask: Mask = (codes != IMPROVING) & (codes != WORSE)
    return mask


@dataclass(frozen=True)
class Beginning:
    """The first loss and the first steepest slope of each run [R]: what all later ones are measured by."""

    loss: Array
    steepest: Array
    gone: Array
    away: Array
    level: Array

    @staticmethod
    def of(problem: Problem, loss: Array, steepest: Array) -> Beginning:
        """The bounds that follow: up to `gone` a loss is gone, beyond `away` it ran away, to `level` all is level."""
        gone = problem.least + GONE * np.maximum(loss - problem.least, problem.blank)
        return Beginning(loss, steepest, gone, np.where(loss > 0, RUNAWAY * loss, np.inf), LEVEL * steepest)

    def of_runs(self, runs: NDArray[np.intp] | slice) -> Beginning:
        """Those of some of the runs."""
        return Beginning(self.loss[runs], self.steepest[runs], self.gone[runs], self.away[runs], self.level[runs])


@dataclass(frozen=True)
class Standing:
    """The status code of each run, whether the run is over with it, and L."""

    codes: Codes
    over: Mask
    loss: Array

    def some(self, runs: NDArray[np.intp]) -> Standing:
        """That of some of the runs."""
        return Standing(self.codes[runs], self.over[runs], self.loss[runs])

    @staticmethod
    def joined(parts: list[Standing]) -> Standing:
        """That of several blocks together."""
        codes, over, loss = ([getattr(part, name) for part in parts] for name in ("codes", "over", "loss"))
        return Standing(np.concatenate(codes), np.concatenate(over), np.concatenate(loss))


def measured(problem: Problem, weights: Array) -> tuple[Array, Array]:
    """L [R], and the largest |∂L/∂w| [R], at these weights [K, F, R]."""
    loss, gradient = problem.loss_and_gradient(weights)
    return loss, np.abs(gradient).max(axis=(0, 1))


def standing(problem: Problem, began: Beginning, weights: Array) -> Standing:
    """How these runs stand at these weights."""
    return judged(problem, began, weights, *measured(problem, weights))


def judged(problem: Problem, began: Beginning, weights: Array, loss: Array, steepest: Array) -> Standing:
    """The status by what was measured.

    A run is over when it has converged or diverged; where the optimizer remembers nothing also when it has settled
    or is stuck.
    """
    codes = np.where(loss < SMALLER * began.loss, IMPROVING, WORSE).astype(np.int8)
    going = (loss > began.gone) & (loss <= began.away) & (steepest > began.level) & (steepest < np.inf)
    if going.all():  # as at nearly every look
        return Standing(codes, np.zeros(codes.shape, dtype=bool), loss)
    level = np.flatnonzero(steepest <= began.level)
    if level.size:
        at_floor = loss[level] <= problem.floor * (1 + LEVEL)
        codes[level] = np.where(at_floor | ~_blocked(problem, weights[:, :, level]), SETTLED, STUCK)
    codes[loss <= began.gone] = CONVERGED
    codes[~(np.isfinite(loss) & np.isfinite(steepest)) | (loss > began.away)] = DIVERGED
    over = final(codes) if problem.memoryless else (codes == CONVERGED) | (codes == DIVERGED)
    return Standing(codes, over, loss)


def _blocked(problem: Problem, weights: Array) -> Mask:
    """Which runs have an error that meets a slope of 0."""
    if problem.slope_cancels:
        return np.zeros(weights.shape[2], dtype=bool)
    z, error = problem.outputs(weights)
    blocked: Mask = ((problem.phi.slope(z) == 0) & (error != 0)).any(axis=(0, 1))
    return blocked
