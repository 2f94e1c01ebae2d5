"""ProgressBars drawn in text: on one line where there is room, never rounded up, the same in ASCII."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document, ProgressBar, ProgressBars

BARS = ProgressBars(
    (
        ProgressBar("Forward", 0.95, "mastered, 4 answers", "good"),
        ProgressBar("Delta", 0.25, "1 answer"),
        ProgressBar("Sum", None, "new"),
    ),
    "Skills",
)


def drawn(bars: ProgressBars, width: int, *, ascii: bool = False, colour: bool = False) -> str:
    return "\n" + render(Document((bars,)), Screen(io.StringIO(), io.StringIO(), width, colour, ascii))


def test_a_progress_bar_is_a_line_with_its_label_bar_per_cent_and_words() -> None:
    assert (
        drawn(BARS, 60)
        == """
Skills
  Forward  ███████████████████░░   95 %  mastered, 4 answers
  Delta    █████░░░░░░░░░░░░░░░░   25 %  1 answer
  Sum      ░░░░░░░░░░░░░░░░░░░░░         new
"""
    )


def test_where_that_is_too_wide_the_words_stand_above_the_bar() -> None:
    assert (
        drawn(ProgressBars(BARS.bars[:2]), 24, ascii=True)
        == """
  Forward: mastered, 4
    answers
    ############.   95 %
  Delta: 1 answer
    ###..........   25 %
"""
    )


def test_no_bar_is_too_short_to_say_something() -> None:
    assert drawn(ProgressBars(BARS.bars[:1]), 49).count("\n") == 2  # 2 + 7 + 2 + 10 + 2 + 5 + 2 + 19
    assert drawn(ProgressBars(BARS.bars[:1]), 48).count("\n") == 3


def test_a_wide_window_makes_no_bar_endless() -> None:
    assert drawn(BARS, 200).splitlines()[3].count("█") == 7  # floor(0.25 · 30)


def test_a_label_is_no_markup_and_commands_no_terminal() -> None:
    text = drawn(ProgressBars((ProgressBar("[red]x[/x]\x1b[31m", 1, "[/]"),)), 80, colour=True)
    assert "[red]x[/x]\\x1b[31m" in text
    assert "[/]" in text


@given(st.floats(0, 1), st.integers(20, 200))
def test_no_line_is_wider_than_the_window_and_only_what_is_full_says_100(share: float, width: int) -> None:
    lines = drawn(ProgressBars((ProgressBar("Delta", share, "1 answer"),)), width).splitlines()
    assert max(map(len, lines)) <= width
    assert any("100 %" in line for line in lines) == (share > 1 - 1e-10)
    assert any("░" not in line and "█" in line for line in lines) == (share > 1 - 1e-10)


@pytest.mark.parametrize(("share", "said"), [(0.57, "57 %"), (0.29, "29 %"), (0.949999, "94 %"), (0, "0 %")])
def test_a_per_cent_is_rounded_down_and_floating_point_takes_none_away(share: float, said: str) -> None:
    assert f" {said}" in drawn(ProgressBars((ProgressBar("Delta", share),)), 80)
