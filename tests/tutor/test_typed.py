"""Numbers and matrices as learners type and paste them, each with the precision it was written in."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.errors import InputError
from cnnstep.tutor.typed import entered, read_matrix, read_number


def rows(text: str) -> list[list[float]]:
    return [[number.value for number in row] for row in read_matrix(text)]


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("3", 3),
            ("-2", -2),
            ("+2", 2),
            ("−2", -2),
            ("–2", -2),
            (".5", 0.5),
            ("5.", 5),
            ("1e-3", 0.001),
            ("1.5E2", 150),
            ("1/3", 1 / 3),
            ("-1/4", -0.25),
            ("1⁄2", 0.5),
            ("0.5/2", 0.25),
            (" 7 ", 7),
            ("0.0e400", 0),
            ("1e-999", 0),
        ],
    )
    def test_the_usual_spellings_are_read(self, text: str, value: float) -> None:
        assert read_number(text).value == value

    @pytest.mark.parametrize(
        "text",
        ["", "x", "1,5", "1 2", "1e", "nan", "inf", "1e999", "9" * 5000, "1.0e" + "9" * 5000, "--1", "1/2/3", "0x10"],
    )
    def test_anything_else_is_no_number(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".*"):
            read_number(text)

    def test_a_division_by_0_says_so(self) -> None:
        with pytest.raises(ZeroDivisionError):
            read_number("1/0")

    @pytest.mark.parametrize(
        ("text", "fits", "does_not"),
        [
            ("-0.18", -0.1849, -0.1851),
            ("0.3", 0.349, 0.351),
            ("0.300", 0.3004, 0.3006),
            ("1.5e2", 154.9, 155.1),
            ("2", 2.0, 2.001),
            ("1/3", 0.333333333333, 0.3333),
        ],
    )
    def test_a_number_stands_for_what_would_be_written_like_it(self, text: str, fits: float, does_not: float) -> None:
        assert read_number(text).fits(fits)
        assert not read_number(text).fits(does_not)

    @given(st.floats(allow_nan=False, allow_infinity=False))
    def test_every_number_fits_its_own_spelling(self, value: float) -> None:
        assert read_number(repr(value)).fits(value)

    @given(st.floats(-1e6, 1e6), st.integers(1, 12))
    def test_every_number_fits_what_it_is_rounded_to(self, value: float, decimals: int) -> None:
        assert read_number(f"{value:.{decimals}f}").fits(value)


class TestMatrices:
    @pytest.mark.parametrize(
        "text",
        [
            "[[1, -2], [3, 4]]",
            "1 -2; 3 4",
            "1 -2\n3 4",
            "1, -2\n3, 4\n",
            "1\t-2\n3\t4",
            "[1 -2; 3 4]",
            "[[1 -2]\n [3 4]]",
            "((1, -2), (3, 4))",
            "{{1, -2}, {3, 4}}",
            "| 1 -2 |\n| 3 4 |",
            "np.array([[1, -2], [3, 4]])",
            "torch.tensor([[1., -2.], [3., 4.]], dtype=torch.float32)",
            "tensor([[ 1., -2.],\n        [ 3.,  4.]], device='cuda:0', grad_fn=<ReluBackward0>)",
            "W = [[1, −2], [3, 4]]",
            "z: 1 -2; 3 4",
            r"\begin{pmatrix} 1 & -2 \\ 3 & 4 \end{pmatrix}",
            r"\left[\begin{array}{cc} 1 & \frac{-4}{2} \\[2pt] 3 & 4 \end{array}\right]",
            "1 -4/2; 3 4",
            "1 -4 / 2; 3 4",
        ],
    )
    def test_the_usual_ways_to_write_a_matrix_are_read(self, text: str) -> None:
        assert rows(text) == [[1, -2], [3, 4]]

    def test_a_single_number_is_a_matrix_of_one(self) -> None:
        assert rows("5") == [[5]]

    @pytest.mark.parametrize(
        ("text", "code", "words"),
        [
            ("", "not-a-matrix", "no numbers"),
            ("[[]]", "not-a-matrix", "no numbers"),
            ("1 2; 3", "ragged", "row 1 has 1 number, row 0 has 2"),
            ("1 2; 3 4 5", "ragged", "row 1 has 3 numbers, row 0 has 2"),
            ("1 two", "not-a-number", '"two" is not a number'),
            ("1 2x", "not-a-number", '"2x" is not a number'),
            ("1 2/0", "not-a-number", '"2/0" divides by 0'),
            ("1 " + "9" * 400, "not-a-number", "is too large"),
            ("1 nan", "not-a-number", '"nan" is not a number'),
            ("[red]1[/red]", "not-a-number", '"red'),
        ],
    )
    def test_what_is_no_matrix_is_told_with_its_place(self, text: str, code: str, words: str) -> None:
        with pytest.raises(InputError) as caught:
            read_matrix(text)
        (fault,) = caught.value.faults
        assert fault.code == code
        assert words in fault.what
        assert fault.hint

    @given(st.text())
    def test_any_text_is_a_matrix_or_a_fault(self, text: str) -> None:
        with suppress(InputError):
            assert read_matrix(text)

    @given(st.lists(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2), min_size=1, max_size=4))
    def test_what_python_prints_is_read_back(self, matrix: list[list[float]]) -> None:
        assert rows(repr(matrix)) == matrix


class TestDecimalCommas:
    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("0,5 1,25", None),
            ("0,5", None),
            ("0,5; 1,25", None),
            ("-0,5 1", None),
            ("0,5, 1,25", None),
            ("[[0,5 1,25], [1 2]]", None),
            ("[0,5, 1,25]", None),
            (r"0{,}5 & 1", None),
            ("[0,5]", ()),
            ("[[0,5], [1,25]]", (2, 1)),
        ],
    )
    def test_one_is_asked_about_and_never_read_as_two_numbers(self, text: str, shape: tuple[int, ...] | None) -> None:
        with pytest.raises(InputError, match="may be one number or two") as caught:
            read_matrix(text, shape)
        assert caught.value.faults[0].code == "decimal-comma"
        assert re.fullmatch(r"write -?0\.5 for one number, -?0 5 for two", caught.value.faults[0].hint)

    @pytest.mark.parametrize(
        ("text", "shape", "read"),
        [
            ("[[1,2],[3,4]]", None, [[1, 2], [3, 4]]),
            ("[[1,2],[3,4]]", (2, 2), [[1, 2], [3, 4]]),
            ("1, 2; 3, 4", None, [[1, 2], [3, 4]]),
            ("1,-2; 3,4", None, [[1, -2], [3, 4]]),
            ("1,2,3", None, [[1, 2, 3]]),
            ("1.5,2; 3,4", None, [[1.5, 2], [3, 4]]),
            ("np.array([[1,2],[3,4]])", None, [[1, 2], [3, 4]]),
        ],
    )
    def test_a_comma_that_can_only_separate_does(
        self, text: str, shape: tuple[int, ...] | None, read: list[list[float]]
    ) -> None:
        assert [[number.value for number in row] for row in read_matrix(text, shape)] == read


class TestRowsOneByOne:
    def test_a_matrix_is_complete_with_its_last_number(self) -> None:
        assert entered(["1 2"], (2, 2)) is None
        assert entered(["1 2", "3 4"], (2, 2)) == read_matrix("1 2; 3 4")

    def test_all_numbers_in_one_line_are_all_of_it(self) -> None:
        assert entered(["1 2 3 4"], (2, 2)) == read_matrix("1 2 3 4")

    def test_a_first_row_of_another_width_is_refused_at_once(self) -> None:
        with pytest.raises(InputError, match="this row has 3 numbers, and a row of 2×2 has 2"):
            entered(["1 2 3"], (2, 2))

    def test_a_matrix_of_another_size_goes_in_one_line(self) -> None:
        assert entered(["1 2 3; 4 5 6"], (2, 2)) == read_matrix("1 2 3; 4 5 6")

    def test_numbers_without_rows_may_stand_below_each_other(self) -> None:
        assert entered(["1"], (2,)) is None
        assert entered(["1", "2"], (2,)) == read_matrix("1; 2")

    def test_a_printed_array_is_pasted_over_its_lines(self) -> None:
        assert entered(["np.array([[1., 2.],"], (2, 2)) is None
        assert entered(["np.array([[1., 2.],", " [3., 4.]])"], (2, 2)) == read_matrix("1. 2.; 3. 4.")
