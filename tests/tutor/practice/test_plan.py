"""What comes next: where one stopped, what recurs, the skill at hand, then the next one in order."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.tutor.practice.event import Event
from cnnstep.tutor.practice.plan import Wishes, all_mastered, next_exercise
from cnnstep.tutor.practice.skills import SKILLS

ANYTHING = Wishes()


def mastered(*skills: str) -> list[Event]:
    """Enough right answers for each of these."""
    return [Event(skill, "right", seed=seed) for skill in skills for seed in range(3)]


def test_a_beginner_begins_with_the_first_skill_at_level_one() -> None:
    choice = next_exercise([], ANYTHING)
    assert (choice.skill, choice.level, choice.seed, choice.open) == ("forward", 1, 0, None)


def test_the_one_left_open_comes_back_with_its_answers_and_hints() -> None:
    left = Event("delta", "wrong", level=2, seed=7, attempt=3, hints=2)
    assert next_exercise([left], ANYTHING).open == left
    assert next_exercise([replace(left, outcome="hint")], ANYTHING).seed == 7
    assert next_exercise([replace(left, outcome="skipped")], ANYTHING).open is None


def test_another_skill_or_level_or_seed_asked_for_leaves_it_open() -> None:
    left = Event("delta", "wrong", level=2, seed=7)
    for wishes in (Wishes("error"), Wishes(level=1), Wishes(seed=0)):
        assert next_exercise([left], wishes).open is None


def test_one_goes_on_with_the_skill_at_hand_until_it_is_mastered() -> None:
    history = [*mastered("forward"), Event("activation", "right", seed=0)]
    choice = next_exercise(history, ANYTHING)
    assert (choice.skill, choice.seed) == ("activation", 1)


def test_then_comes_the_next_one_whose_needs_are_mastered() -> None:
    order = []
    history: list[Event] = []
    while not all_mastered(history):
        skill = next_exercise(history, ANYTHING).skill
        order.append(skill)
        assert all(need in order for need in SKILLS[skill].needs)
        history += [replace(event, seed=event.seed + 10) for event in mastered(skill)]
    assert sorted(order) == sorted(SKILLS)


def test_a_mistake_that_recurs_brings_its_skill_back() -> None:
    history = [
        *mastered("forward", "activation", "error", "delta"),
        *(Event("gradient", "wrong", seed=seed, mistakes=("mask-inverted",)) for seed in range(2)),
        Event("gradient", "right", seed=2),
    ]
    choice = next_exercise(history, ANYTHING)
    assert choice.skill == "delta"
    assert "mask-inverted" in choice.why


def test_when_all_is_mastered_the_one_longest_ago_comes() -> None:
    history = mastered(*SKILLS)
    assert all_mastered(history)
    assert next_exercise(history, ANYTHING).skill == "forward"


def test_the_level_follows_what_one_can_do() -> None:
    easy, middle = Event("delta", "right", seed=0), Event("delta", "right", level=2, seed=1)
    levels = {(): 1, (easy,): 2, (easy, easy): 2, (easy, replace(middle, hints=1)): 2, (easy, middle): 3}
    for history, level in levels.items():
        assert next_exercise(history, Wishes("delta")).level == level, history
    assert next_exercise((easy, middle, Event("delta", "reset")), Wishes("delta")).level == 1


def test_on_the_fast_track_it_is_the_highest() -> None:
    assert next_exercise([], Wishes(fast=True)).level == 3
    assert next_exercise([], Wishes(level=2)).level == 2


def test_no_exercise_is_given_twice_and_a_seed_asked_for_goes_on_from_there() -> None:
    history = [Event("delta", "right", seed=4), Event("delta", "skipped", seed=9), Event("error", "right", seed=20)]
    assert next_exercise(history, Wishes("delta")).seed == 10
    assert [next_exercise(history, Wishes("delta", seed=3), now).seed for now in range(3)] == [3, 4, 5]


def test_exercises_of_a_course_are_neither_taken_up_nor_counted() -> None:
    history = [Event("delta", "wrong", seed=5, course="week-1")]
    choice = next_exercise(history, Wishes("delta"))
    assert (choice.seed, choice.open) == (0, None)


def stuck(skill: str, times: int) -> list[Event]:
    return [Event(skill, "shown", seed=seed) for seed in range(times)]


def test_after_six_of_one_skill_in_a_row_another_that_is_ready_has_a_turn_then_it_comes_back() -> None:
    history = [*mastered("forward"), *stuck("activation", 5)]
    assert next_exercise(history, ANYTHING).skill == "activation"
    history += [Event("activation", "shown", seed=5)]
    choice = next_exercise(history, ANYTHING)
    assert (choice.skill, choice.why) == ("pooling", "a change from activation, which comes back")
    assert next_exercise([*history, *mastered("pooling")], ANYTHING).skill == "activation"


def test_where_nothing_else_is_ready_what_the_skill_builds_on_has_a_turn() -> None:
    history = [*mastered("forward", "pooling"), *stuck("activation", 6)]
    assert next_exercise(history, ANYTHING).skill == "forward"
    history += [Event("forward", "right", seed=9)]
    assert next_exercise(history, ANYTHING).skill == "activation"


def test_a_mistake_that_recurs_on_and_on_leaves_a_turn_to_something_else_too() -> None:
    slips = [Event("activation", "wrong", seed=seed, mistakes=("absolute-activation",)) for seed in (11, 12)]
    history = [
        *mastered("forward", "activation"),
        *slips,
        *(Event("activation", "right", seed=20 + n) for n in range(1)),
    ]
    assert next_exercise(history, ANYTHING).why == "absolute-activation came up again and again"
    history += [Event("activation", "right", seed=30 + n, attempt=2) for n in range(6)]
    assert next_exercise(history, ANYTHING).skill != "activation"


def test_the_first_skill_has_nothing_to_change_with() -> None:
    assert next_exercise(stuck("forward", 9), ANYTHING).skill == "forward"
