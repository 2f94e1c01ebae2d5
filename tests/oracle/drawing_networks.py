"""Random small networks: a convolution and what may come after it, on inputs that can be worked by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from random import Random
from typing import Any

from tests.oracle.cells import Cells, indices, sizes
from tests.oracle.layers import ACTIVATIONS, correlate, windows
from tests.oracle.network import (
    Activation,
    AveragePool,
    Conv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Network,
    Softmax,
)
from tests.oracle.optimizers import MEMORY
from tests.oracle.question import SQUARES, work

LARGEST, NEAREST = 100.0, 1e-9
"""A network is set again where its numbers grow larger, or miss a kink only because floats are no real numbers."""


def draw_network(random: Random, **fixed: Any) -> Network:
    """A network with these keys as given, the others at random."""
    while True:
        network = _any(random, fixed)
        try:
            done = work(network)
        except (OverflowError, ZeroDivisionError):
            continue
        numbers = [abs(value) for cells in done.steps.values() for value in cells.values()]
        if max(numbers) < LARGEST and not any(0 < value < NEAREST for value in numbers):
            return network


def _any(random: Random, fixed: dict[str, Any]) -> Network:
    samples, channels = (random.choice((1, 1, 1, 2)) for _ in range(2))
    size = random.choice((4, 4, 5)), random.choice((4, 5))
    image = {cell: float(random.randint(-2, 2)) for cell in indices(samples, channels, *size)}
    kind = random.choice(list(ENDINGS))
    phi = random.choice(("relu", "relu", "relu", *ACTIVATIONS))
    layers, maps = _convolution(random, [], image, phi, random.choice((1, 2)))
    layers, output = ENDINGS[kind](random, layers, maps, phi)
    network = Network(
        target=output,
        image=image,
        layers=tuple(layers),
        alone=samples == 1,
        rate=random.choice((0.5, 0.1, 0.05, 0.2)),
        loss=random.choice(LOSSES[kind]),
        error=random.choice((1, 1, -1)),
        at_zero=random.choice((0.0, 0.0, 0.5, 1.0)) if phi == "relu" else 0.0,
        optimizer=random.choice(("sgd", "sgd", "sgd", *MEMORY)),
        iteration=random.choice((0, 0, 0, 1)),
    )
    return replace(network, target=_targets(random, kind, output), **fixed)


Chain = tuple[list[Layer], Cells]
"""Layers so far, and an array of the size of what comes out of them."""


def _convolution(random: Random, layers: list[Layer], x: Cells, phi: str, filters: int) -> Chain:
    """A convolution of 2×2 and its activation."""
    number, channels = 1 + sum(isinstance(layer, Conv) for layer in layers), sizes(x)[1]
    conv = Conv(
        f"conv{number}",
        {cell: float(random.randint(-1, 2)) for cell in indices(filters, channels, 2, 2)},
        {(f,): float(random.randint(-1, 1)) for f in range(filters)},
    )
    maps = correlate(x, conv.weights, conv.bias, conv.geometry)
    return [*layers, conv, Activation(f"{phi}{number}")], maps


def _pool(random: Random, layers: list[Layer], x: Cells) -> Chain:
    """A pooling layer that just fits: windows side by side, or overlapping by half."""
    rows, columns = sizes(x)[2:]
    size = (2 if rows % 2 == 0 else rows, columns if columns % 2 else 2)
    stride = size
    if random.random() < 0.3:
        size, stride = (2, 2), (1, 1)
    pool = random.choice((MaxPool("max_pool1", size, stride), AveragePool("average_pool1", size, stride)))
    return [*layers, pool], dict.fromkeys(windows(x, size, stride), 0.0)


def _dense(random: Random, layers: list[Layer], maps: Cells) -> Chain:
    """Mostly a pooling layer, then one row, then two or three units of it."""
    if random.random() < 0.7:
        layers, maps = _pool(random, layers, maps)
    samples, *rest = sizes(maps)
    inputs, outputs = prod(rest), random.choice((2, 3))
    weights = {cell: random.choice((-1.0, -0.5, 0.0, 0.5, 1.0)) for cell in indices(outputs, inputs)}
    dense = Dense("dense1", weights, {(k,): random.choice((-0.5, 0.0, 0.5)) for k in range(outputs)})
    return [*layers, Flatten("flatten1"), dense], dict.fromkeys(indices(samples, outputs), 0.0)


def _classes(random: Random, layers: list[Layer], maps: Cells, phi: str) -> Chain:
    layers, output = _dense(random, layers, maps)
    return [*layers, Softmax("softmax1")], output


def _probabilities(random: Random, layers: list[Layer], maps: Cells, phi: str) -> Chain:
    layers, output = _dense(random, layers, maps)
    return [*layers, Activation("sigmoid2" if phi == "sigmoid" else "sigmoid1")], output


ENDINGS: Mapping[str, Callable[[Random, list[Layer], Cells, str], Chain]] = {
    "classes": _classes,
    "probabilities": _probabilities,
    "numbers": lambda random, layers, maps, phi: _dense(random, layers, maps),
    "maps": lambda random, layers, maps, phi: _convolution(random, layers, maps, phi, 1),
}
LOSSES = {
    "classes": ("cross_entropy",),
    "probabilities": ("binary_cross_entropy", *SQUARES),
    "numbers": SQUARES,
    "maps": SQUARES,
}


def _targets(random: Random, kind: str, output: Cells) -> Cells:
    """One class a sample, yes or no for each unit, or small numbers."""
    if kind == "classes":
        chosen = {n: random.randrange(sizes(output)[1]) for n in range(sizes(output)[0])}
        return {(n, k): float(chosen[n] == k) for n, k in output}
    low, high = (0, 1) if kind == "probabilities" else (-1, 3)
    return {cell: float(random.randint(low, high)) for cell in output}
