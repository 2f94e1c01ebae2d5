"""Random questions in small integers: sizes that are not square, so that no transposition hides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.patches import Geometry
from cnnstep.engine.scenario import Scenario

SIZES = {
    1: (((2, 4), (2, 2)), ((4, 2), (2, 2)), ((3, 4), (2, 3)), ((4, 3), (3, 2))),
    2: (((3, 4), (2, 2)), ((4, 3), (2, 2)), ((3, 5), (2, 3)), ((5, 3), (3, 2))),
    3: (((4, 4), (2, 3)), ((4, 4), (3, 2)), ((3, 5), (2, 2)), ((5, 3), (2, 2))),
}
"""An input's and a filter's size, by level."""
RANGES = {1: 2, 2: 3, 3: 3}
"""The largest number of an input, by level."""
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

    def size(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """An input's and a filter's size."""
        image, window = self.pick(*SIZES[self.level])
        return image, window

    def rate(self) -> float:
        """A learning rate that is easy to multiply with."""
        return float(self.pick(*RATES[self.level]))

    def lesson(self, **keys: Any) -> Scenario:
        """One filter's scenario; what `keys` do not say is drawn, the target in the output's size."""
        image, window = keys.pop("sizes", None) or self.size()
        channels = keys.pop("channels", 1)
        bias = keys.pop("bias", None)
        geometry = Geometry.of(keys.get("stride", 1), keys.get("padding", 0), keys.get("dilation", 1))
        rows, columns = geometry.outputs(image, window)
        lead = () if channels == 1 else (channels,)
        drawn: Mapping[str, Any] = {
            "input": self.integers(*lead, *image),
            "filter": self.integers(*lead, *window, low=-2, high=2),
            "target": self.integers(rows, columns, low=0, high=3),
            "activation": "relu",
            "learning_rate": self.rate(),
        }
        if bias:
            keys["bias"] = float(self.pick(-2, -1, 1, 2))
        return one_filter(**{**drawn, **keys})
