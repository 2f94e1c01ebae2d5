"""Curves in text: each value a sign at its height, the ends of both axes named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.tutor.document import Curve, Series
from cnnstep.tutor.numbers import counted

HEIGHT = 10
WIDEST = 72
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
    width = max(min(context.width - INDENT, WIDEST) - margin - 2, 8)
    plot = _plot(curve, scale, width, context)
    drawn = [
        Text(labels.get(row, "").rjust(margin) + (" ┤" if row in labels else " │"), STYLES["quiet"]) + line
        for row, line in enumerate(plot)
    ]
    drawn += _axis(curve, margin, width, context)
    lines = title + indented(drawn, INDENT) + _legend(curve.series, context)
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


def _legend(series: Sequence[Series], context: TextContext) -> Lines:
    lines: Lines = []
    for number, one in enumerate(series):
        if len(series) > 1 and one.label:
            drawn = context.lines(one.label, "", f"{' ' * INDENT}{context.clean(one.sign)[:1]} ")
            drawn[0].stylize(COLOURS[number % len(COLOURS)], INDENT, INDENT + 1)
            lines += drawn
    return lines
