"""A learner's sheet, marked step by step, each from the learner's own earlier numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.naming import GRADIENT_ROLES
from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import trace
from cnnstep.tutor.check.line import Line, StepMark, Verdict, codes_of
from cnnstep.tutor.check.options import Convention, Lessons
from cnnstep.tutor.check.rounding import rounding
from cnnstep.tutor.check.search import Candidate, explain
from cnnstep.tutor.check.sheet import Sheet, Written, as_shown
from cnnstep.tutor.check.slips import slips_in
from cnnstep.tutor.mistakes import Case

UNEXPLAINED = 5
"""What a step that nothing explains costs a line of thought: more than anything that explains it."""
UNSIGNED = ("forward", "activation", "update", "second_moment")
"""The steps whose numbers are the same whichever sign the error was given."""
WIDEST = 16
"""So many lines of thought are followed at once."""


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
    """Marks a sheet; `InputError` where it names steps that the lesson does not have, or gives none."""
    with np.errstate(all="ignore"):  # wrong numbers may overflow; then they fit nothing
        return _diagnosis(sheet)


def _diagnosis(sheet: Sheet) -> Diagnosis:
    signed = any(not name.endswith(UNSIGNED) for name in sheet.work)
    asked = any(name.endswith("input_gradient") for name in sheet.work)
    lessons = Lessons(sheet.scenario.error, asked, signed)
    lesson = lessons.of(sheet.scenario)
    begin = _beginning(lesson, sheet.iteration)
    right = lesson.carry_out(begin)
    work = sheet.by_step(lesson, right)
    lessons.sizes.update((name, value.shape) for name, value in right.items())
    lines = [Line(lesson, begin, lessons)]
    pending: list[Step] = []
    for step in lesson.steps:
        if step.name not in work:
            pending.append(step)
            continue
        between = _leading_to(step, pending)
        pending = [one for one in pending if one not in between]
        lines = _narrowed(_past(lines, between, step, work[step.name], sheet.grain))
    chosen = min(lines, key=_rank)
    equals = [line for line in lines if sum(_rank(line)[::2]) <= sum(_rank(chosen)[::2])]
    marks = _both_ways(chosen, _with_alternatives(chosen, equals), begin)
    return Diagnosis(sheet, chosen.lesson, marks, chosen.conventions, begin)


def _both_ways(chosen: Line, marks: Mapping[str, StepMark], begin: Values) -> tuple[StepMark, ...]:
    """The marks of all steps, each with what is right for the scenario.

    Where a line went on from what should have been written, what follows from what was written is worked out here.
    """
    steps, found = chosen.lesson.steps, []
    right, own = chosen.rightly(steps, begin), dict(begin)
    for step in steps:
        layout, own = step.quantity.layout, chosen.rightly([step], own)
        mark = replace(marks.get(step.name, StepMark(step, "missing")), right=layout.show(right[step.name]))
        shown = layout.show(own[step.name])
        found.append(replace(mark, expected=shown) if mark.from_intended else mark)
        if mark.mine is not None and mark.mine.in_shape(shown.shape):
            own[step.name] = layout.restore(mark.mine.values)
    return tuple(found)


def _leading_to(step: Step, pending: list[Step]) -> list[Step]:
    """The steps among those not given yet that this one is made of, in their order."""
    needed = {quantity.name for quantity in step.inputs}
    for one in reversed(pending):
        if one.name in needed:
            needed |= {quantity.name for quantity in one.inputs}
    return [one for one in pending if one.name in needed]


def _beginning(lesson: Lesson, iteration: int) -> dict[str, Array]:
    """The values that the iteration starts from, with the gradients of the one before it."""
    if not iteration:
        return dict(lesson.start)
    before, at = islice(trace(lesson), iteration - 1, iteration + 1)
    begin = {name: at.values[name] for name in lesson.start}
    return begin | {f"{s.name}_before": before.values[s.name] for s in lesson.steps if s.role in GRADIENT_ROLES}


def _past(lines: list[Line], between: list[Step], step: Step, mine: Written, grain: float) -> list[Line]:
    """The lines of thought beyond a given step, each with its mark."""
    after: list[Line] = []
    for line in lines:
        found = explain(line, between, step, mine, grain)
        after.extend(one for candidate in found for one in _after(line, candidate, between, step, mine, grain))
        if not found:
            after.extend(_unexplained(line, between, step, mine))
    return after


def _after(
    before: Line, candidate: Candidate, between: list[Step], step: Step, mine: Written, grain: float
) -> list[Line]:
    """The line that goes on with the learner's own numbers, and the one with those they meant."""
    line, slipped = candidate.line, candidate.slips > 0
    step = line.lesson.step(step.name)
    causes = candidate.new
    expected = as_shown(step, line.rightly([*between, step], before.values)[step.name])
    verdict: Verdict = "follows" if line.spoiled(step) and line.known else "correct"
    if any(cause.mistake for cause in causes):
        verdict = "mistake"
    elif slipped:
        verdict = "slip"
    slips = slips_in(line, step, candidate, mine) if slipped else ()
    equals = tuple(codes_of(other) for other in candidate.equals)
    mark = StepMark(step, verdict, causes, slips, equals, None, expected, mine, line, bool(line.intended))
    line = replace(line, marks=(*line.marks, mark), known=line.known | {step.name})
    if grain and between:
        line = replace(line, tolerances=rounding(line, between, grain))
    after = []
    shown = as_shown(step, candidate.result)
    if mine.in_shape(shown.shape) and candidate.result.ndim == len(step.quantity.layout.axes):
        own = step.quantity.layout.restore(mine.values)
        if own.shape == candidate.result.shape:
            typed = line.with_value(step, own, tainted=True if slipped else None)
            tolerance = step.quantity.layout.restore(mine.tolerance)
            after.append(replace(typed, tolerances={**line.tolerances, step.name: tolerance}))
    if candidate.result.shape != line.lessons.sizes[step.name]:
        right = line.lessons.right(Case(line.lesson, step, line.values))  # nobody goes on from another size
        return [line.with_value(step, right, tainted=False)]
    meant = line.with_value(step, candidate.result)
    if not after or not np.array_equal(after[0].values[step.name], candidate.result):
        after.append(replace(meant, intended=meant.intended | {step.name}) if slipped else meant)
    return [*after, _put_right(line, step)] if verdict == "mistake" else after


