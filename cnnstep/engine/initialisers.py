"""Initialisers: random starting weights whose spread follows the number of inputs and outputs of a weight.

`fan_in` is how many inputs one output is made of, `fan_out` how many outputs one input goes into. NumPy's random
numbers are imported by the first draw.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry

Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...], int, int], Array]"

INITIALISERS: Registry[Draw] = Registry("initialiser")


@INITIALISERS.add("he_normal")
def he_normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Normal with variance 2 / fan_in, made for ReLU (He et al. 2015)."""
    return random.normal(0.0, np.sqrt(2.0 / fan_in), shape)


@INITIALISERS.add("he_uniform")
def he_uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform in ±√(6 / fan_in): the same variance."""
    bound = np.sqrt(6.0 / fan_in)
    return random.uniform(-bound, bound, shape)


@INITIALISERS.add("glorot_normal")
def glorot_normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Normal with variance 2 / (fan_in + fan_out), made for tanh (Glorot & Bengio 2010)."""
    return random.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), shape)


@INITIALISERS.add("glorot_uniform")
def glorot_uniform(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """Uniform in ±√(6 / (fan_in + fan_out)): the same variance."""
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return random.uniform(-bound, bound, shape)


@INITIALISERS.add("normal")
def normal(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """The standard normal distribution, whatever the size."""
    return random.normal(0.0, 1.0, shape)


@INITIALISERS.add("zeros")
def zeros(random: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """All zeros: every unit of a layer then learns the same."""
    return np.zeros(shape)
