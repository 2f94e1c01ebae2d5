"""Why a scenario will learn, or won't: what can be met, how far a step may go, what becomes of it.

For a convolution layer and its activation. `analyze` gives all of it; each part stands in a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.analysis.curvature import Curvature, curvature, patch_matrix
from cnnstep.engine.analysis.forecast import MOST_TRIALS, Forecast, Trial, forecast, patience, remedies, revived
from cnnstep.engine.analysis.gradient import GradientCheck, ZeroGradient, check_gradient, zero_gradient
from cnnstep.engine.analysis.solutions import Solutions, solve
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration

MOST_RUNS = 1 + MOST_TRIALS
"""The run itself, and what may be tried in its place."""


@dataclass(frozen=True)
class Analysis:
    """`matrix` is the patch matrix, one filter's weights to a row; `rank` how many of its columns are independent.

    `revived` has, for cells that are dead at first, the iteration at which they pass something back again.
    """

    first: Iteration
    matrix: Array = field(repr=False)
    rank: int
    solutions: Solutions
    curvature: Curvature
    zero: ZeroGradient
    check: GradientCheck
    forecast: Forecast
    revived: Mapping[Cell, int]
    trials: tuple[Trial, ...]

    @property
    def scenario(self) -> Scenario:
        """The scenario that this is about."""
        return self.first.lesson.scenario

    @property
    def weights(self) -> int:
        """How many numbers one filter has, its bias among them."""
        return int(self.matrix.shape[1])


def analyze(
    scenario: Scenario, limit: int | None = None, done: Callable[[int], None] = lambda number: None
) -> Analysis:
    """Everything there is to say about a scenario; the forecast runs at most `limit` iterations.

    `InputError` where it is a network. `done` is called with the number of each run that has ended, from 0; there are
    `MOST_RUNS` at most.
    """
    scenario.check_one_filter("analyze takes")
    with np.errstate(all="ignore"):  # numbers that run away become infinite, and are told as such
        return _analyze(scenario, limit or patience(scenario), done)


def _analyze(scenario: Scenario, limit: int, done: Callable[[int], None]) -> Analysis:
    lesson = lesson_of(scenario)
    first, matrix = first_iteration(lesson), patch_matrix(scenario)
    solutions, bend = solve(lesson, matrix), curvature(first, matrix)
    own = forecast(scenario, limit)
    done(0)
    return Analysis(
        first,
        matrix,
        int(np.linalg.matrix_rank(matrix)),
        solutions,
        bend,
        zero_gradient(first, matrix),
        check_gradient(first, matrix),
        own,
        revived(scenario, own.iterations),
        tuple(_announced(remedies(own, solutions, bend.stable_all_active, limit), done)),
    )


def _announced(trials: Iterable[Trial], done: Callable[[int], None]) -> Iterator[Trial]:
    """The trials as they come; `done` is called with the number of each, from 1."""
    for number, trial in enumerate(trials, 1):
        done(number)
        yield trial
