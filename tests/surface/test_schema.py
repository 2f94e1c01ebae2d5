"""The JSON Schema says what the reader accepts: the same keys, the same names, the same defaults."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.losses import FILTER_LOSSES, LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import ERROR_SIGNS
from cnnstep.surface.loading import read_scenario_text
from cnnstep.surface.scenario_file.schema import json_schema
from tests.surface.scenario_texts import FIRST, only, said

KEYS = [
    "title",
    "input",
    "filter",
    "target",
    "samples",
    "bias",
    "activation",
    "learning_rate",
    "stride",
    "padding",
    "dilation",
    "leftover",
    "loss",
    "error",
    "relu_slope_at_zero",
    "optimizer",
    "iterations",
    "layers",
    "test",
]


NETWORK = """\
input: [[1, -1, 0], [0, 1, 0], [0, -1, 1]]
target: {class: 1}
layers: [{type: flatten}, {type: dense, weights: {init: zeros, outputs: 4}}]
learning_rate: 0.5
"""


def test_it_is_json_schema_of_2020_and_allows_no_other_keys() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert json.loads(json.dumps(schema, allow_nan=False)) == schema


def test_it_has_the_keys_of_the_contract_each_with_a_description() -> None:
    properties = json_schema()["properties"]
    assert sorted(KEYS) == sorted(properties)
    assert [key for key, part in properties.items() if not part.get("description")] == []


def test_its_names_are_those_of_the_registries() -> None:
    properties = json_schema()["properties"]
    assert list(LOSSES) == properties["loss"]["enum"]
    assert list(FILTER_LOSSES) == json_schema()["else"]["properties"]["loss"]["enum"]
    assert list(ERROR_SIGNS) == properties["error"]["enum"]
    for key, registry in (("activation", ACTIVATIONS), ("optimizer", OPTIMIZERS)):
        names, *choices = properties[key]["oneOf"]
        assert list(registry) == names["enum"]
        assert list(registry) == [choice["properties"]["name"]["const"] for choice in choices]
        assert {False} == {choice["additionalProperties"] for choice in choices}


def test_a_number_that_belongs_to_a_name_is_offered_with_its_default() -> None:
    choices = json_schema()["properties"]["activation"]["oneOf"][1:]
    leaky = next(choice for choice in choices if choice["properties"]["name"]["const"] == "leaky_relu")
    assert leaky["properties"]["slope"] == {"type": "number", "default": 0.01, "minimum": 0}
    relu = next(choice for choice in choices if choice["properties"]["name"]["const"] == "relu")
    assert list(relu["properties"]) == ["name"]


def test_the_limits_of_a_number_that_belongs_to_a_name_are_those_of_the_reader() -> None:
    decay = {"minimum": 0, "exclusiveMaximum": 1}
    limits = {
        "activation": {"leaky_relu": {"slope": {"minimum": 0}}, "elu": {"alpha": {"minimum": 0}}},
        "optimizer": {
            "momentum": {"momentum": decay},
            "nesterov": {"momentum": decay},
            "adam": {"beta1": decay, "beta2": decay, "epsilon": {"exclusiveMinimum": 0}},
        },
    }
    assert {key: _limits_of(key) for key in limits} == limits
    beyond = {"minimum": -1, "exclusiveMinimum": 0, "exclusiveMaximum": 1}
    for key, names in limits.items():
        plain = FIRST.replace("activation: relu\n", "") if key == "activation" else FIRST
        for name, numbers in names.items():
            for number, bound in ((number, bound) for number, bounds in numbers.items() for bound in bounds):
                text = f"{plain}{key}: {{name: {name}, {number}: {beyond[bound]}}}\n"
                assert only(text).what.startswith(f"{number} is {beyond[bound]}; it must be ")


def _limits_of(key: str) -> dict[str, dict[str, dict[str, float]]]:
    """What the schema says of the numbers that go with each name, but for their type and default."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for choice in json_schema()["properties"][key]["oneOf"][1:]:
        name = choice["properties"].pop("name")["const"]
        for part in choice["properties"].values():
            assert part.pop("type") == "number"
            assert isinstance(part.pop("default"), float)
        found |= {name: choice["properties"]} if choice["properties"] else {}
    return found


def test_its_defaults_are_the_ones_that_a_scenario_gets() -> None:
    defaults = {key: part["default"] for key, part in json_schema()["properties"].items() if "default" in part}
    data = read_scenario_text(FIRST).data()
    taken = {key: value for key, value in defaults.items() if key not in ("input", "target", "samples", "test")}
    assert taken.pop("leftover") == "refuse"  # which alone is told only where it is another
    assert {key: data[key] for key in taken} == taken
    assert set(KEYS) - {"filter", "activation", "learning_rate", "layers"} == set(defaults)


def test_its_bounds_are_those_of_the_reader() -> None:
    found = set()
    for key, part in json_schema()["properties"].items():
        for one in part.get("oneOf", [part]):
            for bound, beyond in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0)):
                if bound in one and key != "learning_rate":
                    assert [f"6:{len(key) + 3} value"] == said(f"{FIRST}{key}: {one[bound] + beyond}\n")
                    found.add(key)
    assert {"stride", "padding", "dilation", "iterations", "relu_slope_at_zero"} <= found


def test_its_examples_are_accepted() -> None:
    def used(key: str, example: Any) -> str:
        for_a_network = key == "layers" or (key == "target" and example in ([0, 0, 0, 1], {"class": 3}))
        text = NETWORK if for_a_network else FIRST
        kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith(key))
        return f"{kept}{key}: {json.dumps(example)}\n"

    properties = json_schema()["properties"]
    for key in KEYS:
        for example in properties[key].get("examples", []):
            if not (isinstance(example, dict) and "file" in example):
                assert read_scenario_text(used(key, example)).learning_rate > 0


def test_samples_and_a_single_pair_exclude_each_other() -> None:
    pair, batch = json_schema()["oneOf"]
    assert pair == {"required": ["input", "target"], "not": {"required": ["samples"]}}
    assert batch["required"] == ["samples"]


def test_the_schema_beside_the_shipped_scenarios_is_the_one_that_the_program_prints() -> None:
    shipped_schema = Path(__file__).parents[2] / "scenarios" / "schema.json"
    assert json.loads(shipped_schema.read_text(encoding="utf-8")) == json_schema()
