"""Small networks: the layers as their scenarios have them, and the work on them, one step after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.cells import Cell, Cells, each, nested, sizes, times, without_axes
from tests.oracle.layers import (
    Geometry,
    activation,
    bias_gradient,
    correlate,
    filter_gradient,
    input_gradient,
    softmax,
    windows,
    winner,
)
from tests.oracle.optimizers import MEMORY, REMEMBERED, direction
from tests.oracle.question import Manner, Question, Work, factor


@dataclass(frozen=True)
class Layer(ABC):
    """y from x on the way forward, ∂L/∂x from ∂L/∂y on the way back."""

    name: str

    @property
    def kind(self) -> str:
        """The layer's type as a scenario has it."""
        return self.name.rstrip("0123456789")

    @abstractmethod
    def forward(self, x: Cells, done: Work) -> Cells:
        """y."""

    @abstractmethod
    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """∂L/∂x."""

    def keys(self) -> dict[str, Any]:
        """The layer's keys besides its type."""
        return {}


@dataclass(frozen=True)
class Trained(Layer):
    """A layer with weights and a bias, which begin with these."""

    weights: Cells = field(repr=False)
    bias: Cells = field(repr=False)

    @abstractmethod
    def gradient(self, d: Cells, x: Cells) -> Cells:
        """∂L/∂ of the weights."""

    def keys(self) -> dict[str, Any]:
        """The weights as they begin."""
        return {"weights": nested(self.weights), "bias": nested(self.bias)}


@dataclass(frozen=True)
class Conv(Trained):
    """z = x ⋆ w + b."""

    geometry: Geometry = field(default_factory=Geometry)

    def forward(self, x: Cells, done: Work) -> Cells:
        """z[n,f,i,j]."""
        return correlate(x, done[f"{self.name}.weights"], done[f"{self.name}.bias"], self.geometry)

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """Each δ·w into the window that it came from."""
        return input_gradient(x, done[f"{self.name}.weights"], d, self.geometry)

    def gradient(self, d: Cells, x: Cells) -> Cells:
        """x ⋆ δ."""
        return filter_gradient(x, d, sizes(self.weights)[2:], self.geometry)

    def keys(self) -> dict[str, Any]:
        """The weights, and how they are moved."""
        return super().keys() | self.geometry.keys()


@dataclass(frozen=True)
class Dense(Trained):
    """z[n,k] = Σ_j w[k,j]·x[n,j] + b[k]."""

    def forward(self, x: Cells, done: Work) -> Cells:
        """z[n,k]."""
        w, b = done[f"{self.name}.weights"], done[f"{self.name}.bias"]
        z: Cells = {}
        for n in range(sizes(x)[0]):
            for (k,), start in b.items():
                z[n, k] = start + sum(x[m, j] * w[k, j] for m, j in x if m == n)
        return z

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """Σ_k δ[n,k]·w[k,j]."""
        w = done[f"{self.name}.weights"]
        return {(n, j): sum(value * w[k, j] for (m, k), value in d.items() if m == n) for n, j in x}

    def gradient(self, d: Cells, x: Cells) -> Cells:
        """Σ_n δ[n,k]·x[n,j]."""
        samples = range(sizes(x)[0])
        return {(k, j): sum(d[n, k] * x[n, j] for n in samples) for k, j in self.weights}


