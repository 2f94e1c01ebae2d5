"""Random questions in small integers: sizes that are not square, so that no transposition hides; and who draws them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.patches import Geometry
from cnnstep.engine.quantity import frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.practice.questions.question import Question

Sizes: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""An input's rows and columns, and a filter's."""

SIZES: Mapping[int, tuple[Sizes, ...]] = {
    1: (((2, 3), (2, 2)), ((3, 2), (2, 2)), ((2, 3), (1, 2)), ((3, 2), (2, 1))),
    2: (((3, 4), (2, 2)), ((4, 3), (2, 2)), ((2, 4), (2, 3)), ((4, 2), (3, 2))),
    3: (((3, 5), (2, 3)), ((5, 3), (3, 2)), ((3, 4), (2, 2)), ((4, 3), (2, 2))),
}
"""By level: two to four outputs, then four to six, then the same from larger filters."""
SQUARE: Mapping[int, tuple[Sizes, ...]] = {
    1: (((2, 3), (2, 2)), ((3, 2), (2, 2))),
    2: (((3, 4), (2, 2)), ((4, 3), (2, 2))),
    3: (((3, 4), (2, 2)), ((4, 3), (2, 2))),
}
"""A square filter, for what an oblong one would show at once: that it was rotated by 180°."""
THREE_OUTPUTS: Mapping[int, tuple[Sizes, ...]] = {**SQUARE, 1: (((2, 4), (2, 2)), ((4, 2), (2, 2)))}
"""A square filter with an output more, for what has to show at the first, at the last and at an inactive one."""
SIX_CELLS: Sizes = ((3, 4), (2, 2))
"""Six outputs: so many cells it takes to tell masks apart."""
RANGES = {1: 2, 2: 3, 3: 3}
"""The largest number of an input, by level."""
FARTHEST = 3
"""How far a target may be from its output."""
RATES = {1: (0.5,), 2: (0.5, 0.1), 3: (0.2, 0.1, 0.25)}


@dataclass(frozen=True)
class Draw:
    """A source of numbers of one level: the same seed, the same numbers."""

    random: np.random.Generator
    level: int

    def pick(self, *choices: Any) -> Any:
        """One of these."""
        return choices[int(self.random.integers(len(choices)))]

    def integers(self, *shape: int, low: int | None = None, high: int | None = None) -> Any:
        """Integers of the level's range."""
        most = RANGES[self.level]
        low, high = -most if low is None else low, most if high is None else high
        return self.random.integers(low, high + 1, shape).astype(float)

    def size(self, sizes: Mapping[int, tuple[Sizes, ...]] = SIZES) -> Sizes:
        """An input's and a filter's size, of those of the level."""
        image, window = self.pick(*sizes[self.level])
        return image, window

    def from_level(self, level: int, *names: str) -> tuple[str, ...]:
        """The steps that are hidden from this level on."""
        return names if self.level >= level else ()

    def rate(self) -> float:
        """A learning rate that is easy to multiply with."""
        return float(self.pick(*RATES[self.level]))

    def lesson(self, **keys: Any) -> Scenario:
        """One filter's scenario; what `keys` do not say is drawn."""
        image, window = keys.pop("sizes", None) or self.size()
        channels, filters, batch = (keys.pop(name, 1) for name in ("channels", "filters", "batch"))
        geometry = Geometry.of(keys.get("stride", 1), keys.get("padding", 0), keys.get("dilation", 1))
        lead = () if channels == 1 else (channels,)
        several = () if filters == 1 else (filters,)
        drawn: dict[str, Any] = {
            "input": self.integers(*lead, *image),
            "filter": self.integers(*several, *(lead or (1,) * len(several)), *window, low=-2, high=2),
            "target": np.zeros((*several, *geometry.outputs(image, window))),
            "activation": "relu",
            "learning_rate": self.rate(),
        }
        if keys.pop("bias", False):
            keys["bias"] = float(self.pick(-2, -1, 1, 2))
        if batch > 1:
            first, target = drawn.pop("input"), drawn.pop("target")
            inputs = (first, *(self.integers(*first.shape) for _ in range(batch - 1)))
            keys["samples"] = [{"input": image, "target": target} for image in inputs]
        scenario = one_filter(**{**drawn, **keys})
        return scenario if "target" in keys else self._with_near_targets(scenario)

    def _with_near_targets(self, scenario: Scenario) -> Scenario:
        """Targets that a ReLU can reach, some above and some below the outputs: small errors of both signs."""
        conv = scenario.conv
        outputs = scenario.activation.value(correlate(scenario.inputs, conv.weights, conv.bias, conv.geometry))
        targets = np.maximum(0, np.floor(outputs) + self.integers(*outputs.shape, low=-FARTHEST, high=FARTHEST))
        return replace(scenario, targets=frozen(targets))


Variant: TypeAlias = Callable[[Draw], Question]

VARIANTS: dict[tuple[str, str], Variant] = {}
"""By the skill's name and the kind's, which the skill lists in the order in which they are met."""


def variant(skill: str, name: str) -> Callable[[Variant], Variant]:
    """Decorator that enters a function as this kind of a skill's exercises."""

    def enter(draw: Variant) -> Variant:
        VARIANTS[skill, name] = draw
        return draw

    return enter
