"""How a gradient moves a weight: the memory of each optimizer, and the direction that the rate multiplies."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

from tests.oracle.cells import Cells, each

MOMENTUM, BETA1, BETA2, EPSILON = 0.9, 0.9, 0.999, 1e-8
MEMORY = {"sgd": (), "momentum": ("velocity",), "nesterov": ("velocity",), "adam": ("first_moment", "second_moment")}
"""The steps whose results each optimizer remembers."""

REMEMBERED: dict[str, Callable[[float, float], float]] = {
    "velocity": lambda v, g: MOMENTUM * v + g,
    "first_moment": lambda m, g: BETA1 * m + (1.0 - BETA1) * g,
    "second_moment": lambda s, g: BETA2 * s + (1.0 - BETA2) * g * g,
}
"""The memory after a gradient, from the one before it."""


def direction(optimizer: str, g: Cells, memory: dict[str, Cells], updates: int) -> Cells:
    """What the rate multiplies, at the update of this number (the first is 1)."""
    if optimizer == "sgd":
        return g
    if optimizer == "momentum":
        return memory["velocity"]
    if optimizer == "nesterov":
        return each(lambda g, v: g + MOMENTUM * v, g, memory["velocity"])
    first, second = 1.0 - BETA1**updates, 1.0 - BETA2**updates
    return each(
        lambda m, s: (m / first) / (sqrt(s / second) + EPSILON), memory["first_moment"], memory["second_moment"]
    )
