"""An axis of a sweep: `learning_rate=0.01:1:200` is 200 values from 0.01 to 1, both among them, evenly spaced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array, Cell, bracketed, is_whole
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.typed import read_number

RATE, FILTER, BIAS = "learning_rate", "filter", "bias"
SWEPT = (RATE, FILTER, BIAS)
"""What an axis can run along."""

EXAMPLE = "write it as filter[0,0]=-2:2:80 or learning_rate=0.01:1:40, which is start:stop:count"
SPACING = {"": False, "linear": False, "log": True}

_AXIS = re.compile(r"\s*([^\W\d][\w-]*)\s*(?:\[([^\]]*)\])?\s*=(.*)", re.DOTALL)


@dataclass(frozen=True)
class Axis:
    """`count` values from `start` to `stop`, both among them: evenly spaced, or with `log` in even ratios.

    `of` is `learning_rate`, `filter` or `bias`; `cell` is which number of the last two, as the scenario shows them.
    """

    of: str
    start: float
    stop: float
    count: int
    log: bool = False
    cell: Cell = ()

    def __post_init__(self) -> None:
        for what, hint in self._misfits():
            raise InputError(Fault("axis", what, hint))

    def _misfits(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it whatever the scenario, and what to do: the first thing first."""
        if self.of not in SWEPT:
            yield f'there is no axis called "{self.of}"', did_you_mean(self.of, SWEPT)
        for name, value in (("start", self.start), ("stop", self.stop)):
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
                yield f'the {name} "{value}" is not a number', EXAMPLE
        if not is_whole(self.count) or self.count < 2:
            yield f'the count "{self.count}" is not a whole number of 2 or more', EXAMPLE
        if self.of == RATE and self.cell:
            yield "learning_rate is one number and has no cells", "write learning_rate=0.01:1:40"
        if not isinstance(self.cell, tuple) or not all(is_whole(index) and index >= 0 for index in self.cell):
            yield f"{self.cell} is not a cell", "give the row and the column, counted from 0: cell=(0, 1)"
        if not self.start < self.stop:
            hint = "exchange the two" if self.stop < self.start else "give two different ends"
            yield f"start {self.start:g} is not below stop {self.stop:g}", hint
        if self.log and self.start <= 0:
            yield f"a log scale needs a start above 0, not {self.start:g}", "leave out log, or start above 0"

    @property
    def name(self) -> str:
        """`filter[0,0]`."""
        return self.of + bracketed(self.cell)

    @property
    def text(self) -> str:
        """The axis as it is typed: `filter[0,0]=-2:2:80`."""
        return f"{self.name}={self.start:.15g}:{self.stop:.15g}:{self.count}{':log' if self.log else ''}"

    def values(self) -> Array:
        """The values in their order, float64 [count]."""
        return (np.geomspace if self.log else np.linspace)(self.start, self.stop, self.count)

    @classmethod
    def read(cls, text: str) -> Axis:
        """The axis that `filter[0,0]=-2:2:80` stands for; `InputError` says which part of it can't be read."""
        found = _AXIS.fullmatch(text)
        if found is None:
            raise _fault(text, "it has no name and = before its values", EXAMPLE)
        of, cell, values = found[1].replace("-", "_"), found[2], found[3]
        settings = *_range(text, values), _cell(text, of, cell)
        try:
            return cls(of, *settings)
        except InputError as error:
            (fault,) = error.faults
            raise _fault(text, fault.what, fault.hint) from None


def _fault(text: str, what: str, hint: str) -> InputError:
    return InputError(Fault("axis", f'"{text.strip()}": {what}', hint))


def _range(text: str, values: str) -> tuple[float, float, int, bool]:
    """start:stop:count, and whether `:log` follows."""
    parts = [part.strip() for part in values.split(":")]
    if len(parts) not in (3, 4):
        raise _fault(text, "its values are not start:stop:count", EXAMPLE)
    spacing = parts[3].lower() if len(parts) == 4 else ""
    if spacing not in SPACING:
        raise _fault(
            text, f'"{parts[3]}" is not a spacing', "write :log for a log scale; without it the steps are even"
        )
    start, stop = _number(text, parts[0], "start"), _number(text, parts[1], "stop")
    if not parts[2].isdecimal():
        raise _fault(text, f'the count "{parts[2]}" is not a whole number of 2 or more', EXAMPLE)
    return start, stop, int(parts[2]), SPACING[spacing]


def _number(text: str, part: str, name: str) -> float:
    try:
        return read_number(part).value
    except (ValueError, ZeroDivisionError):
        raise _fault(text, f'the {name} "{part}" is not a number', EXAMPLE) from None


def _cell(text: str, of: str, indices: str | None) -> Cell:
    """`0,1` as (0, 1)."""
    if indices is None:
        return ()
    parts = [part.strip() for part in indices.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise _fault(text, f"[{indices}] is not a cell", f"write {of}[0,1]: row and column, counted from 0")
    return tuple(int(part) for part in parts)
