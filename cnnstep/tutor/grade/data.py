"""What was found out as plain data, and each verdict as a sentence."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.quantity import numbers
from cnnstep.tutor.grade.answer import GivenResult
from cnnstep.tutor.grade.report import title_of_naming, verdict_words
from cnnstep.tutor.grade.verdict import Graded, ResultMark
from cnnstep.tutor.numbers import capital


def grade_data(graded: Graded) -> dict[str, Any]:
    """The contract's JSON."""
    return {
        "schema": 1,
        "verdict": graded.verdict,
        "mistakes": [*graded.mistakes],
        "cases": graded.cases,
        "functions": [_entry(graded, mark) for mark in graded.marks],
        **({"printed": graded.printed} if graded.printed else {}),
        **({"remarks": [*graded.remarks]} if graded.remarks else {}),
    }


def _entry(graded: Graded, mark: ResultMark) -> dict[str, Any]:
    answer = mark.smallest
    return {
        "name": graded.name_of(mark.function),
        "result": mark.result.name,
        "verdict": mark.verdict,
        "mistakes": [*mark.explanations[0].codes] if len(mark.explanations) == 1 else [],
        "alternatives": [[*one.codes] for one in mark.explanations] if len(mark.explanations) > 1 else [],
        "right_in": mark.right_in,
        "cases": len(mark.answers),
        "smallest": None if answer is None else _smallest(answer),
        "message": message(graded, mark),
    }


def _smallest(answer: GivenResult) -> dict[str, Any]:
    """The smallest case: its scenario, the learner's numbers and the right ones."""
    return {
        "title": answer.case.title,
        "scenario": answer.case.scenario.data(),
        "yours": None if answer.mine is None else numbers(answer.mine),
        "right": numbers(answer.right),
    }


def message(graded: Graded, mark: ResultMark) -> str:
    """The verdict on one result in a sentence."""
    if mark.verdict == "right" or mark.follows or mark.smallest is None:
        return f"{capital(verdict_words(mark))}."
    answer = mark.smallest
    if answer.fault:
        line = f", line {answer.fault.line}" if answer.fault.line else ""
        return f"{capital(answer.fault.what)}{line}."
    if len(mark.explanations) == 1:
        return f"{capital(title_of_naming(mark, mark.explanations[0]))}."
    if mark.explanations:
        return f"One of these: {', '.join(map(str, mark.explanations))}."
    return "No mistake that we know gives these numbers."
