"""Networks that the tests of the screens walk through."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario

Layers = list[dict[str, Any]]

SMALLEST: dict[str, Any] = {
    "title": "The smallest network",
    "input": [[1, 0, 2, 1], [0, 1, 1, 0], [2, 1, 0, 1], [1, 0, 1, 2]],
    "layers": [
        {"type": "conv", "weights": [[[[1, -1], [0, 1]]]], "bias": [0]},
        {"type": "relu"},
        {"type": "max_pool", "size": 2, "stride": 1},
        {"type": "flatten"},
        {"type": "dense", "weights": [[0.5, -0.5, 0.25, 0], [-0.25, 0.5, 0, 0.5]], "bias": [0, 0]},
        {"type": "softmax"},
    ],
    "target": {"class": 1},
    "loss": "cross_entropy",
    "learning_rate": 0.1,
}
"""conv → relu → max pool → flatten → dense → softmax on 4×4."""


def smallest(**changes: Any) -> Scenario:
    return network(**(SMALLEST | changes))


def batch(samples: int = 3, **changes: Any) -> Scenario:
    """The same network and several samples, of classes 0, 1, 0, …"""
    random = np.random.default_rng(1)
    given = [{"input": random.integers(-2, 3, (4, 4)).tolist(), "target": {"class": n % 2}} for n in range(samples)]
    rest = {key: value for key, value in SMALLEST.items() if key not in ("input", "target")}
    return network(**(rest | {"samples": given} | changes))


def digits_like(samples: int = 60, **changes: Any) -> Scenario:
    """8×8 images of ten kinds, as noisy pictures of fixed patterns: a network with arrays too big to read."""
    random = np.random.default_rng(2)
    patterns = random.normal(size=(10, 8, 8))
    given = [
        {"input": (patterns[n % 10] + 0.3 * random.normal(size=(8, 8))).tolist(), "target": {"class": n % 10}}
        for n in range(samples)
    ]
    layers: Layers = [
        {"type": "conv", "weights": {"init": "he_normal", "seed": 1, "filters": 8, "size": 3}, "bias": 0},
        {"type": "relu"},
        {"type": "max_pool", "size": 2},
        {"type": "flatten"},
        {"type": "dense", "weights": {"init": "glorot_uniform", "seed": 1, "outputs": 10}, "bias": 0},
        {"type": "softmax"},
    ]
    learning = {"loss": "cross_entropy", "learning_rate": 0.005, "iterations": 30}
    keys: dict[str, Any] = {"samples": given, "layers": layers, **learning}
    return network(**(keys | changes))
