"""Initialisers: random starting weights whose spread follows the number of inputs and outputs of a weight.

`fan_in` is how many inputs one output is made of, `fan_out` how many outputs one input goes into. Variance 2 / fan_in
is made for ReLU (He et al. 2015), 2 / (fan_in + fan_out) for tanh (Glorot & Bengio 2010); a uniform draw has it within
±√(3·variance). NumPy's random numbers are imported by the first draw.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry

WeightDraw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...], int, int], Array]"
"""Weights of a shape, for fan_in and fan_out."""


@dataclass(frozen=True)
class Initialiser:
    """How weights are drawn; `words` say it: "drawn …"."""

    words: str
    draw: WeightDraw = field(repr=False)


INITIALISERS: Registry[Initialiser] = Registry("initialiser")


def _uniform(random: np.random.Generator, bound: float, shape: tuple[int, ...]) -> Array:
    return random.uniform(-bound, bound, shape)


INITIALISERS.add("he_normal")(
    Initialiser(
        "normal with mean 0 and deviation √(2/inputs of a cell)",
        lambda random, shape, fan_in, fan_out: random.normal(0.0, np.sqrt(2.0 / fan_in), shape),
    )
)
INITIALISERS.add("he_uniform")(
    Initialiser(
        "uniform within ±√(6/inputs of a cell)",
        lambda random, shape, fan_in, fan_out: _uniform(random, np.sqrt(6.0 / fan_in), shape),
    )
)
INITIALISERS.add("glorot_normal")(
    Initialiser(
        "normal with mean 0 and deviation √(2/(inputs + outputs of a cell))",
        lambda random, shape, fan_in, fan_out: random.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), shape),
    )
)
INITIALISERS.add("glorot_uniform")(
    Initialiser(
        "uniform within ±√(6/(inputs + outputs of a cell))",
        lambda random, shape, fan_in, fan_out: _uniform(random, np.sqrt(6.0 / (fan_in + fan_out)), shape),
    )
)
INITIALISERS.add("normal")(
    Initialiser(
        "normal with mean 0 and deviation 1",
        lambda random, shape, fan_in, fan_out: random.normal(0.0, 1.0, shape),
    )
)
INITIALISERS.add("uniform")(
    Initialiser("uniform between -1 and 1", lambda random, shape, fan_in, fan_out: _uniform(random, 1.0, shape))
)
# every unit of a layer then learns the same
INITIALISERS.add("zeros")(Initialiser("as 0", lambda random, shape, fan_in, fan_out: np.zeros(shape)))
