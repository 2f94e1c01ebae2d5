"""`cnnstep check` as it is typed: work files, standard input, pasted matrices, exit codes, faults at their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Program

UPHILL = """scenario: first-filter
work:
  error:    [[-2, 0], [0, 0]]
  gradient: [[-2, 2], [0, -2]]
  update:   [[2, -2], [1, 2]]
"""
RIGHT = """scenario: first-filter
work:
  forward: [[3, 0], [-2, 1]]
  update:  [[0, 0], [1, 0]]
"""
IN_PLACE = """scenario:
  input:  [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
  filter: [[1, -1], [1, 1]]
  target: [[1, -1], [0, 1]]
  activation: relu
  learning_rate: 0.5
work:
  error: [[-2, -1], [0, 0]]
  gradient: [[1, 2], [1, -2]]
  update: [[.5, 0], [.5, 0]]
"""


def test_a_wrong_sheet_ends_with_1_and_its_verdict_comes_first(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", stdin=UPHILL)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("One thing went wrong, in the update: you walked uphill.\n")
    assert "cnnstep run first-filter --mistake uphill-update --iterations 5" in ran.out


def test_a_right_sheet_ends_with_0(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", stdin=RIGHT)
    assert (ran.code, ran.out.splitlines()[0]) == (0, "All right.")


def test_a_work_file_is_read_and_its_scenario_is_looked_for_beside_it(cnnstep: Program, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    scenario, work = IN_PLACE.split("work:")
    (folder / "mine.yaml").write_text("\n".join(line[2:] for line in scenario.splitlines()[1:]))
    (folder / "work.yaml").write_text(f"scenario: mine.yaml\nwork:{work}")
    ran = cnnstep("check", "deep/work.yaml", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["conventions"] == {"error": "target_minus_output", "relu_slope_at_zero": 1}


def test_a_matrix_may_be_text_in_any_spelling(cnnstep: Program) -> None:
    sheet = 'scenario: first-filter\nwork:\n  forward: "3 0; -2 1"\n  update: |\n    0 0\n    1 0\n'
    assert cnnstep("check", "-", stdin=sheet).code == 0


def test_fractions_count_as_exact(cnnstep: Program) -> None:
    sheet = RIGHT.replace("[[3, 0], [-2, 1]]", "[[6/2, 0], [-4/2, 1]]")
    assert cnnstep("check", "-", stdin=sheet).code == 0


def test_every_fault_of_a_work_file_is_told_at_its_place(cnnstep: Program) -> None:
    sheet = "scenario: first-filtre\nworks: {}\nwork:\n  forward: [[3, x], [-2, 1]]\n  update: [[1, 2], [3]]\n"
    ran = cnnstep("check", "-", stdin=sheet)
    assert ran.code == 2
    assert "first-filter" in ran.err
    assert '-:2:1: there is no key "works" here' in ran.err
    assert "-:4:17:" in ran.err
    assert "-:5:" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("sheet", "told"),
    [
        ("scenario: first-filter\n", "work is missing"),
        ("work: {forward: [[1]]}\n", "scenario is missing"),
        ("scenario: first-filter\nwork: {gradiant: [[1]]}\n", 'Did you mean "gradient"?'),
        ("scenario: first-filter\nwork: {forward: [[1, 2], [true, 4]]}\n", "it is not a number"),
        ("scenario: first-filter\nwork: {forward: []}\n", "no numbers stand here"),
        ("scenario: first-filter\niteration: -1\nwork: {forward: [[1]]}\n", "iteration must be a whole number"),
        ("[1, 2]\n", "a work file is made of keys and values"),
    ],
)
def test_what_is_missing_or_misspelt_is_said(cnnstep: Program, sheet: str, told: str) -> None:
    ran = cnnstep("check", "-", stdin=sheet)
    assert ran.code == 2
    assert told in ran.err


def test_faults_come_as_json_too(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", "--json", stdin="scenario: first-filter\nwork: {gradiant: [[1]]}\n")
    error = json.loads(ran.out)["error"]
    assert (ran.code, error["code"], error["line"], error["column"]) == (2, "unknown-step", 2, 8)


def test_matrices_can_be_pasted_one_after_another(cnnstep: Program) -> None:
    pasted = "\n\n[[-2, 0], [0, 0]]\n\nnp.array([[-2., 2.],\n [0., -2.]])\n2 -2\n1 2\n"
    ran = cnnstep("check", "--interactive", "first-filter", stdin=pasted)
    assert ran.code == 1
    assert ran.out.startswith("One thing went wrong, in the update: you walked uphill.")
    assert "Forward pass z (2×2): " in ran.err


def test_pasting_can_be_ended_early_and_a_bad_line_is_asked_for_again(cnnstep: Program) -> None:
    ran = cnnstep("check", "-i", "first-filter", stdin="three zero\n3 0; -2 1\ndone\n")
    assert ran.code == 0
    assert '"three" is not a number' in ran.err
    assert cnnstep("check", "-i", "first-filter", stdin="").code == 2


def test_a_separating_scenario_is_written_and_never_over_another_file(cnnstep: Program, tmp_path: Path) -> None:
    ran = cnnstep("check", "-", "--separate", "apart.yaml", stdin=IN_PLACE)
    assert ran.code == 1
    assert (tmp_path / "apart.yaml").read_text().startswith("title:")
    assert cnnstep("run", "apart.yaml").code == 0
    again = cnnstep("check", "-", "--separate", "apart.yaml", stdin=IN_PLACE)
    assert again.code == 2
    assert cnnstep("check", "-", "--separate", "apart.yaml", "--force", stdin=IN_PLACE).code == 1


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_report_fits_every_width(cnnstep: Program, width: int) -> None:
    ran = cnnstep("check", "-", stdin=IN_PLACE, width=width)
    for line in ran.out.splitlines():
        assert len(line) <= width or "cnnstep" in line


def test_a_guess_in_a_session_is_answered_with_the_mistake(cnnstep: Program) -> None:
    ran = cnnstep("step", "--interactive", stdin="\n\n\n\n\nguess\n2 -2; 1 2\nquit\n")
    assert "uphill-update" in ran.out
    assert "points downhill already, and is subtracted" in " ".join(ran.out.split())


class TestRunMistake:
    def test_both_ways_are_shown_beside_each_other(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "first-filter", "--mistake", "uphill-update", "--iterations", "5")
        assert ran.code == 0
        for text in ("155.125", "275912.4004", "0.0703", "loss with the mistake", "uphill-update"):
            assert text in ran.out

    def test_json_has_the_run_with_the_mistake_and_how_the_right_one_goes(self, cnnstep: Program) -> None:
        data = json.loads(cnnstep("run", "first-filter", "--mistake", "uphill-update", "-n", "2", "--json").out)
        assert data["mistake"] == "uphill-update"
        assert [iteration["loss"] for iteration in data["iterations"]] == [2, 14.5]
        assert data["right"]["losses"] == [2, 1.5, 0.625]
        assert data["outcome"]["loss"] == 155.125

    def test_a_mistake_that_does_not_exist_gets_the_nearest_one(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "first-filter", "--mistake", "uphil-update")
        assert ran.code == 2
        assert 'Did you mean "uphill-update"?' in ran.err

    def test_a_mistake_that_changes_nothing_says_so(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "first-filter", "--mistake", "slope-forgotten")
        assert (ran.code, "changes nothing" in ran.out) == (0, True)

    def test_a_mistake_of_another_size_is_told_and_explained_elsewhere(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "stride", "--mistake", "stride-ignored")
        assert (ran.code, "another size" in ran.err) == (2, True)
        assert "cnnstep explain stride-ignored" in ran.err
