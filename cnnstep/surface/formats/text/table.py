"""A table: column names over a line, numbers to the right; where it is too wide, one record under the other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import Box
from rich.cells import cell_len
from rich.table import Table as RichTable
from rich.text import Text

from cnnstep.surface.formats.text.columns import aligned, shared
from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.tutor.document import Table, Tone

UNDERLINED = Box("    \n    \n ── \n    \n    \n    \n    \n    \n")
"""A line under the column names and nothing else."""
INDENT = 2
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
    widths = shared(natural, least, context.width - INDENT - GAP * (len(names) - 1))
    plain: tuple[Tone, ...] = ("plain",)
    tones = table.tones or plain * len(table.rows)
    if widths is None:
        return title + _stacked(names, cells, tones, context)
    return title + indented(_side_by_side(names, cells, numeric, widths, tones, context), INDENT)


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
            head = " " * INDENT + name + " " * (widest - cell_len(name)) + "  "
            lines = context.lines(text.strip(), STYLES[tone], head)
            lines[0].stylize(STYLES["quiet"], 0, len(head))
            drawn += lines
    return drawn
