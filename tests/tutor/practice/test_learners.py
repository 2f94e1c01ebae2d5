"""Scripted learners: who follows the last hint is always right, who has a misconception is told it."""

from __future__ import annotations

import pytest

from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.generate import about
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.questions.step_marks import MOST_NAMES
from cnnstep.tutor.practice.session import Practice
from cnnstep.tutor.practice.skills import SKILLS, Skill, homes
from tests.tutor.practice.kinds import KINDS, STEPS, draws, step_draws
from tests.tutor.practice.learners import by_misconception, follow_the_last_hint, said


@pytest.mark.parametrize(("skill", "variant"), KINDS)
def test_who_follows_the_last_hint_gets_every_exercise_right(skill: str, variant: str) -> None:
    for one in draws(skill, variant, 6):
        _, reply = follow_the_last_hint(Practice((), PracticeOptions(), one))
        assert reply.event is not None, one
        assert reply.event.outcome == "right", (one, reply.event.text, one.question.answer)


def test_every_mistake_has_a_kind_of_exercise_of_its_skill_that_shows_it_at_every_level() -> None:
    """So whoever has this misconception for good never gets that kind right, and does not master the skill.

    A new entry in tutor/mistakes joins by itself where an exercise can show it; else it wants another kind of exercise,
    or names another skill.
    """
    shown = {code for skill in SKILLS.values() for variant in skill.variants for code in always(skill, variant)}
    assert set(homes()) == set(MISTAKES) == shown


def always(skill: Skill, variant: str) -> set[str]:
    """The mistakes of a skill that this kind shows at every level."""
    levels = [set(about(skill.name, variant, level)) for level in range(1, skill.levels + 1)]
    return {code for code in set.intersection(*levels) if homes().get(code) == skill.name}


@pytest.mark.parametrize("skill", STEPS)
def test_an_answer_by_a_misconception_is_wrong_and_is_told_as_that(skill: str) -> None:
    for question in step_draws(skill, 3):
        unnamed = [code for code in question.tells if not is_named(question, code)]
        # an exercise is not drawn until all names are told where a step is hidden and there are very many of them
        many = question.hidden and len(question.tells) > MOST_NAMES
        assert len(unnamed) <= (len(question.tells) // 3 if many else 0), (unnamed, question)


def is_named(question: StepQuestion, code: str) -> bool:
    """Whether the answer of this misconception is wrong, and told as this or as one that gives the same numbers."""
    typed = by_misconception(code, question)
    assert typed is not None, (code, question)
    marked = question.mark(typed, AS_USUAL)
    assert not marked.right, (code, question)
    alike = [one for one in question.by_mistake if by_misconception(one, question) == typed]
    return any(name in one for name in alike for one in said(marked.blocks))


@pytest.mark.parametrize("skill", STEPS)
def test_two_misconceptions_that_give_the_same_numbers_give_them_always(skill: str) -> None:
    for question in step_draws(skill, 3):
        assert question.blurred(9) == (), question
