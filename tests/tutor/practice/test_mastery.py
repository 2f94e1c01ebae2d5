"""Knowledge tracing: its numbers by hand, and what hints, slips, recurring mistakes and resets do to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.tutor.practice.event import KINDS, OUTCOMES, Event
from cnnstep.tutor.practice.mastery import GUESSES, USUAL, guess, is_mastered, mastery, most_made, recurring
from cnnstep.tutor.practice.skills import HOMES, SKILLS
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
    return mastery(events, "delta", HOMES)


def test_before_the_first_answer_it_is_the_start() -> None:
    assert known() == USUAL.known == 0.2


def test_a_right_matrix_is_bayes_rule_and_one_lesson_learnt() -> None:
    # by hand: 0.2·0.9 = 0.18, 0.8·0.02 = 0.016; 0.18/0.196 = 0.918…; and 0.15 of what is missing
    assert known(RIGHT) == pytest.approx(0.18 / 0.196 + (1 - 0.18 / 0.196) * 0.15, rel=1e-12)


def test_a_wrong_matrix_is_bayes_rule_alone() -> None:
    # by hand: 0.2·0.1 = 0.02, 0.8·0.98 = 0.784
    assert known(WRONG) == pytest.approx(0.02 / 0.804, rel=1e-12)


def test_a_choice_proves_less_than_a_matrix() -> None:
    assert known(replace(RIGHT, kind="choice")) < known(replace(RIGHT, kind="cell")) < known(RIGHT)


@pytest.mark.parametrize("helped", [{"hints": 1}, {"attempt": 2}])
def test_a_hint_or_an_earlier_answer_halves_what_a_right_one_proves(helped: dict[str, int]) -> None:
    event = replace(RIGHT, **helped)  # type: ignore[arg-type]
    assert guess(event) == pytest.approx(1 - 0.98 / 2)
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


def test_the_fast_track_begins_higher_and_two_right_matrices_master_any_skill() -> None:
    fast = replace(RIGHT, fast=True)
    assert is_mastered((fast,), "delta", HOMES)
    assert not is_mastered((RIGHT,), "delta", HOMES)
    assert is_mastered((RIGHT, replace(RIGHT, seed=1)), "delta", HOMES)


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
    assert recurring((WRONG,), HOMES) == ()
    assert recurring((WRONG, again), HOMES) == ("mask-inverted",)
    rights = [replace(RIGHT, seed=seed) for seed in (2, 3)]
    assert recurring((WRONG, again, rights[0]), HOMES) == ("mask-inverted",)
    assert recurring((WRONG, again, *rights), HOMES) == ()
    assert recurring((WRONG, again, *(replace(one, hints=1) for one in rights)), HOMES) == ("mask-inverted",)


def test_a_reset_forgives_what_recurred() -> None:
    assert recurring((WRONG, replace(WRONG, seed=1), Event("delta", "reset")), HOMES) == ()


def test_the_mistakes_made_most_come_first() -> None:
    other = Event("delta", "wrong", mistakes=("slope-forgotten",))
    assert most_made((WRONG, other, WRONG)) == (("mask-inverted", 2), ("slope-forgotten", 1))


@examples(200)
@given(st.lists(EVENTS, max_size=12))
def test_it_is_always_a_probability_and_a_right_answer_at_once_never_lowers_it(history: list[Event]) -> None:
    for skill in SKILLS:
        assert 0 < mastery(history, skill, HOMES) < 1
    fresh = Event("delta", "right", seed=99, kind="choice")
    assert mastery([*history, fresh], "delta", HOMES) >= mastery(history, "delta", HOMES)


def test_every_kind_of_answer_has_its_luck() -> None:
    assert set(GUESSES) == set(KINDS)
    assert all(0 < luck < 1 - USUAL.slips for luck in GUESSES.values())
