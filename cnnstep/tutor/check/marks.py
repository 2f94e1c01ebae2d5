"""What became of each step of a sheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.step import Step, Working
from cnnstep.tutor.check.hypothesis import Cause, Hypothesis, codes_of
from cnnstep.tutor.check.sheet import Written
from cnnstep.tutor.mistakes import StepContext

Verdict: TypeAlias = Literal["correct", "follows", "mistake", "slip", "unexplained", "missing"]


WRONG = ("mistake", "slip", "unexplained")
"""The verdicts of numbers that are not right and don't follow."""


@dataclass(frozen=True)
class Slip:
    """A cell (as a learner counts them), what stands there, what should, and what explains the difference."""

    cell: Cell
    yours: float
    expected: float
    reason: str = ""
    working: Working | None = None


@dataclass(frozen=True)
class Explanation:
    """Another way in which a step's numbers may have come about: these mistakes, and so many cells off besides."""

    codes: tuple[str, ...]
    slips: int = 0


@dataclass(frozen=True)
class StepMark:
    """What became of one step: its verdict, what was assumed there, the cells that slipped.

    `others` are explanations that are as good. `right` is right for the scenario under the sheet's conventions;
    `expected` is what follows from the learner's earlier numbers when this step, and those before it that were not
    given, are carried out rightly; `mine` is what they wrote, all as shown. `line` is the line of thought just
    before the step, and `times` what its conventions multiply the step's result by. `case` is the step as it is
    carried out rightly from their numbers. `same_as` names what the
    numbers are where nothing was worked out: "zeros", or the quantity that was copied. `too_coarse`: it was given, and
    rounded so far that it can't be told, so it counts as missing.
    """

    step: Step
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    slips: tuple[Slip, ...] = ()
    others: tuple[Explanation, ...] = ()
    right: Array | None = field(default=None, repr=False)
    expected: Array | None = field(default=None, repr=False)
    mine: Written | None = field(default=None, repr=False)
    line: Hypothesis | None = field(default=None, repr=False)
    times: float = 1.0
    case: StepContext | None = field(default=None, repr=False)
    from_intended: bool = False
    same_as: str = ""
    too_coarse: bool = False

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The codes of the mistakes assumed here, each once."""
        return codes_of(self.causes)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """What was assumed here, then what is as good."""
        return Explanation(self.mistakes, len(self.slips)), *self.others

    @property
    def alternatives(self) -> tuple[tuple[str, ...], ...]:
        """The codes of the other explanations."""
        return tuple(dict.fromkeys(other.codes for other in self.others))
