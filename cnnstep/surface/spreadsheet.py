"""Rows as CSV for a spreadsheet, which obeys no text in them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

from cnnstep.surface.screen import harmless


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """A line a row."""
    stream = StringIO()
    csv.writer(stream, lineterminator="\n").writerows([_as_cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _as_cell(value: object) -> object:
    """A text that neither a terminal nor a spreadsheet obeys: before = + - @ stands an apostrophe, as they want it."""
    if not isinstance(value, str):
        return value
    text = harmless(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
