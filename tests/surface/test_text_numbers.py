"""No number is ever cut or wrapped, at any width."""

import io
import math
import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Beside, Block, Document, Line, Mark, Matrix, Sum, Table
from cnnstep.tutor.numbers import Numbers, enough
from tests.examples import examples

numbers = st.floats(allow_nan=True, width=64) | st.integers(-1000, 1000).map(float) | st.just(-0.0)
ways = st.builds(Numbers, precision=st.integers(0, 6), fractions=st.booleans())
widths = st.integers(40, 210)


@st.composite
def matrices(draw: st.DrawFn) -> Matrix:
    columns = draw(st.integers(1, 14))
    rows = draw(st.lists(st.tuples(*[numbers | st.none()] * columns), min_size=1, max_size=5))
    mark = Mark("✝", "dead: slope 0, nothing passes", "quiet")
    cells = st.tuples(st.integers(0, len(rows) - 1), st.integers(0, columns - 1))
    marks = dict.fromkeys(draw(st.lists(cells, max_size=3)), mark)
    return Matrix(tuple(rows), draw(st.sampled_from(["", "z", "Input X, sample 0, channel 1"])), marks)


words = st.text(st.characters(codec="ascii", categories=["Ll"]) | st.just(" "), max_size=60)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    kinds = draw(st.lists(st.sampled_from([numbers, words]), min_size=1, max_size=9))
    rows = draw(st.lists(st.tuples(*kinds), max_size=4))
    return Table(tuple(f"column{k}" for k in range(len(kinds))), tuple(rows))


@st.composite
def sums(draw: st.DrawFn) -> Sum:
    factors = st.lists(st.tuples(words, numbers), min_size=1, max_size=4)
    lines = []
    for product in draw(st.lists(factors, max_size=6)):
        labels, values = zip(*product, strict=True)
        lines.append(Line(labels, values, draw(numbers), draw(words)))
    return Sum("title", tuple(lines), draw(numbers))


def lines_of(block: Block, width: int, way: Numbers, *, colour: bool = False, ascii: bool = False) -> list[str]:
    screen = Screen(io.StringIO(), io.StringIO(), width, colour, ascii)
    return render(Document((block,), way), screen).splitlines()


def tokens(lines: list[str]) -> Counter[str]:
    """What stands between spaces, line by line: a number that was cut or wrapped is not among it."""
    return Counter(token for line in lines for token in re.split(r"[\s│()]+", line))


@given(matrices(), widths, ways)
def test_every_number_of_a_matrix_stands_whole_on_one_line(matrix: Matrix, width: int, way: Numbers) -> None:
    expected = Counter(way.text(value) for row in matrix.rows for value in row if value is not None)
    lines = lines_of(matrix, width, way)
    assert expected <= tokens([line.split("│")[1] if "│" in line else "" for line in lines])
    assert width >= max(map(len, lines))


@given(st.lists(matrices(), min_size=1, max_size=4), widths, ways)
@examples(50)
def test_beside_keeps_every_number_whole(blocks: list[Matrix], width: int, way: Numbers) -> None:
    expected = Counter(way.text(v) for matrix in blocks for row in matrix.rows for v in row if v is not None)
    lines = lines_of(Beside(tuple(blocks)), width, way)
    assert expected <= tokens(lines)
    assert width >= max(map(len, lines))


@given(tables(), widths, ways)
def test_every_number_of_a_table_stands_whole_on_one_line(table: Table, width: int, way: Numbers) -> None:
    cells = [cell for row in table.rows for cell in row]
    expected = Counter(way.text(cell) for cell in cells if isinstance(cell, float))
    expected += Counter(word for cell in cells if isinstance(cell, str) for word in cell.split())
    assert expected <= tokens(lines_of(table, width, way))


@given(sums(), widths, ways)
def test_every_number_of_a_sum_stands_whole_on_one_line(total: Sum, width: int, way: Numbers) -> None:
    expected = Counter(way.text(line.value) for line in total.lines)
    if any(len(line.numbers) > 1 for line in total.lines):
        expected += Counter(text for line in total.lines for text in enough(way, line.numbers, math.prod))
    lines = lines_of(total, width, way)
    assert expected <= tokens(lines)
    assert way.text(total.total) in tokens(lines)


@given(matrices() | tables() | sums(), widths, ways, st.booleans(), st.booleans())
def test_no_line_ends_in_a_space_and_no_zero_is_negative(
    block: Block, width: int, way: Numbers, colour: bool, ascii: bool
) -> None:
    lines = lines_of(block, width, way, colour=colour, ascii=ascii)
    plain = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in lines]
    assert [line.rstrip() for line in plain] == plain
    assert "-0" not in tokens(plain)
    assert not ascii or "".join(lines).isascii()


def test_a_number_wider_than_the_window_runs_over_rather_than_being_cut() -> None:
    lines = lines_of(Matrix(((1 / 3, 2 / 3),)), 20, Numbers(40))
    assert {f"{1 / 3:.40f}", f"{2 / 3:.40f}"} <= {line.strip() for line in lines}
