"""All types of layers: whatever stands in this folder is known, and one more type is one more file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import cnnstep.engine.layers as folder
from cnnstep.engine.keys import Faults
from cnnstep.engine.layers.entry import KINDS, LAYER_NAME, Entry, LayerKind, read_keys
from cnnstep.engine.layers.layer import Layer, Size
from cnnstep.errors import InputError, Path
from cnnstep.registry import did_you_mean

for _module in iter_modules(folder.__path__):
    import_module(f"{folder.__name__}.{_module.name}")

LAYERS: Mapping[str, LayerKind] = dict(sorted(KINDS.items(), key=lambda item: item[1].place))
"""The types of layers by name."""


def keys_of(kind: str) -> tuple[str, ...]:
    """The names of the keys that a layer of this type may have."""
    return ("type", LAYER_NAME.name, *(key.name for key in LAYERS[kind].keys))


def layer_names(layers: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The layers' names: as given, or the type and a count, `conv1`, `conv2`."""
    counts: dict[str, int] = {}
    names = []
    for layer in layers:
        kind = str(layer.get("type", "layer"))
        counts[kind] = counts.get(kind, 0) + 1
        names.append(str(layer.get("name") or f"{kind}{counts[kind]}"))
    return tuple(names)


def read_layers(
    layers: Sequence[Mapping[str, Any]], size: Size | None, slope_at_zero: float, faults: Faults
) -> tuple[tuple[Layer, ...], Size | None]:
    """The layers, and the size of the last one's output; None where a fault keeps it from being known."""
    built: list[Layer] = []
    for index, (given, name) in enumerate(zip(layers, layer_names(layers), strict=True)):
        entry = Entry(str(given.get("type")), given, ("layers", index), size, slope_at_zero, faults)
        layer = _layer(entry)
        if layer is None:
            size = None
            continue
        built.append(layer)
        if size is not None:
            size = _size_after(layer, size, entry.path, name, faults)
    return tuple(built), size if built else None


def _layer(entry: Entry) -> Layer | None:
    """The layer, or None after its faults were noted."""
    before, faults = len(entry.faults.found), entry.faults
    if "type" not in entry.given:
        _without_type(entry)
        return None
    if entry.kind not in LAYERS:
        hint = did_you_mean(entry.kind, LAYERS)
        faults.add(f'there is no layer type "{entry.kind}"', (*entry.path, "type"), hint, "unknown-layer")
        return None
    read_keys(faults, entry.given, keys_of(entry.kind), entry.path, f"a {entry.kind} layer")
    layer = LAYERS[entry.kind].read(entry)
    return layer if len(faults.found) == before else None


def _without_type(entry: Entry) -> None:
    near = [key for key in entry.given if did_you_mean(str(key), ("type",)).startswith("did you mean")]
    if near:
        read_keys(entry.faults, {near[0]: None}, ("type",), entry.path, "a layer")
    else:
        hint = f"available: {', '.join(LAYERS)}"
        entry.faults.add("this layer has no type", entry.path, hint, "missing-key")


def _size_after(layer: Layer, size: Size, path: Path, name: str, faults: Faults) -> Size | None:
    """The size of what the layer gives; where it does not fit, the fault says which layer it is."""
    try:
        return layer.output_size(size)
    except InputError as error:
        faults.found.extend(replace(fault, what=f"{name}: {fault.what}").under(*path) for fault in error.faults)
        return None
