"""What came of many runs: counted, as the contract's JSON, and as a table with a row a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array, number, numbers
from cnnstep.engine.status import Status
from cnnstep.tutor.sweep.plan import RATE, axis_values, block
from cnnstep.tutor.sweep.runs import NOT_DONE, STATUSES, Own, Sweep

ENDED: tuple[Status, ...] = ("converged", "settled", "stuck", "diverged")
"""What no further iteration changes; the others ran out of iterations."""
FOUND: tuple[Status, ...] = ("converged", "settled")
GRAIN = 1e-3
"""Filters that differ by less in every weight are one filter: runs stop at slightly different places."""
MOST_MERGED = 2000
"""More rounded filters than this are not compared with each other: they are no few places that runs come to."""


@dataclass(frozen=True)
class Took:
    """Iterations that the runs of one status took: least, those by which a quarter, half, three quarters had, most."""

    least: int
    quarter: int
    median: int
    three_quarters: int
    most: int


@dataclass(frozen=True)
class Found:
    """A filter that `runs` runs came to, with their mean weights (the biases after the filter) and status."""

    runs: int
    status: Status
    weights: Array = field(repr=False)


@dataclass(frozen=True)
class Summary:
    """`runs` that are done by outcome; `took` for those that ended; `found` from the most frequent on.

    `distinct` is how many filters were found among the runs that converged or settled.
    """

    runs: int
    outcomes: Mapping[Status, int]
    took: Mapping[Status, Took]
    distinct: int
    found: tuple[Found, ...]

    def share(self, status: Status) -> float:
        """The share of the runs with this status, from 0 to 1."""
        return self.outcomes[status] / self.runs if self.runs else 0.0


def summarize(sweep: Sweep, frequent: int = 3) -> Summary:
    """The counts of a sweep's finished runs, and its `frequent` most frequent filters."""
    runs = sweep.runs
    statuses, iterations = sweep.statuses[runs], sweep.iterations[runs]
    outcomes = sweep.outcomes
    took = {
        status: _took(iterations[statuses == code])
        for code, status in enumerate(STATUSES)
        if status in ENDED and outcomes[status]
    }
    ended = np.isin(statuses, [STATUSES.index(status) for status in FOUND])
    distinct, found = _filters(sweep.weights[runs[ended]], statuses[ended], frequent)
    return Summary(len(runs), outcomes, took, distinct, found)


def _took(iterations: NDArray[np.int32]) -> Took:
    return Took(*(int(at) for at in np.quantile(iterations, (0, 0.25, 0.5, 0.75, 1), method="inverted_cdf")))


def _filters(weights: Array, statuses: NDArray[np.int8], frequent: int) -> tuple[int, tuple[Found, ...]]:
    """How many filters there are, and the most frequent."""
    if not len(weights):
        return 0, ()
    rounded = np.round(weights / GRAIN) + 0.0
    places, which, counts = np.unique(rounded, axis=0, return_inverse=True, return_counts=True)
    which = which.reshape(-1)
    merged = _merged(places, counts)
    which, counts = merged[which], np.bincount(merged, counts, len(counts)).astype(np.int_)
    order = np.argsort(-counts, kind="stable")[:frequent]
    return int((counts > 0).sum()), tuple(
        Found(int(counts[place]), _usual(statuses[which == place]), weights[which == place].mean(axis=0))
        for place in order
        if counts[place]
    )


def _usual(statuses: NDArray[np.int8]) -> Status:
    return STATUSES[int(np.bincount(statuses).argmax())]


def _merged(places: Array, counts: NDArray[np.int_]) -> NDArray[np.int_]:
    """For each rounded filter the one that it belongs to: itself, or a more frequent one right beside it.

    Rounding alone cuts a place in two where a weight lies between two steps.
    """
    belongs = np.arange(len(places))
    if len(places) > MOST_MERGED:
        return belongs
    free = np.ones(len(places), bool)
    for place in np.argsort(-counts, kind="stable"):
        if free[place]:
            near = free & (np.abs(places - places[place]).max(axis=1) <= 1)
            belongs[near], free[near] = place, False
    return belongs


