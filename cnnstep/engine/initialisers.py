"""Initialisers: random starting weights whose spread follows the number of inputs and outputs of a weight.

`fan_in` is how many inputs one output is made of, `fan_out` how many outputs one input goes into. NumPy's random
numbers are imported by the first draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry

Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...], int, int], Array]"


@dataclass(frozen=True)
class Initialiser:
    """`draw` gives weights of a shape for fan_in and fan_out; `words` say how: "drawn …"."""

    words: str
    draw: Draw = field(repr=False)


INITIALISERS: Registry[Initialiser] = Registry("initialiser")


def _initialiser(name: str, words: str) -> Callable[[Draw], Draw]:
    """Decorator that puts a draw among them."""

    def keep(draw: Draw) -> Draw:
        INITIALISERS.add(name)(Initialiser(words, draw))
        return draw

    return keep


@_initialiser("he_normal", "normal with mean 0 and deviation √(2/inputs of a cell)")
def he_normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Normal with variance 2 / fan_in, made for ReLU (He et al. 2015)."""
    return random.normal(0.0, np.sqrt(2.0 / fan_in), shape)


@_initialiser("he_uniform", "uniform within ±√(6/inputs of a cell)")
def he_uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform in ±√(6 / fan_in): the same variance."""
    bound = np.sqrt(6.0 / fan_in)
    return random.uniform(-bound, bound, shape)


@_initialiser("glorot_normal", "normal with mean 0 and deviation √(2/(inputs + outputs of a cell))")
def glorot_normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Normal with variance 2 / (fan_in + fan_out), made for tanh (Glorot & Bengio 2010)."""
    return random.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), shape)


@_initialiser("glorot_uniform", "uniform within ±√(6/(inputs + outputs of a cell))")
def glorot_uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform in ±√(6 / (fan_in + fan_out)): the same variance."""
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return random.uniform(-bound, bound, shape)


@_initialiser("normal", "normal with mean 0 and deviation 1")
def normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """The standard normal distribution, whatever the size."""
    return random.normal(0.0, 1.0, shape)


@_initialiser("uniform", "uniform between -1 and 1")
def uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform in ±1, whatever the size."""
    return random.uniform(-1.0, 1.0, shape)


@_initialiser("zeros", "as 0")
def zeros(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """All zeros: every unit of a layer then learns the same."""
    return np.zeros(shape)
