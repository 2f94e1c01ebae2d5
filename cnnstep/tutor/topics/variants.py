"""The same scenario with one thing changed: what a page compares with where the scenario itself can't show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace


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
