"""The cases of each kind of layer, from the smallest up: one thing more at a time, few numbers before many.

First dout is 0 but for one cell, so that a single window can be followed; then all of it counts. The numbers are small
and whole, but for two cases that show whether an array can hold halves and how many digits there are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from random import Random
from types import MappingProxyType
from typing import Any

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.case import Case, sending_back
from cnnstep.tutor.numbers import counted


@dataclass(frozen=True)
class Sizes:
    """How large a convolution is and how its filter moves; `unit` is what its numbers are multiples of."""

    rows: int
    columns: int
    high: int
    wide: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    channels: int = 1
    filters: int = 1
    samples: int = 1
    bias: bool = False
    one_hot: bool = False
    unit: float = 1.0

    @property
    def title(self) -> str:
        """`input 3×3, filter 2×2, stride 1, padding 1, 2 channels`; what is 1 or 0 by itself is left out."""
        parts = [f"input {self.rows}×{self.columns}, filter {self.high}×{self.wide}, stride {self.stride}"]
        parts += [f"padding {self.padding}"] if self.padding else []
        parts += [f"dilation {self.dilation}"] if self.dilation > 1 else []
        counts = ((self.channels, "channel"), (self.filters, "filter"), (self.samples, "sample"))
        parts += [counted(number, thing) for number, thing in counts if number > 1]
        parts += ["a bias"] if self.bias else []
        return ", ".join(parts)


CONV = (
    Sizes(2, 2, 1, 1, one_hot=True),
    Sizes(3, 3, 2, 2, one_hot=True),
    Sizes(3, 3, 2, 2),
    Sizes(4, 3, 2, 2),
    Sizes(3, 4, 2, 3),
    Sizes(3, 3, 2, 2, bias=True),
    Sizes(4, 4, 2, 2, stride=2, one_hot=True),
    Sizes(5, 5, 3, 3, stride=2),
    Sizes(3, 3, 2, 2, padding=1, one_hot=True),
    Sizes(3, 3, 3, 3, padding=1),
    Sizes(4, 4, 2, 2, dilation=2),
    Sizes(5, 5, 2, 2, dilation=2, stride=2),
    Sizes(4, 4, 3, 2, unit=0.5),
    Sizes(3, 3, 2, 2, channels=2),
    Sizes(3, 3, 2, 2, filters=2, bias=True),
    Sizes(3, 3, 2, 2, samples=2),
    Sizes(5, 5, 3, 3, stride=2, padding=1),
    Sizes(4, 3, 2, 2, channels=3, filters=2, samples=2, bias=True),
    Sizes(4, 5, 2, 3, channels=2, filters=3, samples=3, bias=True, unit=0.5),
    Sizes(5, 5, 3, 3, stride=2, padding=1, channels=3, filters=4, samples=3, bias=True),
    Sizes(4, 4, 3, 3, padding=1, channels=3, filters=4, samples=2, bias=True, unit=0.1),
)
"""A convolution, one thing more at a time."""


def drawn(numbers: Random, shape: tuple[int, ...], most: int) -> Array:
    """Whole numbers from −most to most, 0 among them but seldom."""
    flat = [_one(numbers, most) for _ in range(int(np.prod(shape)))]
    return np.array(flat, dtype=float).reshape(shape)


def _one(numbers: Random, most: int) -> int:
    """`random` is the one draw that gives the same numbers in every version of Python."""
    size = 1 + int(numbers.random() * most)
    return 0 if numbers.random() < 0.08 else size if numbers.random() < 0.6 else -size


def hot(shape: tuple[int, ...]) -> Array:
    """0 but for a 2 at the last window of all."""
    array = np.zeros(shape)
    array[(-1,) * len(shape)] = 2.0
    return array


def conv_case(sizes: Sizes, seed: int, activation: str = "linear", shift: float = 0.0) -> Case:
    """One convolution of these sizes; its filter is never symmetric, where it is large enough to be."""
    numbers = Random(seed)
    image = drawn(numbers, (sizes.samples, sizes.channels, sizes.rows, sizes.columns), 4) * sizes.unit
    weights = _weights(numbers, (sizes.filters, sizes.channels, sizes.high, sizes.wide)) * sizes.unit
    geometry = Geometry.of(sizes.stride, sizes.padding, sizes.dilation)
    size = (sizes.samples, sizes.filters, *geometry.outputs((sizes.rows, sizes.columns), (sizes.high, sizes.wide)))
    dout = hot(size) if sizes.one_hot else drawn(numbers, size, 3) * sizes.unit
    bias = (drawn(numbers, (sizes.filters,), 3) + 4 if sizes.bias else np.zeros(sizes.filters)) + shift
    scenario = one_filter(
        **_shaped(sizes, image, np.zeros(size), weights, bias * sizes.unit),
        activation=activation,
        learning_rate=0.5,
        stride=sizes.stride,
        padding=sizes.padding,
        dilation=sizes.dilation,
        title=sizes.title,
    )
    moves = {
        "stride": sizes.stride,
        "padding": sizes.padding,
        "dilation": sizes.dilation,
        "bias": int(sizes.bias),
        "oblong": int(sizes.high != sizes.wide),
    }
    return Case(sizes.title, sending_back(scenario, dout), MappingProxyType(moves))


def _weights(numbers: Random, shape: tuple[int, ...]) -> Array:
    if shape == (1, 1, 2, 2):
        return np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    return drawn(numbers, shape, 3)


def _shaped(sizes: Sizes, image: Array, target: Array, weights: Array, bias: Array) -> dict[str, Any]:
    """The keys of a scenario, as plain as they can be written: a matrix where there is one of a kind."""
    if sizes.filters == sizes.channels == 1:
        image, weights, target, bias = image[:, 0], weights[0, 0], target[:, 0], bias[0]
    keys = {"filter": weights, "bias": bias}
    if sizes.samples == 1:
        return {**keys, "input": image[0], "target": target[0]}
    return {**keys, "samples": [{"input": x, "target": t} for x, t in zip(image, target, strict=True)]}


@cache
def conv_cases() -> tuple[Case, ...]:
    """All of them."""
    return tuple(conv_case(sizes, seed) for seed, sizes in enumerate(CONV))


@cache
def plain_conv_cases() -> tuple[Case, ...]:
    """Those and no bias in any: what only had one besides is left out."""
    sizes = dict.fromkeys(replace(one, bias=False) for one in CONV)
    return tuple(conv_case(one, seed) for seed, one in enumerate(sizes))


FIRST_SEED = 4
"""From here on z and the error are positive and negative together, in the smallest case too."""
RELU = (Sizes(2, 2, 1, 1), Sizes(3, 3, 2, 2), Sizes(4, 5, 2, 2), Sizes(4, 4, 2, 2, channels=2, filters=3, samples=2))


@cache
def lesson_cases() -> tuple[Case, ...]:
    """A filter and its ReLU. With a bias of a half no z is 0, where the slope is a convention."""
    return tuple(conv_case(one, seed, "relu", 0.5) for seed, one in enumerate(RELU, FIRST_SEED))


USUAL = MappingProxyType({"stride": 1, "padding": 0, "dilation": 1, "bias": 0, "oblong": 0})
"""What the settings of a convolution are where nobody tells them."""
