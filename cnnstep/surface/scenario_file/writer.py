"""A scenario as the text of a file: matrices row by row, and what is at its default left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnstep.engine.quantity import Array
    from cnnstep.engine.scenario import Scenario

LARGEST = 400
"""Numbers of one array, or of a batch, that are still written among the keys; more stand in a file of their own."""

_PLAIN_TEXT = re.compile(r"\w(?:[\w ,'()./+-]*[\w)])?")


def dump(scenario: Scenario, *, schema: str | None = None, files: Mapping[str, Any] | None = None) -> str:
    """The scenario file that reads back as this scenario.

    With `schema`, the address of the JSON Schema, the first line tells it to editors. `files` are what stands in the
    place of arrays with a file of their own, by their names: `{"conv1.weights": {"file": …, "key": …}}`.
    """
    from cnnstep.engine.scenario_keys import DEFAULTS, form_of

    usual, data, files = DEFAULTS, scenario.data(), files or {}
    lines = [f"# yaml-language-server: $schema={schema}"] if schema else []
    for key in form_of(data).names:
        if key == "layers" and key in data:
            lines.append("\n".join(["layers:", *(_layer(layer, files) for layer in _short_layers(data[key]))]))
        elif f"{key}.input" in files:
            parts = ", ".join(f"{part}: {_value(files[f'{key}.{part}'], 0)}" for part in ("input", "target"))
            lines.append(f"{key}: {{{parts}}}")
        elif key in data and not (key in usual and data[key] == usual[key]):
            lines.append(_entry(key, _shortened(key, data[key]), ""))
    return "\n".join(lines) + "\n"


def write_scenario(path: Path | str, scenario: Scenario, force: bool = False) -> None:
    """The scenario as a file; its large arrays go into an .npz beside it, of the same name."""
    from cnnstep.surface.writing import check_free, write_arrays, write_file

    arrays = large_arrays(scenario)
    check_free(path, force)
    beside = Path(path).with_suffix(".npz")
    if arrays:
        write_arrays(beside, arrays, force)
    write_file(path, dump(scenario, files={name: {"file": beside.name, "key": name} for name in arrays}), force)


def large_arrays(scenario: Scenario) -> dict[str, Array]:
    """What of a network is too long to stand among the keys: weights, and the inputs and targets of a batch."""
    from cnnstep.engine.scenario import weights_of

    weights = weights_of(scenario)
    if "filter" in weights:
        return {}
    found = {name: array for name, array in weights.items() if array.size > LARGEST}
    pairs = {"samples": (scenario.inputs, scenario.targets), "test": (scenario.test_inputs, scenario.test_targets)}
    for key, (inputs, targets) in pairs.items():
        if inputs is not None and targets is not None and inputs.size > LARGEST and len(inputs) > 1:
            found |= {
                f"{key}.input": inputs[:, 0] if "channel" in scenario.hidden else inputs,
                f"{key}.target": targets,
            }
    return found


def _short_layers(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The layers without what they have by themselves: names that would be made, and settings at their defaults."""
    from cnnstep.engine.layers.kinds import LAYERS, layer_names

    made = layer_names([{"type": layer["type"]} for layer in layers])
    shorter = []
    for layer, name in zip(layers, made, strict=True):
        usual = {key.name: key.default for key in LAYERS[layer["type"]].keys}
        if "size" in layer:
            usual = {**usual, "stride": layer["size"]}
        kept = {key: value for key, value in layer.items() if key in ("type", "name") or value != usual.get(key, ...)}
        if layer["name"] == name:
            del kept["name"]
        if "size" in kept:  # a window and its stride, which may be one number for both directions
            kept |= {key: kept[key][0] for key in ("size", "stride") if key in kept and len({*kept[key]}) == 1}
        shorter.append({"name": layer["name"], "kept": kept})
    return shorter


def _layer(layer: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    """One entry of `layers`: on one line, or a key a line where it has weights."""
    kept = dict(layer["kept"])
    kept |= {key: files[f"{layer['name']}.{key}"] for key in ("weights", "bias") if f"{layer['name']}.{key}" in files}
    if "weights" not in kept:
        return f"  - {_value(kept, 0)}"
    leads = ["  - ", *["    "] * (len(kept) - 1)]
    return "\n".join(_entry(key, value, lead) for (key, value), lead in zip(kept.items(), leads, strict=True))


def _shortened(key: str, value: Any) -> Any:
    """The name alone, where the numbers that go with it are the ones it has by itself."""
    from cnnstep.engine.activations import ACTIVATIONS
    from cnnstep.engine.optimizers import OPTIMIZERS

    if key not in ("activation", "optimizer") or not isinstance(value, dict):
        return value
    name = value["name"]
    usual = (ACTIVATIONS if key == "activation" else OPTIMIZERS)[name]().parameters
    return name if value == {"name": name, **usual} else value


def _entry(key: str, value: Any, indent: str) -> str:
    if key in ("samples", "test"):
        leads = (("input", "  - "), ("target", "    "))
        return "\n".join([f"{key}:", *(_entry(part, sample[part], lead) for sample in value for part, lead in leads)])
    start = f"{indent}{key}: "
    return start + _value(value, len(start))


def _value(value: Any, column: int) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(part, 0)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return _matrix(value, column)
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _matrix(value: list[Any], column: int) -> str:
    """One row a line, each number under the one above it; outer brackets open before the first row."""
    widths = [max(map(len, numbers)) for numbers in zip(*_rows(value), strict=True)]

    def lines(part: list[Any], column: int) -> str:
        if not any(isinstance(item, list) for item in part):
            numbers = zip(part, widths, strict=True)
            return "[" + ", ".join(json.dumps(item).rjust(width) for item, width in numbers) + "]"
        return "[" + (",\n" + " " * (column + 1)).join(lines(item, column + 1) for item in part) + "]"

    return lines(value, column)


def _rows(value: list[Any]) -> list[list[str]]:
    """The innermost lists, as they are written."""
    if isinstance(value[0], list):
        return [row for part in value for row in _rows(part)]
    return [[json.dumps(item) for item in value]]


def _text(text: str) -> str:
    """The text as it stands, or in quotes where YAML would read something else."""
    if _PLAIN_TEXT.fullmatch(text):
        return text
    escaped = (c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return '"' + "".join(escaped) + '"'
