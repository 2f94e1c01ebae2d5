"""A document's blocks from top to bottom as HTML: text here, the others by `tables` and `figures`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from cnnstep.surface.formats.html.element import Context, Html, element, joined, text
from cnnstep.surface.formats.html.figures import curve, histogram, in_signs, progress_bars
from cnnstep.surface.formats.html.tables import is_shaded, legend, matrix, shaded, sum_table, table
from cnnstep.tutor.document import (
    Beside,
    Block,
    Command,
    Curve,
    Formula,
    Heading,
    HeatMap,
    Histogram,
    Mark,
    Matrix,
    Note,
    Paragraph,
    Picture,
    ProgressBars,
    Room,
    Sum,
    Table,
    Tone,
)

DEEPEST = 6
LINE_HEIGHT = 2
"""Of handwriting, in heights of printed letters."""
SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "warn": "!"}
"""What a note's tone is without colour; the others have a list's own dot."""


def drawn(blocks: Sequence[Block], context: Context) -> Html:
    """The blocks; notes or commands that follow each other are one list."""
    parts = []
    for _, group in groupby(blocks, key=lambda block: type(block) if isinstance(block, Note | Command) else id(block)):
        members = list(group)
        if isinstance(members[0], Note | Command):
            items = [_item(member) for member in members if isinstance(member, Note | Command)]
            parts.append(element("ul", *items, cls="notes" if isinstance(members[0], Note) else "commands"))
        else:
            parts.append(_one(members[0], context))
    return joined(*parts)


def _one(block: Block, context: Context) -> Html:
    match block:
        case Heading():
            return _heading(block, context)
        case Paragraph():
            return element("p", text(block.text), cls=_tone(block.tone))
        case Formula():
            words = (Html(" "), element("span", text(block.words), cls="quiet")) if block.words else ()
            return element("p", element("code", text(block.text)), *words, cls="formula")
        case Matrix():
            if is_shaded(block, context):
                return shaded(block, context)
            return joined(matrix(block, context), legend(block.marks.values()))
        case Sum():
            return sum_table(block, context)
        case Table():
            return table(block, context)
        case Beside():
            return _beside(block, context)
        case Room():
            return element("div", cls="room", style=f"height: {block.lines * LINE_HEIGHT:g}em")
        case _:
            return _figure(block, context)


def _figure(block: Block, context: Context) -> Html:
    match block:
        case Curve():
            return curve(block, context)
        case Histogram():
            return histogram(block)
        case ProgressBars():
            return progress_bars(block)
        case HeatMap() | Picture():
            return in_signs(block, context)
        case _:
            return drawn((block,), context)


def _heading(heading: Heading, context: Context) -> Html:
    """The text, its note beside it."""
    note = (Html(" "), element("small", text(heading.note))) if heading.note else ()
    return element(f"h{min(context.top + heading.level - 1, DEEPEST)}", text(heading.text), *note)


def _item(block: Note | Command) -> Html:
    if isinstance(block, Command):
        return element("li", element("code", text(block.command)), text(f": {block.why}" if block.why else ""))
    sign = f"{SIGNS[block.tone]} " if block.tone in SIGNS else ""
    head = f"{sign}{block.code}:" if block.code else sign.rstrip()
    return element(
        "li", *((element("strong", text(head)), Html(" ")) if head else ()), text(block.text), cls=_tone(block.tone)
    )


def _beside(beside: Beside, context: Context) -> Html:
    """Blocks next to each other where there is room; what the marks of their matrices mean is said once, below."""
    parts: list[Html] = []
    marks: list[Mark] = []
    for one in beside.blocks:
        if isinstance(one, Matrix) and not is_shaded(one, context):
            parts.append(matrix(one, context))
            marks += one.marks.values()
        else:
            parts.append(_one(one, context))
    return joined(element("div", joined(*(element("div", part) for part in parts)), cls="beside"), legend(marks))


def _tone(tone: Tone) -> str:
    return "" if tone == "plain" else tone
