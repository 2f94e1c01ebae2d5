"""A worked example: an exercise of the same kind with other numbers, from the question to the answer."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Heading, Paragraph
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.generate import Exercise, exercise
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS

FIRST_EXAMPLE = 2_395_008_000
"""Examples have seeds above all that can be asked for; this one is a multiple of every number of kinds up to 12."""
OF_A_COURSE = 1000
"""A course's exercises are known by large numbers; of those the last digits are enough."""


def worked_example(one: Exercise, style: Numbers) -> tuple[Block, ...]:
    """The question, how it is done, a number worked out, and the answer."""
    question = _like(one).question
    return (
        Heading("Worked example"),
        *question.asked(),
        Paragraph(question.task, "strong"),
        *question.hint(2, None, style),
        *question.hint(3, None, style),
        *(question.solution(style) if question.kind == "matrix" else ()),
    )


def _like(one: Exercise) -> Exercise:
    """An exercise of the same kind and level; for one of a course, of the kind that asks for the same step."""
    variants = SKILLS[one.skill].variants
    if not one.course:
        return exercise(one.skill, one.level, FIRST_EXAMPLE + one.seed)
    seed = one.seed % OF_A_COURSE * len(variants)
    kinds = (exercise(one.skill, one.level, FIRST_EXAMPLE + seed + place) for place in range(len(variants)))
    every = tuple(kinds)
    return next((made for made in every if _asks(made) == _asks(one)), every[0])


def _asks(one: Exercise) -> tuple[str, bool]:
    question = one.question
    assert isinstance(question, StepQuestion)  # a course has no other ones
    return question.step.word, question.cell is not None
