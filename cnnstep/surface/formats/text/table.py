"""Numbers in columns: a table, and a number worked out.

A table has its column names over a line, numbers to the right; where it is too wide, one record under the other. A
number is worked out as `δ[0,0] · X[0,1]  =  2 · (-1)  =  -2`, line under line, then the total.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from rich.box import Box
from rich.cells import cell_len
from rich.table import Table as RichTable
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, aligned, indented, shared
from cnnstep.tutor.document import Line, Sum, Table, Tone
from cnnstep.tutor.numbers import bracketed_factor, counted, enough

UNDERLINED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
"""A line under the column names and nothing else."""
TABLE_INDENT = 2
GAP = 2
NARROWEST = 14
"""A column of words is not squeezed further than this, or its longest word."""


def table_lines(table: Table, context: TextContext) -> Lines:
    """The title, then the rows side by side or, where no room is left for words, stacked."""
    title = context.lines(table.title, STYLES["strong"]) if table.title else []
    if not table.columns:
        return title
    columns = [[row[c] for row in table.rows] for c in range(len(table.columns))]
    names = [context.clean(name) for name in table.columns]
    numeric = [any(not isinstance(cell, str) for cell in column) for column in columns]
    cells = [_texts(column, name, context) for name, column in zip(names, columns, strict=True)]
    natural = [max(map(cell_len, (name, *column))) for name, column in zip(names, cells, strict=True)]
    least = [
        width if is_number else min(width, max(NARROWEST, _longest_word((name, *column))))
        for width, is_number, name, column in zip(natural, numeric, names, cells, strict=True)
    ]
    widths = shared(natural, least, context.width - TABLE_INDENT - GAP * (len(names) - 1))
    plain: tuple[Tone, ...] = ("plain",)
    tones = table.tones or plain * len(table.rows)
    if widths is None:
        return title + _stacked(names, cells, tones, context)
    return title + indented(_side_by_side(names, cells, numeric, widths, tones, context), TABLE_INDENT)


def _texts(column: Sequence[str | float], name: str, context: TextContext) -> list[str]:
    """The cells as text; numbers stand to the right of their column, their decimal points under each other."""
    written = aligned([context.number(cell) for cell in column if not isinstance(cell, str)])
    numbers = iter(written)
    texts = [context.clean(cell) if isinstance(cell, str) else next(numbers) for cell in column]
    width = max(map(cell_len, (name, *texts)))
    return [" " * (width - cell_len(text)) + text for text in texts] if written else texts


def _longest_word(texts: Sequence[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _side_by_side(
    names: Sequence[str],
    cells: Sequence[Sequence[str]],
    numeric: Sequence[bool],
    widths: Sequence[int],
    tones: Sequence[Tone],
    context: TextContext,
) -> Lines:
    table = RichTable(
        box=UNDERLINED,
        show_edge=False,
        pad_edge=False,
        padding=(0, 0, 0, GAP - 1),
        header_style="",
        border_style=STYLES["quiet"],
    )
    for name, is_number, width in zip(names, numeric, widths, strict=True):
        # padded here: Rich's own justify="right" would strip what keeps the decimal points under each other
        head = " " * (width - cell_len(name)) + name if is_number else name
        table.add_column(_cell(head, STYLES["strong"], width, context), no_wrap=True)
    for row, tone in zip(zip(*cells, strict=True), tones, strict=True):
        table.add_row(*(_cell(text, STYLES[tone], width, context) for text, width in zip(row, widths, strict=True)))
    return context.table(table)


def _cell(text: str, style: str, width: int, context: TextContext) -> Text:
    """A cell wrapped between words; numbers come here padded and no wider than their column."""
    if cell_len(text) <= width:
        return Text(text, style)
    return Text("\n").join(context.within(width).lines(text, style))


def _stacked(
    names: Sequence[str], cells: Sequence[Sequence[str]], tones: Sequence[Tone], context: TextContext
) -> Lines:
    """Each row as lines of `name  value`, a blank line between rows; what has no value is left out."""
    widest = max(map(cell_len, names))
    drawn: Lines = []
    for row, tone in zip(zip(*cells, strict=True), tones, strict=True):
        if drawn:
            drawn.append(Text())
        for name, text in zip(names, row, strict=True):
            if not text.strip():
                continue
            head = " " * TABLE_INDENT + name + " " * (widest - cell_len(name)) + "  "
            lines = context.lines(text.strip(), STYLES[tone], head)
            lines[0].stylize(STYLES["quiet"], 0, len(head))
            drawn += lines
    return drawn


SUM_INDENT = 4
HANG = 4
MOST_LINES = 40
SHOWN_LINES = 30
"""A sum of more than 40 lines shows its first 30, and what the others come to."""

LABELS, NUMBERS, VALUE, NOTE = range(4)
TableLayout: TypeAlias = tuple[tuple[int, ...], ...]
LAYOUTS: tuple[TableLayout, ...] = (
    ((LABELS, NUMBERS, VALUE, NOTE),),
    ((LABELS, NUMBERS, VALUE), (NOTE,)),
    ((LABELS,), (NUMBERS, VALUE, NOTE)),
    ((LABELS,), (NUMBERS, VALUE), (NOTE,)),
    ((LABELS,), (NUMBERS,), (VALUE,), (NOTE,)),
)
"""Which parts of a line of the sum stand on one line of the screen, from the widest window to the narrowest."""


Parts: TypeAlias = tuple[str, str, str, str]
"""One line of the sum, written and padded: labels, `= numbers`, `= value`, note."""


def sum_lines(total: Sum, context: TextContext) -> Lines:
    """The title, the products, a rule, the total under the values."""
    shown, rest = total.lines, ""
    if len(total.lines) > MOST_LINES:
        shown, left = total.lines[:SHOWN_LINES], total.lines[SHOWN_LINES:]
        together = context.number(sum(line.value for line in left))
        rest = f"… {counted(len(left), 'more product')}, together {together}"
    written = [context.number(line.value) for line in shown] + [context.number(total.total)]
    values = aligned(written)
    rows = _rows(shown, values, context)
    widths = [max((cell_len(row[part]) for row in rows), default=0) for part in range(4)]
    indent = SUM_INDENT if context.width >= 60 else SUM_INDENT // 2
    layout = _layout(widths, context.width - indent)
    drawn: Lines = []
    for row in rows:
        drawn += _row_lines(row, widths, layout, context.within(context.width - indent))
    if rest:
        drawn += context.within(context.width - indent).lines(rest, STYLES["quiet"])
    if written[:-1] != written[-1:] or rest:  # a sum of one product is its own total
        at = Text(" " * _value_column(widths, layout))
        drawn.append(at + Text("─" * len(values[-1]), STYLES["quiet"]))
        drawn.append(at + Text(values[-1], STYLES["strong"]))
    title = context.lines(total.title, STYLES["strong"]) if total.title else []
    return title + indented(drawn, indent)


def _rows(lines: Sequence[Line], values: Sequence[str], context: TextContext) -> list[Parts]:
    labels = _products([[context.clean(label) for label in line.labels] for line in lines], context)
    numbers = _products([_numbers(line, context) for line in lines], context)
    alone = all(len(line.numbers) < 2 for line in lines)  # "a = 3 = 3" would say it twice
    return [
        (label, "" if alone else f"= {number}", f"= {value}", context.clean(line.note))
        for line, label, number, value in zip(lines, labels, numbers, values, strict=False)
    ]


def _numbers(line: Line, context: TextContext) -> list[str]:
    """The factors with enough digits to give the product as it is printed."""
    return [bracketed_factor(text) for text in enough(context.numbers, line.numbers, math.prod)]


def _products(factors: Sequence[Sequence[str]], context: TextContext) -> list[str]:
    """Factors joined by dots, equally wide; the dots under each other where every product has as many."""
    if len({len(row) for row in factors}) == 1:
        *before, last = (list(column) for column in zip(*factors, strict=True))
        widths = [max(map(cell_len, column)) for column in before]
        padded = [[" " * (w - cell_len(f)) + f for f, w in zip(row, widths, strict=False)] for row in factors]
        factors = [[*row, end] for row, end in zip(padded, last, strict=True)]
    joined = [context.clean(" · ").join(row) for row in factors]
    widest = max(map(cell_len, joined), default=0)
    return [text + " " * (widest - cell_len(text)) for text in joined]


def _layout(widths: Sequence[int], room: int) -> TableLayout:
    """The first layout that fits; a note on a line of its own may wrap."""
    for layout in LAYOUTS[:-1]:
        lines = [(k, parts) for k, parts in enumerate(layout) if parts != (NOTE,)]
        if all(_line_width(widths, parts) + (HANG if k else 0) <= room for k, parts in lines):
            return layout
    return LAYOUTS[-1]


def _line_width(widths: Sequence[int], parts: Sequence[int]) -> int:
    used = [widths[part] + GAP for part in parts if widths[part]]
    return sum(used) - GAP if used else 0


def _value_column(widths: Sequence[int], layout: TableLayout) -> int:
    """Where the values stand, so that the total can stand under them."""
    k, parts = next((k, parts) for k, parts in enumerate(layout) if VALUE in parts)
    ahead = sum(widths[part] + GAP for part in parts[: parts.index(VALUE)] if widths[part])
    return (HANG if k else 0) + ahead + len("= ")


def _row_lines(row: Parts, widths: Sequence[int], layout: TableLayout, context: TextContext) -> Lines:
    drawn: Lines = []
    for k, parts in enumerate(layout):
        head = " " * (HANG if k else 0)
        filled = [part for part in parts if widths[part]]
        if len(parts) == 1 and row[parts[0]].strip():
            drawn += context.lines(row[parts[0]].rstrip(), _style(parts[0]), head)
        elif len(parts) > 1:
            line = Text(head)
            for part in filled:
                line.append(row[part].ljust(widths[part] + GAP) if part != NOTE else row[part], _style(part))
            drawn.append(line)
    return drawn


def _style(part: int) -> str:
    return STYLES["quiet"] if part == NOTE else ""
