"""Where each run starts: block by block, each block from its own numbers alone, so it matters not who asks for it when.

Block k draws from Philox with SeedSequence(seed, spawn_key=(k,)). How long a block is depends on the scenario only,
so the same seed gives the same starts for any number of workers, and more starts begin with the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.quantity import BIAS as BIAS_AXES
from cnnstep.engine.quantity import WEIGHTS, Array
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.sweep.axis import BIAS, FILTER, RATE
from cnnstep.tutor.sweep.plan import INITS, Plan

LONGEST_BLOCK = 4096
CELLS_OF_A_BLOCK = 1 << 16
"""Output cells of all its runs together: what a processor's cache takes, and short enough to stop soon after Ctrl-C."""


@dataclass(frozen=True)
class Block:
    """The runs from `first` on: filters [R, weights] in row order, biases [R, filters] or None, rates [R]."""

    first: int
    filters: Array = field(repr=False)
    biases: Array | None = field(repr=False)
    rates: Array = field(repr=False)

    @property
    def runs(self) -> slice:
        """Where these runs stand among all."""
        return slice(self.first, self.first + len(self.rates))


def block_length(scenario: Scenario) -> int:
    """R, a power of 2: 4096 for small scenarios, fewer for those with many output cells."""
    fits = max(CELLS_OF_A_BLOCK // scenario.targets.size, 1)
    return int(min(LONGEST_BLOCK, 1 << (fits.bit_length() - 1)))


def block_count(plan: Plan, scenario: Scenario) -> int:
    """How many blocks the plan has."""
    return -(-plan.runs // block_length(scenario))


def block(plan: Plan, scenario: Scenario, number: int) -> Block:
    """The block of this number; the last one may be shorter."""
    length = block_length(scenario)
    first = number * length
    count = min(length, plan.runs - first)
    filters = np.tile(scenario.conv.weights.reshape(1, -1), (count, 1))
    biases = None if scenario.conv.bias is None else np.tile(scenario.conv.bias, (count, 1))
    rates = np.full(count, plan.rate(scenario))
    if plan.starts:
        return Block(first, _drawn(plan, scenario, number, count), biases, rates)
    values = axis_values(plan, np.arange(first, first + count))
    for axis, column in zip(plan.axes, values, strict=True):
        if axis.of == RATE:
            rates = column
        elif axis.of == FILTER:
            cell = scenario.layout(WEIGHTS).full_cell(axis.cell)
            filters[:, np.ravel_multi_index(cell, scenario.conv.weights.shape)] = column
        else:
            assert axis.of == BIAS
            assert biases is not None
            biases[:, scenario.layout(BIAS_AXES).full_cell(axis.cell)[0]] = column
    return Block(first, filters, biases, rates)


def axis_values(plan: Plan, runs: np.ndarray[tuple[int], np.dtype[np.int_]]) -> list[Array]:
    """What each axis has at these runs: the last axis changes fastest."""
    places = np.unravel_index(runs, [axis.count for axis in plan.axes])
    return [axis.values()[place] for axis, place in zip(plan.axes, places, strict=True)]


def _drawn(plan: Plan, scenario: Scenario, number: int, count: int) -> Array:
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(plan.seed, spawn_key=(number,))))
    filters, channels, rows, columns = scenario.conv.weights.shape
    inputs, outputs = channels * rows * columns, filters * rows * columns
    return INITS[plan.init].draw(rng, (count, scenario.conv.weights.size), inputs, outputs)
