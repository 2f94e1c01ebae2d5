"""Answers: what a learner's function gave for one result in one case, and how that compares with the right numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.case import Case
from cnnstep.tutor.grade.form import Form
from cnnstep.tutor.grade.signatures import LearnerFunction, Result

EXACT = 1e-9
"""Numbers that differ by no more than this share are the same, worked out in another order."""
SINGLE = 2e-5
"""So far off, as a share of the largest number, is what was worked out with 32 bits."""
HALF = 2e-2
"""The same for 16 bits."""


@dataclass(frozen=True)
class NoNumbers:
    """Why there are no numbers: a sentence, and where in the learner's file."""

    what: str
    line: int | None = None
    source: str = ""
    skipped: bool = False


@dataclass(frozen=True)
class GivenResult:
    """One result of one function in one case: the numbers, or why there are none.

    `again` are those of a second call, where they were others. `changed` are arguments that were written to;
    `rewritten` says that a later call changed this result, and `shares` are arguments in whose memory it lies.
    """

    case: Case
    function: LearnerFunction
    result: Result
    form: Form
    values: Array | None = None
    bits: int = 64
    fault: NoNumbers | None = None
    again: Array | None = None
    unsteady: bool = False
    changed: tuple[str, ...] = ()
    rewritten: bool = False
    shares: tuple[str, ...] = ()

    @cached_property
    def right(self) -> Array:
        """The engine's numbers, in the learner's form."""
        return self.shown(self.case.right(self.result.word))

    def shown(self, full: Array) -> Array:
        """An array of this result's axes in the learner's form."""
        shown = self.form.shown(self.case.axes(self.result.word), full)
        return shown / self.case.samples if self.result.mean else shown

    @cached_property
    def mine(self) -> Array | None:
        """The learner's numbers; in the right shape where that differs in axes of length 1 alone."""
        return None if self.values is None else _fitted(self.values, self.right.shape)

    @cached_property
    def scale(self) -> float:
        """The largest of the right numbers, at least 1: what is off by a share of it is off by rounding."""
        return max(1.0, float(np.abs(self.right).max(initial=0.0)))

    @property
    def tolerance(self) -> float:
        """How far off a number may be: by the digits of the learner's type."""
        return self.scale * {16: HALF, 32: SINGLE}.get(self.bits, EXACT)

    def agrees(self, other: Array, tolerance: float | None = None) -> bool:
        """Whether the learner's numbers are these, shape and all but for axes of length 1."""
        if self.values is None:
            return False
        mine = _fitted(self.values, other.shape)
        if mine.shape != other.shape:
            return False
        return bool((np.abs(mine - other) <= (self.tolerance if tolerance is None else tolerance)).all())

    @cached_property
    def is_right(self) -> bool:
        """Whether these are the right numbers, to the digits of their type, or to 32 bits."""
        return self.agrees(self.right, max(self.tolerance, self.scale * SINGLE))

    @cached_property
    def imprecise(self) -> bool:
        """Right to 32 bits, or 16, and no better."""
        return self.is_right and not self.agrees(self.right, self.scale * EXACT)

    @property
    def has_shape(self) -> bool:
        """Whether there are numbers, of the right shape."""
        return self.mine is not None and self.mine.shape == self.right.shape

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Which numbers are not right; all, where the shape is another."""
        if self.mine is None or not self.has_shape:
            return np.ones(self.right.shape, dtype=bool)
        return ~(np.abs(self.mine - self.right) <= max(self.tolerance, self.scale * SINGLE))


def _fitted(values: Array, shape: tuple[int, ...]) -> Array:
    """In this shape, where the two differ in axes of length 1 alone."""
    if values.shape == shape:
        return values
    mine, wanted = ([n for n in one if n != 1] for one in (values.shape, shape))
    return values.reshape(shape) if mine == wanted else values
