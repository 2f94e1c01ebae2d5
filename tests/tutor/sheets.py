"""Sheets of the first lesson and of a lopsided one, marked."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.sheet import Sheet, written
from cnnstep.tutor.document import Heading, Paragraph
from cnnstep.tutor.numbers import AS_USUAL
from tests.tutor.blocks import blocks_of

FIRST: dict[str, Any] = {
    "input": [[1, -1, 0], [0, 1, 0], [0, -1, 1]],
    "filter": [[1, -1], [1, 1]],
    "target": [[1, 0], [0, 1]],
    "activation": "relu",
    "learning_rate": 0.5,
}


LOPSIDED: dict[str, Any] = {
    "input": [[1, 2, -1, 0], [0, 1, 3, -2], [2, -1, 1, 1]],
    "filter": [[1, -2], [2, 1]],
    "target": [[3, 1, -1], [2, -2, 4]],
    "activation": "linear",
    "learning_rate": 0.1,
    "bias": 1,
}


def first(**changes: Any) -> Scenario:
    return one_filter(**FIRST | changes)


def marked(scenario: Scenario, **work: Any) -> Diagnosis:
    return diagnose(Sheet(scenario, {name: written(rows) for name, rows in work.items()}))


def verdicts(diagnosis: Diagnosis) -> dict[str, str]:
    return {mark.step.name: mark.verdict for mark in diagnosis.marks if mark.verdict != "missing"}


def right(scenario: Scenario, *names: str) -> dict[str, Any]:
    iteration = first_iteration(lesson_of(scenario))
    return {name: iteration.matrix(name).tolist() for name in names or iteration.lesson.names}


def words(diagnosis: Diagnosis) -> str:
    texts = [b.text for b in blocks_of(report(diagnosis, AS_USUAL)) if isinstance(b, Heading | Paragraph)]
    return "\n".join(texts)


def column_of_two(activation: str, **changes: Any) -> Scenario:
    """z = (1, 2), target (0, 0)."""
    keys: dict[str, Any] = {
        "input": [[1], [2]],
        "filter": [[1]],
        "target": [[0], [0]],
        "activation": activation,
        "learning_rate": 1,
    }
    return one_filter(**keys | changes)
