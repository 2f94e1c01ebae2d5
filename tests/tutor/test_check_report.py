"""What the report of a sheet says: which numbers are right, for whom, how firmly, and how they are put right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.check.account import Explanation
from cnnstep.tutor.check.diagnose import Diagnosis, check_data, diagnose
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.sheet import Sheet, written
from cnnstep.tutor.document import Formula, Heading, Matrix, Note, Paragraph, Table
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL
from tests.conftest import Golden, Program
from tests.tutor.blocks import blocks_of

FIRST = shipped_scenario("first-filter")
SIX = shipped_scenario("six-outputs")


def marked(scenario: Scenario, **work: Any) -> Diagnosis:
    return diagnose(Sheet(scenario, {name: written(rows) for name, rows in work.items()}, name="here"))


def wrongly(scenario: Scenario, *codes: str) -> dict[str, Any]:
    """Every matrix of somebody who makes these mistakes."""
    wrong = first_iteration(mistaken(lesson_of(scenario), *(MISTAKES[code] for code in codes)))
    return {name: wrong.matrix(name).tolist() for name in wrong.lesson.names}


def rightly(scenario: Scenario) -> dict[str, Any]:
    return wrongly(scenario)


def page(diagnosis: Diagnosis, *kinds: type) -> list[Any]:
    return [block for block in blocks_of(report(diagnosis, AS_USUAL)) if isinstance(block, kinds)]


def matrices(diagnosis: Diagnosis) -> dict[str, list[list[float | None]]]:
    return {matrix.title: [list(row) for row in matrix.rows] for matrix in page(diagnosis, Matrix)}


def marks(diagnosis: Diagnosis, title: str) -> set[tuple[int, int]]:
    return set(next(matrix for matrix in page(diagnosis, Matrix) if matrix.title == title).marks)


def verdict(diagnosis: Diagnosis) -> str:
    first = page(diagnosis, Heading)[0]
    assert isinstance(first, Heading)
    return first.text


def row(diagnosis: Diagnosis, step: str) -> str:
    (table,) = page(diagnosis, Table)
    return next(str(cells[1]) for cells in table.rows if cells[0] == step)


def formulas(diagnosis: Diagnosis) -> list[str]:
    return [formula.text for formula in page(diagnosis, Formula)]


class TestColumns:
    """A column that says "right" is right for the scenario; what follows from wrong numbers says so."""

    def test_right_is_right_though_the_cause_lies_in_a_step_that_was_not_given(self) -> None:
        found = marked(SIX, gradient=[[4, -3], [1, 0]])
        assert matrices(found) == {"your ∂L/∂W": [[4, -3], [1, 0]], "∂L/∂W, right": rightly(SIX)["gradient"]}

    def test_the_right_matrix_after_a_wrong_one_is_right(self) -> None:
        found = marked(FIRST, forward=[[1, -2], [0, 3]], activation=[[3, 0], [0, 1]])
        assert row(found, "activation") == "right, though not from your earlier numbers"
        assert list(matrices(found)) == ["your z", "z, right"]
        assert not any("you wrote 3" in paragraph.text for paragraph in page(found, Paragraph))

    def test_where_they_differ_both_are_shown(self) -> None:
        wrong = wrongly(SIX, "flipped-filter")
        wrong["gradient"][0][0] += 7
        found = marked(SIX, **wrong)
        follows = wrongly(SIX, "flipped-filter")["gradient"]
        shown = matrices(found)
        assert shown["∂L/∂W from your numbers"] == follows
        assert shown["∂L/∂W, right"] == rightly(SIX)["gradient"]
        assert marks(found, "your ∂L/∂W") == {(0, 0)}

    def test_a_number_that_stands_in_the_right_column_is_not_marked_as_wrong(self) -> None:
        wrong = wrongly(SIX, "flipped-filter")
        right, follows = rightly(SIX)["gradient"], wrong["gradient"]
        assert right[0][0] != follows[0][0]
        wrong["gradient"] = [[right[0][0], follows[0][1] + 7], follows[1]]
        assert marks(marked(SIX, **wrong), "your ∂L/∂W") == {(0, 1)}

    def test_what_follows_says_so_in_the_table(self) -> None:
        found = marked(SIX, **wrongly(SIX, "flipped-filter"))
        assert row(found, "forward pass") == "mistake: flipped-filter"
        assert row(found, "filter gradient") == "follows from your earlier numbers"

    def test_a_slip_beside_a_mistake_is_counted_from_both(self) -> None:
        wrong = wrongly(SIX, "squared-error")
        wrong["error"][1][2] += 1  # e is -2 there, e² is 4
        found = marked(SIX, error=wrong["error"])
        assert found.mistakes == ("squared-error",)
        text = " ".join(paragraph.text for paragraph in page(found, Paragraph))
        assert "e[1,2]: you wrote 5, with that mistake it would be 4" in text
        (slip,) = check_data(found)["steps"][2]["slips"]
        assert (slip["cell"], slip["yours"], slip["expected"]) == ([1, 2], 5, -2)


class TestFirmness:
    """Nothing is said more firmly than it is known."""

    def test_where_several_fit_the_headline_says_one_of_these(self) -> None:
        found = marked(SIX, **{name: wrongly(SIX, "slope-forgotten")[name] for name in ("error", "delta")})
        start = "One thing went wrong, in the delta. One of these: you left out the activation's slope; "
        assert verdict(found).startswith(f"{start}your mask lets everything through; or ")
        assert row(found, "delta").startswith("mistake: slope-forgotten, or mask-not-strict, or ")
        assert [note.code for note in page(found, Note)][:2] == ["slope-forgotten", "mask-not-strict"]
        assert not any(text.text.startswith(("What you did", "Your way")) for text in page(found, Paragraph))

    def test_two_turned_signs_are_one_of_these_too(self) -> None:
        scenario = one_filter(**FIRST.data() | {"target": [[1, -1], [0, 1]]})
        found = marked(scenario, error=[[-2, -1], [0, 0]], gradient=[[1, 2], [1, -2]], update=[[0.5, 0], [0.5, 0]])
        assert verdict(found).startswith("One thing went wrong, in the filter gradient. One of these: ")
        assert "2 cells with the sign turned" in verdict(found)
        assert "you left out the activation's slope" in verdict(found)

    def test_where_a_mistake_leads_is_shown_only_where_it_is_the_one(self) -> None:
        found = marked(FIRST, error=[[2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]])
        assert "Your way the loss goes" in " ".join(paragraph.text for paragraph in page(found, Paragraph))
        unsure = [replace(mark, others=(Explanation(("rate-forgotten",)),)) for mark in found.marks if mark.mistakes]
        found = replace(found, marks=(*found.marks[:-1], *unsure))
        assert "One of these" in verdict(found)
        assert "Your way the loss goes" not in " ".join(paragraph.text for paragraph in page(found, Paragraph))

    def test_what_another_step_shows_for_certain_is_certain(self) -> None:
        found = marked(FIRST, error=[[2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]])
        update = found.mark("update")
        unsure = replace(found.mark("gradient"), verdict="mistake", causes=update.causes)
        unsure = replace(unsure, others=(Explanation(("gradient-rotated",)),))
        both = replace(found, marks=(*found.marks[:4], unsure, update))
        assert verdict(both) == "One thing went wrong, in the filter gradient and the update: you walked uphill."
        alone = replace(found, marks=(*found.marks[:4], unsure, replace(update, verdict="correct", causes=())))
        assert "One of these" in verdict(alone)

    def test_each_thing_that_went_wrong_is_as_firm_as_it_is_by_itself(self) -> None:
        work = wrongly(SIX, "slope-forgotten", "uphill-update")
        found = marked(SIX, **work)
        assert verdict(found).startswith("Two things went wrong: in the delta: one of these: ")
        assert verdict(found).endswith("; in the update: you walked uphill.")


class TestPutRight:
    """The diagnosis ends with the learner's own arithmetic, as it comes out right."""

    def test_who_walked_uphill_is_told_to_add_with_their_sign(self) -> None:
        found = marked(FIRST, error=[[-2, 0], [0, 0]], gradient=[[-2, 2], [0, -2]], update=[[2, -2], [1, 2]])
        assert formulas(found) == ["[[1,-1],[1,1]] + 0.5·[[-2,2],[0,-2]] = [[0,0],[1,0]]"]
        assert "Put right: with your sign, add." in [paragraph.text for paragraph in page(found, Paragraph)]

    def test_or_to_subtract(self) -> None:
        found = marked(FIRST, error=[[2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]])
        assert formulas(found) == ["[[1,-1],[1,1]] − 0.5·[[2,-2],[0,2]] = [[0,0],[1,0]]"]
        assert "Put right: with your sign, subtract." in [paragraph.text for paragraph in page(found, Paragraph)]

    def test_it_starts_where_it_went_wrong_though_that_was_not_written_down(self) -> None:
        wrong = wrongly(SIX, "squared-error")
        found = marked(SIX, activation=wrong["activation"], gradient=wrong["gradient"], update=wrong["update"])
        assert found.mistakes == ("squared-error",)
        first, second = formulas(found)
        assert first.startswith("[[")
        assert " − [[1,1,0],[3,0,3]] = [[" in first
        assert second.startswith("∂L/∂W[0,0] = ")

    def test_from_wrong_numbers_it_is_put_right_from_those(self) -> None:
        wrong = wrongly(SIX, "flipped-filter", "rate-forgotten")
        found = marked(SIX, **wrong)
        assert set(found.mistakes) == {"flipped-filter", "rate-forgotten"}
        assert "Put right, from your numbers:" in [paragraph.text for paragraph in page(found, Paragraph)]
        assert formulas(found)[-1].startswith("[[1,-1],[2,-1]] − 0.5·[[")

    def test_a_slip_shows_the_products_of_its_cell(self) -> None:
        found = marked(FIRST, forward=[[3, 0], [-2, 2]])
        assert formulas(found) == ["z[1,1] = 1·1 + 0·(-1) + (-1)·1 + 1·1 = 1"]


