"""A whole network from the keys of a scenario file: `layers` in the place of one filter and its activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.checks import Faults, NumberReader, chosen, read_array
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.dense import Dense
from cnnstep.engine.layers.flatten import Flatten
from cnnstep.engine.layers.layer import Layer, Size
from cnnstep.engine.layers.pool import TIES, AveragePool, MaxPool, Window
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.shared_keys import GEOMETRY_KEYS, read_geometry, read_keys
from cnnstep.errors import InputError, Path
from cnnstep.registry import did_you_mean

LAYER_KEYS: Mapping[str, tuple[str, ...]] = {
    "conv": ("weights", "bias", *GEOMETRY_KEYS),
    "max_pool": ("size", "stride", "padding", "leftover", "ties"),
    "average_pool": ("size", "stride", "padding", "leftover"),
    "flatten": (),
    "dense": ("weights", "bias"),
    "softmax": (),
    **{name: tuple(make().parameters) if name != "relu" else () for name, make in ACTIVATIONS.items()},
}
"""The types of layers, and the keys that each may have besides `type` and `name`."""


DRAW_KEYS = {"conv": ("init", "seed", "filters", "size"), "dense": ("init", "seed", "outputs")}
"""The keys of weights that are drawn, by the layer's type."""

MOST_WEIGHTS = 5_000_000
"""Of one layer that is drawn: a slip of the keyboard should not fill the memory."""


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
    layers: Sequence[Mapping[str, Any]], size: Size | None, at_zero: float, faults: Faults
) -> tuple[tuple[Layer, ...], Size | None]:
    """The layers, and the size of the last one's output; None where a fault keeps it from being known."""
    built: list[Layer] = []
    for index, (given, name) in enumerate(zip(layers, layer_names(layers), strict=True)):
        layer = _LayerReader(given, ("layers", index), size, at_zero, faults).layer()
        if layer is None:
            size = None
            continue
        built.append(layer)
        if size is not None:
            size = _size_after(layer, size, ("layers", index), name, faults)
    return tuple(built), size if built else None


def _size_after(layer: Layer, size: Size, path: Path, name: str, faults: Faults) -> Size | None:
    """The size of what the layer gives; where it does not fit, the fault says which layer it is."""
    if isinstance(layer, Conv) and len(size) != 3:
        what = f"{name}: a conv layer takes maps, but its input is one row of {size[0]} numbers"
        faults.add(what, path, "put it before flatten", "shape")
        return None
    try:
        return layer.output_size(size)
    except InputError as error:
        faults.found.extend(replace(fault, what=f"{name}: {fault.what}").under(*path) for fault in error.faults)
        return None