@dataclass(frozen=True)
class Activation(Layer):
    """a = φ(z), cell by cell; the layer's type is φ's name."""

    def forward(self, x: Cells, done: Work) -> Cells:
        """φ(z)."""
        return each(activation(self.kind).value, x)

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """∂L/∂a · φ′(z)."""
        slope = activation(self.kind, done.manner.at_zero).slope
        return each(lambda g, z: g * slope(z), d, x)


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest number of each window; the gradient goes to where it came from."""

    size: Cell
    stride: Cell

    def forward(self, x: Cells, done: Work) -> Cells:
        """The largest of each window."""
        return {cell: x[winner(x, covered)] for cell, covered in windows(x, self.size, self.stride).items()}

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """Each ∂L/∂y to the cell that won."""
        back = dict.fromkeys(x, 0.0)
        for cell, covered in windows(x, self.size, self.stride).items():
            back[winner(x, covered)] += d[cell]
        return back

    def keys(self) -> dict[str, Any]:
        """The window, and how it is moved."""
        return {"size": list(self.size), "stride": list(self.stride)}


@dataclass(frozen=True)
class AveragePool(MaxPool):
    """The mean of each window; the gradient goes to all its cells in equal shares."""

    def forward(self, x: Cells, done: Work) -> Cells:
        """The mean of each window."""
        return {cell: sum(x[one] for one in w) / len(w) for cell, w in windows(x, self.size, self.stride).items()}

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """Each ∂L/∂y, divided among its window."""
        back = dict.fromkeys(x, 0.0)
        for cell, covered in windows(x, self.size, self.stride).items():
            for one in covered:
                back[one] += d[cell] / len(covered)
        return back


@dataclass(frozen=True)
class Flatten(Layer):
    """All the maps of a sample in one row."""

    def forward(self, x: Cells, done: Work) -> Cells:
        """v[n, c·H·W + i·W + j]."""
        return {(n, self._unit(x, rest)): value for (n, *rest), value in x.items()}

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """The row back in its maps."""
        return {(n, *rest): d[n, self._unit(x, rest)] for n, *rest in x}

    @staticmethod
    def _unit(x: Cells, cell: list[int]) -> int:
        _, _, rows, columns = sizes(x)
        return (cell[0] * rows + cell[1]) * columns + cell[2]


@dataclass(frozen=True)
class Softmax(Layer):
    """p[n,k] = e^z[n,k] / Σ_j e^z[n,j]."""

    def forward(self, x: Cells, done: Work) -> Cells:
        """p."""
        return softmax(x)

    def back(self, d: Cells, x: Cells, done: Work) -> Cells:
        """∂L/∂z[n,k] = Σ_j ∂L/∂p[n,j] · p[n,j]·((j = k) − p[n,k])."""
        p = done[f"{self.name}.forward"]
        return {(n, k): sum(d[m, j] * p[m, j] * ((j == k) - p[n, k]) for m, j in p if m == n) for n, k in x}


@dataclass(frozen=True, kw_only=True)
class Network(Question):
    """Layers one after another. `alone`: one input and target, and no axis of samples."""

    image: Cells = field(repr=False)
    layers: tuple[Layer, ...]
    alone: bool = True

    number_at = "error"

    @property
    def into_relu(self) -> tuple[str, ...]:
        """What each ReLU reads."""
        pairs = zip(self.layers, self.layers[1:], strict=False)
        return tuple(f"{before.name}.forward" for before, layer in pairs if layer.kind == "relu")

    def layer(self, name: str) -> Layer:
        """The layer of this name."""
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def trained(self) -> list[Trained]:
        """The layers with weights."""
        return [layer for layer in self.layers if isinstance(layer, Trained)]

    def names(self, *, sent_back: bool = False) -> tuple[str, ...]:
        """Forward, the error, backward in reverse as far as anything is trained, the updates."""
        back: list[str] = []
        for layer in reversed(self.layers):
            if isinstance(layer, Trained):
                back += [f"{layer.name}.gradient", f"{layer.name}.bias_gradient"]
            if sent_back or any(one in self.trained for one in self.layers[: self.layers.index(layer)]):
                back.append(f"{layer.name}.input_gradient")
        last = (*MEMORY[self.optimizer], "update")
        updates = [f"{one.name}.{prefix}{role}" for one in self.trained for prefix in ("", "bias_") for role in last]
        return (*(f"{layer.name}.forward" for layer in self.layers), "error", *back, *updates)

    def begun(self, manner: Manner, before: Work | None) -> NetworkWork:
        """The work before its first step."""
        steps = {"input": self.image, "target": self.target}
        for layer in self.trained:
            steps[f"{layer.name}.weights"] = before[f"{layer.name}.update"] if before else layer.weights
            steps[f"{layer.name}.bias"] = before[f"{layer.name}.bias_update"] if before else layer.bias
        return NetworkWork(manner, steps, before, self)

    def keys(self) -> dict[str, Any]:
        """The scenario's keys, for `network(**keys)`."""
        keys = {"layers": [{"type": layer.kind, **layer.keys()} for layer in self.layers], **self.shared_keys()}
        images, targets = nested(self.shown("input", self.image)), nested(self.shown("error", self.target))
        if self.alone:
            return keys | {"input": images, "target": targets}
        assert isinstance(images, list)
        assert isinstance(targets, list)
        return keys | {"samples": [{"input": x, "target": t} for x, t in zip(images, targets, strict=True)]}

    def shown(self, step: str, array: Cells) -> Cells:
        """Without the axis of samples where there is one of them; what is trained has none."""
        trained = step.endswith((".gradient", "velocity", "moment", "update")) or len(next(iter(array))) == 1
        return array if trained or not self.alone else without_axes(array, 0)


