"""Courses: their order, where one goes on, and the check that finds exercises not fit to be set."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnstep.surface.loading import scenario
from cnnstep.surface.practice.course_file import load_course, shipped_courses
from cnnstep.tutor.document import Command, Heading
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.course import Course, Item, checked, position, unfit
from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.session import begin
from tests.tutor.practice.learners import texts

HINTS = ("where", "idea", "number")
GOOD = Item("Delta", "delta", StepQuestion(scenario("six-outputs"), "delta", tells=("mask-alone",), given_hints=HINTS))


def with_question(**changes: object) -> Item:
    return replace(GOOD, question=replace(GOOD.question, **changes))  # type: ignore[arg-type]


def test_a_good_exercise_has_nothing_against_it() -> None:
    assert list(unfit(GOOD)) == []


@pytest.mark.parametrize(
    ("item", "what"),
    [
        (with_question(given_hints=HINTS[:2]), "it has 2 hints, and it needs 3"),
        (with_question(given_hints=("a", " ", "b")), "it has 3 hints, and it needs 3"),
        (with_question(tells=()), "its numbers show none of its skill's mistakes"),
        (with_question(tells=("slope-twice",)), "its numbers don't show these mistakes clearly: slope-twice"),
        (with_question(scenario=scenario("dead-from-the-start")), "a sheet full of zeros is right"),
    ],
)
def test_an_exercise_that_is_not_fit_is_found(item: Item, what: str) -> None:
    assert what in list(unfit(item))
    _, fit = checked(Course("c", (GOOD, item)))
    assert not fit


@pytest.mark.parametrize("name", [one.name for one in shipped_courses()])
def test_every_exercise_of_a_shipped_course_is_fit_to_be_set(name: str) -> None:
    course = load_course(name)
    _, fit = checked(course)
    assert fit
    assert len(course.items) >= 5


def test_a_course_goes_on_at_the_first_exercise_that_is_not_done() -> None:
    first, second, third = (replace(GOOD, title=title) for title in ("One", "Two", "Three"))
    course = Course("c", (first, second, third))
    done = [
        Event("delta", "right", seed=first.number, course="c"),
        Event("delta", "skipped", seed=second.number, course="c"),
    ]
    left = Event("delta", "wrong", seed=third.number, course="c", attempt=2)
    assert position(course, done)[0] == 2
    assert position(course, [*done, left]) == (2, left)
    assert position(course, [*done, replace(left, course="another")]) == (2, None)
    assert position(course, [*done, left, replace(left, outcome="right")])[0] == 3
    inserted = Course("c", (first, GOOD, second, third))
    assert position(inserted, done) == (1, None), "one that was put in later comes first"
    assert position(inserted, [*done, Event("delta", "right", seed=GOOD.number, course="c")])[0] == 3


def test_a_skill_that_is_begun_anew_opens_its_exercises_of_a_course_again() -> None:
    other = Item("Gradient", "gradient", GOOD.question)
    course = Course("c", (GOOD, other))
    done = [Event(item.skill, "right", seed=item.number, course="c") for item in course.items]
    assert position(course, done)[0] == 2
    assert position(course, [*done, Event("gradient", "reset")])[0] == 1
    assert position(course, [*done, Event("delta", "reset")]) == (0, None)


def test_a_course_ends_with_how_it_went() -> None:
    course = Course("c", (GOOD, replace(GOOD, title="Another")))
    practice, _ = begin((), PracticeOptions(), course)
    practice, _ = advance(practice, GOOD.question.answer)
    practice, _ = advance(practice, "")
    practice, _ = advance(practice, "hint")
    practice, _ = advance(practice, GOOD.question.answer)
    practice, reply = advance(practice, "")
    assert practice.done
    assert "2 exercises, 1 of them right at once." in texts(reply.blocks)
    _, again = begin(practice.history, PracticeOptions(), course)
    assert isinstance(again.blocks[0], Heading)
    assert again.blocks[0].note == "done"


def test_what_was_given_up_is_in_the_report_with_what_to_practise() -> None:
    course = Course("c", (GOOD, replace(GOOD, title="Another"), replace(GOOD, title="Third", skill="gradient")))
    practice, reply = begin((), PracticeOptions(), course)
    for line in ("solution", "", "1 1 1; 1 1 1", "solution", "", "", GOOD.question.answer, ""):
        practice, reply = advance(practice, line)
    assert practice.done
    told = " ".join(texts(reply.blocks))
    assert "3 exercises, 1 of them right at once." in told
    assert "In 2 you saw the solution: Delta and Another." in told
    assert [block.command for block in reply.blocks if isinstance(block, Command)] == ["cnnstep practice --skill delta"]


def test_who_gives_up_twice_in_a_course_reads_a_worked_example_of_the_same_step() -> None:
    course = Course("c", tuple(replace(GOOD, title=title) for title in ("One", "Two", "Three")))
    practice, reply = begin((), PracticeOptions(), course)
    for line in ("solution", "", "solution", ""):
        practice, reply = advance(practice, line)
    assert practice.reading
    assert "δ = e ⊙ relu′(z)" in " ".join(texts(reply.blocks))


def test_a_course_shows_its_own_hints_and_after_the_third_the_numbers() -> None:
    practice, _ = begin((), PracticeOptions(), Course("c", (GOOD,)))
    for words in HINTS:
        practice, reply = advance(practice, "hint")
        assert words in texts(reply.blocks)
    assert any(text.startswith("δ[") for text in texts(reply.blocks))
