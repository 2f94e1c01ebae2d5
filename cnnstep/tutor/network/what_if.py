"""`set` in a network: one key, or one layer's weights, bias or setting, under the layer's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnnstep.engine.rebuild import rebuilt
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.what_if import MOVES, ValueReader, key_and_rest

OF_THE_SCENARIO = ("learning_rate", "relu_slope_at_zero", "iterations", "loss", "error", "optimizer", "input")
"""What belongs to no layer. A target is changed in the file: it may be a class."""
ARRAYS = ("weights", "bias")


def network_changed(scenario: Scenario, change: str) -> tuple[Scenario, str]:
    """The network after `learning_rate 0.1`, `conv1.weights 0 0 1 1 -2` or `max_pool1.size 2`, and that in words."""
    data = scenario.data()
    key, rest = key_and_rest(scenario, change, (*OF_THE_SCENARIO, *_settings(data)))
    if "samples" in data and key == "input":
        raise InputError(Fault("set", f"{key} is one of several samples", "change the scenario file for that"))
    place, name = _place(scenario, data, key)
    present = place.get(name)
    if not rest:
        raise InputError(Fault("set", f"{key} needs a value", f"type: set {_example(key, present)}"))
    place[name], said = _value(key, name, rest, present)
    changed = rebuilt(data)
    return replace(changed, test_inputs=scenario.test_inputs, test_targets=scenario.test_targets), said


def _place(scenario: Scenario, data: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The mapping that holds the key, and its name there."""
    layer, _, setting = key.partition(".")
    if setting:
        own: dict[str, Any] = data["layers"][scenario.names.index(layer)]
        return own, setting
    return data, key


def _settings(data: dict[str, Any]) -> list[str]:
    """`conv1.weights`, `conv1.stride`, …: what each layer has, and what a window that moves may have besides."""
    return [
        f"{one['name']}.{name}"
        for one in data["layers"]
        for name in dict.fromkeys((*one, *(("leftover",) if "stride" in one else ())))
        if name not in ("type", "name")
    ]


def _example(key: str, present: Any) -> str:
    depth, at = 0, present
    while isinstance(at, list) and at:
        depth, at = depth + 1, at[0]
    return f"{key} {'0 ' * depth}{at if at is not None else 1}"


def _value(key: str, name: str, rest: str, present: Any) -> tuple[Any, str]:
    reader = ValueReader(key, rest, present)
    if name in ("loss", "error", "optimizer", "leftover"):
        return reader.named(), reader.said
    if name == "bias" and rest.lower() in ("none", "null"):
        return None, f"{key} were none"
    if name in ARRAYS or name == "input":
        return reader.array()
    if name in MOVES:
        return reader.move(), reader.said
    return reader.number(whole=name == "iterations"), reader.said
