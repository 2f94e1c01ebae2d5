"""`cnnstep check` as it is typed: work files, standard input, pasted matrices, exit codes, faults at their place."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import numbers
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.typed import read_matrix
from tests.conftest import Program, started

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
        ("scenario: first-filter\nwork: {forward: [[1, 2], [true, 4]]}\n", "is not a number"),
        ("scenario: first-filter\nwork: {forward: []}\n", "no numbers stand here"),
        ("scenario: first-filter\niteration: -1\nwork: {forward: [[1]]}\n", "iteration must be a whole number"),
        ("[1, 2]\n", "a work file is made of keys and values"),
    ],
)
def test_what_is_missing_or_misspelt_is_said(cnnstep: Program, sheet: str, told: str) -> None:
    ran = cnnstep("check", "-", stdin=sheet)
    assert ran.code == 2
    assert told in ran.err


@pytest.mark.parametrize(
    ("work", "place"),
    [
        ('forward: "0,5 1,25; 1 2"', "-:3:12:"),
        ("forward: [[0,5, 1,25], [1,5, 2,5]]", "-:3:12:"),
        ("forward: |\n    0,5 1,25\n    1 2", "-:3:12:"),
    ],
)
def test_a_decimal_comma_is_asked_about_at_its_place(cnnstep: Program, work: str, place: str) -> None:
    ran = cnnstep("check", "-", stdin=f"scenario: first-filter\nwork:\n  {work}\n")
    assert ran.code == 2
    assert f'{place} "0,5" may be one number or two.' in ran.err
    assert "Write 0.5 for one number, 0 5 for two." in ran.err


def test_a_decimal_comma_between_keys_is_explained(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", stdin="scenario: bias\nwork: {bias_gradient: 0,5}\n")
    assert "A comma begins another key here: write 0.5, not 0,5." in ran.err


def test_numbers_too_coarse_to_say_anything_are_refused_at_their_place(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", stdin='scenario: first-filter\nwork:\n  gradient: "0.0e9 0.0e9; 0.0e9 0.0e9"\n')
    assert (ran.code, ran.out) == (2, "")
    assert "-:3:13: that is rounded too far to tell whether it is right." in ran.err


def test_rows_nested_unevenly_are_told(cnnstep: Program) -> None:
    ran = cnnstep("check", "-", stdin="scenario: first-filter\nwork: {update: [1000, [1, 0]]}\n")
    assert (ran.code, "nested deeper, or longer, than others" in ran.err) == (2, True)


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


def test_without_a_scenario_the_first_lesson_is_typed_in(cnnstep: Program) -> None:
    ran = cnnstep("check", "-i", stdin="3 0; -2 1\ndone\n")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Right.")
    assert "The first filter   first-filter" in ran.err


def test_what_is_typed_in_is_a_conversation_beside_the_result(cnnstep: Program) -> None:
    ran = cnnstep("check", "-i", "--json", stdin="help\n3 0\n-2 1\nback\nshow\ndone\n")
    assert (ran.code, json.loads(ran.out)["verdict"]) == (0, "correct")
    assert "the step before, to type it anew" in ran.err


def test_who_leaves_with_nothing_typed_is_not_told_off(cnnstep: Program) -> None:
    left = cnnstep("check", "-i", stdin="quit\n")
    assert (left.code, left.out) == (0, "")
    assert json.loads(cnnstep("check", "-i", "--json", stdin="quit\n").out)["error"]["code"] == "no-work"


def test_what_was_begun_when_the_input_ended_is_left_out_and_that_is_said(cnnstep: Program) -> None:
    ran = cnnstep("check", "-i", stdin="3 0; -2 1\n3 0\n")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Right.")
    assert "a was not complete, so it is left out." in ran.err


def test_a_line_that_is_no_text_is_no_end(cnnstep: Program) -> None:
    ran = cnnstep("check", "-i", stdin=b"\xff\xfe 1\n3 0; -2 1\ndone\n")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "Right.")
    assert "is not a number" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals as a terminal sends them")
@pytest.mark.parametrize("typed", [b"", b"3 0; -2 1\n"])
def test_ctrl_c_ends_a_sheet_with_130_and_marks_nothing(tmp_path: Path, typed: bytes) -> None:
    with started(tmp_path, "check", "-i", stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(typed)
        process.stdin.flush()
        said = b""
        while (b"a (2" if typed else b"z (2") not in said:
            said += os.read(process.stderr.fileno(), 4096)
        time.sleep(0.2)  # as long as a hand takes at least: the program waits for a line by then
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=20)
    assert (process.returncode, out, said) == (130, b"", b"\nStopped.\n")


def test_without_work_it_is_said_what_to_type(cnnstep: Program) -> None:
    ran = cnnstep("check")
    assert (ran.code, ran.out) == (2, "")
    assert "WORK is missing" in ran.err
    assert "cnnstep check --interactive" in ran.err


@pytest.mark.parametrize("source", ["first-filter", "mine.yaml", "-"])
def test_who_hands_in_a_scenario_is_told_what_check_takes(cnnstep: Program, tmp_path: Path, source: str) -> None:
    scenario = "\n".join(line[2:] for line in IN_PLACE.split("work:")[0].splitlines()[1:])
    (tmp_path / "mine.yaml").write_text(scenario)
    ran = cnnstep("check", source, stdin=scenario)
    assert ran.code == 2
    assert f'"{source}" is a scenario, and check takes what you worked out on it' in " ".join(ran.err.split())


def test_no_example_gives_an_answer_away(cnnstep: Program) -> None:
    """Nothing that check says before it has an answer holds a matrix of the lesson that it speaks of."""
    told = [
        cnnstep("check", "--help").out,
        cnnstep("check").err,
        cnnstep("check", "first-filter").err,
        cnnstep("check", "-", stdin="scenario: first-filter\n").err,
        cnnstep("check", "-", stdin="1").err,
        cnnstep("check", "-", stdin="scenario: first-filter\nwork: {forward: []}\n").err,
        cnnstep("check", "-i", stdin="help\nx y\n1 2 3\ndone\nquit\n").err,
    ]
    for scenario in (shipped_scenario("first-filter"), shipped_scenario("target-minus-output")):
        first = first_iteration(lesson_of(scenario))
        answers = {str(numbers(first.matrix(name))) for name in first.lesson.names}
        assert not any(str(matrix) in answers for text in told for matrix in _matrices(" ".join(text.split())))


def _matrices(text: str) -> list[list[list[float]]]:
    found = re.findall(r"\[\[[^a-z]*?\]\]|(?:-?[\d.]+ )+(?:-?[\d.]+); (?:-?[\d.]+ ?)+", text)
    assert found or "[[" not in text
    return [[[number.value for number in row] for row in read_matrix(one)] for one in found]


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


SAME_ANYWHERE = """scenario: {input: [[1,2,0],[0,-1,2],[1,1,-2]], filter: [[1,-1],[-2,0]], target: [[3,1],[2,4]],
  activation: relu, learning_rate: 0.1}
work: {error: [[-3, 3], [-2, -4]], delta: [[-3, 3], [-2, -4]]}
"""


def test_where_nothing_tells_them_apart_that_is_said_and_the_report_printed_all_the_same(
    cnnstep: Program, tmp_path: Path
) -> None:
    plain = cnnstep("check", "-", stdin=SAME_ANYWHERE)
    ran = cnnstep("check", "-", "--separate", "apart.yaml", stdin=SAME_ANYWHERE)
    assert (ran.code, ran.out) == (1, plain.out)
    assert "No scenario of this kind tells slope-forgotten and mask-not-strict apart." in ran.err
    assert list(tmp_path.iterdir()) == []
    assert "--separate" not in plain.out


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
