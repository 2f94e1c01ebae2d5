"""`--json` as the contract has it: these keys and no others, one document, no NaN and no Infinity."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import pytest

from cnnstep.surface.loading import shipped
from tests.conftest import Program, Ran

SHIPPED = [one.name for one in shipped()]
ONE_FILTER = [one.name for one in shipped() if not one.has_layers]
SCENARIO_KEYS = {
    "title", "input", "target", "filter", "bias", "activation", "learning_rate", "stride", "padding", "dilation",
    "loss", "error", "relu_slope_at_zero", "optimizer", "iterations",
}  # fmt: skip


def document(ran: Ran) -> Any:
    """The one JSON document that was written; NaN and Infinity, which Python would take, are refused."""

    def refuse(token: str) -> NoReturn:
        raise AssertionError(f"{token} is no JSON")

    assert ran.out.endswith("}\n")
    return json.loads(ran.out, parse_constant=refuse)


class TestRun:
    def test_the_first_lesson_number_by_number(self, cnnstep: Program) -> None:
        ran = cnnstep("run", "first-filter", "--json")
        assert (ran.code, ran.err) == (0, "")
        data = document(ran)
        assert set(data) == {"schema", "scenario", "iterations", "outcome"}
        assert data["schema"] == 1
        (iteration,) = data["iterations"]
        assert set(iteration) == {"iteration", "loss", "steps", "findings"}
        assert (iteration["iteration"], iteration["loss"]) == (0, 2)
        assert {step["name"]: step["value"] for step in iteration["steps"]} == {
            "forward": [[3, 0], [-2, 1]],
            "activation": [[3, 0], [0, 1]],
            "error": [[2, 0], [0, 0]],
            "delta": [[2, 0], [0, 0]],
            "gradient": [[2, -2], [0, 2]],
            "update": [[0, 0], [1, 0]],
        }
        assert data["outcome"] == {"status": "improving", "loss": 1.5, "filter": [[0, 0], [1, 0]]}

    def test_steps_come_in_their_order_with_symbol_and_formula(self, cnnstep: Program) -> None:
        steps = document(cnnstep("run", "first-filter", "--json"))["iterations"][0]["steps"]
        assert [step["name"] for step in steps] == ["forward", "activation", "error", "delta", "gradient", "update"]
        assert [step["symbol"] for step in steps] == ["z", "a", "e", "δ", "∂L/∂W", "W new"]
        assert all(set(step) == {"name", "symbol", "formula", "value"} for step in steps)
        assert steps[0]["formula"] == "z = X ⋆ W"

    def test_findings_carry_cells_and_a_message(self, cnnstep: Program) -> None:
        found = document(cnnstep("run", "first-filter", "--json"))["iterations"][0]["findings"]
        assert all(set(finding) == {"code", "step", "cells", "blocked", "message"} for finding in found)
        dead = next(finding for finding in found if finding["code"] == "dead-relu")
        assert (dead["step"], dead["cells"], dead["blocked"]) == ("delta", [[0, 1], [1, 0]], [])
        assert dead["message"]

    def test_the_scenario_is_told_with_every_default(self, cnnstep: Program) -> None:
        told = document(cnnstep("run", "first-filter", "--json"))["scenario"]
        assert set(told) == SCENARIO_KEYS
        assert told["input"] == [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
        assert (told["bias"], told["loss"], told["error"]) == (None, "half_squared_error", "output_minus_target")

    def test_left_to_run_it_is_stuck_at_a_loss_of_1(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "first-filter", "--iterations", "40", "--json"))
        assert [iteration["iteration"] for iteration in data["iterations"]] == list(range(40))
        assert data["outcome"]["status"] == "stuck"
        assert data["outcome"]["loss"] == 1
        assert data["outcome"]["filter"][0] == pytest.approx([-0.0663, -0.0998], abs=5e-5)

    def test_an_iterations_loss_is_the_one_before_its_update(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "first-filter", "-n", "3", "--json"))
        assert [iteration["loss"] for iteration in data["iterations"]] == [2, 1.5, 0.625]
        assert data["outcome"]["loss"] == 0.15625

    def test_only_and_every_choose_steps_and_iterations(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "first-filter", "-n", "10", "--every", "4", "--only", "update,error", "--json"))
        assert [iteration["iteration"] for iteration in data["iterations"]] == [0, 4, 8]
        assert [step["name"] for step in data["iterations"][0]["steps"]] == ["update", "error"]

    def test_the_input_gradient_is_there_for_the_asking(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "first-filter", "--only", "input_gradient", "--json"))
        assert data["iterations"][0]["steps"][0]["value"] == [[2, -2, 0], [2, 2, 0], [0, 0, 0]]

    @pytest.mark.parametrize("iterations", ["12", "2000"])
    def test_numbers_that_ran_away_are_null_and_not_infinity(self, cnnstep: Program, iterations: str) -> None:
        data = document(cnnstep("run", "first-filter-linear-fast", "--iterations", iterations, "--json"))
        assert data["outcome"]["status"] == "diverged"
        assert data["outcome"]["loss"] is None or math.isfinite(data["outcome"]["loss"])

    def test_iterations_that_are_not_listed_are_counted(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "first-filter", "-n", "12", "--every", "5", "--json"))
        assert [one["iteration"] for one in data["iterations"]] == [0, 5, 10]
        assert data["left_out"] == {
            "iterations": 9,
            "message": "9 iterations are not listed here; --every 1 lists them all",
        }
        whole = document(cnnstep("run", "first-filter", "-n", "12", "--every", "1", "--json"))
        assert (len(whole["iterations"]), "left_out" in whole) == (12, False)

    @pytest.mark.parametrize("options", [(), ("--mistake", "rate-forgotten")])
    def test_iterations_that_were_not_carried_out_are_counted_too(
        self, cnnstep: Program, options: tuple[str, ...]
    ) -> None:
        data = document(cnnstep("run", "first-filter-linear-fast", "-n", "5000", "--json", *options))
        made = len(data["iterations"])
        assert data["left_out"]["iterations"] == 5000 - made > 0
        said = f"{5000 - made} of those asked for were not carried out: the loss is not finite any more"
        assert data["left_out"]["message"] == said

    @pytest.mark.parametrize("name", ONE_FILTER)
    def test_every_shipped_scenario_is_one_document(self, cnnstep: Program, name: str) -> None:
        data = document(cnnstep("run", name, "-n", "2", "--json"))
        assert data["outcome"]["status"] in {"converged", "settled", "stuck", "improving", "worse", "diverged"}
        assert len(data["iterations"]) == 2

    def test_what_it_says_of_a_scenario_is_a_scenario(self, cnnstep: Program) -> None:
        told = document(cnnstep("run", "first-filter", "--json"))
        again = document(cnnstep("run", "-", "--json", stdin=json.dumps(told["scenario"])))
        assert again == told

    def test_the_same_input_gives_the_same_bytes(self, cnnstep: Program) -> None:
        assert cnnstep("run", "adam", "--json") == cnnstep("run", "adam", "--json")


def test_step_is_one_iteration_of_a_run(cnnstep: Program) -> None:
    data = document(cnnstep("step", "first-filter", "--iteration", "2", "--json"))
    run = document(cnnstep("run", "first-filter", "-n", "3", "--json"))
    assert set(data) == {"schema", "scenario", "iterations"}
    assert data["iterations"] == [run["iterations"][2]]


def test_scenarios_are_names_and_titles(cnnstep: Program) -> None:
    data = document(cnnstep("scenarios", "--json"))
    assert set(data) == {"schema", "scenarios"}
    assert [one["name"] for one in data["scenarios"]] == SHIPPED
    assert all(set(one) == {"name", "title"} and one["title"] for one in data["scenarios"])


def test_schema_is_a_json_schema_of_every_key(cnnstep: Program) -> None:
    data = document(cnnstep("schema"))
    assert data["$schema"].startswith("https://json-schema.org/")
    assert SCENARIO_KEYS | {"leftover", "samples", "layers", "test"} == set(data["properties"])


class TestErrors:
    KEYS = ("code", "message", "file", "line", "column", "hint")

    def test_a_fault_of_a_file_has_its_place(self, cnnstep: Program) -> None:
        text = "input: [[1]]\nfilter: [[1]]\ntarget: [[1]]\nactivation: relo\nlearning_rate: 0.5\n"
        ran = cnnstep("run", "-", "--json", stdin=text)
        assert ran.code == 2
        error = document(ran)["error"]
        assert tuple(error) == self.KEYS
        assert (error["code"], error["file"], error["line"], error["column"]) == ("unknown-activation", "-", 4, 13)
        assert error["hint"] == 'did you mean "relu"?'
        assert "-:4:13: " in ran.err

    def test_all_faults_of_a_file_come_at_once(self, cnnstep: Program) -> None:
        data = document(cnnstep("run", "-", "--json", stdin="input: [[1]]\n"))
        assert len(data["errors"]) == 4
        assert data["errors"][0] == data["error"]

    @pytest.mark.parametrize("arguments", [["run", "nope"], ["run"], ["run", "-n", "x", "first-filter"], ["rnu"]])
    def test_usage_has_no_place(self, cnnstep: Program, arguments: list[str]) -> None:
        data = document(cnnstep(*arguments, "--json"))
        assert data["schema"] == 1
        assert (data["error"]["file"], data["error"]["line"], data["error"]["column"]) == (None, None, None)

    def test_a_bug_is_json_too(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        from cnnstep.tutor import run

        def broken(*_: object) -> None:
            raise RuntimeError("a wheel came off")

        monkeypatch.setattr(run, "run_pieces", broken)
        ran = cnnstep("run", "first-filter", "--json")
        assert ran.code == 3
        assert document(ran)["error"]["message"] == "RuntimeError: a wheel came off"
        assert "a bug in cnnstep, not your mistake" in ran.err

    def test_so_is_an_array_that_no_memory_is_left_for(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        from cnnstep.tutor import run

        def huge(*_: object) -> None:
            raise MemoryError("Unable to allocate 591. MiB for an array with shape (4399, 4399, 4)")

        monkeypatch.setattr(run, "iteration_data", huge)
        ran = cnnstep("run", "first-filter", "--json")
        assert ran.code == 2
        assert document(ran)["error"]["message"] == "the next array takes 591 MiB, and there is no memory left"
