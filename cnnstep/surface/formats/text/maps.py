"""Maps and histograms in text: a sign for each outcome, so that nothing is told by colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.tutor.document import Bar, HeatMap, Histogram, Mark, Span

INDENT = 2
WIDEST, TALLEST = 96, 32
"""Signs of a map that an eye still takes in."""
LONGEST_BAR = 60

Rows = Sequence[Sequence[int | None]]


def heat_map_lines(heat_map: HeatMap, context: TextContext) -> Lines:
    """Title, map with the ends of its axes, what its signs mean, and how many runs a sign stands for."""
    title = context.lines(heat_map.title, STYLES["strong"]) if heat_map.title else []
    ends = _ends(heat_map.y, context) if heat_map.y else ("", "")
    margin = max(map(cell_len, ends))
    room = max(min(context.width - INDENT - margin - 2, WIDEST), 1)
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
    return title + name + indented(drawn, INDENT) + _legend(_met(heat_map), context) + _grouped(across, down, context)


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


def _legend(marks: Sequence[Mark], context: TextContext) -> Lines:
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
        + _bar(bar, histogram.marks, most, room)
        + Text(f" {count}")
        for label, bar, count in zip(labels, histogram.bars, counts, strict=True)
    ]
    met = [mark for place, mark in enumerate(histogram.marks) if any(bar.counts[place] for bar in histogram.bars)]
    return title + name + indented(drawn, INDENT) + _legend(met, context)


def _bar(bar: Bar, marks: Sequence[Mark], most: int, room: int) -> Text:
    """`room` signs for the highest bar; each part ends where its share of the length ends, so the parts add up."""
    line = Text()
    ends, reached = [0], 0
    for count in bar.counts:
        reached += count
        ends.append(max(round(room * reached / most), 1 if reached else 0) if most else 0)
    for mark, (start, end) in zip(marks, pairwise(ends), strict=True):
        line.append(mark.sign * (end - start), STYLES[mark.tone])
    return line
