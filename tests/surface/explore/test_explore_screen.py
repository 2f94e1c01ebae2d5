"""`explore` on a terminal that Textual imitates: keys, edits, lines and the pane."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from cnnstep.surface.loading import scenario
from cnnstep.surface.screen import Screen
from cnnstep.tutor.explore.explorer import explore
from tests.extras import marks

pytestmark = marks("explore")


def played(*keys: str, name: str = "first-filter", then: Callable[[Any, Any], Awaitable[None]] | None = None) -> Any:
    """The program after these keys."""
    from cnnstep.surface.explore.app import ExploreApp

    app = ExploreApp(
        explore(name, scenario(name), load=scenario), Screen(sys.stdout, sys.stderr), lambda saving: "Saved."
    )

    async def play() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*keys)
            await pilot.pause()
            if then:
                await then(app, pilot)

    asyncio.run(play())
    return app


def test_the_cursor_moves_and_iterations_follow() -> None:
    app = played("l", "j", "tab", "right_square_bracket")
    assert (app.here.focus, app.here.number) == ("activation", 1)


def test_enter_edits_a_number_and_u_takes_it_back() -> None:
    app = played("shift+tab", "enter", "5", "enter")
    assert app.here.session.scenario.data()["filter"] == [[5, -1], [1, 1]]


def test_a_line_is_completed_with_tab_and_carried_out() -> None:
    app = played("colon", *"set learn", "tab", *"0.25", "enter")
    assert app.here.session.scenario.learning_rate == 0.25


def test_why_opens_the_pane_and_escape_closes_it() -> None:
    async def look(app: Any, pilot: Any) -> None:
        assert app.query_one("#pane").display
        await pilot.press("escape")
        assert not app.query_one("#pane").display

    played("w", then=look)


def test_a_guess_is_marked() -> None:
    async def look(app: Any, pilot: Any) -> None:
        assert app.here.hidden
        await pilot.press(*"3 0; -2 1", "enter")
        assert not app.here.hidden
        assert "All right." in app.query_one("#answer").content.plain

    played("g", then=look)


def test_ctrl_c_clears_a_line_then_closes_it_then_leaves() -> None:
    app = played("colon", *"abc", "ctrl+c", "ctrl+c", "ctrl+c")
    assert app.return_value == 130


def test_a_click_chooses_a_number_and_an_iteration() -> None:
    async def look(app: Any, pilot: Any) -> None:
        await pilot.click(offset=(2, 2))
        assert (app.here.focus, app.here.cell) == ("input", (0, 0))
        y, left, iterations = app.query_one("#board").picture.curve
        await pilot.click(offset=(left + 5, y))
        assert app.here.number == iterations[5]

    played(then=look)
