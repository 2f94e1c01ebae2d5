"""A sweep as one figure: a map over two axes, a strip along one, a histogram of iterations over random starts."""

from __future__ import annotations

import numpy as np

from cnnstep.tutor.document import Bar, HeatMap, Histogram, Mark, Span
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.sweep.axis import Axis
from cnnstep.tutor.sweep.gather import NOT_DONE, STATUSES, Sweep
from cnnstep.tutor.sweep.summary import ENDED

MARKS = (
    Mark("o", "converged: the loss is gone", "good"),
    Mark("-", "settled: at a minimum, loss left", "warn"),
    Mark("x", "stuck: every gradient is 0, an error left", "bad"),
    Mark(".", "improving: not decided yet", "quiet"),
    Mark("^", "worse: the loss is no smaller than at the start", "warn"),
    Mark("#", "diverged: the loss exploded", "bad"),
)
"""The sign of each status, in the order of `STATUSES`: told apart without colour, and in ASCII."""

BARS = 12
"""Bars of a histogram, about."""


def figure(sweep: Sweep) -> HeatMap | Histogram:
    """The figure that suits the plan."""
    return _map(sweep) if sweep.plan.axes else _histogram(sweep)


def _map(sweep: Sweep) -> HeatMap:
    """The first axis runs to the right, the second one up."""
    axes = sweep.plan.axes
    grid = sweep.statuses.reshape([axis.count for axis in axes])
    rows = grid.T if len(axes) == 2 else grid[None]
    cells = tuple(tuple(None if code == NOT_DONE else code for code in row) for row in rows.tolist())
    title = "How each run ends"
    return HeatMap(cells, MARKS, _span(axes[0]), _span(axes[1]) if len(axes) == 2 else None, title)


def _span(axis: Axis) -> Span:
    return Span(axis.name, axis.start, axis.stop, axis.log)


def _histogram(sweep: Sweep) -> Histogram:
    """Iterations until nothing changed any more, in bars of a round width; then the runs that never came so far."""
    runs = sweep.runs
    statuses, iterations = sweep.statuses[runs], sweep.iterations[runs]
    ended = np.isin(statuses, [STATUSES.index(status) for status in ENDED])
    bars = []
    if ended.any():
        least, most = int(iterations[ended].min()), int(iterations[ended].max())
        step = round_width(most + 1 - least, BARS)
        which = iterations // step
        for number in range(least // step, most // step + 1):
            label = f"{number * step}" if step == 1 else f"{number * step} to {(number + 1) * step - 1}"
            bars.append(Bar(label, _counts(statuses[ended & (which == number)])))
    if not ended.all():
        bars.append(Bar(f"after {sweep.plan.iterations}", _counts(statuses[~ended])))
    title = f"Iterations until nothing more changed, {counted(len(runs), 'run')}"
    return Histogram(tuple(bars), MARKS, title, "iterations")


def _counts(statuses: np.ndarray[tuple[int], np.dtype[np.int8]]) -> tuple[int, ...]:
    return tuple(int(count) for count in np.bincount(statuses, minlength=len(STATUSES)))


def round_width(length: int, bars: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that covers the length in so many bars."""
    width = 1
    while True:
        for step in (width, 2 * width, 5 * width):
            if step * bars >= length:
                return step
        width *= 10
