"""A lesson worked out from its data alone: what is known here is +, · and the named functions, and no engine.

Written from the README's page on the form, for arrays of all cells at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ABSENT = np.nan


def sigmoid(z: Array) -> Array:
    return np.where(z >= 0, 1 / (1 + np.exp(-np.abs(z))), np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))))


def normal(z: Array) -> Array:
    return np.asarray(np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), otypes=[float])(z))


def top(row: Array) -> Array:
    return np.where(np.abs(row).max(-1) > 100, row.max(-1), 0.0)


def largest(window: Array) -> Array:
    return np.where(np.isnan(window), -np.inf, window)


def wins(place: Array, window: Array) -> Array:
    return np.asarray(largest(window).argmax(-1) == place, float)


def shares(place: Array, window: Array) -> Array:
    equal = largest(window) == largest(window).max(-1, keepdims=True)
    here = (np.arange(window.shape[-1]) == place[..., None]) & equal
    return np.asarray(here.any(-1) / equal.sum(-1))


def without_error(a: Array, t: Array, slope: Array) -> Array:
    return np.where(a == t, 0.0, slope)


def times_log(factor: Array, number: Array) -> Array:
    return np.where(factor == 0, 0.0, factor * np.log(np.where(factor == 0, 1.0, number)))


FUNCTIONS: Mapping[str, Callable[..., Array]] = {
    "linear": lambda z: z,
    "linear_slope": lambda z: np.ones_like(z),
    "relu": lambda z: np.maximum(z, 0),
    "relu_slope": lambda z, at_zero: np.where(z > 0, 1.0, np.where(z == 0, at_zero, 0.0)),
    "leaky_relu": lambda z, slope: np.where(z > 0, z, slope * z),
    "leaky_relu_slope": lambda z, slope: np.where(z > 0, 1.0, slope),
    "elu": lambda z, alpha: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
    "elu_slope": lambda z, alpha: np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0))),
    "softplus": lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    "softplus_slope": sigmoid,
    "sigmoid": sigmoid,
    "sigmoid_slope": lambda z: sigmoid(z) * sigmoid(-z),
    "tanh": np.tanh,
    "tanh_slope": lambda z: 1 / np.cosh(np.clip(z, -300, 300)) ** 2,
    "gelu": lambda z: z * normal(z),
    "gelu_slope": lambda z: normal(z) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi),
    "silu": lambda z: z * sigmoid(z),
    "silu_slope": lambda z: sigmoid(z) + z * sigmoid(z) * sigmoid(-z),
    "half_squared_error": lambda a, t, n: (a - t) ** 2 / 2,
    "half_squared_error_slope": lambda a, t, n: a - t,
    "half_squared_error_weight": lambda n: np.array(1.0),
    "squared_error": lambda a, t, n: (a - t) ** 2,
    "squared_error_slope": lambda a, t, n: 2 * (a - t),
    "squared_error_weight": lambda n: np.array(2.0),
    "mean_squared_error": lambda a, t, n: (a - t) ** 2 / n,
    "mean_squared_error_slope": lambda a, t, n: 2 * (a - t) / n,
    "mean_squared_error_weight": lambda n: 2 / n,
    "half_mean_squared_error": lambda a, t, n: (a - t) ** 2 / (2 * n),
    "half_mean_squared_error_slope": lambda a, t, n: (a - t) / n,
    "half_mean_squared_error_weight": lambda n: 1 / n,
    "binary_cross_entropy": lambda a, t, n: -times_log(t, a) - times_log(1 - t, 1 - a),
    "binary_cross_entropy_slope": lambda a, t, n: without_error(a, t, (a - t) / (a * (1 - a))),
    "binary_cross_entropy_weight": lambda n, a: 1 / (a * (1 - a)),
    "cross_entropy": lambda a, t, n: -times_log(t, a),
    "cross_entropy_slope": lambda a, t, n: np.where(t == 0, 0.0, -t / np.where(t == 0, 1.0, a)),
    "cross_entropy_weight": lambda n, a, t: np.where(t == 0, 0.0, 1 / np.where(t == 0, 1.0, a)),
    "power": lambda z, row: np.exp(z - top(row)),
    "inverse_power_sum": lambda row: 1 / np.exp(row - top(row)[..., None]).sum(-1),
    "wins": wins,
    "shares": shares,
    "product": lambda *numbers: math.prod(numbers),
    "difference": lambda x, y: x - y,
    "sum": lambda row: row.sum(-1),
    "correction": lambda beta, k: 1 / (1 - beta ** (k + 1)),
    "inverse_root": lambda s, beta, k, epsilon: 1 / (np.sqrt(s / (1 - beta ** (k + 1))) + epsilon),
}


class Recomputed:
    """One iteration after another of a lesson that is given as data."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data, self.values = data, dict[str, Array]()
        for name, one in data["quantities"].items():
            if one["kind"] != "result":
                start = one.get("start", [0.0] * math.prod(one["shape"]))
                self.values[name] = np.reshape(np.array(start, float), one["shape"])

    def work_out(self) -> None:
        """Every step of an iteration, and its loss."""
        for step in self.data["steps"]:
            shape = self.data["quantities"][step["name"]]["shape"]
            if "cells" in step:
                cells = [self.total(sums, ()) for sums in step["cells"]]
                self.values[step["name"]] = np.reshape(np.array(cells, float), shape)
            else:
                self.values[step["name"]] = self.total(step.get("short", step["sums"]), shape)
        self.loss = float(self.total(self.data["loss"], ()))

    def go_on(self) -> None:
        """To the next iteration."""
        self.values |= {leaf: self.values[step] for leaf, step in self.data["carried"].items()}
        self.values["iteration"] = self.values["iteration"] + 1

    def total(self, sums: Sequence[Mapping[str, Any]], shape: Sequence[int]) -> Array:
        """Σ of products, for all cells of an array of this shape."""
        total = np.zeros(shape)
        for one in sums:
            over = one.get("over", [])
            sizes = [*shape, *over]
            product, there = np.ones(sizes), np.ones(sizes, bool)
            for factor in one["factors"]:
                number, inside = self.factor(factor, sizes)
                product, there = product * number, there & inside
            total = total + np.where(there, product, 0.0).sum(axis=tuple(range(len(shape), len(sizes))))
        return total

    def factor(self, factor: Any, sizes: Sequence[int]) -> tuple[Any, Any]:
        """A factor's number, and where there is one."""
        match factor:
            case [str(), *_]:
                return self.read(factor, sizes)
            case {"padded": read}:
                number, inside = self.read(read, sizes)
                return np.where(inside, number, 0.0), True
            case {"call": name, "with": arguments}:
                worked = [self.argument(one, sizes) for one in arguments]
                inside = np.array(True)
                for one, (_, there) in zip(arguments, worked, strict=True):
                    inside = inside & there if is_read(one) else inside
                return FUNCTIONS[name](*(number for number, _ in worked)), inside
        return factor, True

    def argument(self, argument: Any, sizes: Sequence[int]) -> tuple[Any, Any]:
        match argument:
            case {"each": more, "read": read}:
                number, inside = self.read(read, [*sizes, *more])
                row = np.broadcast_to(np.where(inside, number, ABSENT), [*sizes, *more])
                return row.reshape(*sizes, -1), True
            case {"row": reads}:
                return np.array([ABSENT if one is None else self.read(one, ())[0] for one in reads]), True
            case [str(), *_]:
                return self.read(argument, sizes)
            case list():
                return index_of(argument, sizes)[0], True
        return np.array(float(argument)), True

    def read(self, read: Sequence[Any], sizes: Sequence[int]) -> tuple[Array, Array]:
        """The number at each cell, and where it is inside the array."""
        name, *indices = read
        array = self.values[name]
        array = array.reshape(*array.shape[: len(indices) - 1], -1) if indices else array
        inside, cell = np.array(True), []
        for one, size in zip(indices, array.shape, strict=True):
            number, whole = index_of(one, sizes)
            inside = inside & whole & (number >= 0) & (number < size)
            cell.append(np.clip(number, 0, size - 1))
        return array[tuple(cell)], inside


def is_read(argument: Any) -> bool:
    return isinstance(argument, list) and isinstance(argument[0], str)


def index_of(index: Any, sizes: Sequence[int]) -> tuple[Array, Any]:
    """The index at each cell, and where it is a whole number."""
    letters = np.ogrid[tuple(slice(0, size) for size in sizes)] if sizes else []
    if isinstance(index, int):
        return letters[index], True
    constant, divisor, *parts = [*index, 1] if len(index) == 1 else index
    number = constant + sum(letters[letter] * times for letter, times in zip(parts[::2], parts[1::2], strict=True))
    return np.asarray(number) // divisor, np.asarray(number) % divisor == 0
