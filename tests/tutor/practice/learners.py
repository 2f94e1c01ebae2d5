"""Learners that follow one rule: the last hint, or a misconception. They read what is shown, as a person would."""

from __future__ import annotations

import re
from functools import cache

import numpy as np

from cnnstep.tutor.document import Block, Note, Paragraph
from cnnstep.tutor.practice.advance import advance
from cnnstep.tutor.practice.making import exercise
from cnnstep.tutor.practice.plan import Wishes
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion, as_typed
from cnnstep.tutor.practice.session import Practice, Reply, begin
from cnnstep.tutor.practice.skills import SKILLS

NUMBER = r"(-?[\d.]+(?:e[+-]\d+)?)"
CELL = re.compile(r"^(?P<label>[^\[]+)(?:\[(?P<cell>[\d,]+)\])?(?: new)? = " + NUMBER + ":$")
ANSWER = re.compile(rf"^So it is {NUMBER}\.$")


@cache
def drawn(skill: str, level: int, seed: int) -> Question:
    """The question of this seed: made once for all tests, for making it is what takes the time."""
    return exercise(skill, level, seed).question


def asked(skill: str, level: int, seed: int) -> StepQuestion:
    """The same, for a skill whose exercises are all about steps."""
    question = drawn(skill, level, seed)
    assert isinstance(question, StepQuestion)
    return question


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Paragraph | Note)]


def follow_the_last_hint(practice: Practice) -> tuple[Practice, Reply]:
    """Asks for hints until every number of the answer has been worked out, and types what they say."""
    question, found = practice.exercise.question, {}
    wanted = int(np.prod(question.shape, dtype=int))
    for _ in range(2 + wanted):
        practice, reply = advance(practice, "hint")
        for text in texts(reply.blocks):
            if cell := CELL.match(text):
                index = tuple(int(i) for i in (cell["cell"] or "").split(",") if i)
                found[index] = cell[3]
            elif answer := ANSWER.match(text):
                found[()] = answer[1]
    return advance(practice, _typed(question, found))


def _typed(question: Question, found: dict[tuple[int, ...], str]) -> str:
    """The numbers read, row by row; of a matrix behind other axes, one matrix after another."""
    if not question.shape:
        return next(iter(found.values()))
    rows = [
        " ".join(found[(*row, column)] for column in range(question.shape[-1]))
        for row in np.ndindex(*question.shape[:-1])
    ]
    return "; ".join(rows)


def told(skill: str, exercises: int) -> set[str]:
    """The misconceptions of this skill whose learner is told so, in one at least of its first exercises."""
    practice, _ = begin((), Wishes(skill))
    codes: set[str] = set()
    for _ in range(exercises):
        codes |= {code for code in SKILLS[skill].mistakes if _is_told(practice, code)}
        practice, _ = advance(practice, "solution")
        practice, _ = advance(practice, "")
    return codes


def _is_told(practice: Practice, misconception: str) -> bool:
    """Whether an answer given by this misconception is told so."""
    answer = _by(misconception, practice.exercise.question)
    practice, reply = advance(practice, answer or practice.exercise.question.answer)
    if reply.event is None:  # a matrix of another size: an empty line ends it
        practice, reply = advance(practice, "")
    return any(misconception in said for said in _said(reply.blocks))


def _said(blocks: tuple[Block, ...]) -> list[str]:
    return [block.code for block in blocks if isinstance(block, Note)] + texts(blocks)


def _by(misconception: str, question: Question) -> str | None:
    """What a learner with the misconception types; None where it changes nothing here."""
    assert isinstance(question, StepQuestion)
    results = question.by_mistake.get(misconception, ())
    results = tuple(r for r in results if question.cell is None or r.shape == question.right.shape)
    if not results:
        return None
    return as_typed(results[0] if question.cell is None else results[0][question.cell])
