"""Curves drawn in text."""

import io
import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Curve, Document, Series


def drawn(curve: Curve, width: int = 40, *, ascii: bool = False) -> str:
    return "\n" + render(Document((curve,)), Screen(io.StringIO(), io.StringIO(), width, ascii=ascii))


def test_a_curve_names_both_ends_of_both_axes() -> None:
    line = Curve("Loss", (Series("loss", (9.0, 6.0, 3.0, 0.0)),), "iteration", 0, 3)
    expected = """
Loss
  9 ┤••
    │  ••
    │    •••
    │       ••
    │         •••
    │            •••
    │               ••
    │                 •••
    │                    ••
  0 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈••
    └────────────────────────
     0      iteration       3
"""
    assert expected == drawn(line, 29)


def test_a_name_without_room_between_the_ends_stands_below_them() -> None:
    text = drawn(Curve("", (Series("", (1.0, 2.0)),), "pre-activation of the first cell, z", -3, 3))
    assert text.splitlines()[-1].strip() == "pre-activation of the first cell, z"


def test_series_are_told_apart_by_their_signs() -> None:
    text = drawn(Curve("", (Series("value", (0.0, 1.0)), Series("slope", (1.0, 1.0), "∘")), "z", -1, 1))
    assert "• value\n" in text
    assert "∘ slope\n" in text
    assert "∘∘∘" in text.splitlines()[1]


def test_zero_has_its_line_between_the_signs() -> None:
    assert re.search(r"^ +0 ┤.*┈", drawn(Curve("", (Series("", (-2.0, 3.0)),))), re.MULTILINE)


def test_a_logarithmic_curve_gives_each_decade_the_same_height() -> None:
    text = drawn(Curve("Loss", (Series("", (1.0, 10.0, 100.0, 1000.0)),), log=True))
    assert text.splitlines()[1] == "Loss (log scale)"
    first = [row.find("•") for row in text.splitlines()[2:12]]
    steps = [a - b for a, b in pairwise(first)]
    assert max(steps) - min(steps) <= 2


@pytest.mark.parametrize(
    ("curve", "said"),
    [
        (Curve("Loss", (Series("loss", (1.0, math.inf, math.nan)),)), "2 values left out: not finite."),
        (Curve("Loss", (Series("loss", (1.0, 0.0)),), log=True), "1 value left out: not above 0, or not finite."),
        (Curve("Loss", (Series("loss", (math.inf,)),)), "Nothing to draw. 1 value left out: not finite."),
        (Curve("Loss", ()), "Nothing to draw."),
    ],
)
def test_what_cannot_be_drawn_is_said(curve: Curve, said: str) -> None:
    assert drawn(curve, 80).endswith(f"  {said}\n")


@pytest.mark.parametrize("values", [(2.0,), (2.0, 2.0, 2.0)])
def test_a_constant_is_a_level_line_with_one_label(values: tuple[float, ...]) -> None:
    text = drawn(Curve("", (Series("", values),)))
    rows = text.splitlines()[1:11]
    assert [k for k, row in enumerate(rows) if "•" in row] == [4]
    assert rows[4].startswith("  2 ┤•")


@pytest.mark.parametrize("width", [40, 41])  # the jump lies within a column, and between two
def test_a_steep_curve_has_no_gaps(width: int) -> None:
    text = drawn(Curve("", (Series("", (0.0,) * 100 + (1.0,) * 100),)), width)
    assert all("•" in row for row in text.splitlines()[1:11])


@given(
    st.lists(st.lists(st.floats(), max_size=200), max_size=3),
    st.integers(40, 200),
    st.booleans(),
    st.booleans(),
)
def test_any_values_give_a_plot_that_fits(series: list[list[float]], width: int, log: bool, ascii: bool) -> None:
    curve = Curve("Title", tuple(Series("", tuple(values)) for values in series), "x", 0.0, 5.0, log)
    lines = drawn(curve, width, ascii=ascii).splitlines()
    assert width >= max(map(len, lines))
    assert [line.rstrip() for line in lines] == lines
    assert not ascii or "".join(lines).isascii()
