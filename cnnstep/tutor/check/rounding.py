"""Rounding on the way: whoever rounds each step and goes on from there is right, and gets other last digits."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10

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


def roundings(array: Array, digits: int) -> Iterator[Array]:
    """The array with so many decimals; where it lies half way, as a program rounds it, to even, and away from 0."""
    nearest: Array = np.round(array, digits)
    scaled = np.abs(array) * 10.0**digits
    ties = np.abs(scaled - np.floor(scaled) - 0.5) < TIE
    if not ties.any():
        yield nearest
        return
    printed = np.array([round(float(f"{number:.12g}"), digits) for number in array.flat]).reshape(array.shape)
    down, up = (np.sign(array) * way(scaled) / 10.0**digits for way in (np.floor, np.ceil))
    yield from (printed, nearest, np.where(ties, up, nearest), np.where(ties, down, nearest))


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
