"""A sweep told: the answer in words with its numbers, the outcomes, a map or a histogram, the filters found."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.status import Status
from cnnstep.tutor.document import (
    Bar,
    Beside,
    Block,
    Command,
    Heading,
    HeatMap,
    Histogram,
    Mark,
    Paragraph,
    Span,
    Table,
)
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.present import planes
from cnnstep.tutor.sweep.plan import INITS, Axis, axis_values
from cnnstep.tutor.sweep.runs import NOT_DONE, STATUSES, Own, Sweep
from cnnstep.tutor.sweep.summary import ENDED, Summary

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


DOES: dict[Status, tuple[str, str]] = {
    "converged": ("converges", "converge"),
    "settled": ("settles with a loss left", "settle with a loss left"),
    "stuck": ("gets stuck", "get stuck"),
    "improving": ("is still improving", "are still improving"),
    "worse": ("is no better off than at the start", "are no better off than at the start"),
    "diverged": ("diverges", "diverge"),
}
"""What one run does, and what many do."""
MOST_STRETCHES = 12
OFTEN, SELDOM = 0.5, 0.2
"""The share of the starts from which on an end is the usual one, and below which it is bad luck (or good)."""


def share_text(share: float, numbers: Numbers) -> str:
    """`12 %`, `0.4 %`: a decimal only below 1; what is not all is never 100 %, and what is there is never 0 %."""
    percent = 100 * share
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    if 99 < percent < 100:
        return "more than 99 %"
    return f"{numbers.text(round(percent, 0 if percent >= 1 else 1))} %"


def report(
    sweep: Sweep, summary: Summary, own: Own | None, name: str, numbers: Numbers, kept: bool = False
) -> tuple[Block, ...]:
    """The page of a sweep; `name` is the scenario's as it is typed, `kept` whether a stopped sweep can go on.

    `own` is None where the sweep was stopped before the scenario's own filter had its turn.
    """
    title = sweep.scenario.title or name
    blocks: list[Block] = [Heading(f"Sweep: {title}", 1, name if title != name else ""), *_unfinished(sweep, kept)]
    if not summary.runs:
        return (*blocks, Paragraph("No run is finished yet."))
    blocks.append(_sentences(_answer(sweep, summary, numbers)))
    if sweep.plan.starts and own:
        blocks.append(_sentences(_luck(summary, own, numbers)))
    blocks += [_outcomes(summary, numbers), figure(sweep)]
    if len(sweep.plan.axes) == 1:
        blocks.append(_stretches(sweep))
    blocks += _filters(sweep, summary, numbers)
    blocks.append(_next(sweep, summary, name))
    return tuple(blocks)


def _sentences(text: str) -> Paragraph:
    """A paragraph in which a number and its % stay on one line."""
    return Paragraph(text.replace(" %", "\N{NO-BREAK SPACE}%"))


def _unfinished(sweep: Sweep, kept: bool) -> list[Block]:
    if sweep.finished:
        return []
    what = f"Stopped early, with {sweep.count} of {counted(sweep.plan.runs, 'run')} finished."
    return [Paragraph(what + (" The same command continues from here." if kept else ""), "warn")]


def _answer(sweep: Sweep, summary: Summary, numbers: Numbers) -> str:
    """`Of 100000 random starts at rate 0.5, 61 % get stuck, 27 % diverge and 12 % converge.`"""
    order = sorted(STATUSES, key=lambda status: -summary.outcomes[status])
    shares = [
        f"{share_text(summary.share(status), numbers)} {DOES[status][1]}"
        for status in order
        if summary.outcomes[status]
    ]
    if not summary.outcomes["converged"]:
        shares.insert(0, "none converges")
    limit = f"within {counted(sweep.plan.iterations, 'iteration')}"
    if sweep.plan.starts:
        starts = counted(summary.runs, "random start")
        rate = numbers.text(sweep.plan.rate(sweep.scenario))
        drawn = f"Their weights were drawn {INITS[sweep.plan.init].words}, with seed {sweep.plan.seed}."
        return f"Of {starts} at learning rate {rate}, {listed(shares)}, {limit}. {drawn}"
    over = " and ".join(axis.name for axis in sweep.plan.axes)
    return f"Of {counted(summary.runs, 'run')} over {over}, {listed(shares)}, {limit}."


def _luck(summary: Summary, own: Own, numbers: Numbers) -> str:
    """Whether the scenario's own filter met the usual end."""
    does, many = DOES[own.status]
    at = f" at iteration {own.iterations}" if own.status in ENDED else ""
    share, good = summary.share(own.status), own.status in ("converged", "settled")
    others = share_text(share, numbers) if share < 1 else "all"
    if share >= OFTEN:
        luck = "no luck was needed" if good else "that is not bad luck, but what usually happens here"
        return f"The scenario's own filter {does}{at}, as {others} of the starts do: {luck}."
    if share < SELDOM:
        luck = "lucky" if good else "unlucky"
        return f"The scenario's own filter {does}{at}. It was {luck}: only {others} of the starts {many}."
    return f"The scenario's own filter {does}{at}. {others} of the starts {many} too: neither usual nor rare."


