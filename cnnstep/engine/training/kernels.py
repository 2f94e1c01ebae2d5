"""Iterations without a record, in place: z = P·w, δ = c·(φ(z) − t) ⊙ φ′(z), w ← w − η·Pᵀ·δ, by the shortest way.

One way takes any scenario; one filter under ReLU or no activation goes in preallocated vectors (`Descent` of
`engine/trace.py`); many runs under ReLU go as columns (`relu_kernel.py`).

A `State` is where runs are between two iterations; `mover` makes the update w ← w − η·d(∂L/∂w) by any optimizer, with
a rate for each run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.optimizers import COUNT, Slot
from cnnstep.engine.quantity import Array, Layout, Quantity
from cnnstep.engine.trace import Descent
from cnnstep.engine.training.problem import Problem
from cnnstep.engine.training.relu_kernel import relu_columns

Rates = float | Array
"""One learning rate for all runs, or one for each [R]."""
SomeRuns = NDArray[np.intp] | slice
"""Some of the runs: their numbers, or all from one to another, which costs less to copy."""


@dataclass
class State:
    """Weights [K, F, R], the optimizer's memory of the same shape, and the number of iterations made."""

    weights: Array
    memory: dict[str, Array]
    rates: Rates
    count: int = 0

    @staticmethod
    def start(problem: Problem, weights: Array, rates: Rates) -> State:
        """The state before the first iteration: a memory of zeros."""
        memory = {f"{word}_before": np.zeros_like(weights) for word in problem.optimizer.memory}
        return State(weights, memory, rates)

    def of_runs(self, runs: SomeRuns, count: int | None = None) -> State:
        """A copy of some of the runs, which are at this iteration."""
        memory = {name: _some(array, runs) for name, array in self.memory.items()}
        rates = self.rates[runs] if isinstance(self.rates, np.ndarray) else self.rates
        return State(_some(self.weights, runs), memory, rates, self.count if count is None else count)

    def copy(self) -> State:
        """A copy that can go its own way."""
        memory = {name: array.copy() for name, array in self.memory.items()}
        return State(self.weights.copy(), memory, self.rates, self.count)

    def put(self, runs: SomeRuns, other: State) -> None:
        """Takes over the other's runs, in the places of these."""
        self.weights[:, :, runs] = other.weights
        for name, array in self.memory.items():
            array[:, :, runs] = other.memory[name]


def _some(array: Array, runs: SomeRuns) -> Array:
    return array[:, :, runs].copy() if isinstance(runs, slice) else array.take(runs, axis=2)


def joined(parts: list[State]) -> State:
    """Several runs of the same iteration side by side."""
    memory = {name: np.concatenate([part.memory[name] for part in parts], axis=2) for name in parts[0].memory}
    rates = [part.rates for part in parts]
    together = np.concatenate(rates) if isinstance(rates[0], np.ndarray) else rates[0]
    return State(np.concatenate([part.weights for part in parts], axis=2), memory, together, parts[0].count)


class _RateEach(np.ndarray):
    """A learning rate for each run, which a formula writes as η: an optimizer's steps take it like a number."""

    def __format__(self, spec: str) -> str:
        return "η"


def mover(problem: Problem, rates: Rates) -> Callable[[State, Array, int], None]:
    """The update in place, from the gradient [K, F, R] and the iteration's number, by the optimizer's own steps."""
    if problem.memoryless:

        def descend(state: State, gradient: Array, iteration: int) -> None:
            state.weights -= rates * gradient

        return descend
    each = rates.view(_RateEach) if isinstance(rates, np.ndarray) else rates
    slot = Slot(_quantity("weights"), _quantity("gradient"), lambda word: word, 1)
    steps = problem.optimizer.steps(slot, cast("float", each))

    def move(state: State, gradient: Array, iteration: int) -> None:
        values = {"weights": state.weights, "gradient": gradient, COUNT.name: np.asarray(float(iteration))}
        values |= state.memory
        for step in steps:
            values[step.name] = np.asarray(step.compute(values))
        state.weights[...] = values["update"]
        for word in problem.optimizer.memory:
            state.memory[f"{word}_before"] = values[word]

    return move


def _quantity(name: str) -> Quantity:
    return Quantity(name, name, Layout(()))


Advance: TypeAlias = Callable[[Problem, State, int], None]
"""The given number of iterations of a state, in place."""


def iterate(problem: Problem, state: State, iterations: int) -> None:
    """The given number of iterations, by the shortest way."""
    if _in_vectors(problem, state):
        _one_filter(problem, state, iterations, None)
    elif in_columns(problem) and state.weights.shape[2] > 1:
        relu_columns(problem, state.weights, state.rates, iterations)
    else:
        _any_scenario(problem, state, iterations, None)
    state.count += iterations


@dataclass
class KeepingLosses:
    """`iterate` for a single run, which keeps the loss before each update: an array for each call."""

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
