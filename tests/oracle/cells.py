"""An array as its cells, {(row, column): number}: no library between a formula and the loop that works it out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import TypeAlias

Cell: TypeAlias = tuple[int, ...]
Cells: TypeAlias = dict[Cell, float]
Nested: TypeAlias = "float | list[Nested]"


def indices(*sizes: int) -> Iterator[Cell]:
    """Every index below these sizes, the last running fastest."""
    return product(*(range(size) for size in sizes))


def sizes(array: Cells) -> Cell:
    """How many indices there are along each axis."""
    return tuple(1 + max(axis) for axis in zip(*array, strict=True))


def each(function: Callable[..., float], *arrays: Cells) -> Cells:
    """The function of the arrays' numbers, cell by cell."""
    return {cell: function(*(array[cell] for array in arrays)) for cell in arrays[0]}


def times(number: float, array: Cells) -> Cells:
    """Every number multiplied by the same one."""
    return {cell: number * value for cell, value in array.items()}


def rounded(array: Cells, digits: int) -> Cells:
    """Every number to so many decimals; no −0. Half way it is the decimal number that decides, not what floats left."""
    return {cell: round(float(f"{value:.12g}"), digits) + 0.0 for cell, value in array.items()}


def from_nested(numbers: Nested) -> Cells:
    """The cells of nested lists; a single number has the one cell ()."""
    if not isinstance(numbers, list):
        return {(): float(numbers)}
    return {(index, *cell): value for index, part in enumerate(numbers) for cell, value in from_nested(part).items()}


def nested(array: Cells) -> Nested:
    """The array as nested lists."""
    if () in array:
        return array[()]
    count = 1 + max(cell[0] for cell in array)
    return [nested({cell[1:]: value for cell, value in array.items() if cell[0] == index}) for index in range(count)]


def with_axes(array: Cells, *at: int) -> Cells:
    """The array with axes of length 1 put in at these places, in this order."""
    for place in at:
        array = {(*cell[:place], 0, *cell[place:]): value for cell, value in array.items()}
    return array


def without_axes(array: Cells, *at: int) -> Cells:
    """The array without these axes, all of length 1."""
    return {tuple(i for axis, i in enumerate(cell) if axis not in at): value for cell, value in array.items()}


def apart(one: Cells, other: Cells) -> float:
    """The largest difference between two arrays; infinite where their sizes differ."""
    if one.keys() != other.keys():
        return float("inf")
    return max(abs(value - other[cell]) for cell, value in one.items())
