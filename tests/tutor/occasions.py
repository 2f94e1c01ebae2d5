"""Random questions in which a mistake can be made: each code's own kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario
from tests.tutor.questions import random_scenario

Draw = Callable[[np.random.Generator], Scenario]


def _with(**choices: tuple[Any, ...]) -> Draw:
    """A question of one filter in which each of these keys has one of these values."""

    def draw(random: np.random.Generator) -> Scenario:
        chosen = {key: values[int(random.integers(len(values)))] for key, values in choices.items()}
        return random_scenario(random, **chosen)

    return draw


_VELOCITY = _with(optimizer=("momentum", "nesterov", {"name": "momentum", "momentum": 0.5}))
_ADAM = _with(
    optimizer=("adam", {"name": "adam", "beta1": 0.5, "beta2": 0.75}),
    activation=("relu", "leaky_relu", "linear"),  # m/√s of very small gradients needs more digits than are written
)

_BENT = _with(activation=("leaky_relu", "elu", "sigmoid", "tanh", "softplus", "gelu"))

_CHANNELS = _with(channels=(2, 2, 3))
_FILTERS = _with(filters=(2, 2, 3))
_BATCH = _with(samples=(2, 3), channels=(1, 2), filters=(1, 2))


def _pooled(*kinds: str) -> Draw:
    """conv → pool: small numbers, so that some are equal; windows side by side, or overlapping."""

    def draw(random: np.random.Generator) -> Scenario:
        stride = int(random.choice([1, 2]))
        outputs = (int(random.integers(2, 4)), int(random.integers(1, 3)))
        filters = random.choice([-1, 1, 2], (int(random.integers(1, 3)), 1, 1, 1)).tolist()
        layers = [
            {"type": "conv", "weights": filters},
            {"type": str(random.choice(kinds)), "size": 2, "stride": stride},
        ]
        return network(
            layers=layers,
            input=random.integers(0, 4, tuple((n - 1) * stride + 2 for n in outputs)).tolist(),
            target=random.integers(-1, 4, (len(filters), *outputs)).tolist(),
            learning_rate=0.1,
        )

    return draw


def _with_softmax(random: np.random.Generator) -> Scenario:
    """dense → softmax: two to four classes, cross-entropy or squares."""
    inputs, classes = int(random.integers(2, 4)), int(random.integers(2, 5))
    return network(
        layers=[
            {"type": "flatten"},
            {"type": "dense", "weights": random.integers(-1, 3, (classes, inputs)).tolist()},
            {"type": "softmax"},
        ],
        input=random.integers(0, 2, (1, inputs)).tolist(),
        target={"class": int(random.integers(classes))},
        loss=str(random.choice(["cross_entropy", "half_squared_error"])),
        learning_rate=0.1,
    )


_MAXIMA = _pooled("max_pool")

OCCASIONS: dict[str, Draw] = {
    "pool-tie-copied": _MAXIMA,
    "pool-tie-shared": _MAXIMA,
    "pool-spread": _MAXIMA,
    "pool-upstream-forgotten": _pooled("max_pool", "average_pool"),
    "pool-average-not-divided": _pooled("average_pool"),
    "softmax-diagonal-only": _with_softmax,
    "softmax-slope-twice": _with_softmax,
    "softmax-slope-forgotten": _with_softmax,
    "first-channel-only": _CHANNELS,
    "same-for-every-channel": _CHANNELS,
    "channels-exchanged": _CHANNELS,
    "filters-exchanged": _FILTERS,
    "one-filter-sent-back": _FILTERS,
    "averaged-over-batch": _BATCH,
    "averaged-twice": _BATCH,
    "one-sample-only": _BATCH,
    "relu-for-another": _BENT,
    "slope-of-z": _with(activation=("sigmoid", "tanh")),
    "slope-without-error": _with(activation=("leaky_relu", "elu")),
    "velocity-forgotten": _VELOCITY,
    "old-velocity": _VELOCITY,
    "momentum-not-multiplied": _VELOCITY,
    "averaged-velocity": _VELOCITY,
    "nesterov-as-momentum": _with(optimizer=("nesterov", {"name": "nesterov", "momentum": 0.5})),
    "adam-uncorrected": _ADAM,
    "adam-root-forgotten": _ADAM,
    "adam-squared-forgotten": _ADAM,
    "adam-average-forgotten": _ADAM,
    "adam-step-off-by-one": _ADAM,
}
"""What a question must have; any other mistake can be made in a question of any kind."""


def occasion(random: np.random.Generator, *codes: str) -> Scenario:
    """A question in which these mistakes can be made, though they may change nothing in it."""
    (draw,) = _kinds(codes) or {random_scenario}
    return draw(random)


def go_together(*codes: str) -> bool:
    """Whether there is a kind of question for all of them."""
    return len(_kinds(codes)) <= 1


def _kinds(codes: tuple[str, ...]) -> set[Draw]:
    return {OCCASIONS[code] for code in codes if code in OCCASIONS}
