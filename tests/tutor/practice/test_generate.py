"""Exercises: the same seed gives the same one, and its numbers show something."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cnnstep.errors import InputError
from cnnstep.tutor.document import Paragraph
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.exercises.drawing import VARIANTS
from cnnstep.tutor.practice.exercises.spotting import SomebodysSheet
from cnnstep.tutor.practice.generate import exercise
from cnnstep.tutor.practice.plan import PracticeOptions, first_seed
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.session import begin
from cnnstep.tutor.practice.skills import SKILLS, homes
from tests.examples import some
from tests.tutor.practice.kinds import KINDS, asked, draws, made, of_kind, step_draws
from tests.tutor.practice.learners import texts


def test_a_mistake_belongs_where_its_first_step_is_practised_or_where_it_says() -> None:
    assert homes()["flipped-filter"] == "forward"
    assert homes()["stride-ignored"] == "stride-padding", "it is made forwards too, but says where it belongs"
    assert homes()["overwritten-not-added"] == "input-gradient"
    assert "overwritten-not-added" in SKILLS["pooling"].mistakes, "its second step is practised there"
    assert all(code in SKILLS[home].mistakes for code, home in homes().items())


def test_every_kind_of_exercise_is_made_by_one_function() -> None:
    assert set(VARIANTS) == set(KINDS)


@pytest.mark.parametrize(("skill", "variant"), KINDS)
def test_the_same_seed_gives_the_same_exercise_and_another_one_another(skill: str, variant: str) -> None:
    first, second, third = (of_kind(skill, variant, 1, number) for number in range(3))
    again = exercise(skill, 1, first.seed)
    assert {one.variant for one in (first, second, third)} == {variant}
    assert repr(again.question.asked()) == repr(first.question.asked())
    assert len({repr(one.question.asked()) for one in (first, second, third)}) == 3


def test_another_level_is_another_exercise() -> None:
    assert len({repr(made("update", level, 0).question.asked()) for level in (1, 2, 3)}) == 3


def test_a_level_that_a_skill_does_not_have_is_its_highest() -> None:
    assert made("error", 3, 0).level == SKILLS["error"].levels == 2


def test_every_student_has_exercises_of_their_own() -> None:
    seeds = {first_seed(name) for name in ("anna", "ben", "cem", "dora", "eve")}
    assert len(seeds) == 5
    assert all(seed % 1000 == 0 and seed < 10_000_000 for seed in seeds)
    assert first_seed("") == 0
    practice = {name: begin((), PracticeOptions(student=name))[0] for name in ("anna", "ben", "")}
    assert len({repr(one.exercise.question.asked()) for one in practice.values()}) == 3
    assert {one.exercise.variant for one in practice.values()} == {"one-output"}


def test_a_mask_is_asked_for_where_an_inactive_cell_has_an_error() -> None:
    for one in draws("delta", "relu", 6):
        error, z = (asked(one.question).iteration.matrix(name) for name in ("error", "forward"))
        assert ((z <= 0) & (error != 0)).any()


@pytest.mark.parametrize("skill", ["momentum", "adam"])
def test_what_an_optimizer_is_given_is_small_and_no_number_is_a_zero_missed_by_rounding(skill: str) -> None:
    for question in step_draws(skill):
        values = [abs(question.iteration.values[step.name]) for step in question.before]
        assert abs(question.iteration.values["gradient"]).max() <= 12
        assert not any(((numbers > 0) & (numbers < 1e-9)).any() for numbers in values), question


@pytest.mark.parametrize("skill", ["spotting", "learning-rate"])
def test_of_several_choices_one_is_right(skill: str) -> None:
    for variant in SKILLS[skill].variants:
        for one in draws(skill, variant, 3):
            question = one.question
            if isinstance(question, ChoiceQuestion):
                options = range(1, len(question.options) + 1)
                rights = [n for n in options if question.mark(str(n), AS_USUAL).right]
                assert rights == [question.right]


class TestSpotting:
    def test_what_stands_on_a_sheet_is_sometimes_nothing_wrong(self) -> None:
        rights = [question.options[question.right - 1].code for question in sheets(16)]
        assert "" in rights
        assert len(set(rights)) > len(rights) // 3

    def test_no_two_choices_describe_the_same_sheet(self) -> None:
        """Two mistakes that come to the same with a ReLU are said in words that fit both."""
        alike = {"slope-forgotten", "mask-not-strict"}
        for question in sheets(some(20)):
            codes = [option.code for option in question.options]
            assert len(set(codes)) == 4
            assert len(alike & set(codes)) < 2

    def test_the_one_step_that_does_not_follow_is_one_that_the_mistake_is_made_in(self) -> None:
        seen = set()
        for question in sheets(some(20)):
            code = question.options[question.right - 1].code
            where = texts(question.hints[0])[0]
            seen.add(bool(code))
            assert ("The first number that is wrong" in where) == bool(code)
            assert not code or MISTAKES[code].alterations
        assert seen == {True, False}

    def test_a_wrong_choice_is_told_by_the_numbers_that_it_would_give(self) -> None:
        question = next(sheets(1))
        for option in question.options:
            if option.code and option is not question.options[question.right - 1]:
                assert "Then" in " ".join(texts(option.reply))

    def test_a_sheet_with_a_mistake_has_a_first_step_that_is_wrong(self) -> None:
        scenario = asked(made("gradient", 1, 0).question).scenario
        sheet = SomebodysSheet(scenario, "gradient-rotated")
        assert sheet.wrong is not None
        assert sheet.wrong.name == "gradient"
        assert SomebodysSheet(scenario, "").wrong is None


def sheets(count: int) -> Iterator[ChoiceQuestion]:
    for one in draws("spotting", "sheet", count):
        assert isinstance(one.question, ChoiceQuestion)
        yield one.question


def test_an_unknown_skill_gets_the_nearest_name() -> None:
    with pytest.raises(InputError) as caught:
        exercise("gradients", 1, 0)
    assert caught.value.faults[0].hint == 'did you mean "gradient"?'


def test_the_bias_is_introduced_where_it_is_first_met() -> None:
    first = of_kind("forward", "with-a-bias", 1, 0).question.asked()
    assert isinstance(first[0], Paragraph)
    assert "b, the bias, is added once to each output." in first[0].text
