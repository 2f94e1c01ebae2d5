"""A learner's sheet, marked step by step, each from the learner's own earlier numbers; and its JSON, by the contract.

A matrix of the lesson in the place of another is told as that: δ written for the gradient, two steps exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Values, number
from cnnstep.engine.step import Step
from cnnstep.errors import InputError
from cnnstep.tutor.check.account import WRONG, Account, Slip, StepMark, accounts_after, likeliest
from cnnstep.tutor.check.hypothesis import SQUARED, Hypothesis
from cnnstep.tutor.check.lessons import Convention, Lessons
from cnnstep.tutor.check.search import Gap
from cnnstep.tutor.check.sheet import Sheet, Written


def in_their_place(marks: Sequence[StepMark], lesson: Lesson, right: Values, own: Values) -> tuple[StepMark, ...]:
    """The marks, each matrix that is another one of the lesson told as that; `own` are the learner's values.

    A single mistake that gives these numbers says more; but not where two steps were exchanged.
    """
    found = {mark.step.name: list(_elsewhere(mark, lesson, right, own)) for mark in marks}

    def same_as(mark: StepMark) -> str:
        here = found[mark.step.name]
        exchanged = [name for name in here if mark.step.name in found.get(name, ())]
        return (exchanged or ([] if _has_a_name(mark) else here) or [""])[0]

    return tuple(_told(mark, same_as(mark)) for mark in marks)


def _has_a_name(mark: StepMark) -> bool:
    """Whether one mistake gives exactly these numbers, or may do so."""
    return any(len(one.codes) == 1 and not one.slips for one in mark.explanations)


def _told(mark: StepMark, name: str) -> StepMark:
    if not name or mark.same_as:
        return mark
    conventions = tuple(cause for cause in mark.causes if cause.convention)
    return replace(mark, verdict="mistake", causes=conventions, slips=(), others=(), same_as=name)


def _elsewhere(mark: StepMark, lesson: Lesson, right: Values, own: Values) -> Iterator[str]:
    """The quantities that a wrong matrix is the same as; what the step reads comes first."""
    if mark.mine is None or mark.verdict not in WRONG or not _says_enough(mark.mine.values):
        return
    leaves = (leaf for leaf in lesson.leaves if leaf.kind != "memory")
    before = lesson.names[: lesson.names.index(mark.step.name)]
    for quantity in dict.fromkeys((*mark.step.inputs, *(step.quantity for step in lesson.steps), *leaves)):
        name = quantity.name
        if name != mark.step.name and name in right:
            theirs = [own[name]] if name in before else []  # what comes later is made of the matrix itself
            if any(_are(mark.mine, quantity.layout.show(array)) for array in (*theirs, right[name])):
                yield name


def _says_enough(values: Array) -> bool:
    """Whether it is no accident that a matrix is the same: it has two different numbers besides 0."""
    return len(np.unique(values[values != 0])) > 1


def _are(mine: Written, array: Array) -> bool:
    """Whether these are the numbers of the array, leading axes of length 1 aside."""
    if _size(mine.values.shape) != _size(array.shape):
        return False
    wrong = mine.wrong(array.reshape(mine.values.shape))
    return wrong is not None and not wrong.any()


def _size(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if not shape or shape[0] != 1 else _size(shape[1:])


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


MOST_KEPT = 20_000
"""Of so many remembered results, some 20 MB, sheets that are marked together begin anew."""


class SharedLessons:
    """What sheets of one scenario have in common: its lessons, and what each mistake gives from the same numbers.

    Scenarios are told apart by being the very one or another, so equal ones should be one object.
    """

    def __init__(self) -> None:
        self._lessons: dict[tuple[int, int, bool, bool], Lessons] = {}

    def of(self, sheet: Sheet, input_gradient: bool, signed: bool) -> Lessons:
        """The lessons for this sheet."""
        key = id(sheet.scenario), sheet.iteration, input_gradient, signed
        found = self._lessons.get(key)
        if found is None or found.kept > MOST_KEPT:
            found = self._lessons[key] = Lessons(sheet.scenario, sheet.iteration, input_gradient, signed)
        return found


def diagnose(sheet: Sheet, shared: SharedLessons | None = None) -> Diagnosis:
    """Marks a sheet; `InputError` where it names steps that the lesson does not have, or gives none that tells."""
    with np.errstate(all="ignore"):  # wrong numbers may overflow; then they fit nothing
        return _diagnosis(sheet, shared or SharedLessons())


def _diagnosis(sheet: Sheet, shared: SharedLessons) -> Diagnosis:
    plain, whole = (_meant(lesson_of(sheet.scenario, input_gradient=sent_back), sheet) for sent_back in (False, True))
    signed = any(step is not None and _shows_the_sign(step) for step in whole.values())
    sent_back = any(_name(whole[name]) != _name(plain[name]) for name in sheet.work)
    lessons = shared.of(sheet, sent_back, signed)
    lesson, begin = lessons.own, lessons.begin
    work, coarse = sheet.by_step(lesson, lesson.carry_out(begin))
    accounts = [Account(Hypothesis(lesson, begin, lessons))]
    precision = max(mine.finest for mine in work.values())
    for gap in _gaps(lesson, work, precision):
        accounts = accounts_after(accounts, gap)
    hypothesis, marks = likeliest(accounts)
    told = (replace(mark, too_coarse=mark.step.name in coarse) for mark in _both_ways(hypothesis, marks, begin))
    return Diagnosis(sheet, hypothesis.lesson, tuple(told), hypothesis.conventions, begin)


def _meant(lesson: Lesson, sheet: Sheet) -> dict[str, Step | None]:
    """By the names on the sheet the steps that they mean; None where the lesson has no such step, or several."""
    found: dict[str, Step | None] = {}
    for name in sheet.work:
        try:
            found[name] = lesson.step(name)
        except InputError:  # it is told later, with all else that is wrong
            found[name] = None
    return found


def _name(step: Step | None) -> str:
    return step.name if step else ""


def _shows_the_sign(step: Step) -> bool:
    """Whether the step's numbers are others once the error is given the other sign."""
    return step.role not in ("forward", "update") and step.word != SQUARED