def _put_right(line: Line, step: Step) -> Line:
    """The line that goes on with what is right for the scenario, as if somebody had set them right."""
    steps = line.lesson.steps[: line.lesson.names.index(step.name) + 1]
    right = line.rightly(steps, line.values)
    after = replace(line, values=right, tainted=frozenset(), intended=line.intended | {step.name})
    return after.with_value(step, right[step.name])


def _unexplained(line: Line, between: list[Step], step: Step, mine: Written) -> list[Line]:
    """Nothing gives these numbers: the lesson goes on from them as they are, and from the right ones."""
    for one in between:
        for after, result in line.ways(one, 0):
            line = after.with_value(one, result)
    right = next((result for _, result in line.ways(step, 0)), None)
    expected = None if right is None else as_shown(step, right)
    mark = StepMark(step, "unexplained", (), (), (), None, expected, mine, line)
    line = replace(line, marks=(*line.marks, mark), known=line.known | {step.name})
    if right is None or expected is None:
        return [line]
    meant = replace(line.with_value(step, right), intended=line.intended | {step.name})
    if not mine.in_shape(expected.shape):
        return [meant]
    return [line.with_value(step, step.quantity.layout.restore(mine.values), tainted=True), meant]


def _rank(line: Line) -> tuple[int, int, int]:
    """Fewest wrongs first, then a name before a slip, then the fewest conventions."""
    slips = sum(len(mark.slips) for mark in line.marks)
    unexplained = sum(1 for mark in line.marks if mark.verdict == "unexplained")
    return len(line.mistakes) + slips + UNEXPLAINED * unexplained, slips, len(line.conventions)


def _narrowed(lines: list[Line]) -> list[Line]:
    """The best lines, each way of thinking once."""
    ranked = sorted(lines, key=_rank)
    best = _rank(ranked[0])[0]
    seen: dict[object, Line] = {}
    for line in ranked:
        key = (
            tuple(cause.name + cause.step for cause in line.causes),
            tuple((name, value.tobytes()) for name, value in sorted(line.values.items())),
        )
        if _rank(line)[0] <= best + 1:
            seen.setdefault(key, line)
    return list(seen.values())[:WIDEST]


def _with_alternatives(chosen: Line, equals: list[Line]) -> dict[str, StepMark]:
    """The chosen line's marks; where an equally good line assumed other mistakes at a step, they are named there."""
    marks = {mark.step.name: mark for mark in chosen.marks}
    for other in equals:
        for mark in other.marks:
            mine = marks[mark.step.name]
            if mark.mistakes and mark.mistakes != mine.mistakes and mark.mistakes not in mine.alternatives:
                marks[mark.step.name] = replace(mine, alternatives=(*mine.alternatives, mark.mistakes))
    return marks


def first_wrong(mark: StepMark) -> Cell | None:
    """The first cell, as a learner counts them, that is not what it should be."""
    if mark.mine is None or mark.expected is None:
        return None
    wrong = mark.mine.wrong(mark.expected)
    if wrong is None or not wrong.any():
        return None
    return tuple(int(i) for i in np.argwhere(wrong)[0])
