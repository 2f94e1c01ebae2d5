"""`cnnstep analyze` at the command line: the page, the contract's JSON, options and faults."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import pytest

from cnnstep.surface.loading import shipped
from tests.conftest import Program

NAMES = [one.name for one in shipped() if not one.has_layers]
CONTRACT = {
    "schema", "rank", "weights", "solutions", "example", "unreachable", "loss_floor", "active", "dead", "lambda_max",
    "stable_learning_rate", "stable_learning_rate_all_active", "gradient_check", "forecast",
}  # fmt: skip


def parsed(text: str) -> Any:
    def refuse(token: str) -> NoReturn:
        raise AssertionError(f"{token} is no JSON")

    assert text.endswith("}\n")
    return json.loads(text, parse_constant=refuse)


def test_the_first_lesson_begins_with_what_will_happen(cnnstep: Program) -> None:
    ran = cnnstep("analyze", "first-filter")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("The first filter")
    assert lines[2] == "With this learning rate it will get stuck."
    assert "cnnstep step first-filter --interactive" in lines[-2]


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_is_one_json_document_with_the_contracts_keys(cnnstep: Program, name: str) -> None:
    ran = cnnstep("analyze", name, "-n", "60", "--json")
    assert (ran.code, ran.err) == (0, "")
    data = parsed(ran.out)
    assert set(data) >= CONTRACT
    assert data["solutions"] in {"unique", "family", "none", "unknown"}
    assert set(data["gradient_check"]) >= {"relative_error", "near_kink"}
    assert set(data["forecast"]) >= {"status", "iteration", "loss", "filter"}
    assert data["forecast"]["status"] in {"converged", "settled", "stuck", "improving", "worse", "diverged"}


def test_a_scenario_that_nobody_can_learn_is_no_fault(cnnstep: Program) -> None:
    assert cnnstep("analyze", "dead-from-the-start").code == 0


def test_a_scenario_comes_through_standard_input(cnnstep: Program) -> None:
    told = parsed(cnnstep("run", "first-filter", "--json").out)["scenario"]
    ran = cnnstep("analyze", "-", stdin=json.dumps(told))
    assert ran.code == 0
    assert "cnnstep step FILE --interactive" in ran.out


def test_iterations_bound_the_forecast(cnnstep: Program) -> None:
    data = parsed(cnnstep("analyze", "first-filter", "--iterations", "10", "--json").out)
    assert data["forecast"]["iterations"] == 10
    assert data["forecast"]["status"] == "improving"


def test_precision_and_fractions_are_heard(cnnstep: Program) -> None:
    assert "0.29180" not in cnnstep("analyze", "first-filter").out
    assert "0.291796" in cnnstep("analyze", "first-filter", "--precision", "6").out
    assert "2/5" in cnnstep("analyze", "first-filter", "--fractions").out


def test_the_same_input_gives_the_same_bytes(cnnstep: Program) -> None:
    assert cnnstep("analyze", "first-filter") == cnnstep("analyze", "first-filter")


def test_numbers_that_run_away_are_null_and_the_page_is_whole(cnnstep: Program) -> None:
    text = "{input: [[1e200]], filter: [[1e200]], target: [[1]], activation: linear, learning_rate: 1}"
    assert parsed(cnnstep("analyze", "-", "--json", stdin=text).out)["forecast"]["status"] == "diverged"
    assert cnnstep("analyze", "-", stdin=text).code == 0


def test_ascii_takes_it_all(cnnstep: Program) -> None:
    ran = cnnstep("analyze", "first-filter", env={"LC_ALL": "C"}, encoding="ascii")
    assert ran.code == 0
    assert ran.out.isascii()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["nope"], 'There is no scenario called "nope".'),
        (["first-filter", "-n", "0"], "--iterations is 0; it must be 1 or more."),
        (["first-filter", "--precision", "16"], "--precision is 16; it must be 15 or less."),
        ([], "SCENARIO is missing."),
    ],
)
def test_a_slip_is_exit_2_and_plain_words(cnnstep: Program, arguments: list[str], what: str) -> None:
    ran = cnnstep("analyze", *arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err.splitlines()[0] == what


def test_a_fault_with_json_is_json(cnnstep: Program) -> None:
    assert parsed(cnnstep("analyze", "nope", "--json").out)["error"]["code"] == "not-found"
