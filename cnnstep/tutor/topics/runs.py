"""Runs that pages tell of: several at once as curves and as a table."""

from __future__ import annotations

import math

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from cnnstep.tutor.document import Block, Curve, Series, Table
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.run import STATUS

SIGNS = ("•", "+", "x")
SPAN = 1e3
"""Losses further apart than this are drawn on a logarithmic axis."""


def run(scenario: Scenario, iterations: int) -> Record:
    """The run, recorded; it ends early where its numbers are no longer finite."""
    return record(trace(scenario, iterations))


def ending(recorded: Record) -> str:
    """How it ended, in a word."""
    return STATUS[recorded.outcome.status][0].partition(":")[0]


def curves(title: str, runs: dict[str, Record]) -> tuple[Block, ...]:
    """The losses of the runs over the iterations that all of them have; nothing where there is nothing to draw."""
    length = min(_drawable(recorded) for recorded in runs.values())
    if length < 2:
        return ()
    series = tuple(
        Series(label, recorded.losses[:length], sign)
        for (label, recorded), sign in zip(runs.items(), SIGNS, strict=False)
    )
    values = [value for one in series for value in one.values]
    log = min(values) > 0 and max(values) > SPAN * min(values)
    return (Curve(title, series, "iteration", 0, length - 1, log),)


def _drawable(recorded: Record) -> int:
    """How many losses come before the first that is not finite or has run away."""
    first = recorded.losses[0]
    for number, loss in enumerate(recorded.losses):
        if not math.isfinite(loss) or loss > 1e6 * max(first, 1.0):
            return number
    return len(recorded.losses)


def side_by_side(runs: dict[str, Record], at: tuple[int, ...], first: str) -> Table:
    """A row a run: its loss at these iterations, and how it ended."""
    columns = (first, *(f"loss at {number}" for number in at), "in the end")
    return Table(
        columns,
        tuple(
            (label, *(r.losses[n] if n < len(r.losses) else "—" for n in at), ending(r)) for label, r in runs.items()
        ),
    )
