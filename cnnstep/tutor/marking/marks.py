"""Points of a sheet, step by step: right, or what follows from earlier numbers, is worth all of them.

A misconception costs once: the step in which it shows first. Of a matrix with slips the right cells count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cnnstep.engine.lesson import Lesson
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.check.account import StepMark
from cnnstep.tutor.check.diagnose import Diagnosis

Points = Mapping[str, float]
"""What each step is worth, by its name."""


@dataclass(frozen=True)
class MarkedSheet:
    """A sheet by the name of its file, with its diagnosis; or, where it can't be read, with the reason."""

    name: str
    diagnosis: Diagnosis | None = field(default=None, repr=False)
    reason: str = ""

    @property
    def verdict(self) -> str:
        """The diagnosis's; `unreadable` where there is none."""
        return self.diagnosis.verdict if self.diagnosis else "unreadable"

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Every mistake that is named, once."""
        return self.diagnosis.mistakes if self.diagnosis else ()

    @property
    def slips(self) -> int:
        """How many cells are off by themselves."""
        return sum(len(mark.slips) for mark in self.diagnosis.marks) if self.diagnosis else 0


def shares(diagnosis: Diagnosis) -> dict[str, Fraction]:
    """Of each step of the sheet, which part of its points was earned: from 0 to 1."""
    found: dict[str, Fraction] = {}
    told: set[str] = set()
    for mark in diagnosis.marks:
        found[mark.step.name] = _share(mark, told)
        told |= {*mark.mistakes}
    return found


def _share(mark: StepMark, told: set[str]) -> Fraction:
    if mark.verdict in ("correct", "follows"):
        return Fraction(1)
    again = mark.verdict == "mistake" and bool(mark.mistakes) and told.issuperset(mark.mistakes)
    if (mark.verdict == "slip" or again) and mark.mine is not None and not mark.same_as:
        return 1 - Fraction(len(mark.slips), max(mark.mine.values.size, 1))
    return Fraction(0)


@dataclass(frozen=True)
class MarkedClass:
    """All sheets, and what each step is worth; `stopped` before all of them were marked."""

    sheets: tuple[MarkedSheet, ...]
    points: Points
    stopped: bool = False

    @property
    def read(self) -> tuple[tuple[MarkedSheet, Diagnosis], ...]:
        """The sheets that could be read."""
        return tuple((one, one.diagnosis) for one in self.sheets if one.diagnosis is not None)

    def count(self, verdict: str) -> int:
        """How many sheets have this verdict."""
        return sum(1 for one in self.sheets if one.verdict == verdict)

    def earned(self, sheet: MarkedSheet) -> dict[str, tuple[float, float]]:
        """The points of each step that is worth some, and what it is worth."""
        if sheet.diagnosis is None:
            return {}
        earned = shares(sheet.diagnosis)
        return {name: (rounded(earned[name], worth), worth) for name, worth in self.points.items() if name in earned}

    def total(self, sheet: MarkedSheet) -> tuple[float, float]:
        """All of a sheet's points, and how many there are."""
        each = self.earned(sheet).values()
        return round(sum(one for one, _ in each), 2), round(sum(worth for _, worth in each), 2)


def rounded(share: Fraction, worth: float) -> float:
    """Points to two decimals."""
    return round(float(share) * worth, 2)


def marked_class(sheets: Sequence[MarkedSheet], asked: Points, stopped: bool = False) -> MarkedClass:
    """The sheets with what their steps are worth: as asked for, else 1 for each step that stands on any of them.

    `InputError` where points are asked for a step that no sheet's lesson has.
    """
    lessons = {id(one.diagnosis.lesson): one.diagnosis.lesson for one in sheets if one.diagnosis}
    if asked and lessons:
        return MarkedClass(tuple(sheets), _named(asked, list(lessons.values())), stopped)
    given = [mark.step.name for one in sheets if one.diagnosis for mark in one.diagnosis.marks if mark.mine is not None]
    order = list(dict.fromkeys(name for lesson in lessons.values() for name in lesson.names))
    return MarkedClass(tuple(sheets), {name: 1.0 for name in order if name in given}, stopped)


def _named(asked: Points, lessons: Sequence[Lesson]) -> dict[str, float]:
    """The points by the steps' full names."""
    found: dict[str, float] = {}
    for name, worth in asked.items():
        steps = [step for lesson in lessons for step in _steps_called(lesson, name)]
        if not steps:
            known = sorted({known for lesson in lessons for known in lesson.names})
            what = f'no sheet is about a step called "{name}"'
            raise InputError(Fault("points", what, did_you_mean(name, known)))
        found |= dict.fromkeys(steps, worth)
    return found


def _steps_called(lesson: Lesson, name: str) -> list[str]:
    try:
        return [lesson.step(name).name]
    except InputError:
        return []
