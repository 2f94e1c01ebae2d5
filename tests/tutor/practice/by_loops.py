"""Plain loops over lists: a network's way forward, and each gradient as a difference of two losses.

Nothing here comes from the engine but the numbers that a scenario was given. Where a ReLU is exactly at its kink, or
two numbers of a pooling window are equal, the pattern of the way forward is kept: a cell at 0 counts as inactive, and
the first of equal numbers has won. So a difference is the one-sided slope that the question asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from math import exp, log
from typing import Any

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.dense import Dense
from cnnstep.engine.layers.flatten import Flatten
from cnnstep.engine.layers.pool import MaxPool, Pool
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.scenario import Scenario

Cells = dict[tuple[int, ...], float]
NUDGE = 1e-4


def cells(array: Any) -> Cells:
    """The numbers of an array by their indices."""
    return {index: float(array[index]) for index in product(*(range(n) for n in array.shape))}


@dataclass
class Plain:
    """A scenario's numbers, and the pattern of its first way forward: which cells are active, which numbers won."""

    scenario: Scenario
    image: Cells = field(init=False)
    target: Cells = field(init=False)
    weights: dict[int, Cells] = field(init=False)
    biases: dict[int, Cells] = field(init=False)
    active: dict[tuple[int, tuple[int, ...]], bool] = field(default_factory=dict)
    winners: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.image, self.target = cells(self.scenario.inputs[0]), cells(self.scenario.targets[0])
        trained = {n: layer for n, layer in enumerate(self.scenario.layers) if isinstance(layer, Conv | Dense)}
        self.weights = {n: cells(layer.weights) for n, layer in trained.items()}
        self.biases = {n: cells(layer.bias) for n, layer in trained.items() if layer.bias is not None}
        self.outputs = self.forward(self.image)

    def forward(self, values: Cells, first: int = 0) -> list[Cells]:
        """What each layer from this one on gives."""
        given = []
        for number, layer in enumerate(self.scenario.layers[first:], first):
            values = self._through(number, layer, values)
            given.append(values)
        return given

    def loss(self, values: Cells, first: int = 0) -> float:
        """The loss, from what this layer is given on."""
        outputs = self.forward(values, first)[-1] if first < len(self.scenario.layers) else values
        if self.scenario.loss.name == "cross_entropy":
            return -sum(t * log(outputs[cell]) for cell, t in self.target.items() if t)
        return sum((outputs[cell] - t) ** 2 for cell, t in self.target.items()) / 2

    def slope(self, moved: Cells, loss: Callable[[Cells], float]) -> Cells:
        """How the loss changes with each of these numbers, by moving it both ways."""
        return {
            cell: (loss(moved | {cell: at + NUDGE}) - loss(moved | {cell: at - NUDGE})) / (2 * NUDGE)
            for cell, at in moved.items()
        }

    def gradient_of_input(self, number: int) -> Cells:
        """∂L/∂ of what this layer is given."""
        given = self.image if number == 0 else self.outputs[number - 1]
        return self.slope(given, lambda values: self.loss(values, number))

    def gradient_of(self, kind: str, number: int) -> Cells:
        """∂L/∂ of a layer's weights or biases."""
        own = getattr(self, kind)

        def loss(moved: Cells) -> float:
            other = replace(self)
            other.active, other.winners = self.active, self.winners
            getattr(other, kind)[number] = moved
            return other.loss(self.image)

        return self.slope(own[number], loss)

    def _through(self, number: int, layer: object, x: Cells) -> Cells:
        if isinstance(layer, Conv):
            return self._convolved(number, layer, x)
        if isinstance(layer, ActivationLayer):
            return {cell: self._activated(number, layer, cell, z) for cell, z in x.items()}
        if isinstance(layer, Pool):
            return self._pooled(number, layer, x)
        if isinstance(layer, Flatten):
            return {(place,): x[cell] for place, cell in enumerate(sorted(x))}
        if isinstance(layer, Dense):
            sums: Cells = {(o,): self.biases.get(number, {}).get((o,), 0.0) for o, _ in self.weights[number]}
            for (o, i), w in self.weights[number].items():
                sums[o,] += w * x[i,]
            return sums
        assert isinstance(layer, Softmax)
        total = sum(exp(z) for z in x.values())
        return {cell: exp(z) / total for cell, z in x.items()}

    def _convolved(self, number: int, layer: Conv, x: Cells) -> Cells:
        rows, columns = layer.geometry.axes
        height, width = (1 + max(cell[axis] for cell in x) for axis in (1, 2))
        taps = layer.weights.shape[2:]
        z: Cells = {}
        for f, i, j in product(
            range(len(layer.weights)),
            range((height + rows.before + rows.after - taps[0]) // rows.stride + 1),
            range((width + columns.before + columns.after - taps[1]) // columns.stride + 1),
        ):
            z[f, i, j] = self.biases.get(number, {}).get((f,), 0.0)
            for (g, c, u, v), w in self.weights[number].items():
                if g == f:
                    row, column = i * rows.stride + u - rows.before, j * columns.stride + v - columns.before
                    z[f, i, j] += w * x.get((c, row, column), 0.0)
        return z

    def _activated(self, number: int, layer: ActivationLayer, cell: tuple[int, ...], z: float) -> float:
        name, parameters = layer.phi.name, layer.phi.parameters
        if name == "sigmoid":
            return 1 / (1 + exp(-z))
        if name == "linear":
            return z
        active = self.active.setdefault((number, cell), z > 0)
        return z if active else z * {"relu": 0.0, "leaky_relu": parameters.get("slope", 0.0)}[name]

    def _pooled(self, number: int, layer: Pool, x: Cells) -> Cells:
        (height, width), (down, across) = layer.window.size, layer.window.geometry.stride
        rows, columns = (1 + max(cell[axis] for cell in x) for axis in (1, 2))
        channels = 1 + max(cell[0] for cell in x)
        p: Cells = {}
        for c, i, j in product(
            range(channels), range((rows - height) // down + 1), range((columns - width) // across + 1)
        ):
            window = [(c, i * down + u, j * across + v) for u, v in product(range(height), range(width))]
            if isinstance(layer, MaxPool):
                largest = max(x[cell] for cell in window)
                first = next(cell for cell in window if x[cell] == largest)
                p[c, i, j] = x[self.winners.setdefault((number, (c, i, j)), first)]
            else:
                p[c, i, j] = sum(x[cell] for cell in window) / (height * width)
        return p
