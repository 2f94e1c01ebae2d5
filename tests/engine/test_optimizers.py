"""Each optimizer against independent code, written from its paper's lines, over five iterations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from tests.engine.strategies import scenarios
from tests.examples import examples

Rule = Callable[[float, dict[str, float]], Callable[[Array, Array], Array]]
"""(rate, numbers) → a function that takes w and G of each iteration in turn and gives the new w."""


def textbook_sgd(rate: float, numbers: dict[str, float]) -> Callable[[Array, Array], Array]:
    return lambda w, g: w - rate * g


def textbook_momentum(rate: float, numbers: dict[str, float]) -> Callable[[Array, Array], Array]:
    """Heavy ball without a velocity: w_{k+1} = w_k − ηG + μ(w_k − w_{k−1})."""
    previous: list[Array] = []

    def rule(w: Array, g: Array) -> Array:
        before = previous[-1] if previous else w
        previous.append(w)
        return w - rate * g + numbers["momentum"] * (w - before)

    return rule


def textbook_nesterov(rate: float, numbers: dict[str, float]) -> Callable[[Array, Array], Array]:
    """The velocity written out: v_k = Σ μ^(k−j) G_j, every earlier gradient kept."""
    gradients: list[Array] = []

    def rule(w: Array, g: Array) -> Array:
        gradients.append(g)
        mu = numbers["momentum"]
        return w - rate * (g + sum(mu ** (age + 1) * past for age, past in enumerate(reversed(gradients))))

    return rule


def textbook_adam(rate: float, numbers: dict[str, float]) -> Callable[[Array, Array], Array]:
    """The moments as weighted means of all gradients so far, whose weights add up to 1: no correction needed."""
    gradients: list[Array] = []

    def mean(beta: float, of: list[Array]) -> Array:
        weights = np.array([beta**age for age in reversed(range(len(of)))])
        result: Array = np.tensordot(weights / weights.sum(), np.array(of), axes=1)
        return result

    def rule(w: Array, g: Array) -> Array:
        gradients.append(g)
        first, second = mean(numbers["beta1"], gradients), mean(numbers["beta2"], [past**2 for past in gradients])
        return w - rate * first / (np.sqrt(second) + numbers["epsilon"])

    return rule


TEXTBOOK: dict[str, Rule] = {
    "sgd": textbook_sgd,
    "momentum": textbook_momentum,
    "nesterov": textbook_nesterov,
    "adam": textbook_adam,
}


def test_every_optimizer_has_a_textbook_twin_here() -> None:
    assert set(TEXTBOOK) == set(OPTIMIZERS)


def trained(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    yield "filter", "gradient", "update"
    if scenario.conv.bias is not None:
        yield "bias", "bias_gradient", "bias_update"


@given(scenarios())
@examples(150)
def test_five_iterations_agree_with_the_textbook(scenario: Scenario) -> None:
    for weights, gradient, update in trained(scenario):
        rule = TEXTBOOK[scenario.optimizer.name](scenario.learning_rate, dict(scenario.optimizer.parameters))
        for iteration in trace(scenario, 5):
            expected = rule(iteration.values[weights], scenario.sign * iteration.values[gradient])
            np.testing.assert_allclose(iteration.values[update], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_memory_starts_at_zero_and_each_iteration_begins_where_the_last_one_ended(name: str) -> None:
    from cnnstep.engine.build import one_filter

    keys: dict[str, Any] = {"input": [[1, 2, 3]], "filter": [[1, -1]], "bias": 1, "target": [[2, 1]]}
    scenario = one_filter(**keys, activation="linear", learning_rate=0.01, optimizer=name)
    first, second = trace(scenario, 2)
    for prefix in ("", "bias_"):
        for role in scenario.optimizer.memory:
            assert not first.values[f"{prefix}{role}_before"].any()
            np.testing.assert_array_equal(first.values[prefix + role], second.values[f"{prefix}{role}_before"])
    np.testing.assert_array_equal(first.matrix("update"), second.matrix("filter"))
    np.testing.assert_array_equal(first.matrix("bias_update"), second.matrix("bias"))
    assert [float(turn.matrix("iteration")) for turn in (first, second)] == [0, 1]
