"""Each schema takes the real files and documents of its kind, and nothing with a key that is not there."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from cnnstep.surface.loading import shipped, shipped_folder
from cnnstep.surface.schemas import SCHEMAS, schema_of
from tests.conftest import Program

ROOT = Path(__file__).parents[2]
RUNS = [
    *([name] for name in ("first-filter", "bias", "adam", "two-filters", "smallest-network", "pooling", "small-batch")),
    ["first-filter", "-n", "3", "--every", "2"],
    ["first-filter", "--only", "forward[0:1,0:2]"],
    ["smallest-network", "--only", "conv1.gradient[0]"],
    ["first-filter", "-n", "3", "--mistake", "uphill-update"],
    ["digits-cnn", "-n", "2"],
    ["nope"],
]
LINKED = [["first-filter", "-n", "3", "--mistake", "uphill-update"], ["smallest-network"], ["padding"]]
NO_FACTORS: list[Any] = [
    "",
    ["input", 0.5],
    ["input", []],
    {"call": "nope", "with": []},
    {"call": "relu"},
    {"padded": 1},
]
SHEETS: list[dict[str, Any]] = [
    {"scenario": "first-filter", "work": {"error": [[-2, 0], [0, 0]], "update": [[2, -2], [1, 2]]}},
    {"scenario": "first-filter", "work": {"gradient": "2 -2; 0 2"}, "iteration": 0, "title": "mine"},
    {"scenario": "first-filter", "work": {"gradient": [[2, -2], [0, 3]], "error": "0.0e9 0.0e9; 0.0e9 0.0e9"}},
    {"scenario": "sigmoid", "work": {"error": [[1, 2], [3, 4]]}},
    {"scenario": "first-filter", "work": {"nope": 3}},
]


def faults(name: str, value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema_of(name)).iter_errors(value)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("arguments", RUNS, ids=" ".join)
@pytest.mark.parametrize("command", ["run", "step"])
def test_runs(cnnstep: Program, command: str, arguments: list[str]) -> None:
    if command == "step":
        arguments = [*arguments[:1], *(arguments[1:] if "--only" in arguments else [])]
    data = json.loads(cnnstep(command, *arguments, "--json").out)
    assert faults("run", data) == []
    assert faults("run", data | {"unheard_of": 1})


@pytest.mark.parametrize("arguments", LINKED, ids=" ".join)
def test_runs_with_links(cnnstep: Program, arguments: list[str]) -> None:
    data = json.loads(cnnstep("run", *arguments, "--json", "--links").out)
    assert faults("run", data) == []
    assert json.loads(cnnstep("run", *arguments, "--json").out) == {k: v for k, v in data.items() if k != "links"}


@pytest.mark.parametrize("factor", NO_FACTORS, ids=str)
def test_links_that_nobody_can_read_are_none(factor: Any) -> None:
    sums = [{"factors": [1, ["input", 0, [1, 1, 0, 2]]]}]
    links = {"quantities": {}, "steps": [{"name": "forward", "sums": sums}], "loss": sums, "carried": {}}
    judge = Draft202012Validator({"$ref": "#/$defs/Links", "$defs": schema_of("run")["$defs"]})
    assert judge.is_valid(links)
    assert not any(judge.is_valid({k: v for k, v in links.items() if k != key}) for key in links)
    assert not judge.is_valid(links | {"loss": [{"factors": [factor]}]})


def test_links_are_for_programs(cnnstep: Program) -> None:
    ran = cnnstep("run", "first-filter", "--links")
    assert (ran.code, "--links goes with --json alone" in ran.err) == (2, True)


@pytest.mark.parametrize("sheet", SHEETS, ids=str)
def test_sheets_and_what_is_said_of_them(cnnstep: Program, tmp_path: Path, sheet: dict[str, Any]) -> None:
    (tmp_path / "work.yaml").write_text(json.dumps(sheet), encoding="utf-8")
    assert faults("work", sheet) == []
    assert faults("check", json.loads(cnnstep("check", "work.yaml", "--json").out)) == []


def test_a_scenario_may_stand_in_a_work_file() -> None:
    work = {"gradient": [[1]]}
    for one in shipped():
        scenario = yaml.safe_load(one.path.read_text(encoding="utf-8"))
        assert faults("scenario", scenario) == []
        assert faults("work", {"scenario": scenario, "work": work}) == []
        assert faults("work", {"scenario": scenario | {"strid": 1}, "work": work})


@pytest.mark.parametrize("wrong", [{"work": {}}, {"iteration": -1}, {"iteration": 100_001}, {"wrok": {}}])
def test_what_the_reader_refuses_is_refused(wrong: dict[str, Any]) -> None:
    assert faults("work", SHEETS[0] | wrong)


def test_courses() -> None:
    paths = [*(shipped_folder() / "courses").glob("*.yaml")]
    courses = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (written,) = (block for block in text.split("```") if block.startswith("text\ntitle: The first week"))
    for course in (*courses, yaml.safe_load(written.removeprefix("text\n"))):
        assert faults("course", course) == []
        less, more = deepcopy(course), deepcopy(course)
        del less["exercises"][0]["step"]
        more["exercises"][0]["hint"] = "x"
        assert faults("course", less)
        assert faults("course", more)


def test_the_command_prints_them_and_helps_with_their_names(cnnstep: Program) -> None:
    for name in SCHEMAS:
        assert json.loads(cnnstep("schema", "--of", name).out) == schema_of(name)
    ran = cnnstep("schema", "--of", "wrk")
    assert (ran.code, 'Did you mean "work"?' in ran.err) == (2, True)
