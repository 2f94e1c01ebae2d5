"""From plain numbers and names to a scenario that fits together, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.keys import Faults, NameAndNumbers, NumberReader, chosen, read_array
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.kinds import LAYERS, layer_names, read_layers
from cnnstep.engine.layers.layer import Layer, Size
from cnnstep.engine.losses import FILTER_LOSSES, LOSSES, Loss
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.patches import (
    DILATION,
    GEOMETRY_KEYS,
    LEFTOVER_KEY,
    PADDING,
    PLAIN,
    STRIDE,
    Geometry,
    Steps,
    read_geometry,
)
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.scenario_keys import (
    ERROR,
    ITERATIONS,
    LEARNING_RATE,
    LOSS,
    NETWORK,
    ONE_FILTER,
    OPTIMIZER,
    SLOPE_AT_ZERO,
    TITLE,
    Samples,
    form_of,
    read_list,
    read_numbers,
    read_pairs,
    read_samples,
)
from cnnstep.errors import InputError, Path
from cnnstep.registry import did_you_mean


def size_text(sizes: Sequence[int]) -> str:
    """`2×3`; a single number is "one number"."""
    return "×".join(str(size) for size in sizes) if sizes else "one number"


def one_filter(
    *,
    filter: Any,
    activation: NameAndNumbers,
    learning_rate: float,
    input: Any = None,
    target: Any = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    title: str = TITLE.default,
    bias: Any = None,
    stride: Steps = STRIDE.default,
    padding: Steps | str = PADDING.default,
    dilation: Steps = DILATION.default,
    leftover: str = LEFTOVER_KEY.default,
    loss: str = LOSS.default,
    error: str = ERROR.default,
    relu_slope_at_zero: float = SLOPE_AT_ZERO.default,
    optimizer: NameAndNumbers = OPTIMIZER.default,
    iterations: int = ITERATIONS.default,
) -> Scenario:
    """The scenario of one convolution layer and its activation, from the keys of a scenario file.

    Shapes: input [H][W] or [C][H][W]; filter [kh][kw], [C][kh][kw] or [F][C][kh][kw]; target [oh][ow], or
    [F][oh][ow] for several filters. `InputError` lists every fault at once, with the key it belongs to.

    >>> mine = cnnstep.one_filter(input=[[1, 2]], filter=[[3]], target=[[4, 4]], activation="relu", learning_rate=0.1)
    >>> next(cnnstep.trace(mine)).matrix("error").tolist()         # 3·1 − 4, 3·2 − 4
    [[-1.0, 2.0]]
    """
    moves = {"stride": stride, "padding": padding, "dilation": dilation, "leftover": leftover}

    def content(faults: Faults, slope_at_zero: float) -> _Content | None:
        pairs = _pairs(input, target, samples, faults)
        weights = read_numbers(filter, ("filter",), faults, (2, 3, 4))
        geometry = read_geometry(faults, moves, None if weights is None else weights.shape[-2:])
        phi = chosen(ACTIVATIONS, activation, "activation", faults)
        if phi is not None and phi.name == "relu":
            phi = ACTIVATIONS["relu"](slope_at_zero)
        found = _loss(loss, phi, faults)
        arrays = _fitted(pairs, weights, bias, geometry, faults)
        if arrays is None or phi is None or found is None:
            return None
        _check_targets(found, pairs or [], faults)
        hidden = arrays.hidden if samples is not None else arrays.hidden | {"sample"}
        return _Content(arrays.inputs, arrays.targets, (arrays.conv, ActivationLayer(phi)), found, hidden)

    return _scenario(content, title, learning_rate, error, relu_slope_at_zero, optimizer, iterations)


def network(
    *,
    layers: Sequence[Mapping[str, Any]],
    learning_rate: float,
    input: Any = None,
    target: Any = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    test: Sequence[Mapping[str, Any]] | None = None,
    title: str = TITLE.default,
    loss: str = LOSS.default,
    error: str = ERROR.default,
    relu_slope_at_zero: float = SLOPE_AT_ZERO.default,
    optimizer: NameAndNumbers = OPTIMIZER.default,
    iterations: int = ITERATIONS.default,
) -> Scenario:
    """The scenario of a whole network, from the keys of a scenario file.

    `layers` are mappings with a `type` each, as the file writes them. A target has the size of the network's
    output, or is `{"class": 3}`: all 0 but for a 1 at that unit. `test` are samples like `samples` that nothing is
    trained with: they measure what was learned. `InputError` lists every fault at once.

    >>> layers = [{"type": "flatten"}, {"type": "dense", "weights": [[1, 2]]}]
    >>> mine = cnnstep.network(input=[[3, 4]], layers=layers, target=[10], learning_rate=0.1)
    >>> next(cnnstep.trace(mine)).matrix("dense1.forward").tolist()        # 1·3 + 2·4
    [11.0]
    """

    def content(faults: Faults, slope_at_zero: float) -> _Content | None:
        entries = _entries(layers, faults)
        given = Samples(read_samples(faults, input, target, samples))
        images, written_flat = given.images(faults)
        names = _checked_names(entries, faults)
        input_size = None if images is None else images.shape[1:]
        built, size = read_layers(entries, input_size, slope_at_zero, faults)
        found = _network_loss(loss, entries, faults)
        targets = None if size is None else given.targets(size, found, faults)
        held_back = None if test is None else Samples(read_pairs(faults, "test", test))
        tests = None if held_back is None else _tests(held_back, input_size, size, found, faults)
        if images is None or targets is None or found is None:
            return None
        targets = np.asfortranarray(targets)  # sample beside sample, as the layers leave the output
        hidden = ({"sample"} if samples is None else set()) | ({"channel"} if written_flat else set())
        return _Content(images, targets, built, found, frozenset(hidden), names, *(tests or (None, None)))

    return _scenario(content, title, learning_rate, error, relu_slope_at_zero, optimizer, iterations)


BUILDERS: Mapping[str, Callable[..., Scenario]] = {ONE_FILTER.name: one_filter, NETWORK.name: network}
"""What makes a scenario of the keys of each form."""


def rebuilt(data: dict[str, Any]) -> Scenario:
    """The scenario of these keys: the inverse of `data()`. `InputError` where they don't fit."""
    return BUILDERS[form_of(data).name](**data)


