"""What practice does with simulated learners: two of a kind in the suite, 200 where `PRACTICE_SCALE` is 100.

`-s` shows the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from cnnstep.surface.practice.course_file import load_course
from cnnstep.tutor.document import Heading, ProgressBars
from cnnstep.tutor.practice.mastery import is_mastered
from cnnstep.tutor.practice.plan import ENOUGH_OF_IT, all_mastered
from cnnstep.tutor.practice.progress import progress
from cnnstep.tutor.practice.skills import CORE, SKILLS, homes
from tests.examples import SHARE
from tests.tutor.practice.kinds import SCALE
from tests.tutor.practice.learners import texts
from tests.tutor.practice.simulated import (
    Chance,
    Learner,
    Way,
    asks_for_the_solution,
    go,
    misled,
    perfect,
    share_what_takes_time,
    stuck,
)

LEARNERS = max(2, 2 * SCALE // SHARE)
MOST_OF_A_PERFECT_ONE = 45
OF_ONE_SKILL = 15
"""So many exercises of their skill those with a misconception do: three times what mastering one takes without it."""
THREE_TURNS = 3 * ENOUGH_OF_IT
FRESH_EACH_TIME: dict[str, Callable[[int], Learner]] = {
    "good": lambda number: Chance(number).good,
    "poor": lambda number: Chance(number).poor,
    "random typing": lambda number: Chance(number).types_anything,
}
MISCONCEPTIONS = sorted(homes())


@pytest.fixture(autouse=True)
def _shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    share_what_takes_time(monkeypatch, as_set="misconception" in request.node.name)


def after(count: int) -> Callable[[Way], bool]:
    return lambda way: len(way.exercises) >= count


def ways(of: Callable[[int], Learner], until: Callable[[Way], bool]) -> Iterator[Way]:
    return (go(of(number), number, until) for number in range(LEARNERS))


def all_done(way: Way) -> bool:
    return all_mastered(way.history)


def tell(kind: str, figures: list[int]) -> None:
    ordered = sorted(figures)
    print(f"{kind}: {len(ordered)} learners, {ordered[0]} to {ordered[-1]}, half of them {ordered[len(ordered) // 2]}")


def test_a_perfect_learner_is_done_in_45_exercises() -> None:
    counts = [len(way.exercises) for way in ways(lambda _: perfect, all_done)]
    tell("perfect, exercises until all is mastered", counts)
    assert max(counts) <= MOST_OF_A_PERFECT_ONE


def test_a_good_learner_masters_all_of_it_and_a_perfect_one_is_never_slower() -> None:
    counts = [len(way.exercises) for way in ways(FRESH_EACH_TIME["good"], all_done)]
    tell("good, exercises until all is mastered", counts)
    assert sum(count <= 2 * MOST_OF_A_PERFECT_ONE for count in counts) >= 0.95 * len(counts)
    assert min(counts) >= len(go(perfect, 0, all_done).exercises)


@pytest.mark.parametrize("kind", ["poor", "random typing"])
def test_who_is_not_good_masters_little_in_the_time_in_which_a_perfect_one_is_done(kind: str) -> None:
    mastered = [
        sum(is_mastered(way.history, skill) for skill in CORE)
        for way in ways(FRESH_EACH_TIME[kind], after(MOST_OF_A_PERFECT_ONE))
    ]
    tell(f"{kind}, skills mastered after {MOST_OF_A_PERFECT_ONE} exercises", mastered)
    middle = sorted(mastered)[len(mastered) // 2]
    assert middle <= (len(CORE) // 2 if kind == "poor" else 0)
    assert max(mastered) < len(CORE)


def test_who_has_a_misconception_for_good_never_masters_its_skill() -> None:
    wrong = []
    for number in range(LEARNERS):
        code = MISCONCEPTIONS[number % len(MISCONCEPTIONS)]
        way = go(misled(code), number, after(OF_ONE_SKILL), homes()[code])
        assert any(event.outcome == "wrong" for event in way.history), code
        if any(is_mastered(history, homes()[code]) for history in way.prefixes):
            wrong.append(code)
    print(f"one permanent misconception: {LEARNERS} learners, mastered its skill all the same: {sorted({*wrong})}")
    assert not wrong


GIVES_UP = {"always asks for the solution": asks_for_the_solution, "is stuck": stuck}


@pytest.mark.parametrize("kind", GIVES_UP)
def test_who_gives_up_gets_worked_examples_then_another_skill_and_the_report_says_so(kind: str) -> None:
    turns = []
    for way in ways(lambda _: GIVES_UP[kind], after(THREE_TURNS)):
        order = list(dict.fromkeys(way.exercises))
        turns.append(way.longest_turn)
        assert way.longest_turn == ENOUGH_OF_IT
        assert order == ["forward", "activation", "error"]
        assert way.examples == 2 * len(order), "before the third of each skill, and before the fifth"
        assert not any(is_mastered(way.history, skill) for skill in SKILLS)
        page = progress(way.history)
        assert Heading("Where you are stuck") in page
        (bars,) = (block.bars for block in page if isinstance(block, ProgressBars))
        assert [one.note.endswith("stuck") for one in bars[:4]] == [True, True, True, False]
    tell(f"{kind}, exercises of one skill in a row", turns)


@pytest.mark.parametrize(
    ("kind", "told"),
    [("always asks for the solution", "In {} you saw the solution"), ("is stuck", "You left {} unsolved")],
)
def test_a_courses_report_says_what_was_not_solved(kind: str, told: str) -> None:
    course = load_course("first-steps")
    way = go(GIVES_UP[kind], 0, lambda _: False, course=course)
    words = " ".join(texts(way.last))
    assert f"{len(course.items)} exercises, 0 of them right at once." in words
    assert told.format(len(course.items)) in words
