"""The cases of the other layers: pooling, an activation by itself, dense, softmax; and all kinds of cases by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from random import Random
from types import MappingProxyType
from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.case import Case, sending_back
from cnnstep.tutor.grade.cases import USUAL, conv_cases, drawn, hot, lesson_cases, plain_conv_cases
from cnnstep.tutor.numbers import counted


@dataclass(frozen=True)
class PoolSizes:
    """How large maps and the windows that pool them are; with `ties` the maps hold equal numbers."""

    rows: int
    columns: int
    size: int
    stride: int
    channels: int = 1
    samples: int = 1
    ties: bool = False
    one_hot: bool = False

    @property
    def title(self) -> str:
        """`input 4×4, window 2×2, stride 2`."""
        parts = [f"input {self.rows}×{self.columns}, window {self.size}×{self.size}, stride {self.stride}"]
        counts = ((self.channels, "channel"), (self.samples, "sample"))
        parts += [counted(number, thing) for number, thing in counts if number > 1]
        return ", ".join([*parts, *(["equal numbers"] if self.ties else [])])


POOL = (
    PoolSizes(2, 2, 2, 2),
    PoolSizes(4, 4, 2, 2, one_hot=True),
    PoolSizes(4, 4, 2, 2),
    PoolSizes(4, 6, 2, 2),
    PoolSizes(3, 3, 2, 1, one_hot=True),
    PoolSizes(3, 3, 2, 1),
    PoolSizes(5, 5, 3, 2),
    PoolSizes(4, 4, 2, 2, channels=2),
    PoolSizes(4, 4, 2, 2, samples=2),
    PoolSizes(4, 4, 2, 2, ties=True),
    PoolSizes(5, 7, 3, 2, channels=3, samples=3),
)
"""From one window up: more of them, overlapping ones, channels, samples, ties."""
SHAPES = ((1, 1, 2, 2), (1, 1, 3, 3), (1, 2, 2, 3), (3, 2, 2, 3))
"""What an activation by itself is given."""
DENSE = ((1, 2, 1), (1, 3, 2), (1, 4, 4), (2, 3, 2), (3, 4, 5))
"""Samples, inputs and outputs of a dense layer."""
SOFTMAX = ((1, 2), (1, 3), (2, 3), (3, 4))
"""Samples and classes."""


def _keys(image: Array, target: Array | list[dict[str, int]]) -> dict[str, Any]:
    """The samples of a scenario file, one or several."""
    if len(image) == 1:
        return {"input": image[0], "target": target[0]}
    return {"samples": [{"input": x, "target": t} for x, t in zip(image, target, strict=True)]}


def _case(
    title: str, layers: list[dict[str, Any]], image: Array, dout: Array, settings: Mapping[str, int] | None = None
) -> Case:
    scenario = network(layers=layers, **_keys(image, np.zeros_like(dout)), learning_rate=0.5, title=title)
    return Case(title, sending_back(scenario, dout), MappingProxyType({**USUAL, **(settings or {})}))


def _all_different(numbers: Random, shape: tuple[int, ...]) -> Array:
    """Whole numbers, none of them twice, half of them negative."""
    size = int(np.prod(shape))
    order = sorted(range(size), key=lambda _: numbers.random())
    return np.array(order, dtype=float).reshape(shape) - size // 2


@cache
def pool_cases(kind: str) -> tuple[Case, ...]:
    """Pooling of this kind."""
    return tuple(_pool_case(kind, one, Random(seed)) for seed, one in enumerate(POOL))


def _pool_case(kind: str, one: PoolSizes, numbers: Random) -> Case:
    shape = one.samples, one.channels, one.rows, one.columns
    image = drawn(numbers, shape, 2) if one.ties else _all_different(numbers, shape)
    size = (*shape[:2], *Geometry.of(one.stride).outputs((one.rows, one.columns), (one.size, one.size)))
    dout = hot(size) if one.one_hot else drawn(numbers, size, 3)
    layers = [{"type": kind, "size": one.size, "stride": one.stride}]
    return _case(one.title, layers, image, dout, {"size": one.size, "pool stride": one.stride})


@cache
def activation_cases() -> tuple[Case, ...]:
    """A ReLU by itself, on numbers of which none is 0."""
    return tuple(_relu_case(shape, Random(seed)) for seed, shape in enumerate(SHAPES))


def _relu_case(shape: tuple[int, ...], numbers: Random) -> Case:
    image = _all_different(numbers, shape) + 0.5
    title = f"input {shape[2]}×{shape[3]}"
    title += "".join(f", {counted(n, thing)}" for n, thing in zip(shape, ("sample", "channel"), strict=False) if n > 1)
    return _case(title, [{"type": "relu"}], image, drawn(numbers, shape, 3))


@cache
def dense_cases() -> tuple[Case, ...]:
    """A dense layer with a bias."""
    return tuple(_dense_case(*sizes, Random(seed)) for seed, sizes in enumerate(DENSE))


def _dense_case(samples: int, inputs: int, outputs: int, numbers: Random) -> Case:
    weights, bias = drawn(numbers, (outputs, inputs), 3), drawn(numbers, (outputs,), 3) + 4
    layers = [{"type": "flatten"}, {"type": "dense", "weights": weights.tolist(), "bias": bias.tolist()}]
    title = f"{counted(samples, 'sample')}, {counted(inputs, 'input')}, {counted(outputs, 'output')}"
    image = drawn(numbers, (samples, 1, 1, inputs), 4)
    return _case(title, layers, image, drawn(numbers, (samples, outputs), 3))


@cache
def softmax_cases() -> tuple[Case, ...]:
    """Scores and classes: a softmax with the cross-entropy of its samples."""
    return tuple(_softmax_case(*sizes, Random(seed)) for seed, sizes in enumerate(SOFTMAX))


def _softmax_case(samples: int, classes: int, numbers: Random) -> Case:
    image = drawn(numbers, (samples, 1, 1, classes), 3)
    right = [{"class": int(numbers.random() * classes)} for _ in range(samples)]
    title = f"{counted(samples, 'sample')}, {counted(classes, 'class', 'classes')}"
    layers = [{"type": "flatten"}, {"type": "softmax"}]
    scenario = network(layers=layers, **_keys(image, right), learning_rate=0.5, loss="cross_entropy", title=title)
    return Case(title, scenario, USUAL)


KINDS: Mapping[str, Callable[[], tuple[Case, ...]]] = {
    "conv": conv_cases,
    "plain conv": plain_conv_cases,
    "lesson": lesson_cases,
    "max_pool": partial(pool_cases, "max_pool"),
    "average_pool": partial(pool_cases, "average_pool"),
    "relu": activation_cases,
    "dense": dense_cases,
    "softmax": softmax_cases,
}
"""The cases of each kind of layer."""


def cases_of(kind: str, minds: Iterable[str], knows: frozenset[str]) -> Iterator[Case]:
    """The cases for a function: of the settings that it `minds`, one that it does not know has to be the usual."""
    if kind == "conv" and "bias" in minds and "bias" not in knows:
        kind = "plain conv"
    for case in KINDS[kind]():
        if all(case.settings[one] == USUAL[one] or one in knows for one in minds):
            yield case
