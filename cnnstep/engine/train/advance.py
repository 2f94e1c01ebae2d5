"""Iterations without a record, in place: z = P·w, δ = c·(φ(z) − t) ⊙ φ′(z), w ← w − η·Pᵀ·δ, by the shortest way.

One way takes any scenario; one filter under ReLU or no activation goes in preallocated vectors; many runs under
ReLU go as columns (`columns.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.train.columns import relu_columns
from cnnstep.engine.train.problem import Problem
from cnnstep.engine.train.state import State, mover

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


def _quick(problem: Problem) -> bool:
    return problem.memoryless and problem.factor is not None and not problem.in_tiles


def _in_vectors(problem: Problem, state: State) -> bool:
    one_filter = state.weights.shape[1:] == (1, 1)
    return one_filter and _quick(problem) and (problem.plain_relu or problem.phi.name == "linear")


def in_columns(problem: Problem) -> bool:
    """Whether many runs can go as columns."""
    return _quick(problem) and problem.plain_relu and problem.columns.sign_tells


def _any_scenario(problem: Problem, state: State, iterations: int, losses: Array | None) -> None:
    move = mover(problem, state.rates)
    for iteration in range(iterations):
        loss, gradient = problem.loss_and_gradient(state.weights)
        if losses is not None:
            losses[iteration] = loss[0]
        move(state, gradient, state.count + iteration)


def _one_filter(problem: Problem, state: State, iterations: int, losses: Array | None) -> None:
    """One run of one filter [K], in vectors, with the sums in the recorded way's order."""
    P, t, weights = problem.matrix, problem.targets[:, 0], state.weights.reshape(-1)
    w, b = weights[: P.shape[1]], weights[P.shape[1] :]  # b is empty where there is no bias
    z, a, e, slope = (np.empty(len(P)) for _ in range(4))
    gradient = np.empty_like(w)
    forward, backward, squares = P.dot, e.dot, e.dot
    relu, factor, scale, biased = problem.plain_relu, problem.factor, problem.loss.scale(t.size), b.size > 0
    zero, c, eta = np.array(0.0), np.array(factor), np.array(state.rates).reshape(())
    maximum, subtract, multiply, sign = np.maximum, np.subtract, np.multiply, np.sign
    for iteration in range(iterations):
        forward(w, z)
        if biased:
            np.add(z, b, out=z)
        if relu:
            maximum(z, zero, out=a)
            subtract(a, t, out=e)
        else:
            subtract(z, t, out=e)
        if losses is not None:
            losses[iteration] = scale * squares(e)
        if factor != 1:
            multiply(e, c, out=e)
        if relu:
            multiply(e, sign(a, out=slope), out=e)  # max(0, z) is positive exactly where relu′ is 1
        backward(P, gradient)
        multiply(gradient, eta, out=gradient)
        subtract(w, gradient, out=w)
        if biased:
            b -= eta * e.sum()
