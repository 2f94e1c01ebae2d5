"""Maps and histograms drawn in text, and as pictures."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.formats.text import render
from cnnstep.surface.formats.text.figures import coarse
from cnnstep.surface.screen import Screen
from cnnstep.surface.sweeping.output import LOOKS, png, svg
from cnnstep.tutor.document import Bar, Document, HeatMap, Histogram, Mark, Span
from cnnstep.tutor.sweep.report import MARKS
from tests.extras import needs

O, X = Mark("o", "good one", "good"), Mark("x", "bad one", "bad")  # noqa: E741  # as it is drawn
CELLS = ((0, 1, 1), (0, 0, None))
MAP = HeatMap(CELLS, (O, X, Mark("#", "not met")), Span("rate", 0.5, 1), Span("w", -2, 2), "Map")
BARS = Histogram((Bar("0 to 9", (3, 1)), Bar("10 to 19", (0, 8))), (O, X), "Bars", "iterations")


def drawn(block: HeatMap | Histogram, width: int = 40, *, ascii: bool = False, colour: bool = False) -> str:
    return "\n" + render(Document((block,)), Screen(io.StringIO(), io.StringIO(), width, colour, ascii))


class TestText:
    def test_a_map_has_its_first_row_at_the_bottom_and_the_ends_of_its_axes(self) -> None:
        wide = HeatMap(((0,) * 20, (1,) * 20, (1,) * 20), MAP.marks, MAP.x, MAP.y, "Map")
        expected = """
Map
  ↑ w
   2 ┤xxxxxxxxxxxxxxxxxxxx
     │xxxxxxxxxxxxxxxxxxxx
  -2 ┤oooooooooooooooooooo
     └────────────────────
      0.5    → rate     1
  o good one
  x bad one
