"""What holds for every session, whatever is typed: it never falls over, `back` undoes, and nothing is hidden in it."""

from __future__ import annotations

import io
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import scenario, shipped
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Command, Document, Note
from cnnstep.tutor.session.commands import COMMANDS, OTHER_WORDS, advance
from cnnstep.tutor.session.state import Reply, Session, begin, prompt
from tests.examples import examples

SHIPPED = [one.name for one in shipped() if not one.has_layers]
MOVES = [
    "",
    "next",
    "run 2",
    "goto 3 delta",
    "goto update",
    "goto 0",
    "reset",
    "set learning_rate 0.1",
    "set filter 0 0 2",
    "set w[0,1] = 3",
    "lr = 0.1",
]
LOOKS = [
    "why gradient 0 1",
    "why 0 0",
    "z[0,1]",
    "why W[0,1]",
    "why [0,0]",
    "W new[0,0]",
    "why dL/dX 0 0",
    "show",
    "show all",
    "show W",
    "findings",
    "help",
    "save x.yaml",
    "explain relu",
]
WRONG = [
    "why",
    "why 9 9",
    "set",
    "set filter",
    "set stride 2",
    "run x",
    "goto",
    "goto 1 2",
    "show x",
    "s",
    "[red]x[/x]",
    "\x1b[31m",
]
GUESSES = ["guess", "3 0", "-2 1", "[[3, 0], [-2, 1]]", "1 2 3 4 5", "1/0", "9" * 400]


@cache
def opened(name: str) -> Session:
    return begin(name, scenario(name))[0]


def told(lines: list[str], name: str = "first-filter") -> tuple[Session, list[Reply]]:
    """Where typing these lines leads, and what was said on the way."""
    session, replies = opened(name), []
    for line in lines:
        session, reply = advance(session, line)
        replies.append(reply)
    return session, replies


def drawn(reply: Reply, width: int = 40) -> str:
    return render(Document(reply.blocks), Screen(io.StringIO(), io.StringIO(), width))


lines = st.lists(st.sampled_from([*MOVES, *LOOKS, *WRONG, *GUESSES, "back"]) | st.text(max_size=12), max_size=12)


@examples(60)
@given(lines)
def test_nothing_that_is_typed_makes_a_session_fall_over(typed: list[str]) -> None:
    session, replies = told(typed)
    for reply in replies:
        drawn(reply)
    assert prompt(session)


@examples(40)
@given(lines, st.sampled_from([*MOVES, *LOOKS, *WRONG]))
def test_a_session_is_a_pure_function_of_the_line(typed: list[str], line: str) -> None:
    session, _ = told(typed)
    once, first = advance(session, line)
    twice, second = advance(session, line)
    assert first == second
    assert prompt(once) == prompt(twice)
    assert drawn(advance(once, "show all")[1]) == drawn(advance(twice, "show all")[1])


@examples(60)
@given(st.lists(st.sampled_from([*MOVES, *LOOKS, *WRONG]), max_size=8), st.sampled_from(MOVES))
def test_back_undoes_every_move_exactly(typed: list[str], move: str) -> None:
    session, _ = told(typed)
    after, _ = advance(session, move)
    assert after is not session
    assert advance(after, "back")[0] is session


@examples(40)
@given(st.lists(st.sampled_from(MOVES), max_size=8), st.sampled_from([*LOOKS, *WRONG]))
def test_a_look_and_a_slip_leave_the_session_where_it_was(typed: list[str], line: str) -> None:
    session, _ = told(typed)
    assert advance(session, line)[0] is session


def test_back_from_the_first_step_of_an_iteration_leads_to_the_last_of_the_one_before() -> None:
    session, _ = told(["goto update", "next", "back"])
    assert prompt(session) == "first-filter · iteration 0 · 6/6 update > "


def test_back_after_a_guess_at_the_start_of_an_iteration_does_not_rest_between_two_iterations() -> None:
    session, _ = told(["goto update", "guess", "0 1; 0 -1"])
    assert prompt(session) == "first-filter · iteration 1 · 1/6 forward > "
    assert prompt(advance(session, "back")[0]) == "first-filter · iteration 0 · 6/6 update > "


