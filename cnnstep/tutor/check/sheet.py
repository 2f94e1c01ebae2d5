"""What a learner wrote down: the matrices of some steps, each number with the precision it was written in."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, dropwhile

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import MAP, VECTOR, Array, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.typed import EXACT, Typed


@dataclass(frozen=True)
class Written:
    """A learner's matrix for one step, as they see it (hidden axes left out), and each number's tolerance."""

    values: Array
    tolerance: Array

    @classmethod
    def of(cls, rows: object) -> Written:
        """From nested sequences of `Typed` numbers, or a single one; `InputError` where the nesting is uneven."""
        try:
            return cls(np.array(_map(rows, "value"), dtype=float), np.array(_map(rows, "tolerance"), dtype=float))
        except ValueError:
            what = "some of its rows are nested deeper, or longer, than others"
            raise InputError(Fault("ragged", what, "give every row equally many numbers")) from None

    @classmethod
    def rounded(cls, array: Array, digits: int) -> Written:
        """A right matrix as a learner would write it with so many decimals."""
        return cls(np.round(array, digits), np.full(array.shape, 0.5 * 10.0**-digits))

    @property
    def finest(self) -> float:
        """Half a unit of the last digit that any number has, or 0: beside `3.663`, `2.47` is `2.470`."""
        inexact = self.tolerance[self.tolerance > 0]
        return float(inexact.min()) if inexact.size else 0.0

    def wrong(self, expected: Array) -> NDArray[np.bool_] | None:
        """Where these numbers are not what they should be; None where the shapes differ."""
        return self.unlike(expected) if expected.shape == self.values.shape else None

    def unlike(self, expected: Array) -> NDArray[np.bool_]:
        """Where these numbers differ from those of a matrix of their shape, or of each of several: [matrix, …]."""
        off = np.abs(self.values - expected)
        allowed = self.tolerance + EXACT * np.maximum(1.0, np.abs(expected))
        return ~((off <= allowed) & np.isfinite(expected))  # an infinite number allows for any

    def in_axes_of(self, step: Step, shape: tuple[int, ...]) -> Written:
        """The same numbers with the axes that the step shows; `shape` is that of its result, every axis present.

        Axes of length 1 that count samples, channels or filters may be left out or written too many; one number needs
        no brackets, and the rows of several matrices may stand below each other.
        """
        layout = step.quantity.layout
        sizes = dict(zip(layout.axes, shape, strict=True))
        shown = tuple(sizes[axis] for axis in layout.visible)
        have = self.values.shape
        if have != shown and (_same_numbers(have, sizes) or _written_as_rows(have, shown)):
            return self.reshaped(shown)
        left_out = tuple(i for i, axis in enumerate(layout.visible) if axis in COUNTING and sizes[axis] == 1)
        if left_out and len(have) == len(shown) - len(left_out):  # of another size, but as many axes as are needed
            return Written(np.expand_dims(self.values, left_out), np.expand_dims(self.tolerance, left_out))
        return self

    def reshaped(self, shape: tuple[int, ...]) -> Written:
        """The same numbers in reading order."""
        return Written(self.values.reshape(shape), self.tolerance.reshape(shape))

    def in_shape(self, shape: Sequence[int]) -> bool:
        """Whether the matrix has this shape."""
        return self.values.shape == tuple(shape)


TWO_DECIMALS = 0.5e-2
"""The tolerance of a number that is given to two decimals, which is never too coarse: sheets are kept like that."""


TOO_COARSE = Fault(
    "digits",
    "that is rounded too far to tell whether it is right",
    "type three decimals, or a fraction; plain 0 for exactly 0",
)


def refuse_coarse(values: object, tolerances: object, right: object, *, unit: float | None = None) -> None:
    """`InputError` where numbers say nothing because they were rounded too far: `0.0e9` fits any, `0.0` fits 0.04."""
    if too_coarse(values, tolerances, right, unit=unit):
        raise InputError(TOO_COARSE)


def too_coarse(values: object, tolerances: object, right: object, *, unit: float | None = None) -> bool:
    """Whether a number can't be told from those of its matrix: its tolerance is above the largest, and its own size.

    Where three decimals were asked for, `unit` is the last of them, and only a number that is exact may have fewer.
    """
    mine, tolerance, due = (np.asarray(one, dtype=float) for one in (values, tolerances, right))
    if unit is not None:
        off = np.abs(mine - due) > EXACT * np.maximum(1.0, np.abs(due))
        return bool((off & (tolerance > 0.51 * unit)).any())
    largest = float(np.abs(due).max()) if due.size else 0.0
    least = max(largest, TWO_DECIMALS) if largest > EXACT else 0.5
    return bool((tolerance > np.maximum(np.abs(mine), least)).any())


COUNTING = ("sample", "channel", "filter")
"""Axes that count matrices."""


def _same_numbers(have: tuple[int, ...], sizes: Mapping[str, int]) -> bool:
    """Whether an array of these sizes is one with these axes, but for some of length 1."""
    single = [axis for axis, size in sizes.items() if size == 1 and axis in COUNTING]
    without = [
        tuple(size for axis, size in sizes.items() if axis not in dropped)
        for count in range(len(single) + 1)
        for dropped in combinations(single, count)
    ]
    return any(_without_ones(have) == _without_ones(shape) for shape in without)


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A row is a matrix of one row: leading ones say nothing."""
    return tuple(dropwhile(lambda size: size == 1, shape))