"""
        text = drawn(wide)
        assert expected.splitlines()[:6] == text.splitlines()[:6]
        assert re.fullmatch(r" {6}0\.5 +→ rate +1", text.splitlines()[7])
        assert len(text.splitlines()[7]) == 6 + 20
        assert expected.splitlines()[-2:] == text.splitlines()[-2:]

    def test_unknown_cells_are_blank_and_only_marks_that_are_met_are_explained(self) -> None:
        text = drawn(MAP)
        assert "   2 ┤oo\n" in text
        assert "  -2 ┤oxx\n" in text
        assert "not met" not in text

    def test_an_axis_without_room_is_named_below_the_ends(self) -> None:
        assert drawn(MAP).splitlines()[5:9] == ["     └───", "      0.5 to 1", "      → rate", "  o good one"]

    def test_one_axis_is_a_strip(self) -> None:
        strip = HeatMap(((0, 0, 1),), (O, X), Span("rate", 0.1, 1, log=True))
        assert (
            drawn(strip, ascii=True)
            == "\n   |oox\n   +---\n    0.1 to 1\n    -> rate (log scale)\n  o good one\n  x bad one\n"
        )

    def test_a_map_that_is_too_wide_takes_neighbours_together_and_says_so(self) -> None:
        strip = HeatMap((tuple([0, 0, 1] * 40),), (O, X), Span("rate", 0, 1))
        text = drawn(strip, 45)
        assert "   │oooooooooooooooooooooooooooooooooooooooo"[:43].rstrip() in text.replace("x", "o")
        words = " ".join(text.split())
        assert "Each sign stands for 3 runs (3 across, 1 up): the most frequent outcome of them." in words
        assert "│" + "o" * 40 + "\n" in text

    def test_a_map_that_is_too_tall_is_taken_together_as_well(self) -> None:
        tall = HeatMap(tuple((k % 2 * 0,) for k in range(64)), (O, X), Span("a", 0, 1), Span("b", 0, 1))
        assert drawn(tall).count("│o") + drawn(tall).count("┤o") == 32
        assert "2 runs (1 across, 2 up)" in " ".join(drawn(tall).split())

    def test_the_most_frequent_cell_stands_for_its_group_and_blanks_do_not_count(self) -> None:
        assert coarse([[0, 1, 1], [1, 0, 2], [None, None, 2]], 2, 2) == [[0, 1], [None, 2]]
        assert coarse([[None, None, 1]], 3, 1) == [[1]]

    def test_bars_are_made_of_signs_and_end_in_their_count(self) -> None:
        # 40 columns less 2, the labels' 8, " │" and " 8": room for 26 signs, of which 4 of 8 are 13
        assert drawn(BARS) == (
            f"\nBars\n  iterations\n    0 to 9 │ooooooooooxxx 4\n  10 to 19 │{'x' * 26} 8\n  o good one\n  x bad one\n"
        )

    def test_a_bar_that_is_not_empty_is_never_drawn_empty(self) -> None:
        few = Histogram((Bar("a", (1, 0)), Bar("b", (0, 9999)), Bar("c", (0, 0))), (O, X))
        lines = drawn(few).splitlines()
        assert lines[1] == "  a │o 1"
        assert lines[3] == "  c │ 0"

    def test_in_colour_the_signs_are_the_same(self) -> None:
        plain = re.sub(r"\x1b\[[\d;]*m", "", drawn(MAP, colour=True))
        assert plain == drawn(MAP)
        assert drawn(MAP, colour=True) != plain

    @given(
        st.lists(st.lists(st.sampled_from([0, 1, 2, None]), min_size=1, max_size=200), min_size=1, max_size=80),
        st.integers(20, 200),
        st.booleans(),
    )
    def test_any_map_fits_the_window(self, rows: list[list[int | None]], width: int, ascii: bool) -> None:
        cells = tuple(tuple(row[: min(map(len, rows))]) for row in rows)
        lines = drawn(HeatMap(cells, MAP.marks, Span("rate", -0.5, 1e-9), MAP.y), width, ascii=ascii).splitlines()
        assert max(map(len, lines)) <= width
        assert all(line == line.rstrip() for line in lines)

    @given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=20), st.integers(40, 200))
    def test_any_bars_fit_the_window(self, counts: list[tuple[int, int]], width: int) -> None:
        bars = tuple(Bar(f"{k} to {k + 9}", count) for k, count in enumerate(counts))
        assert max(map(len, drawn(Histogram(bars, (O, X)), width).splitlines()), default=0) <= width


SPACE = "{http://www.w3.org/2000/svg}"


class TestSvg:
    def test_a_map_is_rectangles_that_cover_its_cells(self) -> None:
        root = ElementTree.fromstring(svg(MAP))
        fills = [(rect.get("fill"), rect.get("width"), rect.get("y")) for rect in root.findall(f"{SPACE}rect")]
        # row 0, o x x, is at the bottom: y 40 + 180; two equal neighbours are one rectangle of 2/3 of 560
        assert fills[1:4] == [
            ("#009e73", "186.67", "220.00"),
            ("#56b4e9", "373.33", "220.00") if not LOOKS[1].strokes else ("url(#look1)", "373.33", "220.00"),
            ("#009e73", "373.33", "40.00"),
        ]
        texts = [text.text for text in root.findall(f"{SPACE}text")]
        assert {"Map", "0.5", "1", "rate", "-2", "2", "w", "good one", "bad one"} <= set(texts)
        assert "not met" not in texts

    def test_bars_have_their_counts(self) -> None:
        root = ElementTree.fromstring(svg(BARS))
        widths = [float(rect.get("width", 0)) for rect in root.findall(f"{SPACE}rect")][1:4]
        assert widths == [210, 70, 560]
        assert {"0 to 9", "10 to 19", "4", "8", "iterations"} <= {text.text for text in root.findall(f"{SPACE}text")}

    def test_a_strip_has_no_axis_upwards(self) -> None:
        strip = HeatMap(((0, 1),), (O, X), Span("rate", 0.1, 1, log=True))
        texts = [text.text for text in ElementTree.fromstring(svg(strip)).findall(f"{SPACE}text")]
        assert texts == [None, "0.1", "1", "rate (log scale)", "good one", "bad one"]

    def test_foreign_text_is_text_and_not_markup(self) -> None:
        root = ElementTree.fromstring(
            svg(HeatMap(((0,),), (Mark("o", "a & <b>\x1b"),), Span("<x>", 0, 1), title="</svg>"))
        )
        texts = [text.text for text in root.findall(f"{SPACE}text")]
        assert (texts[0], texts[-1]) == ("</svg>", "a & <b>\\x1b")

    def test_nothing_points_outside(self) -> None:
        assert set(re.findall(r"https?://[^\"]*", svg(MAP))) == {"http://www.w3.org/2000/svg"}

    def test_every_status_has_a_look_of_its_own(self) -> None:
        assert len({(look.colour, look.strokes) for look in LOOKS}) == len(LOOKS) == len(MARKS)


@needs("plot")
class TestPng:
    @pytest.mark.parametrize(
        "figure", [MAP, BARS, HeatMap(((0, 1),), (O, X), Span("$rate", 0.1, 1), title="a $\\frac$ b")]
    )
    def test_a_figure_is_a_png(self, figure: HeatMap | Histogram) -> None:
        assert png(figure).startswith(b"\x89PNG\r\n")

    def test_the_same_figure_is_the_same_bytes(self) -> None:
        assert png(MAP) == png(MAP)
