"""Random questions with small numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario

ACTIVATIONS = ("relu", "relu", "leaky_relu", "sigmoid", "tanh", "linear")


def random_scenario(
    random: np.random.Generator, channels: int = 0, filters: int = 1, samples: int = 1, **fixed: Any
) -> Scenario:
    """A question of the size that is worked by hand: 3 to 5 rows, a filter of 2 or 3, small integers.

    One or two channels unless their number is said; with several filters or samples it is a question for those.
    """
    window = (int(random.integers(2, 4)), int(random.integers(2, 4)))
    stride = int(random.choice([1, 1, 2]))
    padding = int(random.choice([0, 0, 1]))
    outputs = (int(random.integers(2, 4)), int(random.integers(2, 4)))
    size = tuple((o - 1) * stride + k - 2 * padding for o, k in zip(outputs, window, strict=True))
    channels = channels or int(random.choice([1, 1, 2]))
    biased = bool(random.integers(2))
    several = (filters,) if filters > 1 else ()
    deep = (channels,) if channels > 1 or several else ()
    data: dict[str, Any] = {
        "input": random.integers(-3, 4, (*deep, *size)).tolist(),
        "filter": random.integers(-2, 3, (*several, *deep, *window)).tolist(),
        "target": random.integers(-1, 3, (*several, *outputs)).tolist(),
        "activation": str(random.choice(ACTIVATIONS)),
        "learning_rate": float(random.choice([0.5, 0.1, 0.05, 0.2])),
        "stride": stride,
        "padding": padding,
        "bias": int(random.choice([-2, -1, 1, 2])) if biased else None,
        "optimizer": str(random.choice(["sgd", "sgd", "sgd", "momentum"])),
    }
    if several and biased:
        data["bias"] = random.integers(-2, 3, filters).tolist()
    if samples > 1:
        pairs = [{key: data.pop(key) for key in ("input", "target")}]
        for _ in range(samples - 1):
            drawn = {"input": random.integers(-3, 4, np.shape(pairs[0]["input"])).tolist()}
            pairs.append(drawn | {"target": random.integers(-1, 3, np.shape(pairs[0]["target"])).tolist()})
        data["samples"] = pairs
    return one_filter(**data | fixed)
