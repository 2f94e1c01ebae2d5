"""`import cnnstep` in a script or a notebook: few names, typed, and the lesson's numbers come out of them."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pytest

import cnnstep
from cnnstep.engine.findings import Finding
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import Outcome
from cnnstep.engine.step import Working
from cnnstep.engine.trace import Iteration
from tests.conftest import environment


def test_the_first_lesson_from_a_script() -> None:
    scenario = cnnstep.scenario("first-filter")
    iteration = next(cnnstep.trace(scenario))
    np.testing.assert_array_equal([[3, 0], [-2, 1]], iteration.matrix("forward"))
    np.testing.assert_array_equal([[2, -2], [0, 2]], iteration.matrix("gradient"))
    np.testing.assert_array_equal([[0, 0], [1, 0]], iteration.matrix("update"))
    assert (iteration.loss, iteration.loss_after) == (2, 1.5)


def test_a_number_is_worked_out_term_by_term() -> None:
    working = next(cnnstep.trace(cnnstep.scenario("first-filter"))).working("gradient", 0, 1)
    first = working.terms[0]
    assert [factor.label for factor in first.factors] == ["δ[0,0]", "X[0,1]"]
    assert [factor.value for factor in first.factors] == [2, -1]
    assert working.value == -2


def test_findings_and_the_outcome_say_how_it_stands() -> None:
    recorded = list(cnnstep.trace(cnnstep.scenario("first-filter"), 40))
    assert [finding.code for finding in cnnstep.findings(recorded[0])] == ["dead-relu", "at-kink"]
    end = cnnstep.outcome(recorded[0], recorded[-1])
    assert (end.status, end.loss) == ("stuck", 1)
    np.testing.assert_allclose([[-0.0663, -0.0998], [-0.0663, -0.0998]], end.matrix("filter"), atol=5e-5)


def test_a_scenario_is_built_from_numbers() -> None:
    scenario = cnnstep.one_filter(
        input=[[1, 2], [3, 4]], filter=[[1]], target=np.zeros((2, 2)).tolist(), activation="relu", learning_rate=0.01
    )
    assert cnnstep.lesson_of(scenario).names == ("forward", "activation", "error", "delta", "gradient", "update")
    # ∂L/∂w = Σ x · (x·w) = 1 + 4 + 9 + 16
    np.testing.assert_array_equal([[30]], next(cnnstep.trace(scenario)).matrix("gradient"))


def test_what_a_run_has_learned_is_kept_and_started_from(tmp_path: Path) -> None:
    lesson = cnnstep.scenario("smallest-network")
    first = next(cnnstep.trace(lesson))
    cnnstep.save_weights(cnnstep.outcome(first, first), tmp_path / "learned.npz")
    again = next(cnnstep.trace(cnnstep.load_weights(lesson, tmp_path / "learned.npz")))
    assert again.loss == first.loss_after
    np.testing.assert_array_equal(first.next().matrix("conv1.forward"), again.matrix("conv1.forward"))


def test_every_fault_of_a_scenario_comes_at_once() -> None:
    with pytest.raises(cnnstep.InputError) as caught:
        cnnstep.one_filter(input=[[1]], filter=[[1]], target=[[1]], activation="relo", learning_rate=-1)
    assert sorted(fault.path for fault in caught.value.faults) == [("activation",), ("learning_rate",)]
    assert 'there is no activation called "relo"' in str(caught.value)


def told(call: Callable[[], object]) -> tuple[str, str]:
    """The one fault of a call that can't be carried out: what, and what to do."""
    with pytest.raises(cnnstep.InputError) as caught:
        call()
    (fault,) = caught.value.faults
    return fault.what, fault.hint


@pytest.mark.parametrize(
    ("cell", "what", "hint"),
    [
        ((-1, 0), "gradient has no row -1", "its rows are counted from 0 to 1"),
        ((2, 0), "gradient has no row 2", "its rows are counted from 0 to 1"),
        ((0, 2), "gradient has no column 2", "its columns are counted from 0 to 1"),
        ((0,), "a number of gradient has a row and a column; 1 index is given", "give an index for each"),
        ((), "a number of gradient has a row and a column; 0 indices are given", "give an index for each"),
        ((0, 0, 0), "a number of gradient has a row and a column; 3 indices are given", "give an index for each"),
        ((0.0, 1), "gradient has no row 0.0", "its rows are counted from 0 to 1"),
        (("0", 1), "gradient has no row '0'", "its rows are counted from 0 to 1"),
        ((True, 1), "gradient has no row True", "its rows are counted from 0 to 1"),
    ],
)
def test_a_cell_that_is_not_there_is_told_with_those_that_are(cell: tuple[Any, ...], what: str, hint: str) -> None:
    iteration = next(cnnstep.trace(cnnstep.scenario("first-filter")))
    said, to_do = told(lambda: iteration.working("gradient", *cell))
    assert (said, to_do[: len(hint)]) == (what, hint)


def test_a_step_that_is_one_number_has_no_cells() -> None:
    iteration = next(cnnstep.trace(cnnstep.scenario("bias")))
    assert iteration.working("bias_gradient").value == iteration.matrix("bias_gradient")
    assert told(lambda: iteration.working("bias_gradient", 0))[0] == "bias_gradient is one number; 1 index is given"


def test_a_whole_number_of_numpys_is_an_index_too() -> None:
    iteration = next(cnnstep.trace(cnnstep.scenario("first-filter")))
    assert iteration.working("gradient", *np.argwhere(iteration.matrix("gradient") == -2)[0]).value == -2


