"""Many runs of one scenario at once, filters as columns: z = P·[w₁ w₂ …], each column an independent run.

The columns go through in blocks that stay in the cache; those that are over leave, and the rest close ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.train.compiled import compiled, has_kernel
from cnnstep.engine.train.course import Course
from cnnstep.engine.train.problem import Problem
from cnnstep.engine.train.standing import Codes
from cnnstep.engine.train.state import Rates, State

WIDTH = 4096
"""Columns in a block: its arrays stay in the second cache, and a call of NumPy costs next to nothing each."""
LOOK = 512
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
    uses it: the extra `fast` has to be installed, and the first call takes a second longer.
    """
    problem = Problem.of(scenario)
    conv = scenario.conv
    starts = np.asarray(filters, dtype=np.float64).reshape(-1, *conv.weights.shape)
    rates = _rates(scenario.learning_rate if learning_rates is None else learning_rates)
    state = State.start(problem, _weights(problem, starts, biases), rates)
    if fast and has_kernel(problem):
        kernel = compiled(problem)
        course = Course(problem, state, LOOK_FAST, WIDTH, kernel, kernel)
    else:
        course = Course(problem, state, LOOK, WIDTH)
    course.run(iterations)
    found = _filters(problem, course.weights)
    return Swept(course.codes, course.iteration, course.iterations, course.loss, *found)


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
