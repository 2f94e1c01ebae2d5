"""Networks that pages are tried on: those that are shipped, and some that lack what pages look for."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import load

LARGE = [[(3 * r + 5 * c) % 7 - 3 for c in range(8)] for r in range(8)]


def drawn(seed: int, **size: Any) -> dict[str, Any]:
    return {"init": "he_normal", "seed": seed, **size}


SHIPPED = ("smallest-network", "pooling", "two-conv-layers", "vanishing-gradient", "digits-cnn", "transposed-conv")
NETWORKS: dict[str, Scenario] = {
    **{name: load(name).scenario for name in SHIPPED},
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
    "nothing to train": network(
        layers=[{"type": "relu"}, {"type": "max_pool", "size": 2}], input=[[1, 2], [3, -4]], target=[[1]],
        learning_rate=0.1,
    ),
    "ends in maps": network(
        layers=[{"type": "conv", "weights": [[[[1, 2], [0, 1]]]]}, {"type": "average_pool", "size": 1}],
        input=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], target=[[[1, 0], [0, 1]]], learning_rate=0.01,
    ),
}  # fmt: skip


def find(name: str) -> Scenario:
    """A scenario by its name: one of these, or a shipped one."""
    return NETWORKS[name] if name in NETWORKS else load(name).scenario