class _LayerReader:
    """One entry of `layers`, checked key by key."""

    def __init__(self, given: Mapping[str, Any], path: Path, size: Size | None, at_zero: float, faults: Faults) -> None:
        self.given, self.path, self.size, self.at_zero, self.faults = dict(given), path, size, at_zero, faults
        self.numbers = NumberReader(faults, path)

    def layer(self) -> Layer | None:
        """The layer, or None after its faults were noted."""
        before = len(self.faults.found)
        kind = str(self.given.get("type"))
        if "type" not in self.given:
            self._without_type()
            return None
        if kind not in LAYER_KEYS:
            hint = did_you_mean(kind, LAYER_KEYS)
            self.faults.add(f'there is no layer type "{kind}"', (*self.path, "type"), hint, "unknown-layer")
            return None
        read_keys(self.faults, self.given, ("type", "name", *LAYER_KEYS[kind]), self.path, f"a {kind} layer")
        layer = self._made(kind)
        return layer if len(self.faults.found) == before else None

    def _without_type(self) -> None:
        near = [key for key in self.given if did_you_mean(str(key), ("type",)).startswith("did you mean")]
        if near:
            read_keys(self.faults, {near[0]: None}, ("type",), self.path, "a layer")
        else:
            self.faults.add("this layer has no type", self.path, f"available: {', '.join(LAYER_KEYS)}", "missing-key")

    def _made(self, kind: str) -> Layer | None:
        if kind == "conv":
            return self._conv()
        if kind == "dense":
            return self._dense()
        if kind in ("max_pool", "average_pool"):
            return self._pool(kind)
        if kind == "flatten":
            return Flatten()
        if kind == "softmax":
            return Softmax()
        return self._activation(kind)

    def _activation(self, kind: str) -> Layer | None:
        settings = {key: self.given[key] for key in LAYER_KEYS[kind] if key in self.given}
        own = Faults()
        phi = chosen(ACTIVATIONS, {"name": kind, **settings}, "type", own)
        self.faults.found.extend(replace(fault, path=(*self.path, *fault.path[1:])) for fault in own.found)
        if phi is None or own.found:
            return None
        return ActivationLayer(ACTIVATIONS["relu"](self.at_zero) if kind == "relu" else phi)

    def _pool(self, kind: str) -> Layer | None:
        if "size" not in self.given:
            self.faults.add(
                "size is missing: it says how large the window is", self.path, "add it: size: 2", "missing-key"
            )
            return None
        size = self.numbers.pair(self.given["size"], "size", 1)
        geometry = read_geometry(self.faults, self.given, size, self.path, stride=size)
        if any(2 * max(axis.before, axis.after) > taps for axis, taps in zip(geometry.axes, size, strict=True)):
            what = f"padding {geometry.written['padding']} is more than half of the {size[0]}×{size[1]} window"
            most = size[0] // 2, size[1] // 2
            hint = f"at most {list(most) if isinstance(geometry.written['padding'], list) else min(most)}"
            self.faults.add(what, (*self.path, "padding"), hint)
        window, ties = Window(size, geometry), str(self.given.get("ties", TIES[0]))
        if kind == "average_pool":
            return AveragePool(window)
        if ties not in TIES:
            self.faults.add(f'ties can\'t be "{ties}"', (*self.path, "ties"), did_you_mean(ties, TIES))
        return MaxPool(window, ties == "share")

    def _conv(self) -> Layer | None:
        channels = self.size[0] if self.size and len(self.size) == 3 else None

        def shape(spec: Mapping[str, Any]) -> tuple[int, ...]:
            size = NumberReader(self.faults, (*self.path, "weights")).pair(spec.get("size", 3), "size", 1)
            return self._drawn(spec, "filters"), channels or 1, *size

        weights = self._weights("conv", "[F][C][kh][kw]", shape)
        geometry = read_geometry(self.faults, self.given, None if weights is None else weights.shape[-2:], self.path)
        if weights is None:
            return None
        return Conv(frozen(weights), self._bias(weights.shape[0]), geometry)

    def _dense(self) -> Layer | None:
        inputs = self.size[0] if self.size and len(self.size) == 1 else None

        def shape(spec: Mapping[str, Any]) -> tuple[int, ...]:
            return self._drawn(spec, "outputs"), inputs or 1

        weights = self._weights("dense", "[out][in]", shape)
        return None if weights is None else Dense(frozen(weights), self._bias(weights.shape[0]))

    def _drawn(self, spec: Mapping[str, Any], key: str) -> int:
        if key not in spec:
            self.faults.add(f"{key} is missing", (*self.path, "weights"), f"add it: {key}: 8", "missing-key")
            return 1
        return NumberReader(self.faults, (*self.path, "weights")).whole(spec[key], key, 1)

    def _weights(self, kind: str, nesting: str, shape: Any) -> Array | None:
        """The weights as they are written, or drawn by a named initialiser with a seed."""
        dimensions = nesting.count("[")
        given, path = self.given.get("weights"), (*self.path, "weights")
        if given is None:
            hint = "add it: weights: {init: he_normal, seed: 1, …}"
            self.faults.add("weights are missing", self.path, hint, "missing-key")
            return None
        if isinstance(given, Mapping):
            read_keys(self.faults, given, DRAW_KEYS[kind], path, f"the draw of a {kind} layer's weights")
            return self._draw(given, path, shape(given))
        uneven = "weights are not made of numbers in rows of equal length", f"write them as {nesting}"
        array = read_array(given, path, self.faults, uneven)
        if array is None:
            return None
        if array.ndim != dimensions or array.size == 0:
            what = f"weights are nested {array.ndim} deep; this layer's are {dimensions} deep: {nesting}"
            self.faults.add(what, path, f"write them as {nesting}", "shape")
            return None
        if not np.isfinite(array).all():
            self.faults.add("weights have a number that is not finite", path, "use ordinary numbers")
            return None
        return array

    def _draw(self, spec: Mapping[str, Any], path: Path, shape: tuple[int, ...]) -> Array | None:
        if "init" not in spec:
            what = "init is missing: how the weights are drawn"
            self.faults.add(what, path, f"add it: init: he_normal; available: {', '.join(INITIALISERS)}", "missing-key")
            return None
        draw = self.faults.attempt(lambda: INITIALISERS.find(str(spec["init"])), *path, "init")
        seed = NumberReader(self.faults, path).whole(spec.get("seed", 0), "seed", 0)
        field = int(np.prod(shape[2:], dtype=int))
        if (total := field * shape[0] * shape[1]) > MOST_WEIGHTS:
            what = f"this layer would have {total} weights; {MOST_WEIGHTS} are the most that can be drawn"
            self.faults.add(what, path, "make it smaller")
            return None
        return draw and draw(np.random.default_rng(seed), shape, shape[1] * field, shape[0] * field)

    def _bias(self, outputs: int) -> Array | None:
        """The bias as it is written; one number stands for all; without one there is none."""
        given = self.given.get("bias")
        if given is None:
            return None
        path, hint = (*self.path, "bias"), f"write a list of {outputs} numbers, or 0 for all"
        what = f"bias does not fit: this layer needs {outputs} numbers"
        array = read_array(given, path, self.faults, (what, hint))
        if array is None:
            return None
        array = np.full(outputs, float(array)) if array.ndim == 0 else array
        if array.shape != (outputs,) or not np.isfinite(array).all():
            self.faults.add(what, path, hint, "shape")
            return None
        return frozen(array)
