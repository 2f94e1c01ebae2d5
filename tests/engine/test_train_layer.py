"""A layer by tiles has the loss and the gradients of the layer as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.engine.training import problem
from cnnstep.engine.training.problem import layer_gradient
from cnnstep.engine.training.runs import run
from tests.engine.strategies import scenarios
from tests.examples import examples


def same(of: Scenario) -> None:
    recorded = first_iteration(lesson_of(of))
    loss, gradient, bias_gradient = layer_gradient(of)
    scale = of.sign  # e = t − a carries −∂L/∂
    assert recorded.loss == pytest.approx(loss, rel=1e-12, abs=1e-15)
    np.testing.assert_allclose(gradient, scale * recorded.values["gradient"], rtol=1e-12, atol=1e-12)
    assert (bias_gradient is None) == (of.conv.bias is None)
    if bias_gradient is not None:
        np.testing.assert_allclose(bias_gradient, scale * recorded.values["bias_gradient"], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("tile", [1, 40, 2**18])
@examples(60)
@given(of=scenarios())
def test_every_scenario_whatever_the_size_of_the_tiles(tile: int, of: Scenario) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(problem, "TILE", tile)
        same(of)


def layer(channels: int, size: int, filters: int, **keys: Any) -> Scenario:
    random = np.random.default_rng(1)
    usual = {
        "input": random.normal(size=(channels, size, size)),
        "filter": random.normal(size=(filters, channels, 3, 3)),
        "target": random.normal(size=(filters, size - 2, size - 2)),
        "activation": "relu",
        "learning_rate": 1e-5,
    }
    return one_filter(**{**usual, **keys})


def test_a_layer_of_many_tiles_and_a_rest() -> None:
    same(layer(16, 31, 16))


@pytest.mark.parametrize("keys", [{}, {"optimizer": "adam", "bias": [0.5] * 8}])
def test_a_run_of_a_large_layer_goes_by_tiles_and_is_the_recorded_one(keys: dict[str, Any]) -> None:
    of = layer(16, 60, 8, **keys)
    assert problem.Problem.of(of).in_tiles
    trained = run(of, 3)
    *_, last = trace(of, 3)
    np.testing.assert_allclose(trained.filters, last.following["filter"], rtol=1e-12)
    assert last.loss_after == pytest.approx(trained.loss, rel=1e-12)
