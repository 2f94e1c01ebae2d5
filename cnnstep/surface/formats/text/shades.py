"""Small pictures in text: a sign of ours for each number, darker for larger ones; below 0 another kind of sign."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice

from rich.text import Text

from cnnstep.surface.formats.text.context import STYLES, Lines, TextContext, indented
from cnnstep.surface.formats.text.matrix import NEGATIVE, POSITIVE
from cnnstep.tutor.document import Matrix, Picture, cut
from cnnstep.tutor.numbers import Numbers

RAMP = " .:-=+*#%@"
"""From nothing to the largest, in ASCII: the same everywhere."""
ABOVE, BELOW = "·+#", "·-="
"""Little, some, much; above and below 0. Told apart without colour."""
INDENT = 2
TALLEST, WIDEST = 24, 36
"""Rows and columns of shades that stand for a large matrix."""
NUMBERS = 6
"""Rows and columns of a large matrix whose numbers are written out."""
MOST_MARKED = 100
"""Marked cells that the numbers written out are to lie around."""


def picture_lines(picture: Picture, context: TextContext) -> Lines:
    """The title, then each number as two signs, so that a square looks like one."""
    sizes = [abs(value) for row in picture.rows for value in row if math.isfinite(value)]
    largest = max(sizes, default=0.0) or 1.0
    signed = any(value < 0 for row in picture.rows for value in row)
    drawn = []
    for row in picture.rows:
        line = Text()
        for value in row:
            line.append_text(_signed(value / largest, context) if signed else _shade(value / largest))
        drawn.append(line)
    title = context.lines(picture.title, STYLES["strong"]) if picture.title else []
    return title + indented(drawn, INDENT)


def shaded_lines(matrix: Matrix, context: TextContext) -> Lines:
    """A matrix of too many numbers: how large it is, its range, its shades, the numbers around what is marked in it."""
    from cnnstep.surface.formats.text.matrix import legend, matrix_lines

    picture, together = as_picture(matrix, (context.width - INDENT) // 2)
    drawn = context.lines(size_and_range(matrix, context.numbers), STYLES["strong"])
    drawn += picture_lines(picture, context)
    if together > 1:
        words = f"Each sign is the mean of {together}×{together} numbers. {_to_open(matrix)}"
        drawn += context.lines(words.rstrip(), STYLES["quiet"], " " * INDENT)
    some = around(matrix)
    return drawn + matrix_lines(some, context) + legend(some.marks.values(), context)


def size_and_range(matrix: Matrix, style: Numbers) -> str:
    """`Input X: 28×28, from 0 to 16`: what is said of a matrix that is not written out."""
    return f"{matrix.title}: {len(matrix.rows)}×{len(matrix.rows[0])}, {_range(matrix, style)}"


def as_picture(matrix: Matrix, room: int = WIDEST) -> tuple[Picture, int]:
    """Its shades, no wider than the room, and how many numbers a side each of them is the mean of."""
    down, across = -(-len(matrix.rows) // TALLEST), -(-len(matrix.rows[0]) // min(WIDEST, room))
    together = max(down, across)
    return Picture(_means(matrix, together)), together


def _range(matrix: Matrix, style: Numbers) -> str:
    import numpy as np

    numbers = np.asarray(matrix.rows, dtype=float)
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return "no number in it is finite"
    words = f"from {style.text(float(finite.min()))} to {style.text(float(finite.max()))}"
    return words if finite.size == numbers.size else f"{words} where it is finite"


def _means(matrix: Matrix, together: int) -> tuple[tuple[float, ...], ...]:
    """The mean of each square of so many numbers a side; those at the end may be smaller."""
    import numpy as np

    numbers = np.asarray(matrix.rows, dtype=float)
    starts = [range(0, size, together) for size in numbers.shape]
    squares = np.add.reduceat(np.add.reduceat(numbers, starts[0], 0), starts[1], 1)
    counts = np.outer(*(np.diff([*one, size]) for one, size in zip(starts, numbers.shape, strict=True)))
    return tuple(map(tuple, (squares / counts).tolist()))


def around(matrix: Matrix) -> Matrix:
    """The numbers around the first cells that are marked, or of the upper left corner."""
    marked = list(islice(matrix.marks, MOST_MARKED))
    top, left = (max(min(at[axis] for at in marked) - 1, 0) if marked else 0 for axis in (0, 1))
    rows = range(top, min(top + NUMBERS, len(matrix.rows)))
    columns = range(left, min(left + NUMBERS, len(matrix.rows[0])))
    title = f"rows {rows.start}–{rows.stop - 1}, columns {columns.start}–{columns.stop - 1}"
    return replace(cut(matrix, rows, columns), title=title)


def _to_open(matrix: Matrix) -> str:
    if not matrix.name:
        return "--all prints all."
    name = f"{matrix.name.removesuffix(']')}, " if matrix.name.endswith("]") else f"{matrix.name}["
    return f"--only {name.replace(', ', ',')}10:20,30:40] opens a part, --all prints all."


def _shade(share: float) -> Text:
    if not math.isfinite(share):
        return Text("??")
    return Text(2 * RAMP[round(share * (len(RAMP) - 1))])


def _signed(share: float, context: TextContext) -> Text:
    if not math.isfinite(share):
        return Text("??")
    strength = min(int(abs(share) * 3), 2)
    signs, colours = (ABOVE, POSITIVE) if share >= 0 else (BELOW, NEGATIVE)
    return Text(2 * context.clean(signs[strength])[:1], colours[strength] if strength else STYLES["quiet"])
