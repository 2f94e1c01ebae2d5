"""`import cnnstep` in a script or a notebook: few names, typed, and the lesson's numbers come out of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import assert_type

import numpy as np
import pytest

import cnnstep
from cnnstep.engine.findings import Finding
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.outcome import Outcome
from cnnstep.engine.scenario import Scenario
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
