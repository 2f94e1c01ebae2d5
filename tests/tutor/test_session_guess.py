"""While a matrix is being guessed: other words work, none gives it away, and the way out is always told."""

from __future__ import annotations

import io

import pytest

from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import scenario
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document, Note
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.state import Session, begin, prompt

WAY_OUT = "An empty line gives up."


def after(*lines: str, name: str = "first-filter") -> tuple[Session, str]:
    """Where these lines lead, and what the last of them was answered with."""
    session, reply = begin(name, scenario(name), load=scenario)
    for line in lines:
        session, reply = advance(session, line)
    width = 200  # so that no sentence is broken
    return session, render(Document(reply.blocks), Screen(io.StringIO(), io.StringIO(), width))


@pytest.mark.parametrize(
    ("name", "before", "size"),
    [
        ("first-filter", [], "Type 2 rows of 2 numbers, each on its own line or with ; between them."),
        ("two-filters", [], "Type 4 rows of 2 numbers, filter by filter, each on its own line"),
        ("bias", ["goto gradient"], "Type one number."),
        ("smallest-network", ["goto max_pool1.forward"], "Type 2 numbers, all in one line."),
    ],
)
def test_what_is_to_be_typed_is_said_in_words(name: str, before: list[str], size: str) -> None:
    _, said = after(*before, "guess", name=name)
    assert size in said
    assert WAY_OUT in " ".join(said.split())


@pytest.mark.parametrize("position", range(6))
def test_no_question_has_its_answer_in_it(position: int) -> None:
    _, said = after(*[""] * position, "guess")
    session, _ = after(*[""] * position)
    rows = [" ".join(f"{n:g}" for n in row) for row in session.iteration.matrix(session.coming.name)]
    assert all(row not in said for row in rows)


@pytest.mark.parametrize(
    "line", ["help", "why z 0 0", "show W", "show forward", "findings", "explain relu", "nonsense", "why"]
)
def test_other_words_work_and_the_guess_goes_on(line: str) -> None:
    session, said = after("", "guess", "3 0", line)
    assert session.guess == ("3 0",)
    assert f"Still to come: row 1, 2 numbers. {WAY_OUT}" in said


@pytest.mark.parametrize(
    "line",
    [
        *("why activation 0 0", "why delta 0 0", "a[0,0]", "why dL/dW 0 0", "why ∂L/∂X 0 0", "why W new 0 0"),
        *("show activation", "show a", "show gradient", "show all", "show dX"),
    ],
)
def test_what_would_give_the_answer_away_is_refused(line: str) -> None:
    session, said = after("", "guess", line)
    assert session.guess == ()
    assert "That would give a away." in said
    assert "│" not in said


def test_a_layer_that_holds_the_answer_is_refused_and_one_before_it_is_shown() -> None:
    walk = ["goto max_pool1.forward", "guess"]
    assert "give v4 away" in after(*walk, "show flatten1", name="smallest-network")[1]
    assert "give v4 away" in after(*walk, "show conv1", name="smallest-network")[1]  # its gradient is still to come
    assert "conv1: forward pass" in after(*walk, "show conv1.forward", name="smallest-network")[1]


def test_findings_keep_what_is_still_to_come_to_themselves() -> None:
    assert "dead-relu" in after("", "", "", "findings")[1]
    assert "dead-relu" not in after("", "", "", "guess", "findings")[1]


@pytest.mark.parametrize("topic", ["forward", "relu", "dead-relu", "chain-rule", "gradient", "slope-forgotten"])
def test_a_page_looked_up_meanwhile_is_worked_on_other_numbers(topic: str) -> None:
    _, said = after("guess", f"explain {topic}")
    assert "six-outputs" in said or "first-filter" not in said.replace("first-filter --", "")
    assert "│  3   0 │" not in said


def test_a_page_that_has_no_other_numbers_to_work_on_waits() -> None:
    _, said = after("goto dense1.forward", "guess", "explain softmax", name="smallest-network")
    assert "works out the very numbers that p6 is made of" in said
    assert "softmax" in after("goto dense1.forward", "explain softmax", name="smallest-network")[1]