class TestInThePlaceOfAnother:
    """A matrix of the lesson that stands where another belongs is told as that, where it is no accident."""

    def test_delta_in_its_own_size_is_no_gradient(self) -> None:
        found = marked(SIX, gradient=rightly(SIX)["delta"])
        assert verdict(found) == "One thing went wrong, in the filter gradient: this is δ, the delta, not ∂L/∂W."
        assert check_data(found)["steps"][4]["same_as"] == "delta"
        assert found.verdict == "mistaken"

    @pytest.mark.parametrize(
        ("place", "other", "said"),
        [
            ("forward", "filter", "this is W, the filter, not z"),
            ("update", "gradient", "this is ∂L/∂W, the filter gradient, not W new"),
            ("error", "target", "this is t, the target, not e"),
            ("input_gradient", "input", "this is X, the input, not ∂L/∂X"),
        ],
    )
    def test_any_matrix_is_known_again(self, place: str, other: str, said: str) -> None:
        lesson = lesson_of(SIX, input_gradient=True)
        found = marked(SIX, **{place: first_iteration(lesson).matrix(other).tolist()})
        assert said in verdict(found)

    def test_what_is_made_of_a_matrix_is_no_other_place_for_it(self) -> None:
        two_thirds = (np.array([[1, -1], [2, -1]]) / 1.5).tolist()  # W − ½ · ⅔W = ⅔W: what an update makes of it
        assert marked(SIX, gradient=two_thirds).mark("gradient").same_as == ""

    def test_two_steps_that_were_exchanged_are_one_thing(self) -> None:
        found = marked(FIRST, forward=[[3, 0], [0, 1]], activation=[[3, 0], [-2, 1]])
        assert verdict(found) == "One thing went wrong, in the forward pass and the activation: you exchanged z and a."
        assert found.mistakes == ()

    def test_a_mistake_that_means_the_same_keeps_its_name(self) -> None:
        found = marked(
            FIRST, **{name: wrongly(FIRST, "activation-skipped")[name] for name in ("forward", "activation")}
        )
        assert found.mark("activation").same_as == ""
        assert "you left the activation out" in verdict(found)

    @pytest.mark.parametrize("matrix", [[[0, 0], [0, 0]], [[2, 0], [0, 0]], [[2, 0], [0, 2]]])
    def test_zeros_and_one_number_are_no_evidence(self, matrix: list[list[int]]) -> None:
        scenario = one_filter(**FIRST.data() | {"target": [[1, 0], [0, -1]]})  # e = δ = 2 0; 0 2
        assert rightly(scenario)["delta"] == [[2, 0], [0, 2]]
        found = marked(scenario, update=matrix)
        assert found.mark("update").same_as not in ("delta", "error")


