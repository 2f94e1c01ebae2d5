"""A learner's sheet, marked step by step, each from the learner's own earlier numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.step import Step
from cnnstep.tutor.check.account import Account, accounts_after, likeliest
from cnnstep.tutor.check.conventions import Convention
from cnnstep.tutor.check.elsewhere import in_their_place
from cnnstep.tutor.check.hypothesis import Hypothesis
from cnnstep.tutor.check.lessons import Lessons
from cnnstep.tutor.check.marks import StepMark
from cnnstep.tutor.check.search import Gap
from cnnstep.tutor.check.sheet import Sheet, Written

UNSIGNED = ("forward", "activation", "update", "second_moment")
"""The steps whose numbers are the same whichever sign the error was given."""


@dataclass(frozen=True)
class Diagnosis:
    """The whole sheet: a mark for every step of the lesson, and what they come to."""

    sheet: Sheet
    lesson: Lesson
    marks: tuple[StepMark, ...]
    conventions: tuple[Convention, ...]
    begin: Mapping[str, Array] = field(repr=False)

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Every named mistake, once."""
        return tuple(dict.fromkeys(code for mark in self.marks for code in mark.mistakes))

    @property
    def verdict(self) -> Literal["correct", "mistaken", "unexplained"]:
        """`mistaken` where something could be named or pointed at, `unexplained` where nothing could."""
        verdicts = {mark.verdict for mark in self.marks}
        if verdicts & {"mistake", "slip"}:
            return "mistaken"
        return "unexplained" if "unexplained" in verdicts else "correct"

    def mark(self, name: str) -> StepMark:
        """The mark of the step of this name."""
        return next(mark for mark in self.marks if mark.step.name == name)


def diagnose(sheet: Sheet) -> Diagnosis:
    """Marks a sheet; `InputError` where it names steps that the lesson does not have, or gives none that tells."""
    with np.errstate(all="ignore"):  # wrong numbers may overflow; then they fit nothing
        return _diagnosis(sheet)


def _diagnosis(sheet: Sheet) -> Diagnosis:
    signed = any(not name.endswith(UNSIGNED) for name in sheet.work)
    sent_back = any(name.endswith("input_gradient") for name in sheet.work)
    lessons = Lessons(sheet.scenario, sheet.iteration, sent_back, signed)
    lesson, begin = lessons.own, lessons.begin
    work, coarse = sheet.by_step(lesson, lesson.carry_out(begin))
    accounts = [Account(Hypothesis(lesson, begin, lessons))]
    precision = max(mine.finest for mine in work.values())
    for gap in _gaps(lesson, work, precision):
        accounts = accounts_after(accounts, gap)
    line, marks = likeliest(accounts)
    told = (replace(mark, too_coarse=mark.step.name in coarse) for mark in _both_ways(line, marks, begin))
    return Diagnosis(sheet, line.lesson, tuple(told), line.conventions, begin)


def _both_ways(line: Hypothesis, marks: Mapping[str, StepMark], begin: Values) -> tuple[StepMark, ...]:
    """The marks of all steps, each with what is right for the scenario, and the step as it goes on from their numbers.

    Where a line went on from what should have been written, what follows from what was written is worked out here.
    """
    steps, found = [line.at(step).step for step in line.lesson.steps], []
    right, own = line.rightly(steps, begin), begin
    for step in steps:
        layout, case = step.quantity.layout, line.changed(values=own).at(step)
        own = line.rightly([step], own)
        mark = marks.get(step.name) or StepMark(step, "missing", times=_times(own[step.name], case.right))
        mark, shown = replace(mark, right=layout.show(right[step.name]), case=case), layout.show(own[step.name])
        found.append(replace(mark, expected=shown) if mark.from_intended else mark)
        if mark.mine is not None and mark.mine.in_shape(shown.shape):
            own = {**own, step.name: layout.restore(mark.mine.values)}
    return in_their_place(found, line.lesson, right, own)


def _times(result: Array, plain: Array) -> float:
    """What the conventions multiply a step's result by."""
    at = np.unravel_index(int(np.abs(plain).argmax()), plain.shape)
    return float(result[at] / plain[at]) if plain[at] else 1.0


def _gaps(lesson: Lesson, work: Mapping[str, Written], precision: float) -> Iterator[Gap]:
    """The given steps in their order, each with those before it that were not given."""
    pending: list[Step] = []
    for step in lesson.steps:
        if step.name not in work:
            pending.append(step)
            continue
        between = _leading_to(step, pending)
        pending = [one for one in pending if one not in between]
        yield Gap(tuple(between), step, work[step.name], precision)


def _leading_to(step: Step, pending: list[Step]) -> list[Step]:
    """The steps among those not given yet that this one is made of, in their order."""
    needed = {quantity.name for quantity in step.inputs}
    for one in reversed(pending):
        if one.name in needed:
            needed |= {quantity.name for quantity in one.inputs}
    return [one for one in pending if one.name in needed]


def first_wrong(mark: StepMark) -> Cell | None:
    """The first cell, as a learner counts them, that is not what it should be."""
    if mark.mine is None or mark.expected is None:
        return None
    wrong = mark.mine.wrong(mark.expected)
    if wrong is None or not wrong.any():
        return None
    return tuple(int(i) for i in np.argwhere(wrong)[0])
