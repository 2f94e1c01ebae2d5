"""A quantity: the name, the symbol and the visible axes of one array of a lesson."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnstep.errors import Fault, InputError

Array: TypeAlias = NDArray[np.float64]
Cell: TypeAlias = tuple[int, ...]
Values: TypeAlias = Mapping[str, Array]
"""The arrays of one iteration by the name of their quantity, every axis present."""

Kind: TypeAlias = Literal["result", "given", "parameter", "memory"]
"""What a quantity is to its lesson: computed by a step, given by the scenario, trained, or remembered."""

IMAGE = ("sample", "channel", "row", "column")
MAP = ("sample", "filter", "row", "column")
WEIGHTS = ("filter", "channel", "row", "column")
BIAS = ("filter",)
VECTOR = ("sample", "unit")
DENSE_WEIGHTS = ("unit", "input")
DENSE_BIAS = ("unit",)


def frozen(array: object) -> Array:
    """A read-only float64 copy."""
    copy = np.array(array, dtype=np.float64)
    copy.setflags(write=False)
    return copy


def is_whole(value: object) -> bool:
    """Whether this is a whole number, NumPy's among them; True and False are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def norm(*arrays: Array) -> float:
    """√Σx² over all cells of all arrays."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(sum(float(np.square(array).sum()) for array in arrays)))


def mean(array: Array) -> float:
    """Σx / n; 0 where the x cancel out but for their rounding, whose digits differ from processor to processor."""
    found, size = float(array.mean()), float(np.abs(array).mean())
    return 0.0 if abs(found) <= array.size * np.finfo(float).eps * size else found


def bracketed(cell: Cell) -> str:
    """`[0,1]`, and nothing at all for a single number."""
    return f"[{','.join(str(index) for index in cell)}]" if cell else ""


@dataclass(frozen=True)
class Layout:
    """The axes of an array, and those of them (all of length 1) that a learner did not write and does not see.

    The engine computes with every axis: an image is [sample, channel, row, column]. A learner who wrote
    one 3×3 matrix sees 3×3.
    """

    axes: tuple[str, ...]
    hidden: frozenset[str] = frozenset()

    @property
    def visible(self) -> tuple[str, ...]:
        """The names of the axes that a learner sees."""
        return tuple(axis for axis in self.axes if axis not in self.hidden)

    def show(self, array: Array) -> Array:
        """The array as a learner sees it: hidden axes left out."""
        return array.reshape(
            [size for size, axis in zip(array.shape, self.axes, strict=True) if axis not in self.hidden]
        )

    def restore(self, shown: Array) -> Array:
        """The inverse of `show`: hidden axes put back, with length 1."""
        sizes = iter(shown.shape)
        return shown.reshape([1 if axis in self.hidden else next(sizes) for axis in self.axes])

    def shown_cell(self, cell: Cell) -> Cell:
        """The index that a learner would write for `cell`."""
        return tuple(index for index, axis in zip(cell, self.axes, strict=True) if axis not in self.hidden)

    def full_cell(self, shown: Cell) -> Cell:
        """The inverse of `shown_cell`."""
        indices = iter(shown)
        return tuple(0 if axis in self.hidden else next(indices) for axis in self.axes)


@dataclass(frozen=True)
class Quantity:
    """One array of a lesson: `filter`, written W, with the axes a learner sees.

    `negated` is what a lesson carries with the other sign, −∂L/∂W; `renewed` what an update makes of a letter, W new.
    """

    name: str
    letter: str
    layout: Layout
    kind: Kind = "result"
    negated: bool = False
    renewed: bool = False

    @property
    def symbol(self) -> str:
        """`W`, `−∂L/∂W`, `W new`: how it is written by itself."""
        return f"{'−' if self.negated else ''}{self.letter}{self._after}"

    @property
    def operand(self) -> str:
        """The symbol as it stands between others: `(−∂L/∂W)`."""
        return f"({self.symbol})" if self.negated else self.symbol

    @property
    def _after(self) -> str:
        return " new" if self.renewed else ""

    def label(self, cell: Cell) -> str:
        """`W[0,1]`, `W[0,1] new`: the symbol and the index that a learner sees."""
        letter = f"(−{self.letter})" if self.negated else self.letter
        return letter + bracketed(self.layout.shown_cell(cell)) + self._after

    def cell(self, shown: Cell, array: Array) -> Cell:
        """Every index of the cell that a learner writes as `shown`; `InputError` where the array has no such cell."""
        axes, shape = self.layout.visible, self.layout.show(array).shape
        if len(shown) != len(shape):
            owner = f"a number of {self.name} has a {' and a '.join(axes)}" if shape else f"{self.name} is one number"
            what = f"{owner}; {len(shown)} {'index is' if len(shown) == 1 else 'indices are'} given"
            hint = "give an index for each, counted from 0" if shape else "leave the indices out"
            raise InputError(Fault("cell", what, hint))
        for index, size, axis in zip(shown, shape, axes, strict=True):
            if not is_whole(index) or not 0 <= index < size:
                hint = f"its {axis}s are counted from 0 to {size - 1}"
                text = index if is_whole(index) else repr(index)
                raise InputError(Fault("cell", f"{self.name} has no {axis} {text}", hint))
        return self.layout.full_cell(tuple(map(int, shown)))


def number(value: float) -> int | float | None:
    """One number as plain data: 3 for 3.0, 0 for −0, nothing where it is not finite."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else float(value)


def numbers(array: Array) -> Any:
    """An array as nested lists of plain numbers; a single number where it has no axes."""
    if array.ndim == 0:
        return number(float(array))
    return [number(value) for value in array.tolist()] if array.ndim == 1 else [numbers(part) for part in array]
