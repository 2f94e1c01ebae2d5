"""The words of output: plain data that every format draws. Text here is text, never markup.

Numbers stay numbers until a format writes them in the document's `numbers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

from cnnstep.tutor.numbers import AS_USUAL, Numbers

if TYPE_CHECKING:
    from cnnstep.engine.quantity import Cell  # with NumPy, which help and progress do without

Tone: TypeAlias = Literal["plain", "good", "bad", "warn", "quiet", "strong"]
"""What a piece of text means; a format may colour it, and says the same without colour."""


Place: TypeAlias = "tuple[str, Cell]"
"""A cell: the name of its quantity, and its indices as a learner writes them."""


@dataclass(frozen=True)
class Heading:
    """The title of what follows; level 1 is the page's own. `note` stands beside it: a formula, a code."""

    text: str
    level: int = 2
    note: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Sentences, wrapped to the width."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Formula:
    """One line of mathematics, set off from the text, with a few words on it."""

    text: str
    words: str = ""


@dataclass(frozen=True)
class Mark:
    """What is special about a cell: a sign printed beside its number, and the word that the sign stands for."""

    sign: str
    word: str
    tone: Tone = "plain"


MOST_READ = 400
"""Numbers of a matrix that a person reads; formats draw a larger one as shades, unless every number is asked for."""


@dataclass(frozen=True)
class Matrix:
    """A table of numbers, `rows[r][c]`. `marks` are by (row, column); `heat` colours by sign and size.

    A cell that is None is blank (not known yet, not given). `name` is what --only calls it, where it can be named, with
    its leading indices: `forward`, `conv1.forward[0,3]`; `corner` are the row and column that it begins with there.
    `quantity` is the one whose cells these are, also where the numbers are a learner's; `part` are its leading indices
    there, and `axes` how many indices more a cell has: 2, but 1 for a bias of several filters, 0 for a single number.
    Without `ask` a blank cell is nothing; with it, it is a box to write a number in.
    """

    rows: Sequence[Sequence[float | None]]
    title: str = ""
    marks: Mapping[tuple[int, int], Mark] = field(default_factory=dict)
    heat: bool = True
    name: str = ""
    corner: tuple[int, int] = (0, 0)
    quantity: str = ""
    part: Cell = ()
    axes: int = 2
    ask: bool = False

    def place(self, row: int, column: int) -> Place | None:
        """The cell that stands in this row and column; None where nobody says whose they are."""
        at = (row + self.corner[0], column + self.corner[1])
        return (self.quantity, (*self.part, *at[2 - self.axes :])) if self.quantity else None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return len(self.rows) * len(self.rows[0]) if len(self.rows) else 0


def cut(matrix: Matrix, rows: range, columns: range) -> Matrix:
    """These rows and columns of a matrix, which keep their numbers."""
    inside = tuple(tuple(float(matrix.rows[r][c]) for c in columns) for r in rows)  # type: ignore[arg-type]  # none blank
    at = product(rows, columns)
    marks = {(r - rows.start, c - columns.start): mark for r, c in at if (mark := matrix.marks.get((r, c)))}
    return replace(matrix, rows=inside, marks=marks, corner=(rows.start, columns.start))


@dataclass(frozen=True)
class Line:
    """One product of a sum: `δ[0,0] · X[0,1]`, the numbers that stand there, what it comes to, a word on it.

    `places` are the cells that the numbers were read from, one for each; None where a number stands in no matrix.
    """

    labels: tuple[str, ...]
    numbers: tuple[float, ...]
    value: float
    note: str = ""
    places: tuple[Place | None, ...] = ()


@dataclass(frozen=True)
class Sum:
    """One number worked out: a line for each product, then the total; `place` is the cell that it stands in."""

    title: str
    lines: tuple[Line, ...]
    total: float
    place: Place | None = None


@dataclass(frozen=True)
class Note:
    """Something worth saying about the numbers, under its code; `tone` says whether it does harm."""

    code: str
    text: str
    tone: Tone = "warn"


@dataclass(frozen=True)
class Table:
    """Rows of cells under column names; a float is written as a number and stands to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]
    title: str = ""
    tones: tuple[Tone, ...] = ()


@dataclass(frozen=True)
class Series:
    """One curve's values, drawn from left to right; `sign` draws it where there is no colour."""

    label: str
    values: tuple[float, ...]
    sign: str = "•"


@dataclass(frozen=True)
class Curve:
    """Curves over the same axis: `start` and `stop` are its ends. `log` where the values span decades."""

    title: str
    series: tuple[Series, ...]
    x_label: str = ""
    start: float = 0.0
    stop: float = 0.0
    log: bool = False

    @property
    def caption(self) -> str:
        """The title; a logarithmic axis says so."""
        return f"{self.title} {LOG}".strip() if self.log else self.title


LOG = "(log scale)"
"""What stands behind the name of a logarithmic axis: without it a curve is read wrongly."""


@dataclass(frozen=True)
class Span:
    """An axis of a map: what runs along it, from `start` to `stop`; with `log` in even ratios."""

    label: str
    start: float
    stop: float
    log: bool = False

    @property
    def caption(self) -> str:
        """The label; a logarithmic axis says so."""
        return f"{self.label} {LOG}" if self.log else self.label


@dataclass(frozen=True)
class HeatMap:
    """What holds where: `cells[r][c]` is the place among `marks`, None where nothing is known.

    Row 0 is the start of `y` and is drawn at the bottom. Without `y` there is one row.
    """

    cells: tuple[tuple[int | None, ...], ...]
    marks: tuple[Mark, ...]
    x: Span
    y: Span | None = None
    title: str = ""


@dataclass(frozen=True)
class Bar:
    """One bar of a histogram: what it counts, and how many of each of the histogram's marks."""

    label: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


@dataclass(frozen=True)
class Histogram:
    """Bars under each other, each made of the signs of `marks`, its count at its end."""

    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    title: str = ""
    label: str = ""


@dataclass(frozen=True)
class ProgressBar:
    """How much of a whole is there: `share` from 0 to 1, None where nothing is known; `note` says it in words."""

    label: str
    share: float | None
    note: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True)
class ProgressBars:
    """ProgressBars under each other, each as a bar with its per cent, rounded down: only what is full says 100."""

    bars: tuple[ProgressBar, ...]
    title: str = ""


@dataclass(frozen=True)
class Picture:
    """A small image or filter as shades; what is below 0 is told from what is above."""

    rows: tuple[tuple[float, ...], ...]
    title: str = ""


@dataclass(frozen=True)
class Command:
    """What to type next, and why."""

    command: str
    why: str = ""


@dataclass(frozen=True)
class Room:
    """Empty room to write by hand on paper, so many lines high; a screen has none."""

    lines: int


@dataclass(frozen=True)
class Beside:
    """Blocks that belong next to each other; a narrow window puts them below each other."""

    blocks: tuple[Block, ...]


Block: TypeAlias = (
    Heading
    | Paragraph
    | Formula
    | Matrix
    | Sum
    | Note
    | Table
    | Curve
    | HeatMap
    | Histogram
    | ProgressBars
    | Picture
    | Command
    | Room
    | Beside
)


@dataclass(frozen=True)
class Document:
    """Blocks from top to bottom, and how their numbers are written."""

    blocks: tuple[Block, ...]
    numbers: Numbers = AS_USUAL

    def __add__(self, other: Document) -> Document:
        return Document(self.blocks + other.blocks, self.numbers)
