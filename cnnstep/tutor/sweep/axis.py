"""An axis of a sweep: `learning_rate=0.01:1:200` is 200 values from 0.01 to 1, both among them, evenly spaced."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array, Cell, bracketed
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
        if of not in SWEPT:
            raise _fault(text, f'there is no axis called "{found[1]}"', did_you_mean(of, SWEPT))
        return cls(of, *_range(text, values), _cell(text, of, cell))


def _fault(text: str, what: str, hint: str) -> InputError:
    return InputError(Fault("axis", f'"{text.strip()}": {what}', hint))


def _range(text: str, values: str) -> tuple[float, float, int, bool]:
    """start:stop:count, and whether `:log` follows."""
    parts = [part.strip() for part in values.split(":")]
    if len(parts) not in (3, 4):
        raise _fault(text, "its values are not start:stop:count", EXAMPLE)
    spacing = parts[3].lower() if len(parts) == 4 else ""
    if spacing not in SPACING:
        raise _fault(text, f'"{parts[3]}" is no spacing', "write :log for even ratios; without it steps are even")
    start, stop = _number(text, parts[0], "start"), _number(text, parts[1], "stop")
    if not parts[2].isdecimal() or int(parts[2]) < 2:
        raise _fault(text, f'the count "{parts[2]}" is no whole number of 2 or more', EXAMPLE)
    if not start < stop:
        hint = f"write {parts[1]}:{parts[0]}:{parts[2]}" if stop < start else "give two different ends"
        raise _fault(text, f"start {parts[0]} is not below stop {parts[1]}", hint)
    if SPACING[spacing] and start <= 0:
        raise _fault(text, f"even ratios need a start above 0, not {parts[0]}", "leave out :log, or start above 0")
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
    if of == RATE:
        raise _fault(text, "learning_rate is one number and has no cells", "write learning_rate=0.01:1:40")
    if not all(part.isdecimal() for part in parts):
        raise _fault(text, f"[{indices}] is no cell", f"write {of}[0,1]: row and column, counted from 0")
    return tuple(int(part) for part in parts)
