"""What came of many runs, counted: outcomes, the iterations they took, the distinct filters they found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.status import Status
from cnnstep.tutor.sweep.gather import STATUSES, Sweep

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
