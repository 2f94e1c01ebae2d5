"""From plain numbers and names to a scenario that fits together, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.checks import Faults, Named, chosen, read_array
from cnnstep.engine.geometry_keys import GEOMETRY_KEYS, LEFTOVER, Steps, read_geometry
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.losses import LOSSES, Loss
from cnnstep.engine.patches import PLAIN, Geometry
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import OUTPUT_MINUS_TARGET, Scenario
from cnnstep.engine.shared_keys import SharedKeys, read_samples
from cnnstep.errors import InputError, Path


def size_text(sizes: Sequence[int]) -> str:
    """`2×3`; a single number is "one number"."""
    return "×".join(str(size) for size in sizes) if sizes else "one number"


def one_filter(
    *,
    filter: Any,
    activation: Named,
    learning_rate: float,
    input: Any = None,
    target: Any = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    title: str = "",
    bias: Any = None,
    stride: Steps = 1,
    padding: Steps | str = 0,
    dilation: Steps = 1,
    leftover: str = LEFTOVER[0],
    loss: str = "half_squared_error",
    error: str = OUTPUT_MINUS_TARGET,
    relu_slope_at_zero: float = 0.0,
    optimizer: Named = "sgd",
    iterations: int = 1,
) -> Scenario:
    """The scenario of one convolution layer and its activation, from the keys of a scenario file.

    Shapes: input [H][W] or [C][H][W]; filter [kh][kw], [C][kh][kw] or [F][C][kh][kw]; target [oh][ow], or
    [F][oh][ow] for several filters. `InputError` lists every fault at once, with the key it belongs to.
    """
    faults = Faults()
    pairs = _pairs(input, target, samples, faults)
    weights = _array(filter, ("filter",), (2, 3, 4), faults)
    moves = {"stride": stride, "padding": padding, "dilation": dilation, "leftover": leftover}
    geometry = read_geometry(faults, moves, None if weights is None else weights.shape[-2:])
    shared = SharedKeys.read(
        faults,
        title=title,
        learning_rate=learning_rate,
        error=error,
        relu_slope_at_zero=relu_slope_at_zero,
        optimizer=optimizer,
        iterations=iterations,
    )
    phi = chosen(ACTIVATIONS, activation, "activation", faults)
    if phi is not None and phi.name == "relu":
        phi = ACTIVATIONS["relu"](shared.relu_slope_at_zero)
    chosen_loss = _loss(loss, phi, faults)
    arrays = _fitted(pairs, weights, bias, geometry, faults)
    if arrays is not None and chosen_loss is not None:
        _check_targets(chosen_loss, pairs or [], faults)
    faults.stop_if_any()
    assert arrays is not None
    assert phi is not None
    assert chosen_loss is not None
    hidden = arrays.hidden if samples is not None else arrays.hidden | {"sample"}
    layers = (arrays.conv, ActivationLayer(phi))
    return shared.scenario(arrays.inputs, arrays.targets, layers, chosen_loss, hidden=hidden)


@dataclass(frozen=True)
class _Pair:
    input: Array
    target: Array
    input_path: Path
    target_path: Path


@dataclass(frozen=True)
class _Arrays:
    inputs: Array
    targets: Array
    conv: Conv
    hidden: frozenset[str]


def _pairs(input: Any, target: Any, samples: Any, faults: Faults) -> list[_Pair] | None:
    """The samples' inputs and targets as they were written."""
    given = read_samples(faults, input, target, samples)
    pairs = []
    for sample, prefix in given:
        image = _array(sample.get("input"), (*prefix, "input"), (2, 3), faults)
        wanted = _array(sample.get("target"), (*prefix, "target"), (2, 3), faults)
        if image is not None and wanted is not None:
            pairs.append(_Pair(image, wanted, (*prefix, "input"), (*prefix, "target")))
    return pairs if len(pairs) == len(given) and pairs else None


def _array(value: Any, path: Path, dimensions: tuple[int, ...], faults: Faults) -> Array | None:
    """The value as float64 numbers, all finite, with one of these numbers of axes."""
    name = path[-1]
    if value is None:
        faults.add(f"{name} is missing", path[:-1], f"add it: {name}: [[…], […]]", "missing-key")
        return None
    otherwise = f"{name} is not a matrix of numbers", "write rows of numbers, all equally long"
    array = read_array(value, path, faults, otherwise)
    if array is None:
        return None
    if array.ndim not in dimensions or array.size == 0:
        shape = "is empty" if array.size == 0 else f"is nested {array.ndim} deep"
        allowed = " or ".join(_NESTING[depth] for depth in dimensions)
        faults.add(f"{name} {shape}", path, f"write {allowed}", "shape")
        return None
    if not np.isfinite(array).all():
        cell = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        faults.add(f"{name} has a number that is not finite", (*path, *cell), "use ordinary numbers")
        return None
    return array


