"""What a learner wrote down: the matrices of some steps, each number with the precision it was written in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import MAP, VECTOR, Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.tutor.typed import EXACT, Typed


@dataclass(frozen=True)
class Written:
    """A learner's matrix for one step, as they see it (hidden axes left out), and each number's tolerance."""

    values: Array
    tolerance: Array

    @classmethod
    def of(cls, rows: object) -> Written:
        """From nested sequences of `Typed` numbers, or a single one."""
        return cls(np.array(_map(rows, "value"), dtype=float), np.array(_map(rows, "tolerance"), dtype=float))

    @classmethod
    def rounded(cls, array: Array, digits: int) -> Written:
        """A right matrix as a learner would write it with so many decimals."""
        return cls(np.round(array, digits), np.full(array.shape, 0.5 * 10.0**-digits))

    def wrong(self, expected: Array, slack: Array | float = 0.0) -> NDArray[np.bool_] | None:
        """Where these numbers are not what they should be, give or take a slack; None where the shapes differ."""
        if expected.shape != self.values.shape:
            return None
        off = np.abs(self.values - expected)
        return ~(off <= self.tolerance + slack + EXACT * np.maximum(1.0, np.abs(expected)))

    def in_shape(self, shape: Sequence[int]) -> bool:
        """Whether the matrix has this shape."""
        return self.values.shape == tuple(shape)


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

    @property
    def grain(self) -> float:
        """The coarsest precision on the sheet: half a unit of the last digit, 0 where all numbers are exact."""
        return max((float(mine.tolerance.max()) for mine in self.work.values() if mine.tolerance.size), default=0.0)


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
