"""A claim: a sentence of a page, and what the engine has to show for it, over as many scenarios as are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration

Holds: TypeAlias = Callable[[np.random.Generator], None]


@dataclass(frozen=True)
class Claim:
    """`sentence`, or a part of one, stands on `page`; `holds` fails where a scenario that it draws contradicts it."""

    page: str
    sentence: str
    holds: Holds

    def __str__(self) -> str:
        return f"{self.page}: {self.sentence}"


CLAIMS: list[Claim] = []


def claim(page: str, sentence: str) -> Callable[[Holds], Holds]:
    """Enters a claim; one function may hold the same claim of several pages."""

    def enter(holds: Holds) -> Holds:
        CLAIMS.append(Claim(page, sentence, holds))
        return holds

    return enter


SMOOTH = ("linear", "elu", "softplus", "sigmoid", "tanh", "gelu", "silu")
KINKED = ("relu", "leaky_relu")


def drawn(rng: np.random.Generator, **fixed: Any) -> Scenario:
    """One filter over a small input, every number drawn so that no z lies on a kink; `fixed` keys stay as they are."""
    rows, columns = rng.integers(3, 6, 2)
    keys: dict[str, Any] = {
        "input": rng.normal(size=(rows, columns)),
        "filter": rng.normal(size=rng.integers(1, 4, 2)),
        "activation": str(rng.choice([*SMOOTH, *KINKED])),
        "learning_rate": 0.1,
    } | fixed
    if "samples" in keys:
        return one_filter(**{key: value for key, value in keys.items() if key != "input"})
    window = np.shape(keys["filter"])[-2:]
    outputs = _outputs(np.shape(keys["input"])[-2:], window, keys)
    shape = (*np.shape(keys["filter"])[:-3], *outputs)
    return one_filter(**({"target": rng.normal(size=shape)} | keys))


def _outputs(image: tuple[int, ...], window: tuple[int, ...], keys: dict[str, Any]) -> tuple[int, ...]:
    stride, padding, dilation = (
        keys.get(key, usual) for key, usual in (("stride", 1), ("padding", 0), ("dilation", 1))
    )
    if padding == "same":
        return image
    reach = [dilation * (taps - 1) + 1 for taps in window]
    return tuple(int((size + 2 * padding - span) // stride + 1) for size, span in zip(image, reach, strict=True))


def first(scenario: Scenario) -> Iteration:
    """The first iteration, the input gradient among its steps."""
    return first_iteration(lesson_of(scenario, input_gradient=True))


def plane(array: Array) -> Array:
    """The rows and columns of an array whose other axes have one place each."""
    return array.reshape(array.shape[-2:])


def cells(array: Array) -> Iterator[tuple[int, ...]]:
    """All its cells."""
    yield from np.ndindex(*array.shape)