def _both_ways(hypothesis: Hypothesis, marks: Mapping[str, StepMark], begin: Values) -> tuple[StepMark, ...]:
    """The marks of all steps, each with what is right for the scenario, and the step as it goes on from their numbers.

    Where the hypothesis went on from what should have been written, what follows from what was is worked out here.
    """
    steps, found = [hypothesis.at(step).step for step in hypothesis.lesson.steps], []
    right, own = hypothesis.rightly(steps, begin), begin
    for step in steps:
        layout, context = step.quantity.layout, hypothesis.changed(values=own).at(step)
        own = hypothesis.rightly([step], own)
        mark = marks.get(step.name) or StepMark(step, "missing", times=_times(own[step.name], context.right))
        mark, shown = replace(mark, right=layout.show(right[step.name]), context=context), layout.show(own[step.name])
        found.append(replace(mark, expected=shown) if mark.from_intended else mark)
        if mark.mine is not None and mark.mine.in_shape(shown.shape):
            own = {**own, step.name: layout.restore(mark.mine.values)}
    return in_their_place(found, hypothesis.lesson, right, own)


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


def check_data(diagnosis: Diagnosis) -> dict[str, Any]:
    """The verdict, every step's mark, the mistakes, and the conventions that the numbers follow."""
    named = [one for one in diagnosis.conventions if not one.negate]
    data: dict[str, Any] = {
        "schema": 1,
        "verdict": diagnosis.verdict,
        "steps": [_step(mark) for mark in diagnosis.marks],
        "mistakes": list(diagnosis.mistakes),
        "conventions": {one.key: _plain(one.value) for one in named},
    }
    also = {one.key: [_plain(other) for other in one.also] for one in named if one.also}
    return data | ({"also": also} if also else {})


def _plain(value: str | float) -> Any:
    return value if isinstance(value, str) else number(value)


def _step(mark: StepMark) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": mark.step.name,
        "verdict": mark.verdict,
        "mistakes": list(mark.mistakes),
        "slips": [
            {
                "cell": list(slip.cell),
                "yours": number(slip.yours),
                "expected": number(_due(mark, slip)),
                "reason": slip.reason,
            }
            for slip in mark.slips
        ],
        "alternatives": [list(codes) for codes in mark.alternatives],
    }
    data |= {"same_as": mark.same_as} if mark.same_as else {}
    return data | ({"too_coarse": True} if mark.too_coarse else {})


def _due(mark: StepMark, slip: Slip) -> float:
    """What belongs into the cell when the step is carried out rightly, whatever mistake was made beside the slip."""
    if not mark.mistakes or mark.expected is None or mark.expected.ndim != len(slip.cell):
        return slip.expected
    return float(mark.expected[slip.cell])
