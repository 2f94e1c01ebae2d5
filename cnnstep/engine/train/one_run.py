"""One run without its record: the same filter at the end, to the last digits, in microseconds an iteration.

How it stands is looked at after 64 iterations, 128, 256, then every `LOOK`, and at the end. Once a final status
holds, the iteration at which it began is found inside the last block (see `Course`); a status that comes and goes
between two looks is not seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.outcome import Status
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.train.advance import KeepingLosses, advance
from cnnstep.engine.train.course import Course
from cnnstep.engine.train.problem import Problem
from cnnstep.engine.train.standing import STATUSES
from cnnstep.engine.train.state import State

LOOK = 256
"""How a run stands costs as much as about fifteen iterations; so it is looked at this seldom."""


@dataclass(frozen=True)
class Trained:
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


def run(scenario: Scenario, iterations: int, *, losses: int = 0) -> Trained:
    """At most so many iterations; with `losses` = n it keeps every n-th loss (which costs each iteration a little).

    A run is over when it has converged or diverged, and when it is stuck or settled for good: with momentum or
    adam that is where the weights no longer move.
    """
    problem = Problem.of(scenario)
    keeping = KeepingLosses()
    state = State.start(problem, problem.start.copy(), scenario.learning_rate)
    course = Course(problem, state, LOOK, 1, forward=keeping if losses else advance)
    course.run(iterations)
    made, loss = int(course.iterations[0]), float(course.loss[0])
    filters, bias = problem.filters_of(course.weights[:, :, 0])
    all_losses = np.append(np.concatenate([np.empty(0), *keeping.kept])[:made], loss)
    kept = all_losses[::losses] if losses else all_losses[:0]
    return Trained(STATUSES[course.codes[0]], int(course.iteration[0]), made, loss, filters, bias, kept)