def _outcomes(summary: Summary, numbers: Numbers) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for status, mark in zip(STATUSES, MARKS, strict=True):
        if summary.outcomes[status]:
            took = summary.took.get(status)
            quartiles = (took.quarter, took.median, took.three_quarters, took.most) if took else ("", "", "", "")
            share = share_text(summary.share(status), numbers)
            rows.append((f"{mark.sign} {status}", float(summary.outcomes[status]), share, *quartiles))
    names = ("outcome", "runs", "share", "25 % by", "50 % by", "75 % by", "last")
    return Table(names, tuple(rows), "How they ended, and after how many iterations")


def _stretches(sweep: Sweep) -> Table:
    """A row for each stretch of the axis in which neighbouring runs end alike."""
    runs, (axis,) = sweep.runs, sweep.plan.axes
    (values,) = axis_values(sweep.plan, runs)
    statuses = sweep.statuses[runs]
    ends = [*np.flatnonzero((np.diff(statuses) != 0) | (np.diff(runs) != 1)).tolist(), len(runs) - 1]
    starts = [0, *(end + 1 for end in ends[:-1])]
    rows: list[tuple[str | float, ...]] = [
        (float(values[start]), float(values[end]), STATUSES[int(statuses[start])], str(end - start + 1))
        for start, end in zip(starts, ends, strict=True)
    ]
    title = f"Along {axis.name}"
    if len(rows) > MOST_STRETCHES:
        title += f" (the first {MOST_STRETCHES} of {len(rows)} stretches)"
    return Table(("from", "to", "outcome", "runs"), tuple(rows[:MOST_STRETCHES]), title)


def _filters(sweep: Sweep, summary: Summary, numbers: Numbers) -> list[Block]:
    """How many different filters were found, and those that most runs came to."""
    if not summary.found:
        return []
    came = summary.outcomes["converged"] + summary.outcomes["settled"]
    told = f"{counted(summary.distinct, 'filter')} among the {counted(came, 'run')} that converged or settled"
    blocks: list[Block] = [Heading("Filters found")]
    if summary.distinct > came / 2 and came > 1:
        why = "nearly every run has its own. More than one filter meets the target, or comes as close as can be."
        return [*blocks, Paragraph(f"{told}: {why}")]
    if summary.distinct == 1 and came > 1:
        told = f"All {came} runs that converged or settled came to the same filter, to three decimals:"
    else:
        told = f"{told}, to three decimals. The most frequent:"
    blocks.append(Paragraph(told))
    quantity, size = lesson_of(sweep.scenario).quantity("filter"), sweep.scenario.conv.weights.size
    matrices: list[Block] = []
    for found in summary.found:
        shown = quantity.layout.show(found.weights[:size].reshape(sweep.scenario.conv.weights.shape))
        bias = ", ".join(numbers.text(value) for value in found.weights[size:])
        title = f"{counted(found.runs, 'run')}, {found.status}{f', bias {bias}' if bias else ''}"
        matrices += planes(quantity, shown, title=title)
    return [*blocks, Beside(tuple(matrices))]


def _next(sweep: Sweep, summary: Summary, name: str) -> Command:
    """One thing to type next."""
    if not sweep.plan.starts:
        return Command(f"cnnstep analyze {name}", "why, and which learning rates are safe")
    if summary.share("converged") < OFTEN:
        return Command(f"cnnstep sweep {name} --learning-rate 0.01:1:200", "whether another learning rate would help")
    return Command(f"cnnstep analyze {name}", "why, and whether more filters meet the target")
