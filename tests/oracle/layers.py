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
    """How the filter is moved: output (i, j) and weight (u, v) meet at input (i·stride + u·dilation − padding, …)."""

    stride: int = 1
    padding: int = 0
    dilation: int = 1

    def met(self, i: int, j: int, u: int, v: int) -> Cell:
        """The row and column of the input."""
        row, column = (k * self.stride + w * self.dilation - self.padding for k, w in ((i, u), (j, v)))
        return row, column

    def outputs(self, size: int, window: int) -> int:
        """How often a window fits along an axis."""
        return (size + 2 * self.padding - self.dilation * (window - 1) - 1) // self.stride + 1


def correlate(x: Cells, w: Cells, b: Cells | None, geometry: Geometry) -> Cells:
    """z[n,f,i,j] = Σ_c,u,v x[n, c, i·s + u·d − p, j·s + v·d − p] · w[f,c,u,v] + b[f]."""
    (samples, _, rows, columns), (filters, channels, height, width) = sizes(x), sizes(w)
    z: Cells = {}
    for n, f, i, j in indices(samples, filters, geometry.outputs(rows, height), geometry.outputs(columns, width)):
        total = b[f,] if b else 0.0
        for c, u, v in indices(channels, height, width):
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
