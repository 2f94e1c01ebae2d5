"""Random one-filter scenarios over every name in the registries and every geometry that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.keys import Faults
from cnnstep.engine.losses import FILTER_LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.patches import Geometry, Pair, read_geometry
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario

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


@dataclass(frozen=True)
class Plane:
    """How a window moves, as a scenario file writes it, and the sizes that go with it, each (rows, columns)."""

    keys: Mapping[str, Any]
    size: Pair
    window: Pair
    outputs: Pair

    @property
    def geometry(self) -> Geometry:
        """What the engine reads of the keys."""
        faults = Faults()
        geometry = read_geometry(faults, self.keys, self.window)
        faults.stop_if_any()
        return geometry


def one_or_two(draw: st.DrawFn, pair: Pair) -> int | list[int]:
    """A pair as it may be written: where both are the same, by one number or by two."""
    return pair[0] if pair[0] == pair[1] and draw(st.booleans()) else list(pair)


def pairs(draw: st.DrawFn, least: int, most: int) -> Pair:
    """One number for both axes, or one each."""
    one = draw(st.integers(least, most))
    return one, draw(st.just(one) | st.integers(least, most))


@st.composite
def planes(draw: st.DrawFn) -> Plane:
    """Every way to move a window, and sizes that fit: what is left over is dropped, where something is."""
    same, drops = draw(st.sampled_from((False, False, True))), draw(st.booleans())
    stride = (1, 1) if same else pairs(draw, 1, 3)
    padding, dilation = pairs(draw, 0, 2), pairs(draw, 1, 3)
    axes = []
    for step, rim, apart in zip(stride, padding, dilation, strict=True):
        window, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        reach = (window - 1) * apart + 1
        zeros = reach - 1 if same else 2 * rim
        length = (outputs - 1) * step + reach - zeros
        if length < 1:  # all of it would be padding: the next larger input that leaves nothing over
            more = -((length - 1) // step)
            length, outputs = length + more * step, outputs + more
        axes.append((length + (draw(st.integers(0, step - 1)) if drops else 0), window, outputs))
    keys = {
        "stride": one_or_two(draw, stride),
        "padding": "same" if same else one_or_two(draw, padding),
        "dilation": one_or_two(draw, dilation),
        "leftover": "drop" if drops else "refuse",
    }
    return Plane(keys, *((one, other) for one, other in zip(*axes, strict=True)))


@st.composite
def scenario_keys(draw: st.DrawFn, optimizers: tuple[str, ...] = tuple(OPTIMIZERS)) -> dict[str, Any]:
    """The keys of a scenario file. Numbers are quarters, so that z is now and then exactly 0."""
    plane = draw(planes())
    channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    loss, activation = draw(st.sampled_from(sorted(FILTER_LOSSES))), draw(st.sampled_from(sorted(ACTIVATIONS)))
    activation = FILTER_LOSSES[loss].only_with or activation
    random = np.random.default_rng(draw(SEEDS))

    def quarters(*shape: int, reach: int = 6) -> Array:
        return random.integers(-reach, reach + 1, shape) / 4

    def target() -> Array:
        several = (filters, *plane.outputs)
        return random.integers(0, 5, several) / 4 if FILTER_LOSSES[loss].only_with else quarters(*several)

    samples = [{"input": quarters(channels, *plane.size), "target": target()} for _ in range(draw(st.integers(1, 3)))]
    return {
        **({"samples": samples} if len(samples) > 1 or draw(st.booleans()) else samples[0]),
        "filter": quarters(filters, channels, *plane.window),
        "bias": quarters(filters) if draw(st.booleans()) else None,
        "activation": draw(named(activation)),
        "learning_rate": draw(st.sampled_from((0.001, 0.01, 0.05))),
        **plane.keys,
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
