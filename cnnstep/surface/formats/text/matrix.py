"""A matrix as a Rich table: indices in its rim, decimal points under each other, signs beside marked numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.box import Box
from rich.table import Table
from rich.text import Text

from cnnstep.surface.formats.text.context import (
    STYLES,
    Lines,
    TextContext,
    after_point,
    aligned,
    before_point,
    indented,
    spans,
)
from cnnstep.tutor.document import Mark, Matrix

BRACKETS = Box("╭──╮\n│  │\n├──┤\n│  │\n├──┤\n├──┤\n│  │\n╰──╯\n")
"""Rounded, with nothing between the columns: a matrix as it is written by hand."""
GAP = 2
"""Between two columns: the table's divider and one space."""
RIM = 4
"""The box's own width: two sides, a space inside each."""
MOST_EVEN = 4 / 3
"""Equal columns are plainer, but not in a matrix that they make a third wider."""

NEGATIVE = ("color(67)", "color(32)", "bold color(33)")
POSITIVE = ("color(137)", "color(172)", "bold color(208)")
"""Blue and orange, which colour-blind readers tell apart, from small to large; each reads on black and on white."""


@dataclass(frozen=True)
class _Column:
    """One column ready to print: its numbers and signs, each equally wide, and how wide a number is to its point."""

    numbers: tuple[str, ...]
    signs: tuple[str, ...]
    to_point: int

    @property
    def width(self) -> int:
        return max((len(n) + len(s) for n, s in zip(self.numbers, self.signs, strict=True)), default=0)


def matrix_lines(matrix: Matrix, context: TextContext) -> Lines:
    """The title and the table; a matrix that is too wide becomes several, each naming its columns."""
    rows = matrix.rows
    if not matrix.size:
        return context.lines(f"{matrix.title} (empty)".strip(), STYLES["quiet"])
    margin = len(str(matrix.corner[0] + len(rows) - 1)) + 1 if len(rows) > 1 else 2
    room = context.width - margin - RIM
    columns = _columns(matrix, context, room)
    pieces = spans([column.width for column in columns], room, GAP)
    drawn: Lines = []
    for first, stop in pieces:
        begin = matrix.corner[1]
        which = "" if len(pieces) == 1 else f", {_range(begin + first, begin + stop)}"
        title = f"{matrix.title}{which}".removeprefix(", ")
        if title:
            drawn += context.lines(title, STYLES["strong"])
        drawn += _piece(matrix, context, columns[first:stop], first, margin)
    return drawn


def _range(first: int, stop: int) -> str:
    return f"column {first}" if stop - first == 1 else f"columns {first}–{stop - 1}"


def legend(marks: Iterable[Mark], context: TextContext) -> Lines:
    """What each sign stands for, a line each."""
    known = {context.clean(mark.sign): mark for mark in reversed(list(marks)) if mark.word}
    widest = max(map(len, known), default=0)
    drawn: Lines = []
    for sign, mark in reversed(known.items()):
        lines = context.within(context.width - 2).lines(mark.word, STYLES["quiet"], sign.ljust(widest + 1))
        lines[0].stylize(STYLES[mark.tone], 0, len(sign))
        drawn += indented(lines, 2)
    return drawn


def _columns(matrix: Matrix, context: TextContext, room: int) -> list[_Column]:
    """All columns equally wide where that costs little, else each as wide as its own numbers."""
    texts = [[_text(row[c], context) for row in matrix.rows] for c in range(len(matrix.rows[0]))]
    signs = [[_sign(matrix, r, c, context) for r in range(len(matrix.rows))] for c in range(len(texts))]
    everything = [text for column in texts for text in column]
    before, after = before_point(everything), after_point(everything)
    even = [_column(*both, before, after) for both in zip(texts, signs, strict=True)]
    own = [_column(*both) for both in zip(texts, signs, strict=True)]
    return even if _total(even) <= min(room, MOST_EVEN * _total(own)) else own


def _total(columns: Sequence[_Column]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _text(value: float | None, context: TextContext) -> str:
    return "" if value is None else context.number(value)


def _sign(matrix: Matrix, row: int, column: int, context: TextContext) -> str:
    mark = matrix.marks.get((row, column))
    return "" if mark is None else f" {context.clean(mark.sign)}"


def _column(texts: Sequence[str], signs: Sequence[str], before: int = 0, after: int = 0) -> _Column:
    widest = max(len(sign) for sign in signs)
    to_point = max(before, before_point(texts))
    return _Column(tuple(aligned(texts, before, after)), tuple(sign.ljust(widest) for sign in signs), to_point)


def _piece(matrix: Matrix, context: TextContext, columns: Sequence[_Column], first: int, margin: int) -> Lines:
    """Some columns of a matrix, with the row indices to their left."""
    boxed = margin + RIM + _total(columns) <= context.width
    table = Table(
        box=BRACKETS if boxed else None, show_header=False, padding=0, pad_edge=False, border_style=STYLES["quiet"]
    )
    for _ in columns:
        table.add_column(no_wrap=True)
    largest = _largest(matrix)
    for r in range(len(matrix.rows)):
        cells = [_cell(matrix, (r, first + k), (c.numbers[r], c.signs[r]), largest) for k, c in enumerate(columns)]
        cells[-1].append(" ")
        table.add_row(*cells)
    lines = context.table(table)
    if not boxed:
        return lines
    begin = matrix.corner[0]
    names = [str(begin + r) if len(matrix.rows) > 1 else "" for r in range(len(matrix.rows))]
    if len(matrix.rows[0]) > 1:
        lines[0] = _rim(lines[0].plain, columns, matrix.corner[1] + first)
    heads = [Text(name.rjust(margin - 1) + " ", STYLES["quiet"]) for name in ("", *names, "")]
    return [head + line for head, line in zip(heads, lines, strict=True)]


def _rim(rim: str, columns: Sequence[_Column], first: int) -> Text:
    """The upper side of the box with each column's index above the last digit before the point."""
    at = 0
    for k, column in enumerate(columns):
        index = str(first + k)
        end = at + 2 + column.to_point
        start = end - len(index)
        if start > at:  # an index of four digits over a single digit has no place
            rim = rim[:start] + index + rim[end:]
        at += column.width + GAP
    return Text(rim, STYLES["quiet"])


def _largest(matrix: Matrix) -> float:
    sizes = [abs(value) for row in matrix.rows for value in row if value is not None and math.isfinite(value)]
    return max(sizes, default=0.0)


def _cell(matrix: Matrix, at: tuple[int, int], written: tuple[str, str], largest: float) -> Text:
    """A number in the colour of its sign and size, and its mark in the mark's own tone."""
    number, sign = written
    cell = Text(" ").append(number, _heat(matrix.rows[at[0]][at[1]], largest) if matrix.heat else "")
    mark = matrix.marks.get(at)
    return cell.append(sign, STYLES[mark.tone] if mark else "")


def _heat(value: float | None, largest: float) -> str:
    if value is None or math.isnan(value):
        return ""
    if value == 0:
        return STYLES["quiet"]
    share = min(abs(value) / largest, 1.0) if largest else 1.0
    return (POSITIVE if value > 0 else NEGATIVE)[min(int(share * 3), 2)]
