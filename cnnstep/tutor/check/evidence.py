"""How much a learner's numbers say, in bits: what an explanation has to be worth before it is believed.

Every explanation of a matrix has a price: what has to be assumed, and the cells that it leaves open, each as many
bits as it would take to write that cell down. The cheapest is the likeliest, by 2 to the difference. So a name must
save more than it costs to look for it among all names; zeros and repeated numbers say little, and long decimals much.

Who rounds each step on the way and goes on from there is right, and gets other last digits.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, lgamma, log, log2, log10
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.tutor.check.sheet import Written
from cnnstep.tutor.typed import EXACT

TIE = 1e-6


def digits_of(mine: Written, precision: float) -> int | None:
    """How many decimals were kept on the way: the matrix's own, or the sheet's; None where numbers are exact."""
    tolerance = mine.finest or precision
    return round(-log10(2.0 * tolerance)) if tolerance else None


Half: TypeAlias = Literal["as printed", "to even", "away from 0", "towards 0"]
"""Which way a number goes that lies half way between two; everybody keeps to one of them."""
HALVES: tuple[Half, ...] = ("as printed", "to even", "away from 0", "towards 0")


def rounded(array: Array, digits: int, half: Half) -> Array:
    """The array with so many decimals; where it lies half way, as this one goes."""
    nearest: Array = np.round(array, digits)
    halves = half_way(array, digits)
    if half == "to even" or not halves.any():
        return nearest
    if half == "as printed":
        return np.array([round(float(f"{number:.12g}"), digits) for number in array.flat]).reshape(array.shape)
    way = np.ceil if half == "away from 0" else np.floor
    return np.where(halves, np.sign(array) * way(np.abs(array) * 10.0**digits) / 10.0**digits, nearest)


def half_way(array: Array, digits: int) -> NDArray[np.bool_]:
    """Which numbers lie half way between two of so many decimals."""
    scaled = np.abs(array) * 10.0**digits
    return np.abs(scaled - np.floor(scaled) - 0.5) < TIE


def excused(mine: Written, expected: Array, wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The wrong cells that one half-unit more would make right, where the number itself had to be rounded.

    A number that needs no more digits than were written is not moved by rounding: whole numbers stay exact.
    """
    room = 2.0 * mine.tolerance
    near = np.abs(mine.values - expected) <= room + EXACT * np.maximum(1.0, np.abs(expected))
    return wrong & near & is_long(expected, room)


def is_long(numbers: Array, unit: Array | float) -> NDArray[np.bool_]:
    """Which numbers have more digits than those of this unit."""
    with np.errstate(divide="ignore", invalid="ignore"):
        in_units = numbers / unit
    return np.abs(in_units - np.round(in_units)) > TIE


SOMETHING = 3.0
"""That anything went wrong at a step at all: one step in eight."""
FIRM = 2.75
"""A name is believed where every explanation without it costs so much more: it is seven times less likely."""
WINDOW = 6.0
"""An explanation that costs so much more than the likeliest is followed no further."""
PLAIN = 2.0
"""That nothing was worked out: the matrix is empty, or is what stood there before."""
EXCUSED = 3.0
"""That a cell is up to a half-unit of its last digit further off than the digits allow, by rounding on the way."""
MOST, ZERO, TURNED, REPEATED, MOVED = 10.0, 1.5, 1.7, 2.0, 4.0
"""The most that one cell can say; what a 0 says, the right number with its sign turned, a number that stands in the
matrix already, and one that belongs to another cell."""
SMALLEST = 2
"""Numbers that run up to so many units at least are possible in every matrix."""
GRIDS = (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 200, 400, 1000, 10000)
"""A learner's exact numbers are multiples of 1/g for the first of these that fits."""
FINEST = 1e-6
FEW = 100
"""So many of a large matrix show, mostly, that a fraction is not the one that all share."""
MANY = 4_000
"""Beyond so many cells a binomial coefficient has too many digits to be worked out as a whole number."""


class Evidence:
    """What each cell of a learner's matrix says, beside the numbers that are right there.

    `start` is what the step was to change, if anything: a number that stands there still says nothing.
    """

    def __init__(self, mine: Written, right: Array, start: Array | None = None) -> None:
        values, digit = mine.values, 2.0 * mine.finest
        start = start if start is not None and start.shape == values.shape else np.zeros_like(values)
        grid = digit or grid_of(values, FINEST)
        each = _spread(values - start, grid)
        steps, others = np.round(values / grid), np.round(right / grid)
        if right.shape == values.shape:
            each = min(each, _spread(values - right, grid_of(values - right, grid)))
        self.bits: Array = np.full(values.shape, min(each, REPEATED))
        self.bits.ravel()[np.unique(steps, return_index=True)[1]] = each
        self._at_most(MOVED, np.isin(steps, others))
        if right.shape == values.shape:
            self._at_most(TURNED, (steps == -others) | (steps == np.round((2 * start - right) / grid)))
        self._at_most(ZERO, (steps == 0) | (values == start))

    def _at_most(self, bits: float, cells: NDArray[np.bool_]) -> None:
        self.bits[cells] = np.minimum(self.bits[cells], bits)

    def off(self, wrong: NDArray[np.bool_]) -> float:
        """What it costs to leave these cells open: which they are, and what stands there."""
        count = int(wrong.sum())
        return SOMETHING + _which(count, wrong.size) + float(self.bits[wrong].sum()) if count else 0.0

    def slips(self, wrong: NDArray[np.bool_]) -> float:
        """What it costs that these cells are off beside a mistake that explains the others: each by itself."""
        return int(wrong.sum()) * (SOMETHING + log2(wrong.size)) + float(self.bits[wrong].sum())


def _which(count: int, size: int) -> float:
    """What it says which of the cells these are: log₂ of the binomial coefficient."""
    if size <= MANY:
        return log2(comb(size, count))
    return (lgamma(size + 1) - lgamma(count + 1) - lgamma(size - count + 1)) / log(2)


def _spread(numbers: Array, grid: float) -> float:
    """What one of these numbers says, if any of them could have been any other: log₂ of how many there are."""
    size = float(np.abs(numbers).max(initial=SMALLEST * grid))
    return min(MOST, log2(1.0 + 2.0 * size / grid)) if np.isfinite(size) else MOST


def grid_of(numbers: Array, finest: float) -> float:
    """How far apart the numbers are that could stand here: the fraction that all share, or the last digit."""
    first = numbers.ravel()[:FEW]
    for parts in GRIDS:
        if 1.0 / parts <= finest:
            break
        if _share(first, parts, finest) and _share(numbers, parts, finest):
            return 1.0 / parts
    return finest


def _share(numbers: Array, parts: int, finest: float) -> bool:
    """Whether all numbers are multiples of 1/parts."""
    scaled = numbers * parts
    allowed = np.maximum(0.5 * finest * parts, EXACT * np.abs(scaled))
    return bool((np.abs(scaled - np.round(scaled)) <= allowed).all())


@lru_cache(maxsize=256)
def price(names: int) -> float:
    """What one name among so many costs."""
    return SOMETHING + log2(max(1, names))
