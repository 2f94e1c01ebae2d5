"""How each block of a document looks at the terminal."""

import re
import subprocess
import sys

import pytest

from cnnstep.surface.formats.text import render
from cnnstep.tutor.document import (
    Beside,
    Block,
    Command,
    Document,
    Formula,
    Heading,
    Line,
    Mark,
    Matrix,
    Note,
    Paragraph,
    Sum,
    Table,
)
from cnnstep.tutor.numbers import Numbers
from tests.surface.shown import DEAD, screen, shown


def test_a_matrix_has_its_indices_in_its_rim_and_its_marks_explained() -> None:
    delta = Matrix(((2.0, -0.0), (0.0, 0.0)), "δ", {(0, 1): DEAD, (1, 0): DEAD})
    expected = """
δ
  ╭─0────1───╮
0 │ 2    0 ✝ │
1 │ 0 ✝  0   │
  ╰──────────╯
  ✝ dead: slope 0, nothing passes
"""
    assert expected == shown(delta)


def test_two_marks_are_explained_under_each_other_in_the_order_of_their_cells() -> None:
    blocked = Mark("✝!", "dead, with an error left")
    text = shown(Matrix(((0.0, 0.0),), "δ", {(0, 0): DEAD, (0, 1): blocked}))
    assert text.endswith("  ✝  dead: slope 0, nothing passes\n  ✝! dead, with an error left\n")


def test_decimal_points_stand_under_each_other_and_unknown_cells_are_blank() -> None:
    expected = """
  ╭───0─────────1──────╮
0 │  10.25     -0.5    │
1 │            -2.125  │
2 │ 100         1e+100 │
  ╰────────────────────╯
"""
    assert expected == shown(Matrix(((10.25, -0.5), (None, -2.125), (100.0, 1e100))))


def test_a_wide_matrix_is_split_by_columns_which_are_named() -> None:
    wide = Matrix((tuple(float(k) * 1000 for k in range(8)),), "z")
    expected = """
z, columns 0–3
  ╭─0─────1─────2─────3─╮
  │ 0  1000  2000  3000 │
  ╰─────────────────────╯
z, columns 4–7
  ╭────4─────5─────6─────7─╮
  │ 4000  5000  6000  7000 │
  ╰────────────────────────╯
"""
    assert expected == shown(wide, width=40)
    assert "columns" not in shown(wide, width=80)


def test_a_formula_too_long_for_the_window_is_broken_before_an_equals_sign() -> None:
    expected = """
    sigmoid(z[0,0]) = sigmoid(3)
      = 1 / (1 + e^(−3)) = 0.9526
    z is given
"""
    assert expected == shown(
        Formula("sigmoid(z[0,0]) = sigmoid(3) = 1 / (1 + e^(−3)) = 0.9526", "z is given"), width=36
    )


def test_a_part_that_is_too_long_itself_is_broken_between_words() -> None:
    expected = """
    1/Σe^z
      = 1/(e^2 + e^1 +
        e^-1)
      = 0.09
"""
    assert expected == shown(Formula("1/Σe^z = 1/(e^2 + e^1 + e^-1) = 0.09"), width=22)


def test_a_single_number_needs_no_index() -> None:
    expected = """
b
  ╭─────╮
  │ 0.5 │
  ╰─────╯
"""
    assert expected == shown(Matrix(((0.5,),), "b"))


def test_an_empty_matrix_says_so() -> None:
    assert shown(Matrix((), "z")) == "\nz (empty)\n"


def test_matrices_stand_beside_each_other_where_they_fit_and_their_marks_are_explained_once() -> None:
    pair = Beside((Matrix(((1.0, 0.0),), "X", {(0, 1): DEAD}), Matrix(((2.0,), (3.0,)), "W", {(0, 0): DEAD})))
    beside = """
X              W
  ╭─0──1───╮     ╭─────╮
  │ 1  0 ✝ │   0 │ 2 ✝ │
  ╰────────╯   1 │ 3   │
                 ╰─────╯
  ✝ dead: slope 0, nothing passes
"""
    stacked = """
X
  ╭─0──1───╮
  │ 1  0 ✝ │
  ╰────────╯
W
  ╭─────╮
0 │ 2 ✝ │
1 │ 3   │
  ╰─────╯
  ✝ dead:
    slope 0,
    nothing
    passes
"""
    assert beside == shown(pair)
    assert stacked == shown(pair, width=14)


