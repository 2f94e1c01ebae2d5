"""Learners that follow one rule: the last hint, or a misconception. They read what is shown, as a person would."""

from __future__ import annotations

import re

import numpy as np

from cnnstep.tutor.document import Block, Note, Paragraph
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.questions.plain import NumberQuestion
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.session import Practice, PracticeReply

NUMBER = r"(-?[\d.]+(?:e[+-]\d+)?)"
CELL = re.compile(r"^(?P<label>[^\[]+)(?:\[(?P<cell>[\d,]+)\])?(?: new)? = " + NUMBER + ":$")
ANSWER = re.compile(rf"^So it is {NUMBER}\.$")


def texts(blocks: tuple[Block, ...]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Paragraph | Note)]


def follow_the_last_hint(practice: Practice) -> tuple[Practice, PracticeReply]:
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


def by_misconception(code: str, question: Question) -> str | None:
    """What a learner with this misconception types; None where it changes nothing here."""
    if isinstance(question, NumberQuestion):
        return next((wrong.text for wrong in question.wrongs() if wrong.code == code), None)
    if not isinstance(question, StepQuestion):
        return None
    texts = (question.text_of(result) for result in question.by_mistake.get(code, ()))
    return next((text for text in texts if text not in (None, question.answer)), None)


def said(blocks: tuple[Block, ...]) -> list[str]:
    """Every text, and the codes of the notes."""
    return [block.code for block in blocks if isinstance(block, Note)] + texts(blocks)
