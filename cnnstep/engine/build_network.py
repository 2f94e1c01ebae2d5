"""From plain numbers and names to a network's scenario, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cnnstep.engine.checks import Faults, Named
from cnnstep.engine.layers.kinds import LAYERS, layer_names, read_layers
from cnnstep.engine.layers.layer import Size
from cnnstep.engine.losses import NETWORK_LOSSES, Loss
from cnnstep.engine.network_samples import Samples
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import OUTPUT_MINUS_TARGET, Scenario
from cnnstep.engine.shared_keys import SharedKeys, read_list, read_pairs, read_samples


def network(
    *,
    layers: Sequence[Mapping[str, Any]],
    learning_rate: float,
    input: Any = None,
    target: Any = None,
    samples: Sequence[Mapping[str, Any]] | None = None,
    test: Sequence[Mapping[str, Any]] | None = None,
    title: str = "",
    loss: str = "half_squared_error",
    error: str = OUTPUT_MINUS_TARGET,
    relu_slope_at_zero: float = 0.0,
    optimizer: Named = "sgd",
    iterations: int = 1,
) -> Scenario:
    """The scenario of a whole network, from the keys of a scenario file.

    `layers` are mappings with a `type` each, as the file writes them. A target has the size of the network's
    output, or is `{"class": 3}`: all 0 but for a 1 at that unit. `test` are samples like `samples` that nothing is
    trained with: they measure what was learned. `InputError` lists every fault at once.
    """
    faults = Faults()
    shared = SharedKeys.read(
        faults,
        title=title,
        learning_rate=learning_rate,
        error=error,
        relu_slope_at_zero=relu_slope_at_zero,
        optimizer=optimizer,
        iterations=iterations,
    )
    layers = _entries(layers, faults)
    given = Samples(read_samples(faults, input, target, samples))
    images, written_flat = given.images(faults)
    names = _names(layers, faults)
    input_size = None if images is None else images.shape[1:]
    built, size = read_layers(layers, input_size, shared.relu_slope_at_zero, faults)
    chosen_loss = _loss(loss, layers, faults)
    targets = None if size is None else given.targets(size, chosen_loss, faults)
    held_back = None if test is None else Samples(read_pairs(faults, "test", test))
    tests = None if held_back is None else _tests(held_back, input_size, size, chosen_loss, faults)
    faults.stop_if_any()
    assert images is not None
    assert targets is not None
    assert chosen_loss is not None
    hidden = ({"sample"} if samples is None else set()) | ({"channel"} if written_flat else set())
    return shared.scenario(
        images,
        np.asfortranarray(targets),  # sample beside sample, as the layers leave the output
        built,
        chosen_loss,
        hidden=frozenset(hidden),
        names=names,
        test_inputs=tests and tests[0],
        test_targets=tests and tests[1],
    )


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


def _names(layers: Sequence[Mapping[str, Any]], faults: Faults) -> tuple[str, ...]:
    """Names for all layers, each once and without a point, which parts a layer's name from its step's."""
    names = layer_names(layers)
    for index, name in enumerate(names):
        if name in names[:index]:
            faults.add(f'two layers are called "{name}"', ("layers", index, "name"), "give each its own name")
        if not name.replace("_", "").replace("-", "").isalnum():
            what = f'a layer can\'t be called "{name}"'
            faults.add(what, ("layers", index, "name"), "use letters, digits, - and _")
    return names


def _loss(name: str, layers: Sequence[Mapping[str, Any]], faults: Faults) -> Loss | None:
    loss = faults.attempt(lambda: NETWORK_LOSSES.find(str(name)), "loss")
    last = str(layers[-1].get("type")) if layers else ""
    if loss and loss.only_with and last in LAYERS and last != loss.only_with:
        what = f"{name} goes with {loss.only_with} as the last layer, and here it is {last}"
        faults.add(what, ("loss",), f"end layers with {{type: {loss.only_with}}}, or choose another loss")
    return loss
