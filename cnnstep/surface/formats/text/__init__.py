"""The terminal's format: a document as lines of text, in colour where the screen has it.

Its blocks are drawn by `matrix`, `shades`, `table`, `figures` and `words`, which return lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from itertools import groupby

from rich.console import Console
from rich.text import Text

from cnnstep.surface.answer import Answer
from cnnstep.surface.formats.text import words
from cnnstep.surface.formats.text.context import Lines, TextContext, width_of
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
    Sum,
    Table,
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
        return words.note_lines(notes, context)
    if commands := [block for block in group if isinstance(block, Command)]:
        return words.command_lines(commands, context)
    return _draw_one(group[0], context)


def _draw_one(block: Block, context: TextContext) -> Lines:
    match block:
        case Heading():
            return words.heading_lines(block, context)
        case Paragraph():
            return words.paragraph_lines(block, context)
        case Formula():
            return words.formula_lines(block, context)
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
