"""Exercises on the learning rate: each choice is right now and then, and where it is called right it is."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from cnnstep.tutor.document import Paragraph, Table
from cnnstep.tutor.practice.making import LEVELS
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from tests.examples import some
from tests.tutor.practice.learners import drawn


def asked(variant: int, level: int, count: int) -> list[ChoiceQuestion]:
    """So many questions of the variant in this place."""
    questions = [drawn("learning-rate", level, seed) for seed in range(variant, 3 * count, 3)]
    return [question for question in questions if isinstance(question, ChoiceQuestion)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("variant", [1, 2])
def test_no_choice_about_the_learning_rate_is_right_most_of_the_time(variant: int, level: int) -> None:
    rights = Counter(question.right for question in asked(variant, level, 30))
    assert min(rights[number] for number in (1, 2, 3)) >= 3
    assert max(rights.values()) <= 20


@pytest.mark.parametrize("level", LEVELS)
def test_the_error_takes_the_course_that_is_called_right(level: int) -> None:
    for question in asked(1, level, some(10)):
        (table,) = (block for block in question.hints[2] if isinstance(block, Table))
        first, second, *_ = (float(row[1]) for row in table.rows)
        course = 3 if abs(second) > abs(first) else 1 if first * second > 0 else 2
        assert question.right == course


@pytest.mark.parametrize("level", LEVELS)
def test_the_update_leads_to_what_is_called_right(level: int) -> None:
    for question in asked(2, level, some(10)):
        told = " ".join(block.text for block in question.hints[2] if isinstance(block, Paragraph))
        before, after = (float(number) for number in re.findall(r"from ([\d.e-]+) to ([\d.e-]+)[.]", told)[0])
        dead = "Every z is 0 or less" in told
        assert question.right == (1 if dead else 2 if after < before else 3)
