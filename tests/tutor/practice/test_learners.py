"""Scripted learners: who follows the last hint is always right, who has a misconception is told it within three."""

from __future__ import annotations

import pytest

from cnnstep.tutor.practice.making import LEVELS
from cnnstep.tutor.practice.plan import Wishes
from cnnstep.tutor.practice.session import begin
from cnnstep.tutor.practice.skills import SKILLS
from tests.tutor.practice.learners import follow_the_last_hint, told
from tests.tutor.practice.test_making import NOT_SET

SEEDS = 500


@pytest.mark.parametrize("skill", SKILLS)
def test_who_follows_the_last_hint_gets_every_exercise_right(skill: str) -> None:
    for seed in range(list(SKILLS).index(skill), SEEDS, len(SKILLS)):
        practice, _ = begin((), Wishes(skill, LEVELS[seed // len(SKILLS) % len(LEVELS)], seed))
        practice, reply = follow_the_last_hint(practice)
        assert reply.event is not None, seed
        assert reply.event.outcome == "right", (seed, reply.event.text, practice.exercise.question.answer)


@pytest.mark.parametrize("skill", SKILLS)
def test_a_misconception_is_told_within_three_exercises_of_its_skill(skill: str) -> None:
    assert told(skill, exercises=3) >= {*SKILLS[skill].mistakes} - NOT_SET
