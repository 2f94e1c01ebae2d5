"""Exercises: the same seed gives the same one, and its numbers tell its mistakes apart."""

from __future__ import annotations

import pytest

from cnnstep.errors import InputError
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.exercises.variant import VARIANTS
from cnnstep.tutor.practice.making import LEVELS, exercise
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.questions.step import ALIKE
from cnnstep.tutor.practice.skills import HOMES, SKILLS
from tests.examples import some
from tests.tutor.practice.learners import asked, drawn, texts

OF_AN_OPTIMIZER = {code for code in MISTAKES if MISTAKES[code].shown_on in ("momentum", "nesterov", "adam")}
NO_SKILL_YET = {
    *("softmax-diagonal-only", "softmax-slope-twice", "softmax-slope-forgotten"),
    *(code for code in OF_AN_OPTIMIZER if "update" not in MISTAKES[code].roles),
}
"""About a softmax, or an optimizer's memory: no skill of the list asks for that."""
NOT_SET = {
    *("gradients-not-reset", "updated-too-early", *OF_AN_OPTIMIZER),
    *("averaged-over-batch", "averaged-twice", "one-sample-only", "filters-exchanged", "one-filter-sent-back"),
    *("one-sided-difference", "nudge-too-large"),
}
"""About another iteration, several layers or filters, an optimizer, a batch, a nudge: no exercise asks for those."""
STEPS = [skill for skill in SKILLS if skill not in ("learning-rate", "spotting")]


def test_every_mistake_belongs_to_a_skill() -> None:
    assert set(HOMES) == set(MISTAKES) - NO_SKILL_YET
    assert all(code in SKILLS[home].mistakes for code, home in HOMES.items())


def test_a_mistake_belongs_where_its_first_step_is_practised_or_where_it_says() -> None:
    assert HOMES["flipped-filter"] == "forward"
    assert HOMES["stride-ignored"] == "stride-padding", "it is made forwards too, but says where it belongs"
    assert HOMES["overwritten-not-added"] == "input-gradient"
    assert "overwritten-not-added" in SKILLS["pooling"].mistakes, "its second step is practised there"


def test_every_skill_has_exercises_and_its_variants_take_turns_within_three() -> None:
    assert set(VARIANTS) == set(SKILLS)
    assert all(1 <= len(variants) <= 3 for variants in VARIANTS.values())


@pytest.mark.parametrize("skill", STEPS)
def test_the_exercises_of_a_skill_are_about_all_of_its_mistakes(skill: str) -> None:
    for level in LEVELS:
        told = {code for seed in range(3) for code in asked(skill, level, seed).tells}
        assert told == set(SKILLS[skill].mistakes) - NOT_SET


@pytest.mark.parametrize(("place", "skill"), [*enumerate(SKILLS)])
def test_the_same_seed_gives_the_same_exercise_and_another_one_another(place: int, skill: str) -> None:
    level = LEVELS[place % len(LEVELS)]
    pages = [repr(exercise(skill, level, seed).question.asked()) for seed in (0, 3, 6, 0)]  # all of one variant
    assert pages[0] == pages[-1]
    assert len(set(pages)) == 3


def test_another_level_is_another_exercise() -> None:
    assert len({repr(drawn("update", level, 0).asked()) for level in LEVELS}) == len(LEVELS)


@pytest.mark.parametrize("skill", STEPS)
def test_what_a_mistake_gives_is_wrong_and_is_told_as_that_mistake(skill: str) -> None:
    for seed in range(3, 3 + some(6)):
        question = asked(skill, 1 + seed % 3, seed)
        for code in question.tells:
            text = question._text_of(question.by_mistake[code][0])
            assert text is not None
            marked = question.mark(text, AS_USUAL)
            assert not marked.right
            assert any(code in said for said in (*marked.mistakes, *texts(marked.blocks))), (code, seed)


@pytest.mark.parametrize("skill", STEPS)
def test_no_two_mistakes_of_an_exercise_give_the_same_answer(skill: str) -> None:
    for seed in range(some(9)):
        question = asked(skill, 1 + seed % 3, seed)
        answers: dict[str, str] = {question.answer: ""}
        for code in question.tells:
            texts_of = {question._text_of(result) for result in question.by_mistake[code]}
            for text in texts_of:
                other = answers.setdefault(str(text), code)
                assert other == code or (other, code) in ALIKE, (text, other, code, seed)


@pytest.mark.parametrize("skill", STEPS)
def test_no_exercise_is_square_all_over(skill: str) -> None:
    for seed in range(12):
        question = asked(skill, 1 + seed % 3, seed)
        if "delta-as-gradient" in question.tells:
            continue  # δ can be taken for the gradient at one size alone
        scenario = question.scenario
        sizes = (scenario.inputs.shape[-2:], scenario.targets.shape[-2:])
        assert any(rows != columns for rows, columns in sizes)


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_is_asked_for_where_a_dead_cell_has_an_error(seed: int) -> None:
    question = asked("delta", 1 + seed % 3, 3 * seed)
    error, slope = (question.iteration.matrix(name) for name in ("error", "forward"))
    assert ((slope <= 0) & (error != 0)).any()


def test_a_flip_is_asked_for_where_the_filter_is_not_symmetric() -> None:
    for seed in range(some(12)):
        weights = asked("forward", 1, seed).scenario.conv.weights
        assert (weights != weights[..., ::-1, ::-1]).any()


@pytest.mark.parametrize("skill", ["spotting", "learning-rate"])
def test_of_several_choices_one_is_right(skill: str) -> None:
    for seed in range(some(9)):
        question = drawn(skill, 1 + seed % 3, seed)
        if not isinstance(question, ChoiceQuestion):
            continue
        rights = [n for n in range(1, len(question.options) + 1) if question.mark(str(n), AS_USUAL).right]
        assert rights == [question.right]


def test_what_stands_on_a_sheet_is_sometimes_nothing_wrong() -> None:
    options = [drawn("spotting", 1 + seed % 3, seed) for seed in range(24)]
    rights = {question.options[question.right - 1].code for question in options if isinstance(question, ChoiceQuestion)}
    assert "" in rights
    assert len(rights) > 4


def test_an_unknown_skill_gets_the_nearest_name() -> None:
    with pytest.raises(InputError) as caught:
        exercise("gradients", 1, 0)
    assert caught.value.faults[0].hint == 'did you mean "gradient"?'
