"""`cnnstep.check` from a script: the same diagnosis as on the command line, of whatever holds numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnstep
from cnnstep.errors import InputError
from tests.conftest import Program
from tests.extras import needs

UPHILL = {"error": [[2, 0], [0, 0]], "update": [[2, -2], [1, 2]]}
GRADIENT = [[2, -2], [0, 2]]


def test_it_names_the_mistake_and_says_the_same_as_the_command(cnnstep: Program, tmp_path: Path) -> None:
    from cnnstep import check

    found = check("first-filter", UPHILL)
    assert (found.verdict, found.mistakes) == ("mistaken", ("uphill-update",))
    (tmp_path / "work.yaml").write_text(json.dumps({"scenario": "first-filter", "work": UPHILL}), encoding="utf-8")
    assert json.loads(cnnstep("check", "work.yaml", "--json").out) == found.to_dict()
    assert cnnstep("check", "work.yaml").out == f"{found}\n"


@pytest.mark.parametrize(
    "given",
    [
        GRADIENT,
        tuple(map(tuple, GRADIENT)),
        np.array(GRADIENT),
        np.array(GRADIENT, dtype=np.int8),
        np.array(GRADIENT, dtype=np.float16),
        np.array(GRADIENT, dtype=np.float32)[None, None],
        np.asfortranarray(np.array(GRADIENT, dtype=np.longdouble)),
    ],
)
def test_whatever_holds_real_numbers_is_taken(given: Any) -> None:
    assert cnnstep.check("first-filter", gradient=given).verdict == "correct"
    cnnstep.assert_right("first-filter", gradient=given)


@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_a_number_is_as_exact_as_its_type(kind: type[np.floating[Any]]) -> None:
    scenario = cnnstep.scenario("sigmoid")
    right = next(cnnstep.trace(scenario))
    work = {name: right.matrix(name).astype(kind) for name in ("activation", "delta", "gradient")}
    assert cnnstep.check(scenario, work).verdict == "correct"
    off = work | {"activation": work["activation"] * kind(1 + 64 * np.finfo(kind).eps)}
    assert kind is np.float64 or cnnstep.check(scenario, off).verdict != "correct"


def test_rounded_and_tolerance_say_how_exact_they_are() -> None:
    right = next(cnnstep.trace(cnnstep.scenario("sigmoid"))).matrix("activation")
    assert cnnstep.check("sigmoid", activation=right.round(3)).verdict != "correct"
    assert cnnstep.check("sigmoid", activation=right.round(3), rounded=3).verdict == "correct"
    assert cnnstep.check("sigmoid", activation=right + 9e-5, tolerance=1e-4).verdict == "correct"
    assert cnnstep.check("sigmoid", activation=right + 2e-3, tolerance=1e-4).verdict != "correct"


def test_a_step_with_a_dot_and_a_later_iteration() -> None:
    scenario = cnnstep.scenario("smallest-network")
    _, second = cnnstep.trace(scenario, 2)
    name = next(name for name in second.lesson.names if name.endswith(".gradient"))
    assert cnnstep.check(scenario, {name: second.matrix(name)}, iteration=1).verdict == "correct"
    assert cnnstep.check(scenario, {name: second.matrix(name)}).verdict != "correct"


def test_assert_right_fails_with_the_whole_report() -> None:
    with pytest.raises(AssertionError) as raised:
        cnnstep.assert_right("first-filter", UPHILL)
    assert str(raised.value).strip() == str(cnnstep.check("first-filter", UPHILL))
    assert "uphill-update" in str(raised.value)


def test_what_is_rounded_too_far_to_tell_is_not_right() -> None:
    with pytest.raises((AssertionError, InputError)):
        cnnstep.assert_right("first-filter", gradient=GRADIENT, update=[[0, 0], [0, 0]], tolerance=10.0)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ([[1, 2], [3]], "gradient is no array of numbers"),
        ([["a", "b"], ["c", "d"]], "gradient holds <U1, and not numbers"),
        ([[1j, 2], [3, 4]], "gradient holds complex128, and not numbers"),
        ([[np.nan, 2], [3, 4]], "gradient has a number that is not finite, at [0, 0]"),
        (None, "gradient holds object, and not numbers"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_told(given: Any, what: str) -> None:
    with pytest.raises(InputError, match="gradient") as raised:
        cnnstep.check("first-filter", gradient=given)
    assert raised.value.faults[0].what == what


def test_a_step_that_is_not_the_scenarios_is_told() -> None:
    with pytest.raises(InputError, match='no step called "gradent"'):
        cnnstep.check("first-filter", gradent=GRADIENT)


def test_a_matrix_of_another_size_is_told_with_both_sizes() -> None:
    text = str(cnnstep.check("first-filter", gradient=[[1, 2, 3], [4, 5, 6]]))
    assert "2×3" in text
    assert "2×2" in text


def test_a_lesson_that_makes_a_mistake() -> None:
    wrong = next(cnnstep.trace(cnnstep.mistaken("first-filter", "uphill-update")))
    assert wrong.matrix("update").tolist() == [[2, -2], [1, 2]]
    back = cnnstep.mistaken("first-filter", "filter-not-rotated")
    assert "input_gradient" in back.names
    with pytest.raises(InputError, match="can't be made in this scenario"):
        cnnstep.mistaken("first-filter", "velocity-forgotten")
    with pytest.raises(InputError, match="no mistake called"):
        cnnstep.mistaken("first-filter", "uphill")


@needs("torch")
def test_tensors_are_taken_out_of_their_graph() -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")

    gradient = torch.tensor(GRADIENT, dtype=torch.float32, requires_grad=True)
    cnnstep.assert_right("first-filter", gradient=gradient)