def test_text_beside_a_matrix_wraps_in_the_room_that_is_left() -> None:
    text = shown(
        Beside((Matrix(((1.0, 2.0),)), Paragraph("so many words that they need more than one line"))), width=50
    )
    expected = """
  ╭─0──1─╮   so many words that they need more
  │ 1  2 │   than one line
  ╰──────╯
"""
    assert expected == text


def test_a_sum_lines_up_its_products_its_values_and_its_total() -> None:
    products = Sum(
        "∂L/∂W[0,1]",
        (
            Line(("δ[0,0]", "X[0,1]"), (2.0, -1.0), -2.0),
            Line(("δ[0,1]", "X[0,2]"), (0.25, 10.0), 2.5, "dead"),
        ),
        0.5,
    )
    wide = """
∂L/∂W[0,1]
    δ[0,0] · X[0,1]  =    2 · (-1)  = -2
    δ[0,1] · X[0,2]  = 0.25 · 10    =  2.5  dead
                                      ────
                                       0.5
"""
    narrow = """
∂L/∂W[0,1]
  δ[0,0] · X[0,1]
      =    2 · (-1)  = -2
  δ[0,1] · X[0,2]
      = 0.25 · 10    =  2.5
      dead
                       ────
                        0.5
"""
    assert wide == shown(products)
    assert narrow == shown(products, width=28)


def test_a_sum_of_one_product_is_not_said_twice() -> None:
    assert shown(Sum("", (Line(("relu(z[0,0])",), (3.0,), 3.0),), 3.0)) == "\n    relu(z[0,0])  = 3\n"


def test_a_long_sum_says_what_its_other_products_come_to() -> None:
    text = shown(Sum("", tuple(Line((f"x{k}",), (0.5,), 0.5) for k in range(100)), 50.0))
    assert text.count("=  0.5") == 30
    assert "… 70 more products, together 35" in text
    assert text.endswith(" 50\n")


def test_headings_formulas_notes_and_commands_in_a_wide_window() -> None:
    text = shown(
        Heading("The first filter", 1),
        Paragraph("One step."),
        Heading("3 Error", note="e = a − t"),
        Formula("e = a − t", "how far each output is from its target"),
        Note("dead-relu", "Two cells are dead.", "warn"),
        Note("converged", "The loss is gone.", "good"),
        Command("cnnstep run first-filter", "to go on"),
        Command("cnnstep explain relu", "to read on"),
    )
    expected = """
The first filter
────────────────
One step.

3 Error   e = a − t
    e = a − t   how far each output is from its target
! dead-relu  Two cells are dead.
✓ converged  The loss is gone.

  cnnstep run first-filter   to go on
  cnnstep explain relu       to read on
"""
    assert expected == text


def test_headings_formulas_notes_and_commands_in_a_narrow_window() -> None:
    text = shown(
        Heading("5 Filter gradient", note="∂L/∂W = X ⋆ δ, spread apart"),
        Formula("e = a − t", "how far each output is from its target"),
        Note("dead-relu", "Two cells of four are dead.", "bad"),
        Command("cnnstep run first-filter --iterations 5", "to go on"),
        width=30,
    )
    expected = """
5 Filter gradient
    ∂L/∂W = X ⋆ δ, spread
    apart
    e = a − t
    how far each output is
    from its target
✗ dead-relu  Two cells of four
  are dead.

cnnstep run first-filter --iterations 5
      to go on
"""
    assert expected == text


def test_paragraphs_end_at_a_hundred_columns_and_keep_their_line_ends() -> None:
    text = shown(Paragraph("word " * 60 + "\n  indented"), width=200)
    assert 90 < max(map(len, text.splitlines())) <= 100
    assert text.endswith("\n  indented\n")


