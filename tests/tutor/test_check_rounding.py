"""A number fits what its digits can tell: rounding is excused so far, and no further."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.diagnose import Diagnosis, check_data, diagnose
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.sheet import Sheet, Written, written
from cnnstep.tutor.document import Heading, Table
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.typed import read_matrix
from tests.tutor.sheets import column_of_two, first, marked, verdicts


def test_the_tolerance_follows_the_digits() -> None:
    scenario = first(activation="sigmoid")
    a = first_iteration(lesson_of(scenario)).matrix("activation")
    two = np.round(a, 2)
    assert diagnose(Sheet(scenario, {"activation": Written.rounded(a, 2)})).verdict == "correct"
    assert marked(scenario, activation=two.tolist()).verdict != "correct"  # exact numbers, and not the right ones
    typed = Written.of([list(row) for row in read_matrix("0.95 0.50; 0.12 0.73")])
    assert diagnose(Sheet(scenario, {"activation": typed})).verdict == "correct"


def test_rounding_is_no_excuse_where_every_number_on_the_way_is_exact() -> None:
    typed = Written.of([list(row) for row in read_matrix("0 0.1; 1 0")])  # right is 0 0; 1 0, after whole numbers only
    found = diagnose(Sheet(first(), {"update": typed}))
    assert found.verdict == "mistaken"
    assert [(slip.cell, slip.yours, slip.expected) for slip in found.mark("update").slips] == [((0, 1), 0.1, 0)]


def test_an_infinite_number_is_nobodys() -> None:
    numbers = written([[1, 2]])
    wrong = numbers.wrong(np.array([[np.inf, -np.inf]]))
    assert wrong is not None
    assert wrong.all()


def test_the_given_number_itself_gets_its_own_digits_and_no_more() -> None:
    scenario = first(activation="sigmoid")
    right_one = first_iteration(lesson_of(scenario)).matrix("activation")
    off = np.round(right_one, 2)
    off[0, 0] += 0.02
    work = {"forward": written([[3, 0], [-2, 1]]), "activation": Written(off, np.full((2, 2), 0.005))}
    assert diagnose(Sheet(scenario, work)).mark("activation").verdict == "slip"


def test_the_slope_at_the_output_is_found_before_rounding_is_excused() -> None:
    scenario = first(activation="sigmoid")
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["slope-at-output"]))
    names = ("forward", "activation", "error", "delta")
    found = diagnose(Sheet(scenario, {name: Written.rounded(wrong.matrix(name), 3) for name in names}))
    assert found.mistakes == ("slope-at-output",)


def test_a_slope_worked_out_from_the_rounded_output_is_right() -> None:
    a = 0.73, 0.88  # sigmoid(1) = 0.7311, sigmoid(2) = 0.8808
    delta = [[0.73 * 0.73 * (1 - 0.73)], [0.88 * 0.88 * (1 - 0.88)]]  # 0.1439 and 0.0929; from z 0.1435 and 0.0924
    work = {"activation": np.array([[a[0]], [a[1]]]), "error": np.array([[a[0]], [a[1]]])}
    sheet = {name: Written.rounded(cells, 2) for name, cells in work.items()}
    found = diagnose(Sheet(column_of_two("sigmoid"), sheet | {"delta": Written.rounded(np.array(delta), 4)}))
    assert verdicts(found)["delta"] == "correct"


def test_the_slope_at_the_output_is_that_at_the_output_which_was_written_down() -> None:
    a = np.array([[0.5], [0.25]])  # two numbers that nothing gives, with t = 0
    work = {"activation": a, "error": a, "delta": a * (1 - np.tanh(a) ** 2)}
    found = marked(column_of_two("tanh"), **{name: cells.tolist() for name, cells in work.items()})
    assert found.mistakes == ("slope-at-output",)


class TestTooCoarse:
    """Numbers that were rounded so far that they fit whatever is right say nothing, so nothing is said of them."""

    def typed(self, scenario: Scenario, **work: str) -> Diagnosis:
        return diagnose(Sheet(scenario, {name: Written.of(read_matrix(text)) for name, text in work.items()}))

    @pytest.mark.parametrize("text", ["0.0e9 0.0e9; 0.0e9 0.0e9", "2 -2; 0.0e2 2"])
    def test_they_are_refused(self, text: str) -> None:
        with pytest.raises(InputError, match="rounded too far") as caught:
            self.typed(first(), gradient=text)
        assert [(fault.code, fault.path) for fault in caught.value.faults] == [("digits", ("work", "gradient"))]

    def test_and_excuse_no_later_step(self) -> None:
        found = self.typed(first(), gradient="0.0e9 0.0e9; 0.0e9 0.0e9", update="5 5; 5 5")
        assert (found.mark("gradient").verdict, found.mark("update").verdict) == ("missing", "unexplained")
        found = self.typed(first(), gradient="0.0e9 0.0e9; 0.0e9 0.0e9", update="1 -1; 1 1")  # G is no 0e9 after all
        assert found.mistakes == ("not-updated",)

    def test_beside_a_step_that_tells_they_are_marked_as_that_and_never_as_right(self) -> None:
        found = self.typed(first(), gradient="0.0e9 0.0e9; 0.0e9 0.0e9", update="0 0; 1 0")
        assert [mark.step.name for mark in found.marks if mark.too_coarse] == ["gradient"]
        heading, table, *_ = report(found, AS_USUAL)
        assert isinstance(heading, Heading)
        assert isinstance(table, Table)
        assert heading.text == "As far as it can be told: right."
        assert table.rows[4] == ("filter gradient", "rounded too far to tell: type three decimals")
        steps = check_data(found)["steps"]
        assert [step["name"] for step in steps if step.get("too_coarse")] == ["gradient"]

    def test_where_all_numbers_of_a_step_are_small_two_decimals_are_enough_and_one_is_not(self) -> None:
        small = first(activation="linear", target=[[2.97, 0.02], [-2.01, 1]])  # e = 0.03 -0.02; 0.01 0
        with pytest.raises(InputError, match="rounded too far"):
            self.typed(small, error="0.0 0.0; 0.0 0.0")
        assert self.typed(small, error="0 0; 0 0").verdict != "correct"  # exactly 0 says something
        assert self.typed(small, error="0.03 -0.02; 0.01 0.00").verdict == "correct"

    @pytest.mark.parametrize("text", ["2.0 -2.0; 0.0 2.0", "2 -2; 0.0 2"])
    def test_a_zero_beside_larger_numbers_is_a_zero(self, text: str) -> None:
        assert self.typed(first(), gradient=text).verdict == "correct"

    def test_so_is_one_where_all_are_zero(self) -> None:
        met = first(target=[[3, 0], [0, 1]])
        assert self.typed(met, error="0.0 0.0; 0.0 0.0").verdict == "correct"
        with pytest.raises(InputError, match="rounded too far"):
            self.typed(met, error="0.0e9 0.0; 0.0 0.0")


def test_an_endless_number_fits_nothing_though_its_tolerance_would_be_endless_too() -> None:
    wrong = Written.rounded(np.array([[1.0, 2.0]]), 2).wrong(np.array([[np.inf, 2.0]]))
    assert wrong is not None
    assert wrong.tolist() == [[True, False]]
