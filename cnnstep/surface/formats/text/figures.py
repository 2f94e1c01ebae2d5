"""Figures as text: curves, heat maps, histograms, progress bars."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.tutor.document import Bar, Curve, HeatMap, Histogram, Mark, ProgressBar, ProgressBars, Series, Span
from cnnstep.tutor.numbers import counted

HEIGHT = 10
CURVE_WIDEST = 72
INDENT = 2
COLOURS = ("color(32)", "color(172)", "color(34)", "color(133)")


@dataclass(frozen=True)
class _Scale:
    """From a value to its row: 0 is the top one, `HEIGHT - 1` the bottom one."""

    low: float
    high: float
    log: bool

    def shows(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self.log)

    def row(self, value: float) -> float:
        """The row, with its fraction; a constant curve runs through the middle."""
        low, high, at = (self._place(v) for v in (self.low, self.high, value))
        return (HEIGHT - 1) * (0.5 if high == low else (high - at) / (high - low))

    def _place(self, value: float) -> float:
        # scaled, so that the distance of two huge values is still finite
        return math.log10(value) if self.log else value / max(abs(self.low), abs(self.high), 1e-300)


def curve_lines(curve: Curve, context: TextContext) -> Lines:
    """Title, plot, axis, legend, and how many values could not be drawn."""
    title = context.lines(curve.caption, STYLES["strong"]) if curve.caption else []
    every = [value for series in curve.series for value in series.values]
    drawable = [value for value in every if _Scale(0, 0, curve.log).shows(value)]
    left_out = _left_out(len(every) - len(drawable), curve.log)
    if not drawable:
        return title + context.lines(f"Nothing to draw. {left_out}".strip(), STYLES["quiet"], " " * INDENT)
    scale = _Scale(min(drawable), max(drawable), curve.log)
    labels = _labels(scale, context)
    margin = max(map(len, labels.values()))
    width = max(min(context.width - INDENT, CURVE_WIDEST) - margin - 2, 8)
    plot = _plot(curve, scale, width, context)
    drawn = [
        Text(labels.get(row, "").rjust(margin) + (" ┤" if row in labels else " │"), STYLES["quiet"]) + line
        for row, line in enumerate(plot)
    ]
    drawn += _axis(curve, margin, width, context)
    lines = title + indented(drawn, INDENT) + _curve_legend(curve.series, context)
    return lines + (context.lines(left_out, STYLES["quiet"], " " * INDENT) if left_out else [])


def _left_out(number: int, log: bool) -> str:
    if not number:
        return ""
    why = "not above 0, or not finite" if log else "not finite"
    return f"{counted(number, 'value')} left out: {why}."


def _labels(scale: _Scale, context: TextContext) -> dict[int, str]:
    """The written values beside the top, the bottom and, where it lies between, the row of 0."""
    if scale.low == scale.high:
        return {round(scale.row(scale.low)): context.number(scale.low)}
    labels = {0: context.number(scale.high), HEIGHT - 1: context.number(scale.low)}
    if not scale.log and scale.low < 0 < scale.high:
        labels.setdefault(round(scale.row(0.0)), "0")
    return labels


def _plot(curve: Curve, scale: _Scale, width: int, context: TextContext) -> Lines:
    rows = [[(" ", "")] * width for _ in range(HEIGHT)]
    if not scale.log and scale.low <= 0 <= scale.high:
        rows[round(scale.row(0.0))] = [("┈", STYLES["quiet"])] * width
    for number, series in enumerate(curve.series):
        sign = context.clean(series.sign)[:1] or "*"
        for column, rowspan in enumerate(_joined(_heights(series.values, scale, width))):
            for row in rowspan:
                rows[row][column] = (sign, COLOURS[number % len(COLOURS)])
    return [Text.assemble(*row) for row in rows]


def _heights(values: Sequence[float], scale: _Scale, width: int) -> list[tuple[float, float] | None]:
    """For every column the highest and lowest row that the series passes there; between two values a straight line."""
    step = (width - 1) / max(len(values) - 1, 1)
    reached: list[list[float]] = [[] for _ in range(width)]
    for k, value in enumerate(values):
        if scale.shows(value):
            reached[round(k * step)].append(scale.row(value))
    for column in range(width):
        before = min(int(column / step), len(values) - 1)
        pair = values[before : before + 2]
        if not reached[column] and len(pair) == 2 and all(scale.shows(value) for value in pair):
            first, second = (scale.row(value) for value in pair)
            reached[column].append(first + (second - first) * (column / step - before))
    return [(min(rows), max(rows)) if rows else None for rows in reached]


def _joined(heights: Sequence[tuple[float, float] | None]) -> list[range]:
    """The rows to fill in every column, so that a steep curve has no gaps."""
    spans: list[range] = []
    for column, height in enumerate(heights):
        if height is None:
            spans.append(range(0))
            continue
        top, bottom = round(height[0]), round(height[1])
        before = heights[column - 1] if column else None
        if before is not None:
            top, bottom = min(top, round(before[1]) + 1), max(bottom, round(before[0]) - 1)
        spans.append(range(top, bottom + 1))
    return spans


def _axis(curve: Curve, margin: int, width: int, context: TextContext) -> Lines:
    """The axis with its two ends and, between them where there is room, what it counts."""
    first, last = (context.number(end) for end in (curve.start, curve.stop))
    if curve.start == curve.stop:
        first = last = ""
    name = context.clean(curve.x_label)
    ends = first + last.rjust(width - len(first))
    middle = (width - len(name)) // 2
    drawn = [Text(" " * margin + " └" + "─" * width, STYLES["quiet"])]
    if middle > len(first) and middle + len(name) < width - len(last):
        ends = ends[:middle] + name + ends[middle + len(name) :]
    elif name:
        drawn.append(Text(" " * (margin + 2) + name))
    return [*drawn[:1], Text(" " * (margin + 2) + ends, STYLES["quiet"]), *drawn[1:]]


def _curve_legend(series: Sequence[Series], context: TextContext) -> Lines:
    lines: Lines = []
    for number, one in enumerate(series):
        if len(series) > 1 and one.label:
            drawn = context.lines(one.label, "", f"{' ' * INDENT}{context.clean(one.sign)[:1]} ")
            drawn[0].stylize(COLOURS[number % len(COLOURS)], INDENT, INDENT + 1)
            lines += drawn
    return lines


MAP_WIDEST, TALLEST = 96, 32
"""Signs of a map that an eye still takes in."""
LONGEST_BAR = 60

Rows = Sequence[Sequence[int | None]]


def heat_map_lines(heat_map: HeatMap, context: TextContext) -> Lines:
    """Title, map with the ends of its axes, what its signs mean, and how many runs a sign stands for."""
    title = context.lines(heat_map.title, STYLES["strong"]) if heat_map.title else []
    ends = _ends(heat_map.y, context) if heat_map.y else ("", "")
    margin = max(map(cell_len, ends))
    room = max(min(context.width - INDENT - margin - 2, MAP_WIDEST), 1)
    across, down = _taken_together(heat_map.cells, room)
    rows = coarse(heat_map.cells, across, down)[::-1]
    labels = [ends[1], *[""] * (len(rows) - 2), ends[0]][: len(rows)]
    drawn = [
        Text(" " * (margin - cell_len(label)) + label + (" ┤" if label else " │"), STYLES["quiet"])
        + _signs(row, heat_map)
        for label, row in zip(labels, rows, strict=True)
    ]
    name = context.lines(f"↑ {heat_map.y.caption}", STYLES["quiet"], " " * INDENT) if heat_map.y else []
    drawn += _under(heat_map.x, margin, len(rows[0]) if rows else 0, context)
    return (
        title + name + indented(drawn, INDENT) + _maps_legend(_met(heat_map), context) + _grouped(across, down, context)
    )


def _taken_together(cells: Rows, room: int) -> tuple[int, int]:
    """How many cells across and down one sign has to stand for."""
    width, height = max(map(len, cells), default=0), len(cells)
    return -(-width // room) or 1, -(-height // TALLEST) or 1


def coarse(cells: Rows, across: int, down: int) -> list[list[int | None]]:
    """Cells taken together, each group as its most frequent one; of equally many the first."""
    return [
        [_usual([cell for row in cells[r : r + down] for cell in row[c : c + across]]) for c in range(0, width, across)]
        for r in range(0, len(cells), down)
        for width in (max(map(len, cells[r : r + down])),)
    ]


def _usual(group: Sequence[int | None]) -> int | None:
    known = Counter(cell for cell in group if cell is not None)
    return known.most_common(1)[0][0] if known else None


def _signs(row: Sequence[int | None], heat_map: HeatMap) -> Text:
    line = Text()
    for cell, group in groupby(row):
        count = len(list(group))
        if cell is None:
            line.append(" " * count)
        else:
            line.append(heat_map.marks[cell].sign * count, STYLES[heat_map.marks[cell].tone])
    return line


def _ends(span: Span, context: TextContext) -> tuple[str, str]:
    return context.number(span.start), context.number(span.stop)


def _under(span: Span, margin: int, width: int, context: TextContext) -> Lines:
    """The axis under a map: its ends where there is room for both, and what runs along it."""
    first, last = _ends(span, context)
    line = Text(" " * margin + " └" + "─" * width, STYLES["quiet"])
    gap = width - cell_len(first) - cell_len(last)
    name = context.clean(f"→ {span.caption}")
    head = " " * (margin + 2)
    if gap >= cell_len(name) + 2:
        left = (gap - cell_len(name)) // 2
        between = " " * left + name + " " * (gap - cell_len(name) - left)
        return [line, Text(head + first + between + last, STYLES["quiet"])]
    ends = first + " " * gap + last if gap >= 1 else f"{first} to {last}"
    return [line, Text(head + ends, STYLES["quiet"]), Text(head + name, STYLES["quiet"])]


def _met(heat_map: HeatMap) -> list[Mark]:
    """The marks that the map has, in their order."""
    known = {cell for row in heat_map.cells for cell in row}
    return [mark for place, mark in enumerate(heat_map.marks) if place in known]


def _maps_legend(marks: Sequence[Mark], context: TextContext) -> Lines:
    lines: Lines = []
    for mark in marks:
        drawn = context.lines(mark.word, "", f"{' ' * INDENT}{context.clean(mark.sign)} ")
        drawn[0].stylize(STYLES[mark.tone], INDENT, INDENT + 1)
        lines += drawn
    return lines


def _grouped(across: int, down: int, context: TextContext) -> Lines:
    if across * down == 1:
        return []
    return context.lines(
        f"Each sign stands for {across * down} runs ({across} across, {down} up): the most frequent outcome of them.",
        STYLES["quiet"],
        " " * INDENT,
    )


def histogram_lines(histogram: Histogram, context: TextContext) -> Lines:
    """Title, a bar of signs for each label with its count, and what the signs mean."""
    title = context.lines(histogram.title, STYLES["strong"]) if histogram.title else []
    labels = [context.clean(bar.label) for bar in histogram.bars]
    counts = [str(bar.total) for bar in histogram.bars]
    margin = max(map(cell_len, labels), default=0)
    tail = max(map(len, counts), default=0) + 1
    room = max(min(context.width - INDENT - margin - 2 - tail, LONGEST_BAR), 1)
    most = max((bar.total for bar in histogram.bars), default=0)
    name = context.lines(histogram.label, STYLES["quiet"], " " * INDENT) if histogram.label else []
    drawn = [
        Text(" " * (margin - cell_len(label)) + label + " │", STYLES["quiet"])
        + _histogram_bar(bar, histogram.marks, most, room)
        + Text(f" {count}")
        for label, bar, count in zip(labels, histogram.bars, counts, strict=True)
    ]
    met = [mark for place, mark in enumerate(histogram.marks) if any(bar.counts[place] for bar in histogram.bars)]
    return title + name + indented(drawn, INDENT) + _maps_legend(met, context)


def _histogram_bar(bar: Bar, marks: Sequence[Mark], most: int, room: int) -> Text:
    """`room` signs for the highest bar; each part ends where its share of the length ends, so the parts add up."""
    line = Text()
    ends, reached = [0], 0
    for count in bar.counts:
        reached += count
        ends.append(max(round(room * reached / most), 1 if reached else 0) if most else 0)
    for mark, (start, end) in zip(marks, pairwise(ends), strict=True):
        line.append(mark.sign * (end - start), STYLES[mark.tone])
    return line


FULL, EMPTY = "█", "░"
GAP = 2
PER_CENT = len("100 %")
SHORTEST, LONGEST = 10, 30
"""A shorter bar says little, and a longer one no more."""


def progress_bar_lines(bars: ProgressBars, context: TextContext) -> Lines:
    """The title, then a line for each bar, or two where there is no room for that."""
    title = context.lines(bars.title, STYLES["strong"]) if bars.title else []
    margin = max((cell_len(context.clean(one.label)) for one in bars.bars), default=0)
    tail = max((cell_len(context.clean(one.note)) for one in bars.bars), default=0)
    room = min(context.width - INDENT - margin - PER_CENT - tail - 3 * GAP, LONGEST)
    if room < SHORTEST:
        return title + [line for one in bars.bars for line in _stacked(one, context)]
    return title + [_line(one, margin, room, context) for one in bars.bars]


def _line(progress: ProgressBar, margin: int, room: int, context: TextContext) -> Text:
    label = context.clean(progress.label)
    line = Text(" " * INDENT + label + " " * (margin - cell_len(label) + GAP))
    line.append_text(_progress_bar(progress, room, context))
    return line.append(" " * GAP + context.clean(progress.note), STYLES["quiet"])


def _stacked(progress: ProgressBar, context: TextContext) -> Lines:
    indent = " " * INDENT
    words = context.lines(
        f"{progress.label}: {progress.note}" if progress.note else progress.label, "", indent, 2 * indent
    )
    room = min(max(context.width - 2 * INDENT - PER_CENT - GAP, 1), LONGEST)
    return [*words, Text(2 * indent).append_text(_progress_bar(progress, room, context))]


def _progress_bar(progress: ProgressBar, room: int, context: TextContext) -> Text:
    """`room` signs, full ones as far as the share goes, and the per cent; nothing is rounded up."""
    share = progress.share or 0.0
    full = math.floor(share * room + 1e-9)
    percent = "" if progress.share is None else f"{math.floor(share * 100 + 1e-9)} %"
    bar = Text(context.clean(FULL * full), STYLES[progress.tone]).append(
        context.clean(EMPTY * (room - full)), STYLES["quiet"]
    )
    return bar.append(" " * (GAP + PER_CENT - len(percent)) + percent)
