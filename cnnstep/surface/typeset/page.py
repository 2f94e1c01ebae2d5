"""A document's blocks in a language for print: what each becomes here, how it is spelled in the language's module.

What is drawn in signs, curves and shades, stands as the terminal shows it, in a fixed width.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import groupby
from typing import Protocol

from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import (
    MOST_READ,
    Beside,
    Block,
    Command,
    Document,
    Formula,
    Heading,
    Mark,
    Matrix,
    Note,
    Paragraph,
    Room,
    Sum,
    Table,
)
from cnnstep.tutor.numbers import Numbers, bracketed_factor, enough

MOST_LINES, SHOWN_LINES = 40, 30
"""A sum of more than 40 products shows its first 30."""
WIDTH = 76
"""Of what stands in a fixed width."""
Rows = Sequence[Sequence[str]]


class Language(Protocol):
    """How a language spells the parts of a page; texts come as they are, and it escapes them."""

    def heading(self, text: str, level: int, note: str) -> str:
        """A title; level 1 is the page's."""

    def paragraph(self, text: str, strong: bool) -> str:
        """Sentences."""

    def formula(self, text: str, words: str) -> str:
        """A line of mathematics, and a few words on it."""

    def table(self, caption: str, head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
        """Rows under the names of their columns."""

    def grid(self, caption: str, head: Sequence[str], rows: Sequence[tuple[str, Sequence[str | None]]]) -> str:
        """A matrix: the indices above and before its numbers; None is a box to write in."""

    def items(self, each: Sequence[tuple[str, str]]) -> str:
        """A list: a lead, and words."""

    def code(self, text: str, label: str) -> str:
        """Lines of fixed width."""

    def beside(self, each: Sequence[str]) -> str:
        """Parts that belong next to each other."""

    def room(self, lines: int) -> str:
        """Empty room to write in."""


def parts(document: Document, language: Language) -> Iterator[str]:
    """Every block of the page."""
    return _drawn(document.blocks, document.numbers, language)


def _drawn(blocks: Sequence[Block], numbers: Numbers, language: Language) -> Iterator[str]:
    for _, group in groupby(blocks, key=lambda block: type(block) if isinstance(block, Note | Command) else id(block)):
        members = list(group)
        if isinstance(members[0], Note | Command):
            yield language.items([_item(one) for one in members if isinstance(one, Note | Command)])
        else:
            yield from _one(members[0], numbers, language)


def _item(block: Note | Command) -> tuple[str, str]:
    return (block.code, block.text) if isinstance(block, Note) else (block.command, block.why)


def _one(block: Block, numbers: Numbers, language: Language) -> Iterator[str]:
    match block:
        case Heading():
            yield language.heading(block.text, block.level, block.note)
        case Paragraph():
            yield language.paragraph(block.text, block.tone == "strong")
        case Formula():
            yield language.formula(block.text, block.words)
        case Matrix() if block.size <= MOST_READ or numbers.every:
            yield _matrix(block, numbers, language)
            yield from _legend(block.marks.values(), language)
        case Sum():
            yield _sum(block, numbers, language)
        case Table():
            numeric = [all(isinstance(row[c], float) for row in block.rows) for c in range(len(block.columns))]
            rows = [
                [cell if isinstance(cell, str) else numbers.text(float(cell)) for cell in row] for row in block.rows
            ]
            yield language.table(block.title, block.columns, rows, numeric)
        case Room():
            yield language.room(block.lines)
        case Beside():
            yield from _beside(block, numbers, language)
        case _:
            yield language.code(_as_text(block, numbers), getattr(block, "title", "") or "a picture in signs")


def _beside(block: Beside, numbers: Numbers, language: Language) -> Iterator[str]:
    """Matrices next to each other; what their marks mean once, below; whatever else follows."""
    small = [one for one in block.blocks if isinstance(one, Matrix) and (one.size <= MOST_READ or numbers.every)]
    if small:
        yield language.beside([_matrix(one, numbers, language) for one in small])
        yield from _legend((mark for one in small for mark in one.marks.values()), language)
    yield from _drawn([one for one in block.blocks if one not in small], numbers, language)


def _matrix(block: Matrix, numbers: Numbers, language: Language) -> str:
    row, column = block.corner
    several = len(block.rows) > 1
    head = [f"{column + c}" for c in range(len(block.rows[0]) if block.size else 0)]

    def cell(r: int, c: int, value: float | None) -> str | None:
        mark = block.marks.get((r, c))
        written = ("" if not block.ask else None) if value is None else numbers.text(float(value))
        return f"{written or ''} {mark.sign}".strip() if mark else written

    lines = [
        (f"{row + r}" if several else "", [cell(r, c, value) for c, value in enumerate(values)])
        for r, values in enumerate(block.rows)
    ]
    return language.grid(block.title or block.name or "Numbers", head if len(head) > 1 else [], lines)


def _legend(marks: Iterable[Mark], language: Language) -> Iterator[str]:
    known = {mark.sign: mark.word for mark in marks if mark.word}
    if known:
        yield language.items([*known.items()])


def _sum(block: Sum, numbers: Numbers, language: Language) -> str:
    """A row for each product, then the total."""
    shown, left = block.lines, block.lines[:0]
    if len(block.lines) > MOST_LINES:
        shown, left = block.lines[:SHOWN_LINES], block.lines[SHOWN_LINES:]
    rows = []
    for line in shown:
        factors = [bracketed_factor(written) for written in enough(numbers, line.numbers, math.prod)]
        rows.append([" · ".join(line.labels), " · ".join(factors), numbers.text(line.value), line.note])
    if left:
        rows.append([f"{len(left)} more together", "", numbers.text(sum(line.value for line in left)), ""])
    rows.append(["sum", "", numbers.text(block.total), ""])
    names = ("product", "in numbers", "value", "remark")
    return language.table(block.title or "The number, product by product", names, rows, (False, False, True, False))


def _as_text(block: Block, numbers: Numbers) -> str:
    from cnnstep.surface.formats.text import render

    nowhere = StringIO()
    return render(Document((block,), numbers), Screen(nowhere, nowhere, width=WIDTH)).strip("\n")


def one_line(text: str) -> str:
    """The text on one line, a single space between its words."""
    return " ".join(text.split())
