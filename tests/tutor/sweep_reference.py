"""The sweep's runs the long way: each one recorded, and judged at every iteration until nothing can change any more."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import Status, judge
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.sweep.plan import RunBlock
from cnnstep.tutor.sweep.runs import STATUSES, BlockResult, Train

FINAL = ("converged", "settled", "stuck", "diverged")


def ended(scenario: Scenario, iterations: int) -> tuple[Status, Iteration]:
    """How one run stands at the first iteration with a final status, or after so many updates (sgd only)."""
    first = None
    for iteration in islice(trace(scenario), iterations + 1):
        first = first or iteration
        status = judge(iteration.lesson, iteration.values, iteration.loss, first)
        if status in FINAL:
            break
    return status, iteration


def recorded(scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
    """Each run of the block by itself."""
    rows = []
    for run, rate in enumerate(block.rates):
        weights = block.filters[run].reshape(scenario.conv.weights.shape)
        bias = None if block.biases is None else block.biases[run]
        begun = replace(scenario.with_weights(weights, bias), learning_rate=float(rate))
        rows.append(ended(begun, iterations))
    ends = [iteration for _, iteration in rows]
    return BlockResult(
        np.array([STATUSES.index(status) for status, _ in rows], np.int8),
        np.array([iteration.number for iteration in ends], np.int32),
        np.array([iteration.loss for iteration in ends]),
        np.stack([iteration.values["filter"].ravel() for iteration in ends]),
        None if block.biases is None else np.stack([iteration.values["bias"] for iteration in ends]),
    )


Row = tuple[Status, int, list[float]]


def stub(*rows: Row) -> Train:
    """Runs that end as these rows say: status, iterations, weights."""

    def ended(scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
        mine = rows[block.first : block.first + len(block.rates)]
        return BlockResult(
            np.array([STATUSES.index(status) for status, _, _ in mine], np.int8),
            np.array([turns for _, turns, _ in mine], np.int32),
            np.zeros(len(mine)),
            np.array([weights for _, _, weights in mine]),
            None,
        )

    return ended
