"""The terminal's format: a document as lines of text, in colour where the screen has it.

Text is drawn here, other blocks by `matrix`, `shades`, `table` and `figures`; all of these return lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import groupby

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from cnnstep.surface.formats import Answer
from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, width_of
from cnnstep.surface.formats.text.matrix import legend, matrix_lines
from cnnstep.surface.screen import Screen, to_ascii
from cnnstep.tutor.document import (
    MOST_READ,
    Beside,
    Block,
    Command,
    Curve,
    Document,
    Formula,
    Heading,
    HeatMap,
    Histogram,
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

GAP = 3
"""Between two blocks that stand beside each other."""
NARROWEST = 24
"""Text stands beside a matrix only where it has as much room as this."""
FLUID = (Heading, Paragraph, Formula, Note)
FIGURES = (Sum, Table, Curve, HeatMap, Histogram, ProgressBars)


def write(answer: Answer, screen: Screen) -> tuple[str]:
    """The answer's document as it is printed."""
    return (render(Document(answer.blocks(), answer.numbers), screen),)


def render(document: Document, screen: Screen) -> str:
    """The document as it is printed: no line ends in a space, no number is cut, nothing in it is markup."""
    console = _console(screen)
    lines = _stacked(document.blocks, TextContext(console, screen.width, document.numbers, screen.ascii))
    for line in lines:
        line.rstrip()
    if lines:
        console.print(Text("\n").join(lines), soft_wrap=True)
    written = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from below
    return to_ascii(written) if screen.ascii else written


def _console(screen: Screen) -> Console:
    return Console(
        file=StringIO(),
        width=screen.width,
        height=100,  # both sizes given: Rich then asks neither the terminal nor the environment
        force_jupyter=False,
        force_terminal=screen.colour,
        color_system=("256" if screen.shades else "standard") if screen.colour else None,
        no_color=not screen.colour,
        markup=False,
        highlight=False,
        emoji=False,
        legacy_windows=False,
    )


def _stacked(blocks: Sequence[Block], context: TextContext) -> Lines:
    """Blocks from top to bottom with blank lines where one thought ends."""
    lines: Lines = []
    before: Block | None = None
    for _, group in groupby(blocks, key=lambda block: type(block) if isinstance(block, Note | Command) else id(block)):
        members = list(group)
        if before is not None and _apart(before, members[0]):
            lines.append(Text())
        lines += _draw(members, context)
        before = members[-1]
    return lines


def _apart(before: Block, after: Block) -> bool:
    """Whether a blank line stands between two blocks."""
    if isinstance(after, Heading):
        return True
    if isinstance(before, Heading):
        return False
    if isinstance(before, FIGURES) or isinstance(after, (*FIGURES, Command)):
        return True
    if isinstance(after, Formula):
        return not isinstance(before, Paragraph | Formula)
    return isinstance(before, Paragraph | Formula | Command) and isinstance(after, Paragraph)


def _draw(group: Sequence[Block], context: TextContext) -> Lines:
    """One block, or several notes or commands that follow each other."""
    if notes := [block for block in group if isinstance(block, Note)]:
        return note_lines(notes, context)
    if commands := [block for block in group if isinstance(block, Command)]:
        return command_lines(commands, context)
    return _draw_one(group[0], context)


def _draw_one(block: Block, context: TextContext) -> Lines:
    match block:
        case Heading():
            return heading_lines(block, context)
        case Paragraph():
            return paragraph_lines(block, context)
        case Formula():
            return formula_lines(block, context)
        case Matrix():
            signs = () if _is_shaded(block, context) else block.marks.values()  # its own are told with its numbers
            return _matrix(block, context) + legend(signs, context)
        case Sum() | Table() | Curve() | HeatMap() | Histogram() | ProgressBars():
            return _draw_figure(block, context)
        case Picture():
            from cnnstep.surface.formats.text.shades import picture_lines

            return picture_lines(block, context)
        case Beside():
            return _beside(block, context)
        case Room():
            return []
        case _:
            return _draw([block], context)


