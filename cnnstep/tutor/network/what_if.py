"""`set` in a network: one key, or one layer's weights, bias or setting, under the layer's name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cnnstep.engine.rebuild import rebuilt
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.what_if import ValueReader

OF_THE_SCENARIO = ("learning_rate", "relu_slope_at_zero", "iterations", "loss", "error", "optimizer", "input")
"""What belongs to no layer. A target is changed in the file: it may be a class."""
ARRAYS = ("weights", "bias")


def network_changed(scenario: Scenario, key: str, rest: str) -> tuple[Scenario, str]:
    """The network after `learning_rate 0.1`, `conv1.weights 0 0 1 1 -2` or `max_pool1.size 2`, and that in words."""
    data = scenario.data()
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
    if layer in scenario.names and setting:
        own: dict[str, Any] = data["layers"][scenario.names.index(layer)]
        if setting in own and setting not in ("type", "name"):
            return own, setting
    elif key in OF_THE_SCENARIO:
        return data, key
    known = [*OF_THE_SCENARIO, *_settings(data)]
    raise InputError(Fault("set", f'"{key}" can\'t be set', did_you_mean(key, known)))


def _settings(data: dict[str, Any]) -> list[str]:
    return [f"{one['name']}.{name}" for one in data["layers"] for name in one if name not in ("type", "name")]


def _example(key: str, present: Any) -> str:
    depth, at = 0, present
    while isinstance(at, list) and at:
        depth, at = depth + 1, at[0]
    return f"{key} {'0 ' * depth}{at if at is not None else 1}"


def _value(key: str, name: str, rest: str, present: Any) -> tuple[Any, str]:
    reader = ValueReader(key, rest, present)
    if name in ("loss", "error", "optimizer"):
        return reader.named(), reader.said
    if name == "bias" and rest.lower() in ("none", "null"):
        return None, f"{key} were none"
    if name in ARRAYS or name == "input":
        return reader.array()
    if name == "size" or (name == "stride" and isinstance(present, list)):
        return reader.pair(), reader.said
    return reader.number(whole=name in ("stride", "padding", "dilation", "iterations")), reader.said
