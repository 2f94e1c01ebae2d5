"""What became of a learner's exercises: right at once, solved in the end, given up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnstep.tutor.practice.history import Done, Event, done, example_due, given_up, is_stuck

RIGHT = Event("delta", "right", level=2, variant="sigmoid")
WRONG = replace(RIGHT, outcome="wrong")
SHOWN = replace(RIGHT, outcome="shown")


def outcome(*events: Event) -> tuple[bool, bool]:
    (one,) = done(events, "delta")
    return one.alone, one.solved


@pytest.mark.parametrize(
    ("events", "alone", "solved"),
    [
        ([RIGHT], True, True),
        ([WRONG, replace(RIGHT, attempt=2)], False, True),
        ([replace(RIGHT, outcome="hint"), replace(RIGHT, hints=1)], False, True),
        ([SHOWN], False, False),
        ([WRONG, SHOWN], False, False),
        ([WRONG, replace(WRONG, outcome="skipped")], False, False),
        ([SHOWN, replace(RIGHT, attempt=1)], False, False),
        ([RIGHT, replace(WRONG, attempt=2)], True, True),
    ],
)
def test_the_first_right_answer_or_the_solution_settles_it(events: list[Event], alone: bool, solved: bool) -> None:
    assert outcome(*events) == (alone, solved)


def test_an_exercise_that_was_only_looked_at_is_not_among_them() -> None:
    assert done([replace(RIGHT, outcome="hint"), replace(RIGHT, outcome="skipped")], "delta") == ()


def test_they_come_in_their_order_each_with_its_kind_since_the_skill_was_last_begun_anew() -> None:
    history = [RIGHT, Event("delta", "reset"), replace(WRONG, seed=3, variant="relu"), replace(RIGHT, seed=4, level=3)]
    assert done(history, "delta") == (Done("relu", 2, "", False, False), Done("sigmoid", 3, "", True, True))


def test_an_event_kept_before_kinds_had_names_is_of_the_kind_that_its_seed_gave_then() -> None:
    kinds = [done([Event("forward", "right", seed=seed)], "forward")[0].variant for seed in range(4)]
    assert kinds == ["one-output", "with-a-bias", "all-outputs", "one-output"]
    assert done([Event("forward", "right", seed=1, course="c")], "forward")[0].variant == ""


def test_who_gives_up_several_in_a_row_is_stuck_until_one_is_solved() -> None:
    up = [replace(SHOWN, seed=seed) for seed in range(5)]
    assert [given_up(up[:n], "delta") for n in range(4)] == [0, 1, 2, 3]
    assert [is_stuck(up[:n], "delta") for n in range(4)] == [False, False, True, True]
    solved = [*up[:3], replace(RIGHT, seed=9, attempt=3)]
    assert not is_stuck(solved, "delta")
    assert not is_stuck(up, "gradient")


def test_a_worked_example_is_due_after_every_second_one_that_was_given_up() -> None:
    up = [replace(SHOWN, seed=seed) for seed in range(5)]
    assert [example_due(up[:n], "delta") for n in range(6)] == [False, False, True, False, True, False]
