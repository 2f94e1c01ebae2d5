"""The board of `explore` as lines of text: nothing is cut, nothing raises, and every number is the engine's."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.engine.build import rebuilt
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.surface.explore.picture import Painter
from cnnstep.surface.loading import scenario, shipped
from cnnstep.surface.screen import Screen
from cnnstep.tutor.explore.explorer import Explorer, explore
from cnnstep.tutor.explore.keys import BY_KEY
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.state import Session
from tests.conftest import Program
from tests.examples import examples

SMALL = [one.name for one in shipped() if not one.name.startswith("digits")]


def opened(name: str) -> Explorer:
    return explore(name, scenario(name))


def painter(ascii_only: bool = False) -> Painter:
    return Painter(Screen(sys.stdout, sys.stderr, ascii=ascii_only))


def lines(here: Explorer, width: int = 80, height: int = 23) -> list[str]:
    return [line.plain for line in painter().picture(here, width, height).lines]


def after(here: Explorer, *keys: str) -> Explorer:
    for key in keys:
        here = BY_KEY[key].press(here)
    return here


@examples(25)
@given(
    name=st.sampled_from(SMALL),
    keys=st.lists(st.sampled_from(sorted(BY_KEY)), max_size=20),
    width=st.sampled_from([40, 80, 133]),
    ascii_only=st.booleans(),
)
def test_any_keys_on_any_scenario_leave_a_screen_that_fits(
    name: str, keys: list[str], width: int, ascii_only: bool
) -> None:
    here, drawing = after(opened(name), *keys), painter(ascii_only)
    for text in (line.plain for line in drawing.picture(here, width, 23).lines):
        assert len(text.rstrip()) <= width
        assert text.isascii() or not ascii_only


def test_the_cursor_shows_what_a_number_is_made_of_and_what_it_goes_on_to() -> None:
    shown = lines(after(opened("first-filter"), "right", "down"))
    assert "│  1  -1   0 │  │▸ 1 ▸-1 │  │  3   0 │      │ 3  0 │      │ 1  0 │" in shown[2]
    assert "│  0 ▸ 1 ▸ 0 │  │▸ 1 ▸ 1 │  │ -2 [ 1]│      │ 0  1▹│      │ 0  1 │" in shown[3]
    assert "    X[2,1] · W[1,0]  = (-1) · 1     = -1" in shown


def test_an_edited_number_is_followed_by_the_engine_and_can_be_taken_back() -> None:
    here = opened("first-filter").on("filter", (0, 1)).edited("2.5")
    here = after(here, *["right_square_bracket"] * 3)
    changed = rebuilt(scenario("first-filter").data() | {"filter": [[1, 2.5], [1, 1]]})
    *_, expected = trace(changed, 4)
    for one in here.lesson.names:
        assert np.array_equal(here.session.iteration.values[one], expected.values[one])
    assert after(here, "u").session.scenario is here.session.original


def test_what_is_worked_out_cannot_be_edited_and_says_why() -> None:
    here = opened("first-filter")
    assert "is worked out" in here.edited("1").message
    assert "Home" in after(here, "right_square_bracket").on("filter").edited("1").message


def test_iterations_in_any_order_are_those_of_a_run() -> None:
    here, expected = opened("first-filter"), list(trace(scenario("first-filter"), 40))
    for number in (7, 3, 39, 0, 12):
        there = here.at(number).session.iteration
        assert there.loss == expected[number].loss
        assert np.array_equal(there.values["gradient"], expected[number].values["gradient"])


def test_columns_never_shrink_and_no_number_is_cut_over_a_run_of_500() -> None:
    here, drawing, before = opened("first-filter"), painter(), 0
    for number in range(0, 500, 7):
        here = here.at(number).on("filter")
        shown = [line.plain for line in drawing.picture(here, 80, 23).lines]
        for value in here.session.iteration.values["filter"].ravel():
            assert any(here.session.style.text(float(value)) in line for line in shown)
        assert drawing.digits["filter"] >= before
        before = drawing.digits["filter"]


def test_a_mistake_stands_beside_the_right_way() -> None:
    here = opened("first-filter").on("update")
    while here.mistake != "uphill-update":
        here = after(here, "m")
    assert any("with uphill-update" in line for line in lines(here))


def test_a_narrow_screen_shows_one_matrix_and_names_the_others() -> None:
    shown = lines(opened("first-filter"), width=40)
    assert "[z]" in shown[1]
    assert sum("forward pass" in line for line in shown) == 1
    assert not any("input" in line for line in shown)


def test_a_guess_leaves_the_matrix_and_what_follows_blank() -> None:
    here = opened("first-filter").on("delta")
    here = here.after(_guessing(here))
    assert "yours to work out" in "\n".join(lines(here))
    assert any("│ · " in line for line in lines(here))


def _guessing(here: Explorer) -> Session:
    return advance(here.session.moved(here.session.iteration, here.lesson.names.index("delta") - 1), "guess")[0]


@pytest.mark.parametrize("name", ["first-filter", "smallest-network"])
def test_the_first_picture_is_of_iteration_0(name: str) -> None:
    assert opened(name).session.iteration.loss == first_iteration(lesson_of(scenario(name))).loss


def test_without_a_terminal_it_points_to_step(program: Program) -> None:
    ran = program("explore")
    assert ran.code == 2
    assert "cnnstep step --interactive" in ran.err
