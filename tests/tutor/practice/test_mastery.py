"""Knowledge tracing: its numbers by hand, and what hints, slips, recurring mistakes and resets do to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.tutor.practice.history import KINDS, OUTCOMES, Event, Kind
from cnnstep.tutor.practice.mastery import (
    GUESSES,
    USUAL,
    Missing,
    guess,
    is_mastered,
    mastery,
    missing,
    most_made,
    recurring,
)
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import examples

RIGHT = Event("delta", "right")
WRONG = Event("delta", "wrong", mistakes=("mask-inverted",))
EVENTS = st.builds(
    Event,
    st.sampled_from(["delta", "gradient"]),
    st.sampled_from(OUTCOMES),
    seed=st.integers(0, 3),
    kind=st.sampled_from(KINDS),
    attempt=st.integers(1, 4),
    hints=st.integers(0, 4),
    mistakes=st.sampled_from([(), ("mask-inverted",), ("filter-scaled",)]),
    fast=st.booleans(),
)


def known(*events: Event) -> float:
    return mastery(events, "delta")


def test_before_the_first_answer_it_is_the_start() -> None:
    assert known() == USUAL.known == 0.2


def test_a_right_matrix_is_bayes_rule_and_one_lesson_learnt() -> None:
    # by hand: 0.2·0.9 = 0.18, 0.8·0.1 = 0.08; 0.18/0.26 = 0.692…; and 0.15 of what is missing
    assert known(RIGHT) == pytest.approx(0.18 / 0.26 + (1 - 0.18 / 0.26) * 0.15, rel=1e-12)


def test_a_wrong_matrix_is_bayes_rule_alone() -> None:
    # by hand: 0.2·0.1 = 0.02, 0.8·0.9 = 0.72
    assert known(WRONG) == pytest.approx(0.02 / 0.74, rel=1e-12)


def test_a_choice_proves_less_than_a_cell_and_a_cell_less_than_a_matrix() -> None:
    assert known(replace(RIGHT, kind="choice")) < known(replace(RIGHT, kind="cell")) < known(RIGHT)


@pytest.mark.parametrize("helped", [{"hints": 1}, {"attempt": 2}])
def test_a_hint_or_an_earlier_answer_halves_what_a_right_one_proves(helped: dict[str, int]) -> None:
    event = replace(RIGHT, **helped)  # type: ignore[arg-type]
    assert guess(event) == pytest.approx(1 - 0.9 / 2)
    assert known(event) < known(RIGHT)


def test_after_many_hints_a_right_answer_proves_nothing_but_teaches() -> None:
    assert known(replace(RIGHT, hints=9)) == pytest.approx(0.2 + 0.8 * 0.15)


def test_only_the_first_wrong_answer_to_an_exercise_tells_something() -> None:
    assert known(WRONG, replace(WRONG, attempt=2)) == known(WRONG)
    assert known(WRONG, replace(WRONG, seed=1)) < known(WRONG)


def test_an_exercise_done_again_proves_nothing_more() -> None:
    assert known(RIGHT, replace(RIGHT, attempt=2), replace(RIGHT, attempt=3)) == known(RIGHT)


def test_a_solution_asked_for_counts_as_a_wrong_answer_that_taught() -> None:
    wrong = known(WRONG)
    assert known(Event("delta", "shown")) == pytest.approx(wrong + (1 - wrong) * 0.15)
    assert known(WRONG, Event("delta", "shown")) == known(Event("delta", "shown"))


def test_hints_and_skipping_alone_change_nothing() -> None:
    assert known(Event("delta", "hint", hints=1), Event("delta", "skipped")) == 0.2


def test_the_fast_track_begins_higher() -> None:
    assert known(replace(RIGHT, fast=True)) > known(RIGHT)
    assert known(replace(RIGHT, fast=True)) == pytest.approx(0.9 + 0.1 * 0.15)  # by hand: 0.45/(0.45 + 0.05) = 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_one_answer_never_makes_half_known_into_mastered(kind: Kind) -> None:
    """From 0.4 on the way to 0.95 at least two answers are needed, whatever they are made of."""
    event = replace(RIGHT, kind=kind)
    parameters = replace(USUAL, known=0.4)
    assert mastery([event], "delta", parameters) < 0.9
    assert mastery([event, replace(event, seed=1)], "delta", parameters) > 0.9


def shown_all(skill: str) -> list[Event]:
    """Each kind of a skill right at once, and as many more at its highest level as P asks for."""
    of = SKILLS[skill]
    kinds = [*of.variants, *of.variants[:1] * 3][: max(3, len(of.variants))]
    return [Event(skill, "right", level=of.levels, seed=n, variant=variant) for n, variant in enumerate(kinds)]


class TestMastered:
    @pytest.mark.parametrize("skill", SKILLS)
    def test_a_skill_is_mastered_once_every_kind_and_its_highest_level_was_right_at_once(self, skill: str) -> None:
        history = shown_all(skill)
        assert missing(history, skill) == Missing()
        assert is_mastered(history, skill)

    def test_many_right_answers_of_one_kind_master_nothing(self) -> None:
        history = [Event("delta", "right", level=3, seed=seed, variant="relu") for seed in range(9)]
        assert mastery(history, "delta") > 0.999
        assert missing(history, "delta").words == ("leaky_relu", "sigmoid")
        assert not is_mastered(history, "delta")

    def test_the_highest_level_is_asked_for(self) -> None:
        history = [replace(event, level=2) for event in shown_all("delta")]
        assert missing(history, "delta").words == ("level 3",)
        assert not is_mastered(history, "delta")

    @pytest.mark.parametrize("helped", [{"hints": 1}, {"attempt": 2}, {"outcome": "shown"}])
    def test_with_help_a_kind_is_not_shown(self, helped: dict[str, object]) -> None:
        history = [*shown_all("delta")[:-1], replace(shown_all("delta")[-1], **helped)]  # type: ignore[arg-type]
        assert missing(history, "delta").variants == ("sigmoid",)

    def test_the_last_exercise_of_a_kind_tells(self) -> None:
        again = replace(WRONG, variant="relu", seed=50)
        assert missing([*shown_all("delta"), again], "delta").variants == ("relu",)
        assert not missing([*shown_all("delta"), again, replace(RIGHT, variant="relu", seed=51)], "delta")

    def test_what_was_kept_before_kinds_had_names_counts_by_the_kinds_of_then(self) -> None:
        old = [Event("delta", "right", level=3, seed=seed) for seed in range(3)]
        assert is_mastered(old, "delta")

    def test_exercises_of_a_course_show_no_kind(self) -> None:
        history = [replace(event, course="c", variant="") for event in shown_all("delta")]
        assert missing(history, "delta") == Missing(SKILLS["delta"].variants, 3)


def test_a_mistake_made_elsewhere_counts_against_the_skill_that_it_belongs_to() -> None:
    elsewhere = Event("gradient", "wrong", mistakes=("mask-inverted",))
    before = known(RIGHT, replace(RIGHT, seed=1))
    assert known(RIGHT, replace(RIGHT, seed=1), elsewhere) < before
    assert known(elsewhere) == 0.2, "a skill that was never practised has nothing to lose"


def test_a_reset_begins_anew_and_for_that_skill_alone() -> None:
    assert known(RIGHT, Event("delta", "reset")) == 0.2
    assert known(RIGHT, Event("delta", "reset"), RIGHT) == known(RIGHT)
    assert known(RIGHT, Event("gradient", "reset")) == known(RIGHT)


def test_a_mistake_recurs_when_it_is_made_twice_until_two_are_right_unaided() -> None:
    again = replace(WRONG, seed=1)
    assert recurring((WRONG,)) == ()
    assert recurring((WRONG, again)) == ("mask-inverted",)
    rights = [replace(RIGHT, seed=seed) for seed in (2, 3)]
    assert recurring((WRONG, again, rights[0])) == ("mask-inverted",)
    assert recurring((WRONG, again, *rights)) == ()
    assert recurring((WRONG, again, *(replace(one, hints=1) for one in rights))) == ("mask-inverted",)


def test_a_reset_forgives_what_recurred() -> None:
    assert recurring((WRONG, replace(WRONG, seed=1), Event("delta", "reset"))) == ()


def test_the_mistakes_made_most_come_first() -> None:
    other = Event("delta", "wrong", mistakes=("slope-forgotten",))
    assert most_made((WRONG, other, WRONG)) == (("mask-inverted", 2), ("slope-forgotten", 1))


@examples(200)
@given(st.lists(EVENTS, max_size=12))
def test_it_is_always_a_probability_and_a_right_answer_at_once_never_lowers_it(history: list[Event]) -> None:
    for skill in SKILLS:
        assert 0 < mastery(history, skill) < 1
    fresh = Event("delta", "right", seed=99, kind="choice")
    assert mastery([*history, fresh], "delta") >= mastery(history, "delta")


def test_every_kind_of_answer_has_its_luck() -> None:
    assert set(GUESSES) == set(KINDS)
    assert all(0.1 <= luck <= 0.25 for luck in GUESSES.values()), "typical wrong answers are not random typing"
    assert USUAL.slips == 0.1
