"""A network's layer on a page: its steps in the lesson, and a filter of it looked at by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.lesson import LayerSteps
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Paragraph
from cnnstep.tutor.topics.example import Example

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
