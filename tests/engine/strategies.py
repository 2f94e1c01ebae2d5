"""Random one-filter scenarios over every name in the registries and every geometry that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario

GEOMETRIES = st.builds(Geometry, stride=st.integers(1, 3), padding=st.integers(0, 2), dilation=st.integers(1, 3))
SEEDS = st.integers(0, 2**32 - 1)

SETTINGS: Mapping[str, tuple[Mapping[str, float], ...]] = {
    "leaky_relu": ({}, {"slope": 0.25}, {"slope": 0}),
    "elu": ({}, {"alpha": 0.5}, {"alpha": 0}),
    "momentum": ({}, {"momentum": 0.5}, {"momentum": 0}),
    "nesterov": ({}, {"momentum": 0.5}),
    "adam": ({}, {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.001}),
}
"""The names that have numbers to set, with the numbers to try; everything else is tried as it is."""


def named(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """`{name: leaky_relu, slope: 0.25}`, or the name with its defaults."""
    return st.sampled_from([{"name": name, **numbers} for numbers in SETTINGS.get(name, ({},))])


@st.composite
def axis_lengths(draw: st.DrawFn, geometry: Geometry) -> tuple[int, int, int]:
    """(input, window, outputs) along one axis, so that no cell is left over."""
    window, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    length = (outputs - 1) * geometry.stride + geometry.reach(window) - 2 * geometry.padding
    if length < 1:  # all of it would be padding: the next larger input that leaves nothing over
        more = -((length - 1) // geometry.stride)
        length, outputs = length + more * geometry.stride, outputs + more
    return length, window, outputs


@st.composite
def scenario_keys(draw: st.DrawFn, optimizers: tuple[str, ...] = tuple(OPTIMIZERS)) -> dict[str, Any]:
    """The keys of a scenario file. Numbers are quarters, so that z is now and then exactly 0."""
    geometry = draw(GEOMETRIES)
    height, width = draw(axis_lengths(geometry)), draw(axis_lengths(geometry))
    channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    loss, activation = draw(st.sampled_from(sorted(LOSSES))), draw(st.sampled_from(sorted(ACTIVATIONS)))
    activation = LOSSES[loss].only_with or activation
    random = np.random.default_rng(draw(SEEDS))

    def quarters(*shape: int, reach: int = 6) -> Array:
        return random.integers(-reach, reach + 1, shape) / 4

    def target() -> Array:
        several = (filters, height[2], width[2])
        return random.integers(0, 5, several) / 4 if LOSSES[loss].only_with else quarters(*several)

    pairs = [
        {"input": quarters(channels, height[0], width[0]), "target": target()} for _ in range(draw(st.integers(1, 3)))
    ]
    return {
        **({"samples": pairs} if len(pairs) > 1 or draw(st.booleans()) else pairs[0]),
        "filter": quarters(filters, channels, height[1], width[1]),
        "bias": quarters(filters) if draw(st.booleans()) else None,
        "activation": draw(named(activation)),
        "learning_rate": draw(st.sampled_from((0.001, 0.01, 0.05))),
        "stride": geometry.stride,
        "padding": geometry.padding,
        "dilation": geometry.dilation,
        "loss": loss,
        "error": draw(st.sampled_from(ERROR_SIGNS)),
        "relu_slope_at_zero": draw(st.sampled_from((0, 0.5, 1))),
        "optimizer": draw(named(draw(st.sampled_from(optimizers)))),
    }


def scenarios(*optimizers: str) -> st.SearchStrategy[Scenario]:
    """Random scenarios; with names, only of these optimizers."""
    return scenario_keys(optimizers or tuple(OPTIMIZERS)).map(lambda keys: one_filter(**keys))


def moved_off_the_kinks(scenario: Scenario, seed: int) -> Scenario:
    """The same scenario with all numbers of input, filter and bias moved a little: z is 0 only where it must be."""
    random = np.random.default_rng(seed)

    def moved(array: Array) -> Array:
        return frozen(array + random.uniform(0.01, 0.1, array.shape) * random.choice((-1, 1), array.shape))

    bias = scenario.conv.bias
    other = scenario.with_weights(moved(scenario.conv.weights), None if bias is None else moved(bias))
    return replace(other, inputs=moved(scenario.inputs))