def with_keys(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with these keys changed; `InputError` where it does not fit any more."""
    return rebuilt(scenario.data() | changes)


@dataclass(frozen=True)
class _Content:
    """What the two forms write in their own ways: the data, the layers, the loss, what is hidden and held back."""

    inputs: Array
    targets: Array
    layers: tuple[Layer, ...]
    loss: Loss
    hidden: frozenset[str]
    names: tuple[str, ...] = ()
    test_inputs: Array | None = None
    test_targets: Array | None = None


def _scenario(
    content: Callable[[Faults, float], _Content | None],
    title: str,
    learning_rate: float,
    error: str,
    relu_slope_at_zero: float,
    optimizer: NameAndNumbers,
    iterations: int,
) -> Scenario:
    """The scenario of what `content` reads, and of the keys that both forms have; all faults at once.

    `slope_cancels` is set on a last activation whose slope undoes the loss's weight.
    """
    faults = Faults()
    numbers = NumberReader(faults)
    rate = numbers.real(learning_rate, LEARNING_RATE)
    if error not in ERROR_SIGNS:
        faults.add(f'error can\'t be "{error}"', ("error",), did_you_mean(str(error), ERROR_SIGNS))
    slope_at_zero = numbers.real(relu_slope_at_zero, SLOPE_AT_ZERO)
    moves = chosen(OPTIMIZERS, optimizer, "optimizer", faults)
    count = numbers.whole(iterations, ITERATIONS)
    found = content(faults, slope_at_zero)
    faults.stop_if_any()
    assert found is not None
    assert moves is not None
    layers, last = found.layers, found.layers[-1]
    if isinstance(last, ActivationLayer) and found.loss.only_with == last.kind:
        layers = (*layers[:-1], replace(last, slope_cancels=True))
    return Scenario(
        inputs=frozen(found.inputs),
        targets=frozen(found.targets),
        layers=layers,
        learning_rate=rate,
        loss=found.loss,
        error=error,
        optimizer=moves,
        relu_slope_at_zero=slope_at_zero,
        iterations=count,
        title=title,
        hidden=found.hidden,
        names=found.names,
        test_inputs=found.test_inputs,
        test_targets=found.test_targets,
    )


@dataclass(frozen=True)
class _WrittenSample:
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


def _pairs(input: Any, target: Any, samples: Any, faults: Faults) -> list[_WrittenSample] | None:
    """The samples' inputs and targets as they were written."""
    given = read_samples(faults, input, target, samples)
    pairs = []
    for sample, prefix in given:
        image = read_numbers(sample.get("input"), (*prefix, "input"), faults, (2, 3))
        wanted = read_numbers(sample.get("target"), (*prefix, "target"), faults, (2, 3))
        if image is not None and wanted is not None:
            pairs.append(_WrittenSample(image, wanted, (*prefix, "input"), (*prefix, "target")))
    return pairs if len(pairs) == len(given) and pairs else None


def _fitted(
    pairs: list[_WrittenSample] | None, weights: Array | None, bias: Any, geometry: Geometry, faults: Faults
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
    loss = faults.attempt(lambda: FILTER_LOSSES.find(str(name)), "loss")
    if loss and loss.only_with and phi is not None and phi.name != loss.only_with:
        what = f"{name} goes with {loss.only_with}: it needs outputs between 0 and 1, which {phi.name} does not ensure"
        faults.add(what, ("loss",), f"write activation: {loss.only_with}, or another loss")
    return loss


def _check_targets(loss: Loss, pairs: list[_WrittenSample], faults: Faults) -> None:
    for pair in pairs if loss.only_with else ():
        if not ((pair.target >= 0) & (pair.target <= 1)).all():
            what = f"{loss.name} needs targets from 0 to 1"
            faults.add(what, pair.target_path, "change the target, or choose another loss")


def _tests(
    given: Samples, input_size: Size | None, size: Size | None, loss: Loss | None, faults: Faults
) -> tuple[Array, Array] | None:
    """What is held back, read-only; None where it does not fit, or where it is not known what would."""
    images, _ = given.images(faults, input_size)
    targets = None if size is None else given.targets(size, loss, faults)
    return None if images is None or targets is None else (frozen(images), frozen(targets))


def _entries(layers: Any, faults: Faults) -> Sequence[Mapping[str, Any]]:
    """The layers, where each is a mapping; else none of them."""
    given = read_list(faults, layers, "layers", "{type: conv, …}")
    odd = [(index, layer) for index, layer in enumerate(given) if not isinstance(layer, Mapping)]
    for index, layer in odd:
        kind = layer if isinstance(layer, str) and layer in LAYERS else "relu"
        faults.add(f"this layer is {layer!r:.60}", ("layers", index), f"write {{type: {kind}}}", "type")
    return () if odd else given


def _checked_names(layers: Sequence[Mapping[str, Any]], faults: Faults) -> tuple[str, ...]:
    """Names for all layers, each once and without a point, which parts a layer's name from its step's."""
    names = layer_names(layers)
    for index, name in enumerate(names):
        if name in names[:index]:
            faults.add(f'two layers are called "{name}"', ("layers", index, "name"), "give each its own name")
        if not name.replace("_", "").replace("-", "").isalnum():
            what = f'a layer can\'t be called "{name}"'
            faults.add(what, ("layers", index, "name"), "use letters, digits, - and _")
    return names


def _network_loss(name: str, layers: Sequence[Mapping[str, Any]], faults: Faults) -> Loss | None:
    loss = faults.attempt(lambda: LOSSES.find(str(name)), "loss")
    last = str(layers[-1].get("type")) if layers else ""
    if loss and loss.only_with and last in LAYERS and last != loss.only_with:
        what = f"{name} goes with {loss.only_with} as the last layer, and here it is {last}"
        faults.add(what, ("loss",), f"end layers with {{type: {loss.only_with}}}, or choose another loss")
    return loss
