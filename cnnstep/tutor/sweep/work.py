"""A sweep from its plan to its results, by the engine's training without the record."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.training.runs import Swept, sweep_block
from cnnstep.tutor.sweep.gather import Sweep, Train, Trained, gather
from cnnstep.tutor.sweep.plan import Plan
from cnnstep.tutor.sweep.starts import Block


def sweep(scenario: Scenario, plan: Plan, *, executor: Executor | None = None) -> Sweep:
    """What becomes of every run of the plan, in this process or by the executor; the same whoever does it.

    Any `concurrent.futures` executor will do: a `ProcessPoolExecutor`, or Dask's `Client.get_executor()`.
    `InputError` lists everything about the plan that does not fit the scenario.
    """
    planned = Sweep.planned(scenario, plan)
    gather(planned, trainer(plan), executor)
    return planned


def trainer(plan: Plan) -> Train:
    """What carries out the blocks of this plan."""
    return train_fast if plan.fast else train


def train(scenario: Scenario, block: Block, iterations: int) -> Trained:
    """Every run of the block; its `iterations` are those until its status held for the first time."""
    return _trained(sweep_block(scenario, block.filters, block.rates, iterations, biases=block.biases))


def train_fast(scenario: Scenario, block: Block, iterations: int) -> Trained:
    """The same in machine code, for scenarios that have a kernel; it needs the extra `fast`."""
    return _trained(sweep_block(scenario, block.filters, block.rates, iterations, biases=block.biases, fast=True))


def _trained(swept: Swept) -> Trained:
    filters = swept.filters.reshape(len(swept.losses), -1)
    return Trained(swept.codes, swept.iteration.astype(np.int32), swept.losses, filters, swept.biases)