@pytest.mark.parametrize("call", ["trace", "lesson_of", "sweep"])
def test_a_name_in_the_place_of_a_scenario_is_told_how_to_read_it(call: str) -> None:
    rest = (cnnstep.Plan(starts=1),) if call == "sweep" else ()
    what, hint = told(lambda: getattr(cnnstep, call)("first-filter", *rest))
    assert what == 'a scenario is needed here, and "first-filter" is given'
    assert hint == 'cnnstep.scenario("first-filter") gives one'


@pytest.mark.parametrize("iterations", [-1, 1.5, "3", True])
def test_so_many_iterations_as_there_can_not_be_are_refused_at_once(iterations: Any) -> None:
    what, _ = told(lambda: cnnstep.trace(cnnstep.scenario("first-filter"), iterations))
    assert what == f"iterations must be a whole number, 0 or more, not {iterations!r}"


def test_findings_and_an_outcome_are_those_of_iterations() -> None:
    scenario: Any = cnnstep.scenario("first-filter")
    first = next(cnnstep.trace(scenario))
    for call in (lambda: cnnstep.findings(scenario), lambda: cnnstep.outcome(first, scenario)):
        assert told(call)[0] == "an iteration is needed here, and Scenario is given"


def test_a_scenario_has_a_name_or_a_path() -> None:
    path = Path(__file__).parents[1] / "scenarios" / "stride.yaml"
    assert cnnstep.scenario(path).data() == cnnstep.scenario("stride").data()
    assert told(lambda: cnnstep.scenario(3))[0] == "a scenario has a name or a path, and int is given"  # type: ignore[arg-type]
    assert told(lambda: next(cnnstep.trace(cnnstep.scenario(path))).matrix(3))[0] == 'there is no step called "3"'  # type: ignore[arg-type]


def test_the_input_gradient_is_there_for_the_asking() -> None:
    lesson = cnnstep.lesson_of(cnnstep.scenario("first-filter"), input_gradient=True)
    np.testing.assert_array_equal(
        [[2, -2, 0], [2, 2, 0], [0, 0, 0]], next(cnnstep.trace(lesson)).matrix("input_gradient")
    )


def test_what_is_given_out_can_not_be_written_over() -> None:
    iteration = next(cnnstep.trace(cnnstep.scenario("first-filter")))
    for name in ("input", "filter", "forward", "gradient"):
        with pytest.raises(ValueError, match="read-only"):
            iteration.matrix(name)[0, 0] = 7


def test_the_names_are_typed() -> None:
    scenario = cnnstep.scenario("first-filter")
    assert_type(scenario, Scenario)
    assert_type(cnnstep.lesson_of(scenario), Lesson)
    iteration = next(cnnstep.trace(scenario))
    assert_type(iteration, Iteration)
    assert_type(iteration.working("forward", 0, 0), Working)
    assert_type(cnnstep.findings(iteration), list[Finding])
    assert_type(cnnstep.outcome(iteration, iteration), Outcome)
    assert (Path(cnnstep.__file__).parent / "py.typed").exists()


def test_dir_lists_what_there_is() -> None:
    assert set(cnnstep.__all__) <= set(dir(cnnstep))
    assert "__version__" in dir(cnnstep)
    for name in cnnstep.__all__:
        assert getattr(cnnstep, name).__doc__


def test_a_name_that_is_not_there_is_no_riddle() -> None:
    with pytest.raises(AttributeError, match="no attribute 'traec'"):
        getattr(cnnstep, "traec")  # noqa: B009  # mypy knows that it is not there


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, cnnstep; print(*sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert {"numpy", "rich", "typer", "yaml", "pydantic"} & set(ran.stdout.split()) == set()


ELSEWHERE = {"Axis", "InputError", "Plan", "from_torch", "grade"}
"""Those with an example in `sweep`'s, an error, what needs PyTorch, and what the README shows with its functions."""


@pytest.mark.parametrize("name", [name for name in cnnstep.__all__ if name not in ELSEWHERE])
def test_a_public_function_has_an_example_and_it_is_true(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lesson = cnnstep.scenario("first-filter")
    known = {"cnnstep": cnnstep, "np": np, "lesson": lesson, "first": next(cnnstep.trace(lesson))}
    example = doctest.DocTestParser().get_doctest(getattr(cnnstep, name).__doc__, known, name, None, None)
    assert example.examples
    said: list[str] = []
    runner = doctest.DocTestRunner()
    runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


RIGHT_RELU = "import numpy as np\n\ndef relu_forward(x):\n    return np.maximum(x, 0), x\n"


def test_functions_are_graded_from_a_file_and_where_they_are(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(RIGHT_RELU, encoding="utf-8")
    right = cnnstep.grade(file)
    assert (right.verdict, right.mistakes, right.cases) == ("right", (), 4)
    right.assert_right()

    def relu_forward(x: Any) -> Any:
        return np.abs(x), x

    for what in (relu_forward, [relu_forward], {"relu_forward": relu_forward}):
        wrong = cnnstep.grade(what)
        assert wrong.mistakes == ("absolute-activation",)
        assert wrong.to_dict()["functions"][0]["result"] == "out"
    with pytest.raises(AssertionError, match="One mistake, in relu_forward: you took the absolute value") as raised:
        wrong.assert_right()
    assert str(wrong) in str(raised.value)


def test_a_function_at_hand_lets_ctrl_c_through() -> None:
    def relu_forward(x: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cnnstep.grade(relu_forward)


def test_what_is_not_known_by_its_name_is_no_input() -> None:
    with pytest.raises(cnnstep.InputError, match="no function in it has a name that we know"):
        cnnstep.grade(abs)