_NESTING = {
    2: "one matrix [[…], […]]",
    3: "a list of matrices [[[…]], [[…]]]",
    4: "a list of filters, each a list of matrices",
}


def _fitted(
    pairs: list[_Pair] | None, weights: Array | None, bias: Any, geometry: Geometry, faults: Faults
) -> _Arrays | None:
    """The arrays with every axis, and the axes to hide, once input, filter, bias and target fit each other."""
    # which leaves the output's size open, so that a fault of the target's shape would be a guess
    unknown_geometry = any(fault.path[:1] == (key,) for key in GEOMETRY_KEYS for fault in faults.found)
    if pairs is None or weights is None or unknown_geometry:
        return None
    hidden = {axis for axis, at in (("filter", 4), ("channel", 3)) if weights.ndim < at}
    full = weights.reshape((1,) * (4 - weights.ndim) + weights.shape)
    if pairs[0].input.ndim == 3:
        hidden -= {"channel"}
    inputs: list[Array] = []
    targets: list[Array] = []
    before = len(faults.found)
    conv = Conv(frozen(full), _bias(bias, full.shape[0], "filter" in hidden, faults), geometry)
    for pair in pairs:
        image = pair.input if pair.input.ndim == 3 else pair.input[None]
        if inputs and image.shape != inputs[0].shape:
            what = f"this input is {size_text(pair.input.shape)}, the first one is {size_text(pairs[0].input.shape)}"
            faults.add(what, pair.input_path, "all samples have the same size", "shape")
            continue
        try:
            size = conv.output_size(image.shape)
        except InputError as error:
            faults.found.extend(f if f.path else f.under("filter") for f in error.faults)
            break
        wanted = size[1:] if "filter" in hidden else size
        if pair.target.shape != wanted:
            what = (
                f"target is {size_text(pair.target.shape)}, but a {size_text(pair.input.shape)} input and "
                f"a {size_text(weights.shape)} filter{_moved(geometry)} give a {size_text(wanted)} output"
            )
            faults.add(what, pair.target_path, f"write a {size_text(wanted)} target", "shape")
            continue
        inputs.append(image)
        targets.append(pair.target.reshape(size))
    if len(faults.found) > before:
        return None
    return _Arrays(np.stack(inputs), np.stack(targets), conv, frozenset(hidden))


def _moved(geometry: Geometry) -> str:
    """` with stride 2 and padding 1`, naming only what is not at its default."""
    parts = [f"{key} {value}" for key, value in geometry.written.items() if value != PLAIN.written.get(key)]
    return f" with {' and '.join((', '.join(parts[:-1]), parts[-1]) if parts[1:] else parts)}" if parts else ""


def _bias(bias: Any, filters: int, single: bool, faults: Faults) -> Array | None:
    if bias is None:
        return None
    wanted = "one number" if single else f"a list of {filters} numbers, one for each filter"
    what, hint = f"bias does not fit: this scenario needs {wanted}", f"write {wanted}"
    array = read_array(bias, ("bias",), faults, (what, hint))
    if array is None:
        return None
    if array.shape != (() if single else (filters,)) or not np.isfinite(array).all():
        faults.add(what, ("bias",), hint, "shape")
        return None
    return frozen(array.reshape(filters))


def _loss(name: str, phi: Activation | None, faults: Faults) -> Loss | None:
    loss = faults.attempt(lambda: LOSSES.find(str(name)), "loss")
    if loss and loss.only_with and phi is not None and phi.name != loss.only_with:
        what = f"{name} goes with {loss.only_with}: it needs outputs between 0 and 1, which {phi.name} does not ensure"
        faults.add(what, ("loss",), f"write activation: {loss.only_with}, or another loss")
    return loss


def _check_targets(loss: Loss, pairs: list[_Pair], faults: Faults) -> None:
    for pair in pairs if loss.only_with else ():
        if not ((pair.target >= 0) & (pair.target <= 1)).all():
            what = f"{loss.name} needs targets from 0 to 1"
            faults.add(what, pair.target_path, "change the target, or choose another loss")
