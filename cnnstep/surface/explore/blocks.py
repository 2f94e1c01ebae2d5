"""A matrix as a block of text: its title, its numbers between bars, and the signs beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from cnnstep.tutor.numbers import AS_USUAL, Numbers

MADE_OF, GOES_ON_TO, CURSOR, WRONG, DEAD = "made of", "goes on to", "cursor", "wrong", "dead"
SIGNS = {MADE_OF: ("▸", " "), GOES_ON_TO: (" ", "▹"), CURSOR: ("[", "]"), WRONG: (" ", "✗"), DEAD: (" ", "✝")}
ASCII_SIGNS = {MADE_OF: (">", " "), GOES_ON_TO: (" ", "<"), CURSOR: ("[", "]"), WRONG: (" ", "x"), DEAD: (" ", "#")}
STYLES = {MADE_OF: "bold cyan", GOES_ON_TO: "bold magenta", CURSOR: "reverse bold", WRONG: "red", DEAD: ""}
"""What is said by colour is said by a sign too."""

BLANK = "·"
"""A number that is being guessed."""


@dataclass(frozen=True)
class GridTile:
    """A matrix to be drawn: symbol and words, `marks` by row and column, `middle` the cell that has to be seen."""

    name: str
    symbol: str
    words: str
    rows: Sequence[Sequence[float]]
    marks: Mapping[tuple[int, int], str]
    middle: tuple[int, int] = (0, 0)
    blank: bool = False
    focused: bool = False


@dataclass(frozen=True)
class Hit:
    """Where a cell stands: its line, and its first and last column but one."""

    y: int
    left: int
    right: int
    name: str
    cell: tuple[int, int]


@dataclass(frozen=True)
class Drawn:
    """The lines of a block, all equally wide, and where its cells are."""

    lines: tuple[Text, ...]
    hits: tuple[Hit, ...]

    @property
    def width(self) -> int:
        """Columns."""
        return max(line.cell_len for line in self.lines)


def number_width(rows: Sequence[Sequence[float]], numbers: Numbers = AS_USUAL) -> int:
    """Columns that the longest number takes."""
    return max((len(numbers.text(value)) for row in rows for value in row), default=1)


def window(size: int, room: int, middle: int) -> range:
    """As many places as there is room for, around the middle one."""
    room = max(min(size, room), 1)
    start = min(max(middle - room // 2, 0), size - room)
    return range(start, start + room)


def drawn(
    block: GridTile, digits: int, room: tuple[int, int], numbers: Numbers = AS_USUAL, ascii_only: bool = False
) -> Drawn:
    """The block in so many rows and columns of the screen: a number is shown whole or not at all."""
    height, width = room
    signs, bar = (ASCII_SIGNS, "|") if ascii_only else (SIGNS, "│")
    rows = window(len(block.rows), height - 1, block.middle[0])
    columns = window(len(block.rows[0]), (width - 2) // (digits + 2), block.middle[1])
    lines, hits = [_title(block, rows, columns, width, ascii_only)], []
    for line, row in enumerate(rows, 1):
        text = Text(bar, style="dim")
        for column in columns:
            mark = block.marks.get((row, column), "")
            before, after = signs.get(mark, (" ", " "))
            number = ("." if ascii_only else BLANK) if block.blank else numbers.text(float(block.rows[row][column]))
            hits.append(Hit(line, text.cell_len, text.cell_len + digits + 2, block.name, (row, column)))
            text.append(f"{before}{number.rjust(digits)}{after}", STYLES.get(mark, "default"))
        lines.append(text.append(bar))
    widest = max(line.cell_len for line in lines)
    for each in lines:
        each.pad_right(widest - each.cell_len)
    return Drawn(tuple(lines), tuple(hits))


def _title(block: GridTile, rows: range, columns: range, width: int, ascii_only: bool) -> Text:
    """The symbol and its words; where a part is shown, which: that comes before the words where room is short."""
    part, dash = "", "-" if ascii_only else "–"
    for span, size, word in ((rows, len(block.rows), "rows"), (columns, len(block.rows[0]), "columns")):
        if len(span) < size:
            part += f", {word} {span.start}{dash}{span.stop - 1} of {size}"
    whole = block.symbol + block.words + part
    text = Text(whole if cell_len(whole) <= width else block.symbol + (part or block.words))
    text.stylize("bold underline" if block.focused else "bold")
    text.truncate(width)
    return text


GAP = 2


def side_by_side(blocks: Sequence[Drawn], width: int) -> tuple[list[Text], list[Hit]]:
    """The blocks one after another, as many beside each other as there is room for."""
    lines: list[Text] = []
    hits: list[Hit] = []
    row: list[Drawn] = []
    for block in (*blocks, None):
        used = sum(one.width + GAP for one in row)
        if row and (block is None or used + block.width > width):
            _put_row(row, lines, hits)
            row = []
        if block is not None:
            row.append(block)
    return lines, hits


def _put_row(row: Sequence[Drawn], lines: list[Text], hits: list[Hit]) -> None:
    top, left = len(lines), 0
    height = max(len(one.lines) for one in row)
    texts = [Text() for _ in range(height)]
    for one in row:
        for y, text in enumerate(texts):
            text.append_text(one.lines[y] if y < len(one.lines) else Text(" " * one.width))
            text.append(" " * GAP)
        hits += [Hit(hit.y + top, hit.left + left, hit.right + left, hit.name, hit.cell) for hit in one.hits]
        left += one.width + GAP
    lines += texts
