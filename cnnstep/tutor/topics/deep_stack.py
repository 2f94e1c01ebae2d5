"""A deep network made for a page: eight dense layers of 64 with relu, drawn by one initialiser, and what it does."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.lesson import LayerSteps
from cnnstep.engine.quantity import norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.topics.variants import first_of

DEPTH = 8
WIDTH = 64
CLASSES = 10


def deep_stack(example: Scenario, init: str, activation: str = "relu") -> Iteration:
    """The first iteration of the stack on the first input of a scenario."""
    layers: list[dict[str, Any]] = [{"type": "flatten"}]
    for number in range(DEPTH):
        layers.append({"type": "dense", "weights": {"init": init, "seed": number, "outputs": WIDTH}})
        layers.append({"type": activation})
    layers.append({"type": "dense", "weights": {"init": init, "seed": DEPTH, "outputs": CLASSES}})
    layers.append({"type": "softmax"})
    target, image = {"class": 0}, example.inputs[0]
    return first_of(network(layers=layers, input=image, target=target, loss="cross_entropy", learning_rate=0.1))


def trained(iteration: Iteration) -> list[LayerSteps]:
    """The layers that have weights."""
    return [one for one in iteration.lesson.layers if one.gradients]


def outputs(iteration: Iteration) -> list[float]:
    """‖output‖ of each activation, from the first to the last."""
    return [norm(iteration.values[s.forward.name]) for s in iteration.lesson.layers if s.forward.word == "activation"]


def steepness(iteration: Iteration) -> list[float]:
    """‖∂L/∂weights‖ of each trained layer, from the first to the last."""
    with np.errstate(all="ignore"):
        return [one.steepness(iteration.values) for one in trained(iteration)]
