"""A scenario: the question. Input, layers, target, loss, optimizer and learning rate; frozen, arrays read-only.

Everything that is trained has a name: `filter` and `bias`; in a network `conv1.weights`, `conv1.bias`, …
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer, WithWeights
from cnnstep.engine.losses import LOSSES, Loss
from cnnstep.engine.optimizers import OPTIMIZERS, Optimizer
from cnnstep.engine.quantity import IMAGE, MAP, VECTOR, WEIGHTS, Array, Layout, Values, frozen, number, numbers
from cnnstep.engine.vocabulary import NETWORK, ONE_FILTER, Vocabulary
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean

OUTPUT_MINUS_TARGET = "output_minus_target"
TARGET_MINUS_OUTPUT = "target_minus_output"
ERROR_SIGNS = (OUTPUT_MINUS_TARGET, TARGET_MINUS_OUTPUT)


@dataclass(frozen=True)
class Scenario:
    """Inputs [N, C, H, W], targets [N, F, oh, ow] and what is trained to bring them together.

    `hidden` are the axes of length 1 that the learner did not write; `names` are the layers' in a network. The test
    samples are held back from training, to measure what was learned. Build one with `one_filter` or `network`, which
    check that everything fits; a scenario that exists works.
    """

    inputs: Array
    targets: Array
    layers: tuple[Layer, ...]
    learning_rate: float
    loss: Loss = field(default_factory=lambda: LOSSES["half_squared_error"])
    error: str = OUTPUT_MINUS_TARGET
    optimizer: Optimizer = field(default_factory=lambda: OPTIMIZERS["sgd"]())
    relu_slope_at_zero: float = 0.0
    iterations: int = 1
    title: str = ""
    hidden: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    test_inputs: Array | None = None
    test_targets: Array | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """What its lesson calls things: a network's layers have names, one filter's need none."""
        return NETWORK if self.names else ONE_FILTER

    @property
    def named_layers(self) -> tuple[tuple[Layer, str], ...]:
        """The layers from first to last, each with its name, "" for those of one filter."""
        return tuple(zip(self.layers, self.names or ("",) * len(self.layers), strict=True))

    @property
    def sign(self) -> int:
        """+1 for e = a − t, −1 for e = t − a: what every backward quantity carries."""
        return 1 if self.error == OUTPUT_MINUS_TARGET else -1

    @property
    def conv(self) -> Conv:
        """The convolution of a one-filter scenario."""
        return cast("Conv", self.layers[0])

    @property
    def activation(self) -> Activation:
        """The activation of a one-filter scenario."""
        return cast("ActivationLayer", self.layers[1]).phi

    def layout(self, axes: tuple[str, ...]) -> Layout:
        """These axes, without the ones that the learner did not write."""
        return Layout(axes, self.hidden & set(axes))

    def check_one_filter(self, wants: str) -> None:
        """`InputError` where there is more than one filter and its activation; `wants` is who asks: `a sweep takes`."""
        if self.names:
            what = f"{wants} one filter and its activation, not a network of layers"
            could = "write its one layer as filter and activation, or " if isinstance(self.layers[0], Conv) else ""
            hint = f"{could}run it: cnnstep run"
            raise InputError(Fault("network", what, hint))

    def with_weights(self, weights: Array, bias: Array | None = None) -> Scenario:
        """The same question asked of another filter [F, C, kh, kw], and of another bias [F] where one is given."""
        bias = self.conv.bias if bias is None else frozen(bias)
        conv = replace(self.conv, weights=frozen(weights), bias=bias)
        return replace(self, layers=(conv, *self.layers[1:]))

    def data(self) -> dict[str, Any]:
        """The scenario as a scenario file would write it, every default filled in."""
        return {
            "title": self.title,
            **self._samples(),
            **self._tests(),
            **self.vocabulary.written(self),
            "learning_rate": number(self.learning_rate),
            "loss": self.loss.name,
            "error": self.error,
            "relu_slope_at_zero": number(self.relu_slope_at_zero),
            "optimizer": _named(self.optimizer.name, self.optimizer.parameters),
            "iterations": self.iterations,
        }

    def _samples(self) -> dict[str, Any]:
        inputs, targets = self.layout(IMAGE).show(self.inputs), self._shown_targets()
        if "sample" in self.hidden:
            return {"input": numbers(inputs), "target": numbers(targets)}
        return {"samples": _written(inputs, targets)}

    def _tests(self) -> dict[str, Any]:
        if self.test_inputs is None or self.test_targets is None:
            return {}
        shown = Layout(IMAGE, self.hidden & {"channel"}).show(self.test_inputs)
        return {"test": _written(shown, self.test_targets)}

    def _shown_targets(self) -> Array:
        axes = MAP if self.targets.ndim == len(MAP) else VECTOR
        return Layout(axes, self.hidden & self.vocabulary.optional & set(axes)).show(self.targets)

    def as_layers(self) -> dict[str, Any]:
        """Its layers as a file writes those of a network: `layers`, each with its type, its name and its settings."""
        layers = self.named_layers
        return {"layers": [{"type": layer.kind, "name": name, **layer.settings()} for layer, name in layers]}

    def as_filter(self) -> dict[str, Any]:
        """Its two layers as a file writes them in short: `filter`, `bias`, `activation`, and how the filter moves."""
        conv, phi = self.conv, self.activation
        return {
            "filter": numbers(self.layout(WEIGHTS).show(conv.weights)),
            "bias": None if conv.bias is None else numbers(self.layout(("filter",)).show(conv.bias)),
            "activation": _named(phi.name, phi.parameters),
            "learning_rate": number(self.learning_rate),
            **conv.geometry.written,
        }


def _written(inputs: Array, targets: Array) -> list[dict[str, Any]]:
    return [{"input": numbers(x), "target": numbers(t)} for x, t in zip(inputs, targets, strict=True)]


def _named(name: str, parameters: Any) -> Any:
    return {"name": name, **{key: number(value) for key, value in parameters.items()}} if parameters else name


def weights_of(scenario: Scenario) -> dict[str, Array]:
    """The weights and biases that the scenario starts from, by name, every axis present."""
    found = {}
    for layer, (weights, bias) in zip(scenario.layers, _names(scenario), strict=True):
        if isinstance(layer, WithWeights):
            found[weights] = layer.weights
            if layer.bias is not None:
                found[bias] = layer.bias
    return found


def with_weights(scenario: Scenario, arrays: Values) -> Scenario:
    """The same question asked of other weights, all of them; `InputError` names each that does not fit.

    Axes of length 1 at the beginning may be left out: one filter's weights are a matrix, its bias is a number.
    """
    needed = weights_of(scenario)
    arrays = {name: _with_axes(array, needed[name]) if name in needed else array for name, array in arrays.items()}
    faults = list(_unfitting(needed, arrays))
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


def _with_axes(array: Array, needed: Array) -> Array:
    """The array with the axes that were left out, if these are all that is missing."""
    missing = needed.ndim - array.ndim
    fits = missing > 0 and needed.shape == (1,) * missing + array.shape
    return array.reshape(needed.shape) if fits else array


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
