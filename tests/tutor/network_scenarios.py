"""Networks that pages are tried on; those with a shipped name stand in for it while it is not there."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build_network import network
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import load, shipped

IMAGE = [[1, 0, 2, 1], [0, 0, -1, 0], [1, 1, 0, 2], [2, -1, 1, -1]]
LARGE = [[(3 * r + 5 * c) % 7 - 3 for c in range(8)] for r in range(8)]
SIX = [row[:6] for row in LARGE[:6]]


def drawn(seed: int, **size: Any) -> dict[str, Any]:
    return {"init": "he_normal", "seed": seed, **size}


NETWORKS: dict[str, Scenario] = {
    "smallest-network": network(
        layers=[
            {"type": "conv", "weights": [[[[1, 0], [0, -1]]]], "bias": 0},
            {"type": "relu"},
            {"type": "max_pool", "size": 2, "stride": 1},
            {"type": "flatten"},
            {"type": "dense", "weights": [[1, 0, -1, 1], [0, 1, 0, -1]], "bias": [0, 0]},
            {"type": "softmax"},
        ],
        input=IMAGE, target={"class": 0}, loss="cross_entropy", learning_rate=0.5,
    ),
    "vanishing-gradient": network(
        layers=[
            {"type": "conv", "weights": drawn(1, filters=2, size=3)},
            {"type": "sigmoid"},
            {"type": "flatten"},
            {"type": "dense", "weights": drawn(2, outputs=6)},
            {"type": "sigmoid"},
            {"type": "dense", "weights": drawn(3, outputs=6)},
            {"type": "sigmoid"},
            {"type": "dense", "weights": drawn(4, outputs=1)},
            {"type": "sigmoid"},
        ],
        input=SIX, target=[1], learning_rate=0.5,
    ),
    "two convs, channels, a batch": network(
        layers=[
            {"type": "conv", "weights": drawn(1, filters=3, size=3), "bias": 0.1, "padding": 1, "name": "edges"},
            {"type": "tanh"},
            {"type": "average_pool", "size": 2},
            {"type": "conv", "weights": drawn(2, filters=2, size=2), "stride": 2},
            {"type": "relu"},
            {"type": "flatten"},
            {"type": "dense", "weights": drawn(3, outputs=3), "bias": 0},
            {"type": "softmax"},
        ],
        samples=[{"input": image, "target": {"class": n % 3}} for n, image in enumerate([LARGE, LARGE[::-1]] * 2)],
        loss="cross_entropy", learning_rate=0.1, error="target_minus_output", optimizer="adam",
    ),
    "dense alone": network(
        layers=[{"type": "flatten"}, {"type": "dense", "weights": drawn(5, outputs=2)}, {"type": "leaky_relu"}],
        input=[[1, 2], [3, 4]], target=[0, 1], loss="mean_squared_error", learning_rate=0.1,
    ),
    "pool with nothing before it": network(
        layers=[{"type": "max_pool", "size": 3, "stride": 1, "padding": 1}, {"type": "flatten"},
                {"type": "dense", "weights": drawn(6, outputs=2)}, {"type": "softmax"}],
        input=[[0, 0], [0, 0]], target=[0.5, 0.5], learning_rate=0.1,
    ),
    "ends in maps": network(
        layers=[{"type": "conv", "weights": [[[[1, 2], [0, 1]]]]}, {"type": "average_pool", "size": 1}],
        input=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], target=[[[1, 0], [0, 1]]], learning_rate=0.01,
    ),
}  # fmt: skip
SHAPES = np.random.default_rng(1)


def spotted(count: int) -> list[dict[str, Any]]:
    """Noisy images of three classes: a bright column on the left, in the middle or on the right."""
    samples = []
    for number in range(count):
        image = SHAPES.normal(0, 0.7, (6, 6))
        image[:, 1 + 2 * (number % 3)] += 1
        samples.append({"input": image.tolist(), "target": {"class": number % 3}})
    return samples


NETWORKS["digits-cnn"] = network(
    layers=[
        {"type": "conv", "weights": drawn(1, filters=4, size=3), "bias": 0}, {"type": "relu"},
        {"type": "max_pool", "size": 2}, {"type": "flatten"},
        {"type": "dense", "weights": drawn(2, outputs=3), "bias": 0}, {"type": "softmax"},
    ],
    samples=spotted(60), test=spotted(60), loss="cross_entropy", learning_rate=0.01,
)  # fmt: skip
SHIPPED = {one.name for one in shipped()}


def find(name: str) -> Scenario:
    """A scenario by its name: the shipped one where there is one, else one of these."""
    return NETWORKS[name] if name in NETWORKS and name not in SHIPPED else load(name).scenario