@dataclass
class NetworkWork(Work):
    """The work on a network: its numbers are called `input`, `target`, `conv1.weights`, then as the steps are."""

    question: Network

    def source(self, name: str) -> Cells:
        """What a layer reads."""
        at = self.question.layers.index(self.question.layer(name))
        return self[f"{self.question.layers[at - 1].name}.forward"] if at else self["input"]

    def upstream(self, name: str) -> Cells:
        """∂L/∂ of a layer's output."""
        after = self.question.layers[self.question.layers.index(self.question.layer(name)) + 1 :]
        return self[f"{after[0].name}.input_gradient"] if after else self["error"]

    @property
    def output(self) -> Cells:
        """The last layer's numbers."""
        return self[f"{self.question.layers[-1].name}.forward"]

    def right(self, step: str) -> Cells:
        """The step carried out rightly from the numbers so far."""
        if step == "error":
            return self._error()
        name, role = step.split(".")
        layer = self.question.layer(name)
        if role == "forward":
            return layer.forward(self.source(name), self)
        if role == "input_gradient":
            return layer.back(self.upstream(name), self.source(name), self)
        assert isinstance(layer, Trained)
        turn = -1.0 if self.manner.turned else 1.0
        if role == "gradient":
            return times(turn, layer.gradient(self.upstream(name), self.source(name)))
        if role == "bias_gradient":
            return times(turn, bias_gradient(self.upstream(name)))
        return self._updated(name, "bias_" if role.startswith("bias_") else "", role.removeprefix("bias_"))

    def _error(self) -> Cells:
        """∂L/∂ of the output, in the direction that the manner's sign says."""
        sign, loss = self.manner.error, self.manner.loss
        if loss == "cross_entropy":
            return each(lambda p, t: -sign * t / p if t else 0.0, self.output, self["target"])
        if loss == "binary_cross_entropy":
            return each(lambda a, t: sign * (a - t) / (a * (1.0 - a)) if a != t else 0.0, self.output, self["target"])
        number = sign * factor(loss, self.question.count)
        return each(lambda a, t: number * (a - t), self.output, self["target"])

    def _updated(self, name: str, prefix: str, role: str) -> Cells:
        """The memory of a layer's weights or bias after the gradient, or the new weights."""
        gradient, old = self[f"{name}.{prefix}gradient"], self[f"{name}.{'bias' if prefix else 'weights'}"]
        if role in REMEMBERED:
            before = self.before[f"{name}.{prefix}{role}"] if self.before else dict.fromkeys(old, 0.0)
            return each(REMEMBERED[role], before, gradient)
        memory = {one: self[f"{name}.{prefix}{one}"] for one in MEMORY[self.question.optimizer]}
        way = direction(self.question.optimizer, gradient, memory, self.number_of_updates)
        step = self.manner.sign * self.question.rate
        return each(lambda w, d: w - step * d, old, way)
