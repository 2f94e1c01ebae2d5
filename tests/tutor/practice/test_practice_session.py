"""Practice as a function: what is kept and when, and that nothing is given away or jumped over."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.loading import scenario
from cnnstep.surface.practice.course_file import load_course
from cnnstep.tutor.document import Command, Heading, Note, Paragraph
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.step import StepQuestion, as_typed
from cnnstep.tutor.practice.session import Around, Practice, PracticeReply, begin, prompt
from cnnstep.tutor.practice.skills import CORE, SKILLS
from tests.examples import examples
from tests.tutor.practice.learners import by_misconception, texts


@cache
def opened(skill: str = "gradient", seed: int = 0, level: int = 1) -> Practice:
    return begin((), PracticeOptions(skill, level, seed))[0]


def said(practice: Practice, *lines: str) -> tuple[Practice, PracticeReply]:
    reply = PracticeReply(())
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
    assert reply.event == Event("gradient", "wrong", 1, 0, "", "matrix", 1, 1, "1 2; 3 4", variant="square-filter")
    practice, reply = said(practice, by_misconception("gradient-rotated", practice.exercise.question) or "")
    assert reply.event is not None
    assert (reply.event.attempt, reply.event.mistakes) == (2, ("gradient-rotated",))


def test_what_cannot_be_read_is_no_wrong_answer() -> None:
    for line in ("1 x; 2 3", "[[1, 2], [3", "frobnicate", "1 2 3; 4"):
        practice, reply = said(opened(), line)
        assert reply.event is None
        assert isinstance(reply.blocks[0], Note)
        assert practice.answers == 0


@pytest.mark.parametrize(
    "spelling",
    [
        lambda rows: f"[[{'], ['.join(', '.join(row) for row in rows)}]]",
        lambda rows: f"np.array([[{'],['.join(','.join(row) for row in rows)}]])",
        lambda rows: " ; ".join(" ".join(row) for row in rows),
        lambda rows: "; ".join(", ".join(row) for row in rows).replace("-", "−"),
        lambda rows: " ".join(" ".join(row) for row in rows),
    ],
)
def test_any_usual_spelling_is_read(spelling: Callable[[list[list[str]]], str]) -> None:
    rows = [row.split() for row in opened().exercise.question.answer.split(";")]
    assert said(opened(), spelling(rows))[0].finished


@pytest.mark.parametrize("between", ["hint", "show", "show all", "example", "explain", "frobnicate", "1 2 3", "12 x"])
def test_rows_can_come_one_by_one_and_stay_whatever_comes_between(between: str) -> None:
    first, second = opened().exercise.question.answer.split("; ")
    practice, reply = said(opened(), first)
    assert (practice.typed, reply.event) == ((first,), None)
    assert said(practice, between, second)[0].finished


def test_again_drops_the_rows_of_a_matrix_begun() -> None:
    assert said(opened(), "13 -6", "again")[0].typed == ()


@pytest.mark.parametrize("lines", [("13 -6", ""), ("1 2 3; 4 5 6",), ("1", ""), ("1 2 3", "4 5 6", "")])
def test_a_matrix_of_another_size_that_no_mistake_gives_is_not_counted_and_begun_again(lines: tuple[str, ...]) -> None:
    practice, reply = said(opened(), *lines)
    assert reply.event is None
    assert "it was not counted" in texts(reply.blocks)[0].lower()
    assert said(practice, *opened().exercise.question.answer.split("; "))[0].finished


@pytest.mark.parametrize("between", ["; ", "\n"])
def test_a_larger_matrix_that_a_mistake_gives_is_wrong_in_one_line_and_row_by_row(between: str) -> None:
    practice = opened("stride-padding", level=2)
    typed = by_misconception("stride-ignored", practice.exercise.question)
    assert typed is not None
    lines = [typed] if between == "; " else [*typed.split("; "), ""]
    _, reply = said(practice, *lines)
    assert reply.event is not None
    assert reply.event.mistakes == ("stride-ignored",)


@pytest.mark.parametrize("name", ["e", "E", "a", "W", "δ", "∂L/∂W"])
def test_a_name_before_the_numbers_is_no_command(name: str) -> None:
    assert said(opened(), f"{name} = {opened().exercise.question.answer}")[0].finished


def test_numbers_that_fit_because_they_are_rounded_far_are_asked_for_again() -> None:
    practice = next(
        one for seed in range(1, 60, 3) if (one := opened("learning-rate", seed)).exercise.question.answer[:3] == "0.1"
    )
    right = float(practice.exercise.question.answer)
    assert round(right, 3) != round(right, 1)
    practice, reply = said(practice, f"{right:.1f}")
    assert reply.event is None
    assert "rounded too far" in texts(reply.blocks)[0]
    assert said(practice, f"{right:.3f}")[0].finished


def test_a_number_that_is_right_to_three_decimals_may_leave_its_zeros_out() -> None:
    practice = opened("softmax")
    assert practice.exercise.question.answer == "0.665241 0.244728 0.090031"
    assert said(practice, "0.665 0.245 0.09")[0].finished
    assert not said(practice, "0.665 0.245 0.1")[0].finished


def test_who_goes_on_from_the_rounded_numbers_on_the_screen_is_right() -> None:
    for seed in range(2, 32, 3):
        practice = opened("delta", seed)
        iteration = practice.exercise.question.iteration  # type: ignore[attr-defined]
        error, output = (np.round(iteration.matrix(name), 4) for name in ("error", "activation"))
        assert said(practice, as_typed(np.round(error * output * (1 - output), 4)))[0].finished, seed


def test_the_answer_is_not_given_away_before_it_is_asked_for() -> None:
    for skill in SKILLS:
        practice, reply = begin((), PracticeOptions(skill, 2, 0))
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
    again, _ = begin(practice.history, PracticeOptions())
    assert again.exercise.seed == practice.exercise.seed
    assert (again.hints, again.answers) == (2, 1)


def mastered(*skills: str) -> list[Event]:
    """Every kind right at once, at the highest level."""
    return [
        Event(skill, "right", level=SKILLS[skill].levels, seed=100 + n, variant=variant)
        for skill in skills
        for n, variant in enumerate(
            [*SKILLS[skill].variants, *SKILLS[skill].variants[:1] * 3][: max(4, len(SKILLS[skill].variants))]
        )
    ]


def test_mastering_a_skill_and_all_of_them_is_said() -> None:
    history = [*mastered(*(skill for skill in CORE if skill != "gradient")), *mastered("gradient")[1:]]
    practice, _ = begin(history, PracticeOptions("gradient", 3, 0))
    _, reply = said(practice, practice.exercise.question.answer)
    told = " ".join(texts(reply.blocks))
    assert "You have mastered this skill." in told
    assert f"all {len(CORE)} skills are mastered" in told
    _, opening = begin(mastered(*CORE), PracticeOptions())
    assert f"All {len(CORE)} skills are mastered." in " ".join(texts(opening.blocks))


def test_where_only_a_kind_is_missing_that_is_said() -> None:
    history = mastered("gradient")[:2]
    practice, _ = begin(history, PracticeOptions("gradient", 3, 0))
    _, reply = said(practice, practice.exercise.question.answer)
    assert "Before it counts as mastered: square input, batch and second iteration." in " ".join(texts(reply.blocks))


def commands(reply: PracticeReply) -> list[str]:
    return [block.command for block in reply.blocks if isinstance(block, Command)]


class TestBeginner:
    def test_is_offered_the_first_course_and_nobody_else_is(self) -> None:
        assert commands(begin((), PracticeOptions())[1]) == ["course first-steps"]
        assert commands(begin((), PracticeOptions("gradient"))[1]) == []
        assert commands(begin([Event("forward", "right")], PracticeOptions())[1]) == []

    @pytest.mark.parametrize("line", ["course first-steps", "course", "cour"])
    def test_can_go_on_with_it(self, line: str) -> None:
        practice, _ = begin((), PracticeOptions(), around=Around(scenario, load_course))
        practice, reply = said(practice, line)
        assert practice.course is not None
        assert practice.exercise.title == "One output"
        assert "One output" in [block.text for block in reply.blocks if isinstance(block, Heading)]

    def test_is_told_where_there_is_no_such_course(self) -> None:
        practice, _ = begin((), PracticeOptions(), around=Around(scenario, load_course))
        after, reply = said(practice, "course first-step")
        assert after == practice
        assert isinstance(reply.blocks[0], Note)


class TestStuck:
    @staticmethod
    def after_giving_up(times: int) -> tuple[Practice, PracticeReply]:
        practice, reply = opened(), PracticeReply(())
        for _ in range(times):
            practice, reply = said(practice, "solution", "")
        return practice, reply

    def test_who_gives_up_twice_reads_a_worked_example_before_the_next_exercise(self) -> None:
        practice, _ = self.after_giving_up(1)
        assert not practice.reading
        practice, reply = self.after_giving_up(2)
        assert practice.reading
        assert "Worked example" in [block.text for block in reply.blocks if isinstance(block, Heading)]
        assert "example >" in prompt(practice)
        practice, reply = said(practice, "")
        assert not practice.reading
        assert practice.exercise.question.task in [b.text for b in reply.blocks if isinstance(b, Heading)]

    @pytest.mark.parametrize("line", ["1 2; 3 4", "hint", "solution"])
    def test_an_example_is_not_to_be_answered(self, line: str) -> None:
        practice, _ = self.after_giving_up(2)
        after, reply = said(practice, line)
        assert (after, reply.event) == (practice, None)
        assert "Enter gives you your own exercise" in texts(reply.blocks)[0]

    def test_an_example_is_of_the_same_kind_with_other_numbers_and_has_the_answer(self) -> None:
        for skill in SKILLS:
            practice = opened(skill)
            _, reply = said(practice, "example")
            told = texts(reply.blocks)
            assert practice.exercise.question.task.split(",")[0].split()[2] in " ".join(told), skill
            assert reply.blocks != begin((), PracticeOptions(skill, 1, 0))[1].blocks
            assert reply.event is None, "it is no hint to this exercise"

    def test_after_three_wrong_answers_an_example_is_offered(self) -> None:
        offered = [commands(said(opened(), *["1 2; 3 4"] * count)[1])[0] for count in (1, 2, 3)]
        assert offered == ["hint", "hint", "example"]

    def test_who_always_asks_for_the_solution_is_never_given_seven_of_a_skill_in_a_row(self) -> None:
        practice, _ = begin((), PracticeOptions())
        skills = []
        for _ in range(14):
            practice, _ = said(practice, "") if practice.reading else (practice, PracticeReply(()))
            skills.append(practice.exercise.skill)
            practice, _ = said(practice, "solution", "")
        assert skills == ["forward"] * 6 + ["activation"] * 6 + ["error"] * 2


def test_show_all_shows_the_rest_and_show_what_is_needed() -> None:
    _, short = said(opened(), "show")
    _, long = said(opened(), "show all")
    assert "The rest of the lesson up to here:" in texts(long.blocks)
    assert "The rest of the lesson up to here:" not in texts(short.blocks)
    assert isinstance(said(opened(), "show me")[1].blocks[0], Note)


@pytest.mark.parametrize("line", ["hint", "1 2; 3 4", ""])
def test_what_is_to_be_done_stands_above_the_prompt_after_every_reply(line: str) -> None:
    _, reply = said(opened(), line)
    assert opened().exercise.question.task in [block.text for block in reply.blocks[-2:] if isinstance(block, Heading)]


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
                "show all",
                "example",
                "course",
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


def test_of_one_number_it_is_said_that_no_mistake_gives_this_number() -> None:
    practice, _ = begin((), PracticeOptions("forward", 1, 0))
    assert practice.exercise.question.kind == "cell"
    _, reply = said(practice, "12345")
    assert "No mistake known here gives this number." in texts(reply.blocks)
