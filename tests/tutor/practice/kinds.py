"""Every kind of exercise at every level, and so many draws of each: a share in the suite, all on request.

`PRACTICE_SCALE` multiplies the number of draws and of learners; 100 gives a thousand draws of each kind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache

from cnnstep.tutor.practice.generate import Exercise, exercise
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import SHARE

SCALE = int(os.environ.get("PRACTICE_SCALE", "1"))
KINDS = [(skill.name, variant) for skill in SKILLS.values() for variant in skill.variants]
STEPS = [skill for skill in SKILLS if skill not in ("learning-rate", "spotting", "gradient-check")]
"""The skills whose exercises are about the numbers of a step."""


@cache
def made(skill: str, level: int, seed: int) -> Exercise:
    """The exercise of this seed: made once for all tests, for making it is what takes the time."""
    return exercise(skill, level, seed)


def of_kind(skill: str, variant: str, level: int, number: int) -> Exercise:
    """The exercise of this kind with this number."""
    variants = SKILLS[skill].variants
    return made(skill, level, variants.index(variant) + number * len(variants))


def draws(skill: str, variant: str, count: int = 10) -> Iterator[Exercise]:
    """So many exercises of a kind, the levels in turns; a thousand where `PRACTICE_SCALE` is 100."""
    levels = SKILLS[skill].levels
    for number in range(max(levels, count * SCALE // SHARE)):
        yield of_kind(skill, variant, 1 + number % levels, number)


def step_draws(skill: str, count: int = 6) -> Iterator[StepQuestion]:
    """Questions about steps of a skill, of all its kinds and levels."""
    for variant in SKILLS[skill].variants:
        for one in draws(skill, variant, count):
            yield asked(one.question)


def asked(question: Question) -> StepQuestion:
    """The question, which is about a step."""
    assert isinstance(question, StepQuestion)
    return question