@pytest.mark.parametrize("learner", ["[red]danger[/red]", "[/x]", ":smile:", "[link=http://x]a[/link]", "\\[b]"])
def test_learner_text_is_never_markup(learner: str) -> None:
    mark = Mark("*", learner)
    blocks: tuple[Block, ...] = (
        Heading(learner, note=learner),
        Paragraph(learner),
        Formula(learner, learner),
        Matrix(((1.0,),), learner, {(0, 0): mark}),
        Sum(learner, (Line((learner,), (1.0,), 1.0, learner),), 1.0),
        Note(learner, learner),
        Table((learner,), ((learner,),), learner),
        Command(learner, learner),
    )
    assert shown(*blocks, width=200).count(learner) == 17


def test_learner_text_can_send_the_terminal_nothing() -> None:
    sent = "\x1b]0;title\x07\x1b[2J"
    text = render(
        Document((Paragraph(sent), Heading(sent), Command(sent), Table((sent,), ((sent,),)))), screen(colour=True)
    )
    assert "\\x1b]0;title\\x07\\x1b[2J" in text
    assert "\x07" not in text
    assert "\x1b]" not in text
    assert "\x1b[2J" not in text


def test_colour_adds_to_the_text_and_changes_none_of_it() -> None:
    marked = Matrix(((3.0, -1.0), (0.0, float("inf"))), "z", {(0, 1): DEAD})
    document = Document((Heading("z"), marked, Note("overshoot", "the loss rose"), Paragraph("yes", "good")))
    coloured = render(document, screen(colour=True))
    assert "\x1b[" in coloured
    assert render(document, screen()) == re.sub(r"\x1b\[[\d;]*m", "", coloured)


def test_a_terminal_of_sixteen_colours_is_sent_no_others() -> None:
    code = (
        "import sys; from cnnstep.surface.formats.text import render; from cnnstep.surface.screen import Screen; "
        "from cnnstep.tutor.document import Document, Matrix; "
        "print(render(Document((Matrix(((3.0, -1.0),)),)), Screen(sys.stdout, sys.stderr, colour=True, ascii=True)))"
    )  # a process of its own, for Rich keeps the codes of each style as it first wrote them
    coloured = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "\x1b[" in coloured
    assert "38;5;" not in coloured


def test_positive_and_negative_numbers_differ_in_colour_and_zero_is_quiet() -> None:
    code = """
import sys
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document, Matrix
page = Document((Matrix(((3.0, -3.0, 0.0, 0.1),)),))
sys.stdout.write(render(page, Screen(sys.stdout, sys.stderr, colour=True, shades=True, ascii=True)))
"""  # a process of its own, for Rich keeps the codes of each style as it first wrote them
    text = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    colours = {n: re.findall(r"\x1b\[([\d;]*)m *" + re.escape(n) + r"\x1b", text) for n in ("3", "-3", "0", "0.1")}
    assert colours == {"3": ["1;38;5;208"], "-3": ["1;38;5;33"], "0": ["38;5;244"], "0.1": ["38;5;137"]}


def test_ascii_has_a_sign_for_everything() -> None:
    text = shown(
        Heading("δ = e ⊙ φ′(z)", 1),
        Matrix(((1.0, 0.0),), "δ", {(0, 1): DEAD}),
        Sum("", (Line(("δ", "X"), (1.0, 2.0), 2.0), Line(("η",), (1.0,), 1.0)), 3.0),
        Paragraph("naïve 猫"),
        ascii=True,
    )
    expected = """
delta = e .* phi'(z)
--------------------
delta
  +-0--1---+
  | 1  0 # |
  +--------+
  # dead: slope 0, nothing passes

    delta * X  = 1 * 2  = 2
    eta        = 1      = 1
                          -
                          3

naive ?
"""
    assert expected == text


def test_fractions_stay_whole() -> None:
    assert " -1/3 " in shown(Matrix(((-1 / 3, 1.0),)), numbers=Numbers(fractions=True))


def test_notes_and_commands_can_stand_beside_a_matrix() -> None:
    text = shown(Beside((Matrix(((1.0,),), "b"), Note("converged", "done", "good"), Command("cnnstep run x"))))
    assert text.splitlines()[1] == "b         ✓ converged  done     cnnstep run x"


def test_nothing_is_nothing() -> None:
    assert render(Document(()), screen()) == ""