def sweep_data(sweep: Sweep, summary: Summary, own: Own | None) -> dict[str, Any]:
    """`runs` are those that are done, of `planned`; `seed` and `init` are null where nothing was drawn.

    `took` has the iterations of each status that ends a run; `map` (axes only) a status for each run, the first
    axis outermost, null where one is not done. `own` is null where the sweep was stopped before its turn.
    """
    plan = sweep.plan
    data: dict[str, Any] = {
        "schema": 1,
        "runs": summary.runs,
        "planned": plan.runs,
        "seed": plan.seed if plan.starts else None,
        "init": plan.init if plan.starts else None,
        "iterations": plan.iterations,
        "learning_rate": number(plan.rate(sweep.scenario)),
        "axes": [
            {"name": axis.name, "start": number(axis.start), "stop": number(axis.stop), "count": axis.count}
            | {"spacing": "log" if axis.log else "linear"}
            for axis in plan.axes
        ],
        "outcomes": dict(summary.outcomes),
        "took": {status: asdict(took) for status, took in summary.took.items()},
        "filters": {"distinct": summary.distinct, "frequent": [_found(sweep, found) for found in summary.found]},
        "own": own and {"status": own.status, "iterations": own.iterations, "loss": number(own.loss)},
    }
    return data | ({"map": _map(sweep)} if plan.axes else {})


def _found(sweep: Sweep, found: Found) -> dict[str, Any]:
    lesson, size = lesson_of(sweep.scenario), sweep.scenario.conv.weights.size
    shape = sweep.scenario.conv.weights.shape
    data: dict[str, Any] = {"runs": found.runs, "status": found.status}
    data["filter"] = numbers(lesson.quantity("filter").layout.show(found.weights[:size].reshape(shape)))
    if len(found.weights) > size:
        data["bias"] = numbers(lesson.quantity("bias").layout.show(found.weights[size:]))
    return data


def _map(sweep: Sweep) -> Any:
    names = [*STATUSES, None]  # NOT_DONE, −1, is the last of them
    assert NOT_DONE == -1
    grid = sweep.statuses.reshape([axis.count for axis in sweep.plan.axes]).tolist()
    return [[names[code] for code in row] if isinstance(row, list) else names[row] for row in grid]


NamedColumns = dict[str, NDArray[Any]]


def block_columns(sweep: Sweep, number: int) -> NamedColumns:
    """The columns of one finished block.

    The axes, or for random starts `w0`, `w1`, … in row order; `learning_rate`, `status`, `iterations`, `loss`;
    the final weights `v0`, `v1`, … and the final biases `b0`, `b1`, ….
    """
    started = block(sweep.plan, sweep.scenario, number)
    runs, size = started.runs, sweep.scenario.conv.weights.size
    columns: NamedColumns = {}
    if sweep.plan.starts:
        columns |= {f"w{k}": column for k, column in enumerate(started.filters.T)}
    else:
        values = axis_values(sweep.plan, np.arange(runs.start, runs.start + len(started.rates)))
        columns |= {axis.name: column for axis, column in zip(sweep.plan.axes, values, strict=True)}
    columns.setdefault(RATE, started.rates)
    columns["status"] = np.array(STATUSES)[sweep.statuses[runs]]
    columns["iterations"] = sweep.iterations[runs]
    columns["loss"] = sweep.losses[runs]
    ends = sweep.weights[runs].T + 0.0  # −0 is 0
    columns |= {f"v{k}": column for k, column in enumerate(ends[:size])}
    columns |= {f"b{k}": column for k, column in enumerate(ends[size:])}
    return columns


def columns(sweep: Sweep) -> NamedColumns:
    """The columns of all finished runs."""
    parts = [block_columns(sweep, int(number)) for number in np.flatnonzero(sweep.done)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
