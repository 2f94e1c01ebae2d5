"""Headings, paragraphs, formulas, notes and commands: text in lines, numbers and commands never cut."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, width_of
from cnnstep.tutor.document import Command, Formula, Heading, Note, Paragraph, Tone

WIDEST = 100
"""Longer lines of text are hard to follow."""
GAP = "   "
SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "warn": "!"}
"""What a note's tone is without colour; the others have a dot."""


def heading_lines(heading: Heading, context: TextContext) -> Lines:
    """The text with its note beside it, or below where there is no room; the page's title is underlined."""
    drawn = context.lines(heading.text, STYLES["strong"])
    note = context.clean(heading.note)
    if heading.level == 1:
        drawn.append(Text("─" * min(width_of(drawn), context.width), STYLES["quiet"]))
    if note and cell_len(drawn[0].plain + GAP + note) <= context.width and (heading.level == 1 or len(drawn) == 1):
        drawn[0].append(GAP + note)
    elif note:
        drawn += context.lines(note, "", "    ")
    return drawn


def paragraph_lines(paragraph: Paragraph, context: TextContext) -> Lines:
    """Wrapped at the width, or at 100."""
    return context.within(min(context.width, WIDEST)).lines(paragraph.text, STYLES[paragraph.tone])


def formula_lines(formula: Formula, context: TextContext) -> Lines:
    """Set off by four spaces, its words beside it or below."""
    drawn = _in_equal_parts(formula.text, context)
    words = context.clean(formula.words)
    if words and len(drawn) == 1 and cell_len(drawn[0].plain + GAP + words) <= min(context.width, WIDEST):
        return [drawn[0].append(GAP + words, STYLES["quiet"])]
    return drawn + (context.within(min(context.width, WIDEST)).lines(words, STYLES["quiet"], "    ") if words else [])


def _in_equal_parts(text: str, context: TextContext) -> Lines:
    """On one line where there is room; else broken before an equals sign, and inside a part only where it must be."""
    first, *others = text.split(" = ")
    rows = [f"    {first}"]
    for part in others:
        if cell_len(context.clean(f"{rows[-1]} = {part}")) <= context.width:
            rows[-1] += f" = {part}"
        else:
            rows.append(f"      = {part}")
    drawn: Lines = []
    for row in rows:
        indent = " " * (len(row) - len(row.lstrip()))
        drawn += context.lines(row.lstrip(), STYLES["strong"], indent, f"{indent}  ")
    return drawn


def note_lines(notes: Sequence[Note], context: TextContext) -> Lines:
    """`! dead-relu  text`: the codes of notes that follow each other share a column where there is room."""
    codes = [context.clean(note.code) for note in notes]
    widest = max(map(cell_len, codes))
    drawn: Lines = []
    for note, code in zip(notes, codes, strict=True):
        sign = context.clean(SIGNS.get(note.tone, "•"))
        head = f"{sign} {code}{' ' * (widest - cell_len(code))}  " if code else f"{sign} "
        hang = " " * cell_len(head) if context.width >= 3 * cell_len(head) else "  "
        lines = context.within(min(context.width, WIDEST)).lines(note.text, "", head, hang)
        lines[0].stylize(STYLES[note.tone], 0, len(head))
        drawn += lines
    return drawn


def command_lines(commands: Sequence[Command], context: TextContext) -> Lines:
    """A command is never wrapped, so that it can be copied; what it is for stands beside it, or below."""
    texts = [context.clean(command.command) for command in commands]
    widest = max(map(cell_len, texts))
    drawn: Lines = []
    for command, text in zip(commands, texts, strict=True):
        line = Text("  " if cell_len(text) + 2 <= context.width else "").append(text, STYLES["strong"])
        why = context.clean(command.why)
        beside = " " * (widest - cell_len(text)) + GAP + why
        drawn.append(line)
        if why and cell_len(line.plain + beside) <= context.width:
            line.append(beside, STYLES["quiet"])
        elif why:
            drawn += context.lines(why, STYLES["quiet"], "      ")
    return drawn