def test_nothing_lies_before_the_beginning() -> None:
    session, replies = told(["back"])
    assert session is opened("first-filter")
    assert "where you began" in drawn(replies[0])


class TestWords:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_beginning_that_can_mean_only_one_command_is_that_command(self, name: str) -> None:
        for length in range(1, len(name) + 1):
            beginning = name[:length]
            meant = [one for one in COMMANDS if one.startswith(beginning)]
            _, (reply,) = told([f"help {beginning}"])
            if len(meant) == 1 or beginning == name:
                assert COMMANDS[name].help.split()[0] in drawn(reply)
            else:
                assert [block.code for block in reply.blocks if isinstance(block, Note)] == ["ambiguous"]
                assert all(one in drawn(reply, 200) for one in meant)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_capitals_make_no_difference(self, name: str) -> None:
        assert told([name.upper()])[1] == told([name])[1]

    @pytest.mark.parametrize(("word", "name"), OTHER_WORDS.items())
    def test_words_of_habit_mean_a_command(self, word: str, name: str) -> None:
        assert told([word])[1] == told([name])[1]

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_lists_every_command_with_what_it_does(self, name: str) -> None:
        page = drawn(told(["help"])[1][0], 200)
        assert COMMANDS[name].usage in page
        assert COMMANDS[name].help in page

    @pytest.mark.parametrize("name", COMMANDS)
    def test_a_slip_of_the_finger_is_asked_about(self, name: str) -> None:
        _, (reply,) = told([f"{name}q"])
        assert f'Did you mean "{name}"?' in drawn(reply, 200)

    def test_a_page_pasted_by_mistake_does_not_come_back_whole(self) -> None:
        _, (reply,) = told(["x" * 5000])
        assert len(drawn(reply)) < 1000


@pytest.mark.parametrize("name", SHIPPED)
def test_no_shipped_scenario_breaks_the_session(name: str) -> None:
    steps = len(opened(name).iteration.lesson.steps)
    walk = [""] * (steps + 1) + [
        "back",
        "show all",
        "findings",
        "run 3",
        "goto 1 update",
        "set learning_rate 0.01",
        "reset",
    ]
    session, replies = told(walk, name)
    for reply in replies:
        text = drawn(reply)
        assert "…" not in "".join(part for line in text.splitlines() for part in line.split("│")[1::2])
    assert prompt(session) == f"{name} · iteration 0 · start > "


def test_a_guess_that_is_too_coarse_is_asked_for_again_from_its_first_row() -> None:
    session, replies = told(["guess", "0.0e9 0", "-2 1"])
    assert "rounded too far to tell whether it is right" in " ".join(drawn(replies[-1], 80).split())
    assert session.guess == ()
    assert advance(session, "3 0; -2 1")[0].position == 0


@pytest.mark.parametrize("name", SHIPPED)
def test_every_step_of_every_shipped_scenario_can_be_guessed_and_asked_about(name: str) -> None:
    session = opened(name)
    for step in session.iteration.lesson.steps:
        shown = session.iteration.matrix(step.name)
        cell = " ".join(["0"] * shown.ndim)
        _, reply = advance(session, f"why {step.name} {cell}".strip())
        assert not any(isinstance(block, Note) for block in reply.blocks)
        asked, _ = advance(session, "guess")
        right = "\n".join(
            " ".join(repr(float(n)) for n in row) for row in shown.reshape(-1, shown.shape[-1] if shown.ndim else 1)
        )
        for row in right.splitlines():
            asked, reply = advance(asked, row)
        assert "All right." in drawn(reply)
        session = asked
    assert session.position == len(session.iteration.lesson.steps) - 1


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_what_the_introduction_proposes_can_be_typed_at_once(name: str) -> None:
    session, reply = begin(name, scenario(name))
    (proposed,) = (block for block in reply.blocks if isinstance(block, Command))
    for line in proposed.why.removeprefix("the first step. Also: ").split(", "):
        _, answer = advance(session, line)
        notes = [block.code for block in answer.blocks if isinstance(block, Note)]
        assert notes in ([], ["guess"]), line  # nobody types 288 numbers
