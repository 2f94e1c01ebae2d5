"""Which cells a sum of products reads, for many cells of a step at once: by arrays of indices, not by loops."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Cell
from cnnstep.engine.sums import Call, Each, Index, Products, Read

T = TypeVar("T", bound=np.generic)
Places = NDArray[np.int64]
"""Cells of one array, each by its number in reading order."""
Shapes = Mapping[str, Cell]
"""How large each quantity is, by its name."""
Ranges = Sequence[range]
"""What each letter runs over."""


def places_read(products: Products, own: Ranges, shape: Cell, shapes: Shapes) -> Iterator[tuple[str, Places, Places]]:
    """Each quantity that is read, with pairs of places: a cell of the step, and a cell that it reads.

    `own` are the indices of the step's cells, whose array has this `shape`.
    """
    ranges = [*own, *map(range, products.over)]
    reads = [one for part in products.parts for one in _reads(part) if _quantity(one) in shapes]
    there = np.ones((1,) * len(ranges), dtype=bool)
    for read in reads:
        if isinstance(read, Read) and not read.padded:
            there = there & _place(read, ranges, shapes)[1]
    cells, _ = _flat(_letters(ranges)[: len(own)], shape)
    for read in reads:
        inner = read.over if isinstance(read, Each) else ()
        everywhere = [*ranges, *map(range, inner)]
        place, inside = _place(read.read if isinstance(read, Each) else read, everywhere, shapes)
        kept = np.broadcast_to(inside & _widened(there, inner), [len(one) for one in everywhere])
        all_cells, all_places = (np.broadcast_to(one, kept.shape)[kept] for one in (_widened(cells, inner), place))
        yield _quantity(read), all_cells, all_places


def _reads(part: object) -> Iterator[Read | Each]:
    if isinstance(part, Read):
        yield part
    elif isinstance(part, Call):
        yield from part.reads


def _quantity(read: Read | Each) -> str:
    return read.read.quantity if isinstance(read, Each) else read.quantity


def _letters(ranges: Ranges) -> list[Places]:
    """Each letter's numbers along an axis of its own."""
    return [
        np.arange(one.start, one.stop).reshape([-1 if axis == own else 1 for axis in range(len(ranges))])
        for own, one in enumerate(ranges)
    ]


def _widened(array: NDArray[T], more: Cell) -> NDArray[T]:
    """The same with as many axes more, of length 1."""
    return array.reshape(*array.shape, *(1 for _ in more))


def _place(read: Read, ranges: Ranges, shapes: Shapes) -> tuple[Places, NDArray[np.bool_]]:
    """Where it reads, and where that is a cell at all."""
    letters, whole = _letters(ranges), np.ones((1,) * len(ranges), dtype=bool)
    indices = []
    for at in read.at:
        index = Index((), at) if isinstance(at, int) else at
        number = sum((letters[letter] * times for letter, times in index.parts), np.array(index.constant))
        whole = whole & (number % index.divisor == 0)
        indices.append(number // index.divisor)
    place, inside = _flat(indices, shapes[read.quantity])
    return place, inside & whole


def _flat(indices: Sequence[Places], shape: Cell) -> tuple[Places, NDArray[np.bool_]]:
    """Indices as a number in reading order, and where they lie inside; the last one may count through several axes."""
    lengths = (*shape[: len(indices) - 1], math.prod(shape[len(indices) - 1 :])) if indices else ()
    place, inside = np.array(0), np.array(True)
    for index, length in zip(indices, lengths, strict=True):
        place = place * length + index
        inside = inside & (index >= 0) & (index < length)
    return place, inside
