"""Practice as a function: what is kept and when, and that nothing is given away or jumped over."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.tutor.document import Note, Paragraph
from cnnstep.tutor.practice.advance import advance
from cnnstep.tutor.practice.event import Event
from cnnstep.tutor.practice.plan import Wishes
from cnnstep.tutor.practice.questions.step import StepQuestion, as_typed
from cnnstep.tutor.practice.session import Practice, Reply, begin
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import examples
from tests.tutor.practice.learners import texts


@cache
def opened(skill: str = "gradient", seed: int = 0, level: int = 1) -> Practice:
    return begin((), Wishes(skill, level, seed))[0]


def said(practice: Practice, *lines: str) -> tuple[Practice, Reply]:
    reply = Reply(())
    for line in lines:
        practice, reply = advance(practice, line)
    return practice, reply


def test_a_right_answer_waits_for_enter() -> None:
    practice = opened()
    practice, reply = said(practice, practice.exercise.question.answer)
    assert reply.event is not None
    assert reply.event.outcome == "right"
    assert practice.exercise.seed == 0
    assert practice.finished
    practice, _ = said(practice, "")
    assert practice.exercise.seed == 1
    assert not practice.finished


def test_enter_before_an_answer_goes_nowhere() -> None:
    practice, reply = said(opened(), "", "next")
    assert (practice.exercise.seed, reply.event) == (0, None)


def test_every_answer_is_an_event_with_what_was_typed_and_what_was_told() -> None:
    practice, reply = said(opened(), "hint", "1 2; 3 4")
    assert reply.event == Event("gradient", "wrong", 1, 0, "", "matrix", 1, 1, "1 2; 3 4")
    practice, reply = said(practice, "13 -12; -6 -1")
    assert reply.event is not None
    assert (reply.event.attempt, reply.event.mistakes) == (2, ("gradient-transposed",))


def test_what_cannot_be_read_is_no_wrong_answer() -> None:
    for line in ("1 x; 2 3", "[[1, 2], [3", "frobnicate", "1 2 3; 4"):
        practice, reply = said(opened(), line)
        assert reply.event is None
        assert isinstance(reply.blocks[0], Note)
        assert practice.answers == 0


@pytest.mark.parametrize(
    "line", ["[[13, -6], [-12, -1]]", "np.array([[13,-6],[-12,-1]])", "13 -6 ; -12 -1", "13, −6; −12, −1"]
)
def test_any_usual_spelling_is_read(line: str) -> None:
    assert said(opened(), line)[0].finished


@pytest.mark.parametrize("between", ["hint", "show", "explain", "frobnicate", "1 2 3", "12 x"])
def test_rows_can_come_one_by_one_and_stay_whatever_comes_between(between: str) -> None:
    practice, reply = said(opened(), "13 -6")
    assert (practice.typed, reply.event) == (("13 -6",), None)
    assert said(practice, between, "-12 -1")[0].finished


def test_again_drops_the_rows_of_a_matrix_begun() -> None:
    assert said(opened(), "13 -6", "again")[0].typed == ()


def test_all_numbers_on_one_line_are_the_whole_matrix() -> None:
    assert said(opened(), "13 -6 -12 -1")[0].finished


@pytest.mark.parametrize("lines", [("13 -6", ""), ("1 2 3; 4 5 6",), ("1", "")])
def test_a_matrix_of_another_size_that_no_mistake_gives_is_not_counted_and_begun_again(lines: tuple[str, ...]) -> None:
    practice, reply = said(opened(), *lines)
    assert reply.event is None
    assert "it was not counted" in texts(reply.blocks)[0].lower()
    assert said(practice, "13 -6", "-12 -1")[0].finished


def test_a_matrix_of_another_size_that_a_mistake_gives_is_wrong() -> None:
    practice = opened("stride-padding")
    question = practice.exercise.question
    assert isinstance(question, StepQuestion)
    _, reply = said(practice, as_typed(question.by_mistake["stride-ignored"][0]))
    assert reply.event is not None
    assert reply.event.mistakes == ("stride-ignored",)


@pytest.mark.parametrize("name", ["e", "E", "a", "W", "δ", "∂L/∂W"])
def test_a_name_before_the_numbers_is_no_command(name: str) -> None:
    assert said(opened(), f"{name} = [[13, -6], [-12, -1]]")[0].finished


def test_numbers_that_fit_because_they_are_rounded_far_are_asked_for_again() -> None:
    practice = opened("learning-rate", level=2)
    right = practice.exercise.question.answer
    assert right == "0.095238"
    for coarse in ("0.1", "0.10", "0.0"):
        practice, reply = said(practice, coarse)
        assert (reply.event is None) == (coarse != "0.0")
    for fine in ("0.095", "0.0952", "2/21"):
        assert said(practice, fine)[0].finished


def test_who_goes_on_from_the_rounded_numbers_on_the_screen_is_right() -> None:
    for seed in range(2, 32, 3):
        practice = opened("delta", seed)
        iteration = practice.exercise.question.iteration  # type: ignore[attr-defined]
        error, output = (np.round(iteration.matrix(name), 4) for name in ("error", "activation"))
        assert said(practice, as_typed(np.round(error * output * (1 - output), 4)))[0].finished, seed


def test_the_answer_is_not_given_away_before_it_is_asked_for() -> None:
    for skill in SKILLS:
        practice, reply = begin((), Wishes(skill, 2, 0))
        _, refused = said(practice, "why 0 0")
        assert isinstance(refused.blocks[0], Note)
        assert not any("right" in getattr(block, "title", "") for block in reply.blocks)


def test_a_solution_counts_as_not_known_and_ends_the_exercise() -> None:
    practice, reply = said(opened(), "solution")
    assert reply.event is not None
    assert reply.event.outcome == "shown"
    assert practice.finished
    assert isinstance(said(practice, "1 2; 3 4")[1].blocks[0], Note)


def test_skipping_gives_another_one_of_the_skill() -> None:
    practice, reply = said(opened(), "skip")
    assert reply.event is not None
    assert (reply.event.outcome, practice.exercise.seed) == ("skipped", 1)


def test_one_goes_on_where_one_stopped() -> None:
    practice, _ = said(opened(), "hint", "hint", "1 2; 3 4")
    again, _ = begin(practice.history, Wishes())
    assert again.exercise.seed == practice.exercise.seed
    assert (again.hints, again.answers) == (2, 1)


def test_mastering_a_skill_and_all_of_them_is_said() -> None:
    history = [Event(skill, "right", seed=seed) for skill in SKILLS for seed in range(3) if skill != "gradient"]
    history.append(Event("gradient", "right", level=1, seed=50))
    practice, _ = begin(history, Wishes("gradient", 1, 0))
    _, reply = said(practice, practice.exercise.question.answer)
    told = " ".join(texts(reply.blocks))
    assert "You have mastered it." in told
    assert "all 13 skills are mastered" in told
    _, opening = begin([*history, Event("gradient", "right", seed=51)], Wishes())
    assert "All 13 skills are mastered." in " ".join(texts(opening.blocks))


def test_a_right_answer_under_another_convention_is_right_and_named() -> None:
    practice = opened("error")
    question = practice.exercise.question
    turned = "; ".join(" ".join(f"{-float(n):g}" for n in row.split()) for row in question.answer.split(";"))
    practice, reply = said(practice, turned)
    assert practice.finished
    assert any("target − output" in block.text for block in reply.blocks if isinstance(block, Paragraph))


@pytest.mark.parametrize(("factor", "words"), [(-1, "Every number has the other sign."), (2, "times the same factor")])
def test_a_gradient_of_another_sign_or_loss_is_wrong_where_the_error_is_given(factor: int, words: str) -> None:
    practice = opened("gradient")
    question = practice.exercise.question
    assert isinstance(question, StepQuestion)
    practice, reply = said(practice, as_typed(factor * question.right))
    assert not practice.finished
    assert any(words in text for text in texts(reply.blocks))


def test_the_sign_is_a_convention_where_the_error_is_one_s_own() -> None:
    practice = opened("delta", level=3)
    question = practice.exercise.question
    assert isinstance(question, StepQuestion)
    assert question.hidden == ("error",)
    assert said(practice, as_typed(-question.right))[0].finished


@examples(60)
@given(
    st.sampled_from(sorted(SKILLS)),
    st.lists(
        st.text(max_size=20)
        | st.sampled_from(
            [
                "",
                "hint",
                "solution",
                "next",
                "skip",
                "again",
                "show",
                "help",
                "why 0 0",
                "1",
                "2",
                "1 2; 3 4",
                "0 0",
                "explain x",
            ]
        ),
        max_size=6,
    ),
)
def test_nothing_that_can_be_typed_stops_it(skill: str, lines: list[str]) -> None:
    practice = opened(skill)
    kept: list[Event] = []
    for line in lines:
        practice, reply = advance(practice, line)
        kept += [reply.event] if reply.event else []
    assert list(practice.history) == kept
