"""One filter is a network of two layers: the same steps in the same order, and equal numbers in every one of them."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.step import Role
from cnnstep.engine.trace import trace

SQUARED = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
ACTIVATIONS = {"relu": SQUARED, "tanh": SQUARED, "linear": SQUARED, "sigmoid": (*SQUARED, "binary_cross_entropy")}
COMBINATIONS = [
    (activation, loss, optimizer, error)
    for activation, losses in ACTIVATIONS.items()
    for loss in losses
    for optimizer in ("sgd", "adam")
    for error in ("output_minus_target", "target_minus_output")
]
X, W, T = [[1, -1, 0, 2], [0, 1, 3, -1], [2, -1, 1, 0]], [[1, -1], [2, 1]], [[1, 0, 1], [0, 1, 0]]
BIAS = 0.5


def both(activation: str, loss: str, **keys: Any) -> tuple[Lesson, Lesson]:
    """The same question asked of one filter, and of a network of a conv layer and an activation."""
    keys |= {"input": X, "learning_rate": 0.1, "loss": loss}
    single = one_filter(filter=W, bias=BIAS, activation=activation, target=T, **keys)
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[W]], "bias": [BIAS]}, {"type": activation}]
    return lesson_of(single, input_gradient=True), lesson_of(
        network(layers=layers, target=[T], **keys), input_gradient=True
    )


def test_there_are_as_many_combinations_as_there_should_be() -> None:
    assert len(COMBINATIONS) == (4 * 4 + 1) * 2 * 2


@pytest.mark.parametrize(("activation", "loss", "optimizer", "error"), COMBINATIONS)
def test_one_filter_and_the_same_network_agree_in_every_step(
    activation: str, loss: str, optimizer: str, error: str
) -> None:
    single, layers = both(activation, loss, optimizer=optimizer, error=error)
    assert [(step.role, step.word) for step in single.steps] == [(step.role, step.word) for step in layers.steps]
    assert {step.role for step in single.steps} <= {*get_args(Role)}
    for one, other in zip(trace(single, 3), trace(layers, 3), strict=True):
        assert (one.loss, one.loss_after) == (other.loss, other.loss_after)
        for step, twin in zip(single.steps, layers.steps, strict=True):
            mine, theirs = one.values[step.name], other.values[twin.name]
            if step.role == "error":  # e where the lesson weighs it on the way back, ∂L/∂a where the loss has a weight
                mine = single.scenario.loss.weight(one.values["activation"], mine.size) * mine
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12, err_msg=step.name)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_their_workings_have_the_same_value(activation: str) -> None:
    single, layers = both(activation, "mean_squared_error")
    one, other = next(trace(single)), next(trace(layers))
    for step, twin in zip(single.steps, layers.steps, strict=True):
        if step.role != "error":
            for cell in np.ndindex(one.values[step.name].shape):
                mine, theirs = step.working(one.values, cell), twin.working(other.values, cell)
                assert mine.value == pytest.approx(theirs.value, rel=1e-12, abs=1e-12), (step.name, cell)
