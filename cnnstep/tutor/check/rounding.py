"""Rounding on the way: whoever rounds each step and goes on from there is right, and gets other last digits."""

from __future__ import annotations

from math import log10
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
