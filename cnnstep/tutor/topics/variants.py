"""Scenarios that pages make of one: another activation, two samples, one layer of a network by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.lesson import LayerSteps, lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Paragraph
from cnnstep.tutor.topics.topic import Example


def first_of(scenario: Scenario) -> Iteration:
    """The first iteration, the input gradient among its steps."""
    return next(trace(lesson_of(scenario, input_gradient=True), 1))


def with_activation(scenario: Scenario, name: str) -> Scenario:
    """Another activation; a loss that does not go with it gives way to ½Σe²."""
    phi = ACTIVATIONS[name]()
    if scenario.loss.only_with not in (None, name):
        scenario = replace(scenario, loss=LOSSES["half_squared_error"])
    return replace(scenario, layers=(scenario.conv, ActivationLayer(phi, scenario.loss.only_with == name)))


def with_loss(scenario: Scenario, name: str) -> Scenario:
    """Another loss, and the activation that it needs as the last layer."""
    loss, (*before, last) = LOSSES[name], scenario.layers
    if loss.only_with:
        last = ActivationLayer(ACTIVATIONS[loss.only_with](), slope_cancels=True)
    elif isinstance(last, ActivationLayer):
        last = replace(last, slope_cancels=False)
    return replace(scenario, loss=loss, layers=(*before, last))


def with_bias(scenario: Scenario, bias: float) -> Scenario:
    """A bias of this size for every filter."""
    filters = scenario.conv.weights.shape[0]
    return scenario.with_weights(scenario.conv.weights, np.full(filters, bias))


def with_rate(scenario: Scenario, rate: float) -> Scenario:
    """Another learning rate."""
    return replace(scenario, learning_rate=rate)


def turned(array: Array) -> Array:
    """The last two axes rotated by 180°."""
    return array[..., ::-1, ::-1]


def mirrored(array: Array) -> Array:
    """Left for right."""
    return array[..., ::-1]


def with_two_samples(scenario: Scenario) -> Scenario:
    """The first sample, and its mirror image as a second one."""
    inputs, targets = scenario.inputs[:1], scenario.targets[:1]
    return replace(
        scenario,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)])),
        targets=frozen(np.concatenate([targets, mirrored(targets)])),
        hidden=scenario.hidden - {"sample"},
    )


def with_mirror_image(network: Scenario) -> Scenario:
    """A network's first sample, and its mirror image with the same target."""
    inputs, targets = network.inputs[:1], network.targets[:1]
    return replace(
        network,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)])),
        targets=frozen(np.concatenate([targets, targets])),
        hidden=network.hidden - {"sample"},
    )


def with_two_channels(scenario: Scenario) -> Scenario:
    """The input with its mirror image as a second channel, and the filter with itself rotated by 180°."""
    inputs, weights = scenario.inputs[:, :1], scenario.conv.weights[:, :1]
    doubled = replace(
        scenario,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)], axis=1)),
        hidden=scenario.hidden - {"channel"},
    )
    return doubled.with_weights(np.concatenate([weights, turned(weights)], axis=1))


Pages = Callable[[Example], tuple[Block, ...]]

SMALLEST = "smallest-network"
"""The network that most pages about networks are worked on."""


def layer_of(iteration: Iteration, *kinds: str) -> LayerSteps:
    """The first layer of one of these types."""
    return next(one for one in iteration.lesson.layers if one.layer.kind in kinds)


def received(steps: LayerSteps) -> str:
    """The name of ∂L/∂ of the layer's output: on a page something comes back to every layer."""
    return steps.upstream.name if steps.upstream else "error"


def way_back(iteration: Iteration, steps: LayerSteps) -> Step:
    """The step that sends ∂L/∂ of the layer's input on."""
    return next(s for s in iteration.lesson.steps if s.layer == steps.name and s.role == "input_gradient")


def with_layer(scenario: Scenario, old: str, new: str, make: Callable[[Layer], Layer]) -> Scenario:
    """Layers of the type `old` remade, and the program's own names of them with the new type."""
    pairs = list(zip(scenario.layers, scenario.names, strict=True))
    layers = tuple(make(layer) if layer.kind == old else layer for layer, _ in pairs)
    names = tuple(name.replace(old, new) if layer.kind == old else name for layer, name in pairs)
    return replace(scenario, layers=layers, names=names)


def on_conv(numbers: Pages, best: Callable[[Conv], bool] = lambda conv: True) -> Pages:
    """A page about one filter, worked on the first filter of a network's conv layer: the first of the `best` ones."""

    def on_filter(example: Example) -> tuple[Block, ...]:
        found = _convs(example.first)
        steps = next((one for one in found if isinstance(one.layer, Conv) and best(one.layer)), found[0])
        return _by_itself(example, steps, slice(0, 1), numbers)

    return on_filter


def on_last_conv(numbers: Pages) -> Pages:
    """A page about one filter, worked on all filters of a network's last conv layer."""
    return lambda example: _by_itself(example, _convs(example.first)[-1], slice(None), numbers)


def _convs(iteration: Iteration) -> list[LayerSteps]:
    return [one for one in iteration.lesson.layers if isinstance(one.layer, Conv)]


def _by_itself(example: Example, steps: LayerSteps, filters: slice, numbers: Pages) -> tuple[Block, ...]:
    after = _activation_after(example.scenario, steps.name)
    alone = _alone(example.first, steps, filters)
    several = len(alone.conv.weights) < len(example.first.values[steps.leaves[0].name])
    together = ("filter 0 of " if several else "") + steps.name + (f" with {after[0]}" if after else "")
    words = (
        f"Here {together} is taken by itself. X is what it reads, z is {steps.forward.symbol}, and the upstream "
        "gradient, ∂L/∂ of its output, takes the place of the error e: the loss here is ½ Σ e², not the network's."
    )
    return (Paragraph(words), *numbers(Example(lambda name: alone, example.name, True, example.style)))


def _activation_after(scenario: Scenario, name: str) -> tuple[str, ActivationLayer] | None:
    """The name and the layer that come next, where that is an activation."""
    at = scenario.names.index(name) + 1
    layer = scenario.layers[at] if at < len(scenario.layers) else None
    return (scenario.names[at], layer) if isinstance(layer, ActivationLayer) else None


def _alone(iteration: Iteration, steps: LayerSteps, filters: slice) -> Scenario:
    """One layer whose first iteration has the network's numbers: ½Σe² with t = a − ∂L/∂a makes e that slope."""
    scenario, values, conv = iteration.lesson.scenario, iteration.values, cast("Conv", steps.layer)
    after = _activation_after(scenario, steps.name)
    last = steps if after is None else next(s for s in iteration.lesson.layers if s.name == after[0])
    inputs, output = values[steps.forward.inputs[0].name], values[last.forward.name][:, filters]
    slope = scenario.sign * values[received(last)][:, filters]
    bias = None if conv.bias is None else frozen(conv.bias[filters])
    single = {"channel": inputs.shape[1], "filter": output.shape[1]}
    return Scenario(
        inputs=frozen(inputs),
        targets=frozen(output - slope),
        layers=(
            replace(conv, weights=frozen(conv.weights[filters]), bias=bias),
            ActivationLayer(ACTIVATIONS["linear"]() if after is None else after[1].phi),
        ),
        learning_rate=scenario.learning_rate,
        loss=LOSSES["half_squared_error"],
        error=scenario.error,
        optimizer=scenario.optimizer,
        hidden=(scenario.hidden & {"sample"}) | {axis for axis, size in single.items() if size == 1},
    )
