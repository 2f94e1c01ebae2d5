"""Each layer forwards and backwards, one number at a time: x[n,c,i,j] images, w[f,c,u,v] filters, z[n,f,i,j] maps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.cells import Cell, Cells, indices, sizes


@dataclass(frozen=True)
class Phi:
    """a = φ(z) and φ′(z)."""

    name: str
    value: Callable[[float], float]
    slope: Callable[[float], float]


ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "gelu", "silu")


def activation(name: str, at_zero: float = 0.0, leak: float = 0.01, alpha: float = 1.0) -> Phi:
    """The activation of this name; `at_zero` is ReLU′(0)."""
    value, slope = {
        "linear": (lambda z: z, lambda z: 1.0),
        "relu": (lambda z: z if z > 0 else 0.0, lambda z: 1.0 if z > 0 else at_zero if z == 0 else 0.0),
        "leaky_relu": (lambda z: z if z > 0 else leak * z, lambda z: 1.0 if z > 0 else leak),
        "elu": (
            lambda z: z if z > 0 else alpha * (math.exp(z) - 1.0),
            lambda z: 1.0 if z > 0 else alpha * math.exp(z),
        ),
        "softplus": (lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))), logistic),
        "sigmoid": (logistic, lambda z: logistic(z) * (1.0 - logistic(z))),
        "tanh": (math.tanh, lambda z: 1.0 - math.tanh(z) ** 2),
        "gelu": (lambda z: z * normal(z), lambda z: normal(z) + z * bell(z)),
        "silu": (
            lambda z: z * logistic(z),
            lambda z: logistic(z) + z * logistic(z) * (1.0 - logistic(z)),
        ),
    }[name]
    return Phi(name, value, slope)


def logistic(z: float) -> float:
    """1 / (1 + e⁻ᶻ) = ½(1 + tanh(z/2)), which does not overflow."""
    return 0.5 * (1.0 + math.tanh(z / 2.0))


def normal(z: float) -> float:
    """Φ(z) = ½(1 + erf(z/√2))."""
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def bell(z: float) -> float:
    """The normal density e^(−z²/2) / √(2π)."""
    return math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)


@dataclass(frozen=True)
class Geometry:
    """How a window is moved, by axis: output i and weight u meet at input i·stride + u·dilation − padding."""

    stride: Cell = (1, 1)
    padding: Cell = (0, 0)
    dilation: Cell = (1, 1)

    def met(self, i: int, j: int, u: int, v: int) -> Cell:
        """The row and column of the input."""
        return (
            i * self.stride[0] + u * self.dilation[0] - self.padding[0],
            j * self.stride[1] + v * self.dilation[1] - self.padding[1],
        )

    def outputs(self, size: Cell, window: Cell) -> Cell:
        """How often a window fits, down and across."""
        return tuple(
            (side + 2 * rim - spread * (width - 1) - 1) // step + 1
            for side, width, step, rim, spread in zip(
                size, window, self.stride, self.padding, self.dilation, strict=True
            )
        )

    def keys(self) -> dict[str, int | list[int]]:
        """As a scenario has them: one number where both axes have the same."""
        pairs = {"stride": self.stride, "padding": self.padding, "dilation": self.dilation}
        return {name: pair[0] if pair[0] == pair[1] else list(pair) for name, pair in pairs.items()}


def correlate(x: Cells, w: Cells, b: Cells | None, geometry: Geometry) -> Cells:
    """z[n,f,i,j] = Σ_c,u,v x[n, c, i·s + u·d − p, j·s + v·d − p] · w[f,c,u,v] + b[f]."""
    (samples, _, *image), (filters, channels, *window) = sizes(x), sizes(w)
    z: Cells = {}
    for n, f, i, j in indices(samples, filters, *geometry.outputs(tuple(image), tuple(window))):
        total = b[f,] if b else 0.0
        for c, u, v in indices(channels, *window):
            total += x.get((n, c, *geometry.met(i, j, u, v)), 0.0) * w[f, c, u, v]
        z[n, f, i, j] = total
    return z


def filter_gradient(x: Cells, delta: Cells, window: Cell, geometry: Geometry) -> Cells:
    """∂L/∂w[f,c,u,v] = Σ_n,i,j δ[n,f,i,j] · x[n, c, i·s + u·d − p, j·s + v·d − p]."""
    (samples, filters, rows, columns), channels = sizes(delta), sizes(x)[1]
    gradient: Cells = {}
    for f, c, u, v in indices(filters, channels, *window):
        total = 0.0
        for n, i, j in indices(samples, rows, columns):
            total += delta[n, f, i, j] * x.get((n, c, *geometry.met(i, j, u, v)), 0.0)
        gradient[f, c, u, v] = total
    return gradient


def input_gradient(x: Cells, w: Cells, delta: Cells, geometry: Geometry) -> Cells:
    """∂L/∂x: each δ[n,f,i,j]·w[f] added into the window that it came from."""
    back = dict.fromkeys(x, 0.0)
    for (n, f, i, j), d in delta.items():
        for (g, c, u, v), weight in w.items():
            place = (n, c, *geometry.met(i, j, u, v))
            if f == g and place in back:
                back[place] += d * weight
    return back


def bias_gradient(delta: Cells) -> Cells:
    """∂L/∂b[f] = Σ of δ over everything but the second axis."""
    total: Cells = {}
    for cell, d in delta.items():
        total[cell[1],] = total.get((cell[1],), 0.0) + d
    return total


def windows(x: Cells, size: Cell, stride: Cell) -> dict[Cell, list[Cell]]:
    """The cells of x[n,c,i,j] that each output's window covers, in reading order."""
    (samples, channels, *image), geometry = sizes(x), Geometry(stride)
    return {
        (n, c, i, j): [(n, c, *geometry.met(i, j, u, v)) for u, v in indices(*size)]
        for n, c, i, j in indices(samples, channels, *geometry.outputs(tuple(image), size))
    }


def winner(x: Cells, cells: list[Cell]) -> Cell:
    """The cell with the largest number, the first of equals."""
    return max(cells, key=lambda cell: (x[cell], -cells.index(cell)))


def softmax(z: Cells) -> Cells:
    """p[n,k] = e^z[n,k] / Σ_j e^z[n,j]."""
    high = max(z.values())
    totals: Cells = {}
    for (n, _), value in z.items():
        totals[n,] = totals.get((n,), 0.0) + math.exp(value - high)
    return {cell: math.exp(value - high) / totals[cell[0],] for cell, value in z.items()}