UPHILL = """scenario: first-filter
work: {error: [[-2, 0], [0, 0]], gradient: [[-2, 2], [0, -2]], update: [[2, -2], [1, 2]]}
"""
SEVERAL = """scenario: six-outputs
work:
  forward:  [[-4, 0, 3], [1, -2, 1]]
  error:    [[-1, -1, 3], [-2, 0, -2]]
  delta:    [[-1, -1, 3], [-2, 0, -2]]
  gradient: [[4, -3], [1, 1]]
  update:   [[-1, 0.5], [1.5, -1.5]]
"""
NETWORK = """scenario: smallest-network
work:
  dense1.forward: [2, 2]
  error: [-2, 0]
  softmax1.input_gradient: [-0.5, 0.5]
  dense1.gradient: [[-1, -1], [1, 1]]
  max_pool1.input_gradient: [[[-0.375, -0.375], [-0.375, -0.375]], [[0.375, 0.375], [0.375, 0.375]]]
  dense1.update: [[1.9, -1.1], [-0.9, 2.1]]
"""


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize(("name", "sheet"), [("uphill", UPHILL), ("several", SEVERAL), ("network", NETWORK)])
def test_a_report_is_printed_as_it_was(cnnstep: Program, golden: Golden, name: str, sheet: str, width: int) -> None:
    ran = cnnstep("check", "-", stdin=sheet, width=width)
    assert (ran.code, ran.err) == (1, "")
    assert all(len(line) <= width or "cnnstep" in line for line in ran.out.splitlines())
    golden(f"golden/check-{name}-{width}.txt", ran.out)
