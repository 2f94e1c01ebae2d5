"""Iterations without a record, in place: z = P·w, δ = c·(φ(z) − t) ⊙ φ′(z), w ← w − η·Pᵀ·δ, by the shortest way.

One way takes any scenario; one filter under ReLU or no activation goes in preallocated vectors (`vectors.py`); many
runs under ReLU go as columns (`relu_kernel.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.training.problem import Problem
from cnnstep.engine.training.relu_kernel import relu_columns
from cnnstep.engine.training.state import State, mover
from cnnstep.engine.training.vectors import Descent

Advance: TypeAlias = Callable[[Problem, State, int], None]
"""So many iterations of a state, in place."""


def advance(problem: Problem, state: State, iterations: int) -> None:
    """So many iterations by the shortest way."""
    if _in_vectors(problem, state):
        _one_filter(problem, state, iterations, None)
    elif in_columns(problem) and state.weights.shape[2] > 1:
        relu_columns(problem, state.weights, state.rates, iterations)
    else:
        _any_scenario(problem, state, iterations, None)
    state.count += iterations


@dataclass
class KeepingLosses:
    """The same for a single run, and the loss before each update: an array a call."""

    kept: list[Array] = field(default_factory=list)

    def __call__(self, problem: Problem, state: State, iterations: int) -> None:
        """The iterations, and their losses."""
        losses = np.empty(iterations)
        way = _one_filter if _in_vectors(problem, state) else _any_scenario
        way(problem, state, iterations, losses)
        state.count += iterations
        self.kept.append(losses)


def _in_vectors(problem: Problem, state: State) -> bool:
    return problem.straight and state.weights.shape[1:] == (1, 1)


def in_columns(problem: Problem) -> bool:
    """Whether many runs can go as columns."""
    return problem.straight and problem.phi.plain_relu and problem.columns.sign_tells


def _any_scenario(problem: Problem, state: State, iterations: int, losses: Array | None) -> None:
    move = mover(problem, state.rates)
    for iteration in range(iterations):
        loss, gradient = problem.loss_and_gradient(state.weights)
        if losses is not None:
            losses[iteration] = loss[0]
        move(state, gradient, state.count + iteration)


def _one_filter(problem: Problem, state: State, iterations: int, losses: Array | None) -> None:
    descent = Descent.of(problem.scenario, problem.matrix)
    descent.go(state.weights.reshape(-1), state.rates, iterations, losses=losses)