@pytest.mark.parametrize("line", ["next", "run 2", "goto delta", "set learning_rate 0.1", "reset", "back", ""])
def test_going_elsewhere_ends_the_guess(line: str) -> None:
    session, said = after("", "guess", line)
    assert session.guess is None
    assert WAY_OUT not in said


def test_back_leaves_the_guess_and_stays_at_the_step() -> None:
    assert prompt(after("", "guess", "3 0", "back")[0]) == "first-filter · iteration 0 · 1/6 forward > "
    assert prompt(after("goto update", "guess", "back")[0]) == "first-filter · iteration 0 · 6/6 update > "


def test_quit_leaves_the_lesson() -> None:
    session, said = after("guess", "quit")
    assert session.done
    assert WAY_OUT not in said


@pytest.mark.parametrize("row", ["3", "3 0 1", "[3, 0, 1]", "3 0 1; 2 2 2"])
def test_a_first_row_of_the_wrong_width_is_refused_at_once(row: str) -> None:
    session, said = after("guess", row)
    assert session.guess == ()
    assert "and a row of 2×2 has 2" in said or "but z is 2×2" in said
    assert WAY_OUT in said


def test_a_later_row_of_the_wrong_width_leaves_the_rows_before_it() -> None:
    session, said = after("guess", "3 0", "1 2 3")
    assert session.guess == ("3 0",)
    assert "Row 1 has 3 numbers, row 0 has 2." in said


def test_a_row_too_many_is_refused() -> None:
    session, said = after("guess", "3 0", "1 2; 3 4")
    assert session.guess == ("3 0",)
    assert "That is 3×2, but z is 2×2." in said


@pytest.mark.parametrize(
    "lines",
    [
        ["3 0 -2 1"],
        ["3 0; -2 1"],
        ["[[3, 0],", "[-2, 1]]"],
        ["[[ 3.  0.]", " [-2.  1.]]"],
        ["tensor([[ 3.,  0.],", "        [-2.,  1.]], grad_fn=<ConvolutionBackward0>)"],
        ["z = np.array([[3, 0],", "[-2, 1]], dtype=float32)"],
    ],
)
def test_all_numbers_in_a_line_row_after_row_and_with_names_are_read(lines: list[str]) -> None:
    assert "All right." in after("guess", *lines)[1]


def test_of_several_matrices_one_may_follow_the_other() -> None:
    session, _ = after("guess", "1 2; 3 4", name="two-filters")
    assert session.guess == ("1 2; 3 4",)
    assert "of 8 right." in after("guess", "1 2; 3 4", "5 6; 7 8", name="two-filters")[1]


@pytest.mark.parametrize("lines", [["3 -2"], ["3", "-2"], ["3; -2"]])
def test_a_single_row_may_stand_upright(lines: list[str]) -> None:
    walk = ["goto dense1.forward", "back", "goto flatten1.forward", "guess"]
    assert "of 2 right." in after(*walk, *lines, name="smallest-network")[1]


@pytest.mark.parametrize(
    ("typed", "verdict"), [("3 0; -2 1", "3 of 4 right."), ("0 0; 0 0", "2 of 4 right."), ("9 9; 9 9", "0 of 4 right.")]
)
def test_how_many_are_right_is_said_in_four_words(typed: str, verdict: str) -> None:
    assert verdict in after("", "guess", typed)[1]  # a = [[3, 0], [0, 1]]


def test_more_numbers_than_anybody_types_are_not_asked_for() -> None:
    # 8 filters of 6 × 6
    session, said = after("guess", name="digits-cnn")
    assert session.guess is None
    assert "That is 288 numbers, too many to type." in said


def test_of_a_batch_that_is_looked_at_sample_by_sample_one_sample_is_asked_for() -> None:
    _, said = after("goto flatten1.forward", "guess", name="digits-cnn")
    assert "Type 10 numbers, all in one line." in said


def test_a_guess_that_is_too_coarse_is_asked_for_again_once() -> None:
    session, said = after("guess", "0.0e9 0; 0 0")
    assert session.guess == ()
    assert said.count(WAY_OUT) == 1


def test_a_slip_is_told_and_the_way_out_again() -> None:
    session, reply = begin("first-filter", scenario("first-filter"))
    for line in ("guess", "three"):
        session, reply = advance(session, line)
    assert [block.code for block in reply.blocks if isinstance(block, Note)] == ["not-a-number"]