def _draw_figure(block: Sum | Table | Curve | HeatMap | Histogram | ProgressBars, context: TextContext) -> Lines:
    """A figure by its own module, which is loaded where a page has one."""
    match block:
        case Sum():
            from cnnstep.surface.formats.text.table import sum_lines

            return sum_lines(block, context)
        case Table():
            from cnnstep.surface.formats.text.table import table_lines

            return table_lines(block, context)
        case Curve():
            from cnnstep.surface.formats.text.figures import curve_lines

            return curve_lines(block, context)
        case HeatMap():
            from cnnstep.surface.formats.text.figures import heat_map_lines

            return heat_map_lines(block, context)
        case Histogram():
            from cnnstep.surface.formats.text.figures import histogram_lines

            return histogram_lines(block, context)
        case ProgressBars():
            from cnnstep.surface.formats.text.figures import progress_bar_lines

            return progress_bar_lines(block, context)


def _beside(beside: Beside, context: TextContext) -> Lines:
    """Blocks next to each other, as many as the width takes; what their marks mean is said once, below."""
    rows: list[list[Lines]] = [[]]
    room = context.width
    for block in beside.blocks:
        lines = _in_room(block, context, room) if rows[-1] else None
        if lines is None:
            rows.append([])
            room, lines = context.width, _alone(block, context)
        rows[-1].append(lines)
        room -= width_of(lines) + GAP
    matrices = [one for one in beside.blocks if isinstance(one, Matrix) and not _is_shaded(one, context)]
    marks = [mark for matrix in matrices for mark in matrix.marks.values()]
    return [line for row in rows if row for line in _side_by_side(row)] + legend(marks, context)


def _alone(block: Block, context: TextContext) -> Lines:
    return _matrix(block, context) if isinstance(block, Matrix) else _draw_one(block, context)


def _is_shaded(matrix: Matrix, context: TextContext) -> bool:
    return matrix.size > MOST_READ and not context.numbers.every


def _matrix(matrix: Matrix, context: TextContext) -> Lines:
    """Its numbers, or the shades of a matrix that has too many to be read."""
    if not _is_shaded(matrix, context):
        return matrix_lines(matrix, context)
    from cnnstep.surface.formats.text.shades import shaded_lines

    return shaded_lines(matrix, context)


def _in_room(block: Block, context: TextContext, room: int) -> Lines | None:
    """The block in the room left of its row: text may wrap, anything else must fit as it is."""
    lines = _alone(block, context)
    if width_of(lines) <= room:
        return lines
    if isinstance(block, FLUID) and room >= NARROWEST:
        return _alone(block, context.within(room))
    return None


def _side_by_side(row: Sequence[Lines]) -> Lines:
    height = max(len(lines) for lines in row)
    drawn = [Text() for _ in range(height)]
    for lines in row:
        start = max(line.cell_len for line in drawn) + GAP if lines is not row[0] else 0
        for line, part in zip(drawn, lines, strict=False):
            line.append(" " * (start - line.cell_len)).append_text(part)
    return drawn


WIDEST = 100
"""Longer lines of text are hard to follow."""
BETWEEN = "   "
SIGNS: dict[Tone, str] = {"good": "✓", "bad": "✗", "warn": "!"}
"""What a note's tone is without colour; the others have a dot."""


def heading_lines(heading: Heading, context: TextContext) -> Lines:
    """The text with its note beside it, or below where there is no room; the page's title is underlined."""
    drawn = context.lines(heading.text, STYLES["strong"])
    note = context.clean(heading.note)
    if heading.level == 1:
        drawn.append(Text("─" * min(width_of(drawn), context.width), STYLES["quiet"]))
    if note and cell_len(drawn[0].plain + BETWEEN + note) <= context.width and (heading.level == 1 or len(drawn) == 1):
        drawn[0].append(BETWEEN + note)
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
    if words and len(drawn) == 1 and cell_len(drawn[0].plain + BETWEEN + words) <= min(context.width, WIDEST):
        return [drawn[0].append(BETWEEN + words, STYLES["quiet"])]
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
        beside = " " * (widest - cell_len(text)) + BETWEEN + why
        drawn.append(line)
        if why and cell_len(line.plain + beside) <= context.width:
            line.append(beside, STYLES["quiet"])
        elif why:
            drawn += context.lines(why, STYLES["quiet"], "      ")
    return drawn
