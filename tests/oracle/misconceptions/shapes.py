"""Arrays with their cells moved about: turned, transposed, exchanged."""

from __future__ import annotations

from tests.oracle.cells import Cells, sizes


def turned(array: Cells) -> Cells:
    """Turned by 180° in its last two axes."""
    rows, columns = sizes(array)[-2:]
    return {(*front, rows - 1 - i, columns - 1 - j): value for (*front, i, j), value in array.items()}


def transposed(array: Cells) -> Cells:
    """Rows and columns exchanged in the last two axes."""
    return {(*front, j, i): value for (*front, i, j), value in array.items()}


def square(array: Cells) -> bool:
    """Whether there are as many rows as columns."""
    return sizes(array)[-1] == sizes(array)[-2]


def exchanged(array: Cells, axis: int) -> Cells:
    """The first along an axis in the second's place, and so on; the last in the first's."""
    count = sizes(array)[axis]
    return {cell: array[(*cell[:axis], (cell[axis] + 1) % count, *cell[axis + 1 :])] for cell in array}


def several(array: Cells, axis: int) -> bool:
    """Whether there is more than one along an axis."""
    return sizes(array)[axis] > 1
