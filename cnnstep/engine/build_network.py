"""From plain numbers and names to a network's scenario, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cnnstep.engine.checks import Faults, Named, NumberReader, chosen
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.layer import Layer, Size
from cnnstep.engine.losses import NETWORK_LOSSES, Loss
from cnnstep.engine.network import layer_names, read_layers
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, OUTPUT_MINUS_TARGET, Scenario
from cnnstep.errors import Path
from cnnstep.registry import did_you_mean


def network(
    *,
    layers: Sequence[Mapping[str, Any]],
    learning_rate: float,
    input: Any = None,
    target: Any = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    title: str = "",
    loss: str = "half_squared_error",
    error: str = OUTPUT_MINUS_TARGET,
    relu_slope_at_zero: float = 0.0,
    optimizer: Named = "sgd",
    iterations: int = 1,
) -> Scenario:
    """The scenario of a whole network, from the keys of a scenario file.

    `layers` are mappings with a `type` each, as the file writes them. A target has the size of the network's
    output, or is `{"class": 3}`: all 0 but for a 1 at that unit. `InputError` lists every fault at once.
    """
    faults = Faults()
    numbers = NumberReader(faults)
    rate = numbers.real(learning_rate, "learning_rate", above=0.0)
    at_zero = numbers.real(relu_slope_at_zero, "relu_slope_at_zero", least=0.0, most=1.0)
    turns = numbers.whole(iterations, "iterations", 1)
    if error not in ERROR_SIGNS:
        faults.add(f'error can\'t be "{error}"', ("error",), did_you_mean(str(error), ERROR_SIGNS))
    given = [{"input": input, "target": target}] if samples is None else list(samples)
    paths: list[Path] = [()] if samples is None else [("samples", k) for k in range(len(given))]
    images, written_flat = _images(given, paths, faults)
    names = _names(layers, faults)
    built, size = read_layers(layers, None if images is None else images.shape[1:], at_zero, faults)
    chosen_loss = _loss(loss, built, faults)
    chosen_optimizer = chosen(OPTIMIZERS, optimizer, "optimizer", faults)
    targets = None if size is None else _targets(given, paths, size, chosen_loss, faults)
    faults.stop_if_any()
    assert images is not None
    assert targets is not None
    assert chosen_loss is not None
    assert chosen_optimizer is not None
    hidden = ({"sample"} if samples is None else set()) | ({"channel"} if written_flat else set())
    return Scenario(
        inputs=frozen(images),
        targets=frozen(targets),
        layers=_last_marked(built, chosen_loss),
        learning_rate=rate,
        loss=chosen_loss,
        error=error,
        optimizer=chosen_optimizer,
        relu_slope_at_zero=at_zero,
        iterations=turns,
        title=title,
        hidden=frozenset(hidden),
        names=names,
    )


def _last_marked(layers: tuple[Layer, ...], loss: Loss) -> tuple[Layer, ...]:
    """The layers; a last activation whose slope cancels the loss's weight knows it."""
    last = layers[-1]
    if isinstance(last, ActivationLayer) and loss.only_with == last.kind:
        return (*layers[:-1], replace(last, slope_cancels=True))
    return layers


def _names(layers: Sequence[Mapping[str, Any]], faults: Faults) -> tuple[str, ...]:
    """Names for all layers, each once and without a point, which parts a layer's name from its step's."""
    if not layers:
        faults.add("layers is empty", ("layers",), "give at least one: {type: conv, …}")
    names = layer_names(layers)
    for index, name in enumerate(names):
        if name in names[:index]:
            faults.add(f'two layers are called "{name}"', ("layers", index, "name"), "give each its own name")
        if not name.replace("_", "").replace("-", "").isalnum():
            what = f'a layer can\'t be called "{name}"'
            faults.add(what, ("layers", index, "name"), "use letters, digits, - and _")
    return names


def _images(given: Sequence[Mapping[str, Any]], paths: Sequence[Path], faults: Faults) -> tuple[Array | None, bool]:
    """All inputs as [N, C, H, W], and whether they were written without channels."""
    images: list[Array] = []
    flat = True
    for sample, path in zip(given, paths, strict=True):
        try:
            array = np.asarray(sample.get("input"), dtype=np.float64)
        except (ValueError, TypeError):
            array = np.zeros(())
        if array.ndim not in (2, 3) or array.size == 0 or not np.isfinite(array).all():
            what = "input must be finite numbers: one matrix, or one for each channel"
            faults.add(what, (*path, "input"), "write [[…], […]]", "shape")
            continue
        flat = flat and array.ndim == 2
        image = array if array.ndim == 3 else array[None]
        if images and image.shape != images[0].shape:
            faults.add(
                "this input has another size than the first one", (*path, "input"), "give all the same size", "shape"
            )
            continue
        images.append(image)
    return (np.stack(images), flat) if len(images) == len(given) and images else (None, flat)


def _targets(
    given: Sequence[Mapping[str, Any]], paths: Sequence[Path], size: Size, loss: Loss | None, faults: Faults
) -> Array | None:
    targets = [_target(s.get("target"), (*p, "target"), size, faults) for s, p in zip(given, paths, strict=True)]
    found = [target for target in targets if target is not None]
    if len(found) < len(targets):
        return None
    for target, path in zip(found, paths, strict=True):
        if loss is not None and loss.only_with and not ((target >= 0) & (target <= 1)).all():
            faults.add(f"{loss.name} needs targets from 0 to 1", (*path, "target"), "change the target")
    return np.stack(found)


def _target(given: Any, path: Path, size: Size, faults: Faults) -> Array | None:
    """A target of the network's output size, or a class written as one."""
    text = "×".join(str(n) for n in size)
    if isinstance(given, Mapping):
        number = given.get("class")
        fits = isinstance(number, int) and not isinstance(number, bool) and len(size) == 1 and 0 <= number < size[0]
        if not fits:
            what = f"there is no class {number}: the network's output has {text} numbers"
            faults.add(what, (*path, "class"), f"classes are counted from 0 to {size[0] - 1}")
            return None
        return np.eye(size[0])[number]
    try:
        array = np.asarray(given, dtype=np.float64)
    except (ValueError, TypeError):
        array = np.full((0,), np.nan)
    shown = array[None] if array.ndim == 2 and len(size) == 3 and size[0] == 1 else array
    if shown.shape != size or not np.isfinite(shown).all():
        what = f"target does not fit: the network's output is {text}"
        faults.add(what, path, f"write {text} numbers{', or {class: 3}' if len(size) == 1 else ''}", "shape")
        return None
    return shown


def _loss(name: str, layers: tuple[Layer, ...], faults: Faults) -> Loss | None:
    loss = faults.attempt(lambda: NETWORK_LOSSES.find(str(name)), "loss")
    if loss and loss.only_with and layers and layers[-1].kind != loss.only_with:
        what = f"{name} goes with {loss.only_with} as the last layer, and here it is {layers[-1].kind}"
        faults.add(what, ("loss",), f"add {{type: {loss.only_with}}}, or choose another loss")
    return loss
