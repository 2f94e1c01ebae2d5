"""Everything that is trained, by name: `filter` and `bias`; in a network `conv1.weights`, `conv1.bias`, …"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cnnstep.engine.layers.layer import Layer, WithWeights
from cnnstep.engine.quantity import Array, Values, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import Outcome
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean


def weights_of(scenario: Scenario) -> dict[str, Array]:
    """The weights that the scenario starts from."""
    found = {}
    for layer, (weights, bias) in zip(scenario.layers, _names(scenario), strict=True):
        if isinstance(layer, WithWeights):
            found[weights] = layer.weights
            if layer.bias is not None:
                found[bias] = layer.bias
    return found


def trained(outcome: Outcome) -> dict[str, Array]:
    """The weights after a run's last update."""
    return {name: outcome.values[name] for name in weights_of(outcome.lesson.scenario)}


def with_weights(scenario: Scenario, arrays: Values) -> Scenario:
    """The same question asked of other weights, all of them; `InputError` names each that does not fit."""
    faults = list(_unfitting(weights_of(scenario), arrays))
    if faults:
        raise InputError(faults)
    layers: list[Layer] = []
    for layer, (weights, bias) in zip(scenario.layers, _names(scenario), strict=True):
        if isinstance(layer, WithWeights):
            other = None if layer.bias is None else frozen(arrays[bias])
            layers.append(replace(layer, weights=frozen(arrays[weights]), bias=other))
        else:
            layers.append(layer)
    return replace(scenario, layers=tuple(layers))


def _names(scenario: Scenario) -> list[tuple[str, str]]:
    """What each layer's weights and its bias are called."""
    names = (scenario.vocabulary.names(layer, name, 1, "") for layer, name in scenario.named_layers)
    return [(one["weights"][0], one["bias"][0]) for one in names]


def _unfitting(needed: Mapping[str, Array], given: Values) -> list[Fault]:
    faults = []
    for name, array in needed.items():
        if name not in given:
            faults.append(Fault("missing-weights", f"{name} is missing", did_you_mean(name, given)))
        elif given[name].shape != array.shape:
            what = f"{name} is {_size(given[name])}, but this scenario's is {_size(array)}"
            faults.append(Fault("shape", what, "were they trained with this scenario?"))
    for name in given:
        if name not in needed:
            hint = did_you_mean(name, needed)
            faults.append(Fault("unknown-weights", f'this scenario trains nothing called "{name}"', hint))
    return faults


def _size(array: Array) -> str:
    return "×".join(str(n) for n in array.shape)