def _written_as_rows(have: tuple[int, ...], shown: tuple[int, ...]) -> bool:
    """Whether rows hold a vector as one row or one column, or several matrices below each other."""
    if len(shown) < 2:
        return math.prod(have) == math.prod(shown) == max(have, default=1)
    return len(shown) > 2 == len(have) and have == (math.prod(shown[:-1]), shown[-1])


def _map(rows: object, attribute: str) -> object:
    return [_map(row, attribute) for row in rows] if isinstance(rows, list | tuple) else getattr(rows, attribute)


def written(rows: object) -> Written:
    """From nested lists of plain numbers, which stand for themselves."""

    def exact(value: object) -> object:
        if isinstance(value, list | tuple):
            return [exact(one) for one in value]
        return Typed(float(value), 0.0)  # type: ignore[arg-type]

    return Written.of(exact(rows))


@dataclass(frozen=True)
class Sheet:
    """A scenario, the iteration that was worked out (from 0), and what was written for its steps."""

    scenario: Scenario
    work: Mapping[str, Written] = field(repr=False)
    iteration: int = 0
    name: str = ""

    def by_step(self, lesson: Lesson, right: Values) -> tuple[dict[str, Written], frozenset[str]]:
        """The work by the steps' full names, with the axes that they show, and the steps that are too coarse to tell.

        `right` are the right results. `InputError` where nothing was given, a step isn't the lesson's, or all that
        was given is too coarse to say anything.
        """
        if not self.work:
            raise InputError(Fault("no-work", "no step was given", f"give at least one of {', '.join(lesson.names)}"))
        work, coarse, faults = {}, {}, []
        for name, mine in self.work.items():
            try:
                step = lesson.step(name)
            except InputError as error:
                faults += [fault.under("work", name) for fault in error.faults]
                continue
            shown = mine.in_axes_of(step, right[step.name].shape)
            if too_coarse(shown.values, shown.tolerance, right[step.name]):
                coarse[step.name] = TOO_COARSE.under("work", name)
            else:
                work[step.name] = shown
        if faults or not work:
            raise InputError([*faults, *coarse.values()])
        return work, frozenset(coarse)


def as_shown(step: Step, result: Array) -> Array:
    """A step's result, right or wrong, as a learner would write it; a wrong one may have other axes."""
    layout = step.quantity.layout
    if result.ndim == len(layout.axes):
        return _without(result, layout.axes, layout.hidden)
    axes = MAP if result.ndim == len(MAP) else VECTOR
    return _without(result, axes, layout.hidden | ({"sample"} if result.shape[0] == 1 else set()))


def _without(result: Array, axes: tuple[str, ...], hidden: frozenset[str]) -> Array:
    sizes = [size for size, axis in zip(result.shape, axes, strict=True) if axis not in hidden or size != 1]
    return result.reshape(sizes)
