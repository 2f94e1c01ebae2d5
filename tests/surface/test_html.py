"""HTML says what the terminal says, to those who see, print or listen; nothing in it is run, fetched or a learner's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from cnnstep.surface.formats.html import fragment, page
from cnnstep.tutor.document import (
    Bar,
    Beside,
    Block,
    Command,
    Curve,
    Document,
    Formula,
    Heading,
    HeatMap,
    Histogram,
    Line,
    Mark,
    Matrix,
    Note,
    Paragraph,
    Picture,
    ProgressBar,
    ProgressBars,
    Series,
    Span,
    Sum,
    Table,
)
from tests.conftest import Program
from tests.examples import share
from tests.extras import needs
from tests.markup import faults, parsed

if TYPE_CHECKING:
    from tests.browser import Tabs

EVIL = "<script>alert('x')</script>&amp;\x1b[31m\u202e"
WRITTEN = "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;amp;\\x1b[31m\\u202e"
MARK = Mark("✗", f"not this {EVIL}", "bad")
EVERY_KIND: tuple[Block, ...] = (
    Heading(f"h {EVIL}", 1, EVIL),
    Paragraph(EVIL, "bad"),
    Formula(EVIL, EVIL),
    Matrix(((1.0, -2.0), (None, 0.0)), EVIL, {(0, 1): MARK}),
    Sum(EVIL, (Line((EVIL, "b"), (2.0, -3.0), -6.0, EVIL),), -6.0),
    Note(EVIL, EVIL),
    Table((EVIL, "n"), ((EVIL, 1.5),), EVIL, ("bad",)),
    Curve(EVIL, (Series(EVIL, (2.0, 0.5, float("inf"))), Series(EVIL, (1.0, 1.0, 1.0))), EVIL, 0, 2),
    HeatMap(((0, 1), (None, 0)), (MARK, Mark("·", EVIL)), Span(EVIL, 0, 1), Span(EVIL, 0, 1), EVIL),
    Histogram((Bar(EVIL, (1, 2)),), (MARK, Mark("·", EVIL)), EVIL, EVIL),
    ProgressBars((ProgressBar(EVIL, 0.5, EVIL, "good"), ProgressBar("new", None)), EVIL),
    Picture(((1.0, -1.0),), EVIL),
    Command(EVIL, EVIL),
    Beside((Matrix(((1.0,),), EVIL, {(0, 0): MARK}), Paragraph(EVIL), Matrix((), EVIL))),
)
COMMANDS = (
    ("run", "first-filter"),
    ("run", "first-filter", "-n", "40"),
    ("run", "first-filter", "--mistake", "uphill-update"),
    ("run", "two-filters", "--fractions"),
    ("run", "smallest-network"),
    ("step", "digits-cnn"),
    ("analyze", "first-filter"),
    ("explain",),
    ("explain", "delta-flipped"),
    ("explain", "gradient"),
    ("explain", "softmax"),
)


def test_what_a_learner_writes_is_never_markup_and_what_cannot_be_seen_is_written_out() -> None:
    for block in EVERY_KIND:
        markup = fragment(Document((block,)))
        assert WRITTEN in markup or WRITTEN.replace("&#x27;", "'") in markup, block
        assert "<script" not in markup
        assert not {"\x1b", "\u202e"} & {*markup}


def test_every_kind_of_block_is_told_to_those_who_see_and_to_those_who_listen() -> None:
    assert faults(parsed(page(Document(EVERY_KIND)))) == []
    assert faults(parsed(fragment(Document(EVERY_KIND)))) == []


@pytest.mark.parametrize("command", [one for (one,) in share(COMMANDS)])
def test_a_document_says_every_word_and_number_of_the_terminal(cnnstep: Program, command: tuple[str, ...]) -> None:
    shown, written = cnnstep(*command, width=400), cnnstep(*command, "--format", "html")
    assert (written.code, written.err) == (0, "")
    root = parsed(written.out)
    assert faults(root) == []
    words = re.compile(r"[^\W\d_]{2,}|\d+(?:\.\d+)?")
    (body,) = root.all("body")
    assert {*words.findall(shown.out)} - {*words.findall(body.text)} == set()


def test_a_checked_sheet_says_so_too_and_its_exit_code_stays(cnnstep: Program) -> None:
    sheet = "scenario: first-filter\nwork: {gradient: [[2, -2], [0, 2]], update: [[2, -2], [1, 2]]}\n"
    ran = cnnstep("check", "-", "--format", "html", stdin=sheet)
    assert ran.code == 1
    root = parsed(ran.out)
    (title,) = root.all("title")
    assert title.inside == ["One thing went wrong, in the update: you walked uphill."]
    (legend,) = (one for one in root.all("ul") if one.attributes.get("class") == "legend")
    assert legend.text == "✗ not this number\n"
    assert faults(root) == []


def test_under_an_ascii_locale_other_signs_are_references(cnnstep: Program) -> None:
    ran = cnnstep("run", "first-filter", "--format", "html", encoding="ascii", env={"LANG": "C"})
    assert ran.out.isascii()
    assert parsed(ran.out).text == parsed(cnnstep("run", "first-filter", "--format", "html").out).text


def test_a_large_matrix_is_told_by_its_size_its_range_and_some_of_its_numbers() -> None:
    many = tuple(tuple(float(40 * r + c) for c in range(40)) for r in range(30))
    root = parsed(page(Document((Matrix(many, "X", {(20, 30): MARK}),))))
    assert "X: 30×40, from 0 to 1199. Each sign is the mean of 2×2 numbers" in root.text
    (table,) = root.all("table")
    assert "830 ✗" in table.text
    assert len(list(table.all("td"))) == 1 + 6 * 6


def test_a_long_sum_says_what_its_other_products_come_to() -> None:
    lines = tuple(Line(("a", "b"), (2.0, 3.0), 6.0) for _ in range(50))
    root = parsed(fragment(Document((Sum("", lines, 300.0),))))
    assert "… 20 more products together\n120\n" in root.text
    assert len(list(root.all("tr"))) == 1 + 30 + 1 + 1


@needs("browser")
def test_in_a_browser_a_listener_hears_each_number_with_its_place_and_its_mark(cnnstep: Program, tabs: Tabs) -> None:
    tab = tabs(java_script_enabled=False)
    tab.set_content(cnnstep("run", "first-filter", "--format", "html").out)
    delta = tab.get_by_role("table", name="δ", exact=True)
    assert delta.get_by_role("columnheader", name="column 1").count() == 1
    assert delta.get_by_role("row", name="row 0").get_by_role("cell").all_inner_texts() == ["2", "0 ✝"]
    assert delta.get_by_role("img", name="inactive").count() == 2
    assert tab.get_by_role("heading", name="4 Delta").count() == 1


CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map(k => a * top[k] + (1 - a) * under[k]); };
  const light = rgb => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  let least = 21;
  for (const one of document.querySelectorAll('.cnnstep td, .cnnstep th, .cnnstep p, .cnnstep li, .cnnstep small')) {
    let ground = dark ? [18, 18, 18] : [255, 255, 255], opacity = 1;
    for (let up = one; up; up = up.parentElement) opacity *= Number(getComputedStyle(up).opacity);
    ground = over(parse(getComputedStyle(one).backgroundColor), ground);
    const ink = over([...parse(getComputedStyle(one).color).slice(0, 3), opacity], ground);
    const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
    least = Math.min(least, (high + 0.05) / (low + 0.05));
  }
  return least;
}"""


@needs("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_word_and_number_is_read_easily_in_light_and_in_dark(cnnstep: Program, tabs: Tabs, scheme: str) -> None:
    tab = tabs(color_scheme=scheme)
    tab.set_content(re.sub("<meta http-equiv[^>]*>", "", page(Document(EVERY_KIND))))
    assert tab.evaluate(CONTRAST) >= 7  # WCAG's AAA
    tab.set_content(
        re.sub("<meta http-equiv[^>]*>", "", cnnstep("run", "first-filter", "-n", "40", "--format", "html").out)
    )
    assert tab.evaluate(CONTRAST) >= 7


@needs("browser")
def test_on_a_telephone_nothing_but_a_wide_table_is_wider_than_the_window(cnnstep: Program, tabs: Tabs) -> None:
    tab = tabs(viewport={"width": 320, "height": 600})
    for command in (("run", "digits-edge-batch"), ("explain", "gradient"), ("run", "smallest-network")):
        tab.set_content(cnnstep(*command, "--format", "html").out)
        assert tab.evaluate("document.scrollingElement.scrollWidth") <= 320, command
