"""How numbers are written: as short as they can be said, never −0, fractions only where they are exact."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.tutor.numbers import Numbers, counted, listed

FLOATS = st.floats(-1e300, 1e300)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2.0, "2"),
        (-2.0, "-2"),
        (0.0, "0"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1 / 3, "0.3333"),
        (-1 / 6, "-0.1667"),
        (1.99999, "2"),
        (0.00005, "0.0001"),
        (0.00004, "4e-05"),
        (-0.00004, "-4e-05"),
        (1.23456e-6, "1.235e-06"),
        (1e-300, "1e-300"),
        (9999999.0, "9999999"),
        (1e7, "1e+07"),
        (-1.5e300, "-1.5e+300"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
    ],
)
def test_a_number_is_written_with_four_decimals_at_most(value: float, text: str) -> None:
    assert Numbers().text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1 / 3, "1/3"),
        (-1 / 6, "-1/6"),
        (0.5, "1/2"),
        (2.0, "2"),
        (-0.0, "0"),
        (math.pi, "3.1416"),
        (1 / 1001, "0.001"),
        (1e9, "1e+09"),
    ],
)
def test_a_fraction_is_written_where_it_is_exact(value: float, text: str) -> None:
    assert Numbers(fractions=True).text(value) == text


@pytest.mark.parametrize(("precision", "text"), [(0, "3"), (1, "3.1"), (2, "3.14"), (15, "3.141592653589793")])
def test_precision_is_the_number_of_decimals(precision: int, text: str) -> None:
    assert Numbers(precision).text(math.pi) == text


@pytest.mark.parametrize(("value", "text"), [(2.0, "2"), (-2.0, "(-2)"), (-0.0, "0"), (-math.inf, "(-inf)")])
def test_a_negative_factor_stands_in_brackets(value: float, text: str) -> None:
    assert Numbers().factor(value) == text


@given(FLOATS, st.integers(0, 15), st.booleans())
def test_nothing_is_ever_written_as_minus_0(value: float, precision: int, fractions: bool) -> None:
    text = Numbers(precision, fractions).text(value)
    assert float(Fraction(text)) != 0 or text == "0"


@given(FLOATS, st.integers(0, 15))
def test_what_is_written_is_the_number_to_that_many_decimals(value: float, precision: int) -> None:
    written = float(Numbers(precision).text(value))
    assert abs(written - value) <= max(0.5 * 10.0**-precision, 1e-3 * abs(value) if precision >= 3 else abs(value))


@given(st.integers(-500, 500), st.integers(1, 500))
def test_every_plain_fraction_is_found_again(above: int, below: int) -> None:
    assert Fraction(Numbers(fractions=True).text(above / below)) == Fraction(above, below)


def test_one_thing_and_several_are_counted() -> None:
    assert (counted(1, "cell"), counted(2, "cell"), counted(0, "cell")) == ("1 cell", "2 cells", "0 cells")
    assert counted(2, "cell is", "cells are") == "2 cells are"


def test_a_list_is_read_out() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert listed(("a", "b"), "or") == "a or b"
