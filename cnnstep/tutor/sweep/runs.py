"""The runs carried out, block by block, without the record, in this process or by any `concurrent.futures` executor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.build import one_filter
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import Status
from cnnstep.engine.training.runs import Swept, sweep_block
from cnnstep.tutor.sweep.plan import Plan, RunBlock, block, block_count, block_length, check_plan

STATUSES: tuple[Status, ...] = get_args(Status)
"""A run's status is kept as its place here."""
NOT_DONE = -1
WINDOW = 32
"""Blocks handed to an executor at a time: enough for a cluster, and few enough to be taken back."""


class BlockResult(NamedTuple):
    """How each run of a block ended, after the `iterations` it took: arrays of R, and of R filters and R biases."""

    statuses: NDArray[np.int8]
    iterations: NDArray[np.int32]
    losses: Array
    filters: Array
    biases: Array | None


class Own(NamedTuple):
    """How the scenario's own filter ended."""

    status: Status
    iterations: int
    loss: float


class Train(Protocol):
    """Carries out a block of runs; a function at the top of a module, so that it can be sent to another process."""

    def __call__(self, scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
        """Every run until its status is final, or `iterations` updates were made."""


@dataclass(frozen=True)
class Task:
    """One block of a sweep as it is sent: plain data, from which the block is made where it is carried out."""

    data: dict[str, Any]
    plan: Plan
    number: int
    train: Train


@dataclass(frozen=True)
class Sweep:
    """The results of all runs, filled in block by block: `done` says which are there.

    `weights` are the final filter in row order, then the biases. 29 bytes a run, and 8 for each weight.
    """

    scenario: Scenario
    plan: Plan
    statuses: NDArray[np.int8] = field(repr=False)
    iterations: NDArray[np.int32] = field(repr=False)
    losses: Array = field(repr=False)
    weights: Array = field(repr=False)
    done: NDArray[np.bool_] = field(repr=False)

    @classmethod
    def planned(cls, scenario: Scenario, plan: Plan) -> Sweep:
        """A sweep of which nothing is done yet; `InputError` where the plan does not fit the scenario."""
        check_plan(plan, scenario)
        biases = 0 if scenario.conv.bias is None else scenario.conv.bias.size
        return cls(
            scenario,
            plan,
            np.full(plan.runs, NOT_DONE, np.int8),
            np.zeros(plan.runs, np.int32),
            np.zeros(plan.runs),
            np.zeros((plan.runs, scenario.conv.weights.size + biases)),
            np.zeros(block_count(plan, scenario), np.bool_),
        )

    def put(self, number: int, trained: BlockResult) -> None:
        """Notes what became of a block; it counts as done only when all of it is there."""
        first = number * block_length(self.scenario)
        runs = slice(first, first + len(trained.losses))
        self.statuses[runs] = trained.statuses
        self.iterations[runs] = trained.iterations
        self.losses[runs] = trained.losses
        size = self.scenario.conv.weights.size
        self.weights[runs, :size] = trained.filters
        if trained.biases is not None:
            self.weights[runs, size:] = trained.biases
        self.done[number] = True

    @property
    def outcomes(self) -> dict[Status, int]:
        """How many of the runs that are done have each status."""
        return {status: int((self.statuses == code).sum()) for code, status in enumerate(STATUSES)}

    @property
    def finished(self) -> bool:
        """Whether every run is there."""
        return bool(self.done.all())

    @property
    def count(self) -> int:
        """How many runs are done; the last block may be shorter than the others."""
        length = block_length(self.scenario)
        missing = length * len(self.done) - self.plan.runs if self.done[-1] else 0
        return length * int(self.done.sum()) - missing

    @property
    def runs(self) -> NDArray[np.int_]:
        """The numbers of the runs that are done."""
        return np.flatnonzero(np.repeat(self.done, block_length(self.scenario))[: self.plan.runs])


def run_block(task: Task) -> BlockResult:
    """One block's runs, from plain data."""
    scenario = one_filter(**task.data)
    return task.train(scenario, block(task.plan, scenario, task.number), task.plan.iterations)


def own_run(sweep: Sweep, train: Train) -> Own:
    """What becomes of the scenario's own filter at the sweep's learning rate: what the others are compared with."""
    conv = sweep.scenario.conv
    biases = None if conv.bias is None else conv.bias.reshape(1, -1).copy()
    start = RunBlock(0, conv.weights.reshape(1, -1).copy(), biases, np.array([sweep.plan.rate(sweep.scenario)]))
    ended = train(sweep.scenario, start, sweep.plan.iterations)
    return Own(STATUSES[int(ended.statuses[0])], int(ended.iterations[0]), float(ended.losses[0]))


def gather(
    sweep: Sweep, train: Train, executor: Executor | None = None, done: Callable[[int], None] = lambda number: None
) -> None:
    """Carries out what is not done yet; `done` hears the number of the last run so far, counted from 0.

    Ended from outside, by Ctrl-C or a worker that died, it leaves the finished blocks in the sweep.
    """
    data = sweep.scenario.data()
    tasks = (Task(data, sweep.plan, int(number), train) for number in np.flatnonzero(~sweep.done))
    if executor is None:
        for task in tasks:
            sweep.put(task.number, run_block(task))
            done(sweep.count - 1)
    else:
        _spread(sweep, tasks, executor, done)


def _spread(sweep: Sweep, tasks: Iterator[Task], executor: Executor, done: Callable[[int], None]) -> None:
    """At most `WINDOW` blocks are under way at a time."""
    under_way: dict[Future[BlockResult], int] = {}
    try:
        for task in tasks:
            under_way[executor.submit(run_block, task)] = task.number
            if len(under_way) == WINDOW:
                _collect(sweep, under_way, done)
        while under_way:
            _collect(sweep, under_way, done)
    finally:
        for future, number in under_way.items():
            if not future.cancel() and future.done() and future.exception() is None:
                sweep.put(number, future.result())


def _collect(sweep: Sweep, under_way: dict[Future[BlockResult], int], done: Callable[[int], None]) -> None:
    """Waits for the next block, and takes all that have come."""
    for future in wait(under_way, return_when=FIRST_COMPLETED).done:
        sweep.put(under_way[future], future.result())
        del under_way[future]
    done(sweep.count - 1)


def sweep(scenario: Scenario, plan: Plan, *, executor: Executor | None = None) -> Sweep:
    """What becomes of every run of the plan, in this process or by the executor; the same whoever does it.

    Any `concurrent.futures` executor will do: a `ProcessPoolExecutor`, or Dask's `Client.get_executor()`.
    `InputError` lists everything about the plan that does not fit the scenario.

    >>> rates = cnnstep.Plan(axes=(cnnstep.Axis("learning_rate", 0.1, 0.5, 5),), iterations=200)
    >>> cnnstep.sweep(cnnstep.scenario("first-filter"), rates).outcomes["converged"]
    3
    """
    planned = Sweep.planned(scenario, plan)
    gather(planned, trainer(plan), executor)
    return planned


def trainer(plan: Plan) -> Train:
    """What carries out the blocks of this plan."""
    return train_fast if plan.fast else train


def train(scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
    """Every run of the block; its `iterations` are those until its status held for the first time."""
    return _trained(sweep_block(scenario, block.filters, block.rates, iterations, biases=block.biases))


def train_fast(scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
    """The same in machine code, for scenarios that have a kernel; it needs the extra `fast`."""
    return _trained(sweep_block(scenario, block.filters, block.rates, iterations, biases=block.biases, fast=True))


def _trained(swept: Swept) -> BlockResult:
    filters = swept.filters.reshape(len(swept.losses), -1)
    return BlockResult(swept.codes, swept.iteration.astype(np.int32), swept.losses, filters, swept.biases)
