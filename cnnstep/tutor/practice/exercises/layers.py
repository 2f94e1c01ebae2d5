"""The exercises on the layers that only a network has: pooling, dense, softmax. Each stands alone behind its input."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.practice.exercises.drawing import Draw, variant
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion

CLASSES = 3
LARGEST_SCORE = 3


@variant("pooling", "max-pooling")
def _max_pooling(draw: Draw) -> Question:
    return StepQuestion(_pooling(draw, "max_pool", draw.level == 3), "max_pool1.forward")


@variant("pooling", "average-pooling")
def _average_pooling(draw: Draw) -> Question:
    return StepQuestion(_pooling(draw, "average_pool", draw.level == 3), "average_pool1.forward")


@variant("pooling", "back-through-max-pooling")
def _back_through_max_pooling(draw: Draw) -> Question:
    return StepQuestion(_pooling(draw, "max_pool", draw.level == 3), "max_pool1.input_gradient")


@variant("pooling", "back-through-average-pooling")
def _back_through_average_pooling(draw: Draw) -> Question:
    return StepQuestion(_pooling(draw, "average_pool", draw.level > 1), "average_pool1.input_gradient")


def _pooling(draw: Draw, kind: str, overlapping: bool) -> Scenario:
    """Windows of 2×2, side by side or overlapping. For an average all numbers are such that a fourth is whole."""
    few, more, most = ((1, 2), (2, 1)), ((1, 3), (3, 1)), ((2, 3), (3, 2))
    rows, columns = draw.pick(*(few if draw.level == 1 else most if overlapping else more))
    stride, whole = (1 if overlapping else 2), (4 if kind == "average_pool" else 1)
    return network(
        layers=[{"type": kind, "size": 2, "stride": stride}],
        input=whole * draw.integers(stride * (rows - 1) + 2, stride * (columns - 1) + 2),
        target=whole * draw.integers(rows, columns, low=-3, high=3),
        learning_rate=draw.rate(),
    )


@variant("dense", "forward")
def _dense_forward(draw: Draw) -> Question:
    return StepQuestion(_dense(draw, bias=draw.level > 1), "dense1.forward")


@variant("dense", "gradient")
def _dense_gradient(draw: Draw) -> Question:
    return StepQuestion(_dense(draw), "dense1.gradient", hidden=draw.from_level(3, "error"))


@variant("dense", "input-gradient")
def _dense_input_gradient(draw: Draw) -> Question:
    return StepQuestion(_dense(draw), "dense1.input_gradient", hidden=draw.from_level(3, "error"))


def _dense(draw: Draw, bias: bool = False) -> Scenario:
    """A row of numbers into a dense layer: more inputs than outputs at first, then the other way round too."""
    inputs, outputs = draw.pick(*(((3, 2),) if draw.level == 1 else ((4, 2), (2, 3), (3, 4))))
    layer: dict[str, Any] = {"type": "dense", "weights": draw.integers(outputs, inputs, low=-2, high=2).tolist()}
    if bias:
        layer["bias"] = draw.integers(outputs, low=1, high=3).tolist()
    return network(
        layers=[{"type": "flatten"}, layer],
        input=draw.integers(1, inputs),
        target=draw.integers(outputs, low=-3, high=3),
        learning_rate=draw.rate(),
    )


@variant("softmax", "probabilities")
def _probabilities(draw: Draw) -> Question:
    return StepQuestion(_softmax(draw), "softmax1.forward")


@variant("softmax", "gradient")
def _softmax_gradient(draw: Draw) -> Question:
    return StepQuestion(_softmax(draw), "softmax1.input_gradient", hidden=draw.from_level(2, "softmax1.forward"))


def _softmax(draw: Draw) -> Scenario:
    """Scores from −3 to 3 into a softmax, with cross-entropy and one of its classes as the target."""
    as_they_are = {"type": "dense", "weights": np.eye(CLASSES).tolist()}  # so that the scores are called z
    return network(
        layers=[{"type": "flatten"}, as_they_are, {"type": "softmax"}],
        input=draw.integers(1, CLASSES, low=-LARGEST_SCORE, high=LARGEST_SCORE),
        target={"class": int(draw.random.integers(CLASSES))},
        loss="cross_entropy",
        learning_rate=draw.rate(),
    )
