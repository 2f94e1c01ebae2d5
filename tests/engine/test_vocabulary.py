"""One filter and a network differ in their vocabulary: what steps are called, and what the error is shown as."""

from __future__ import annotations

from typing import Any

import pytest

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.vocabulary import NETWORK, ONE_FILTER

X, W, T = [[1, 2], [3, 4]], [[1, 0], [0, 1]], [[1]]


def single() -> Scenario:
    return one_filter(input=X, filter=W, bias=1, target=T, activation="relu", learning_rate=1)


def layered() -> Scenario:
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[W]], "bias": [1]}, {"type": "relu"}]
    return network(input=X, layers=layers, target=[T], learning_rate=1)


def symbols(scenario: Scenario) -> dict[str, str]:
    return {step.name: step.symbol for step in lesson_of(scenario, input_gradient=True).steps}


def test_one_filter_has_the_words_of_the_lesson() -> None:
    assert symbols(single()) == {
        "forward": "z", "activation": "a", "error": "e", "delta": "δ", "gradient": "∂L/∂W", "bias_gradient": "∂L/∂b",
        "input_gradient": "∂L/∂X", "update": "W new", "bias_update": "b new",
    }  # fmt: skip


def test_a_network_has_its_layers_names_and_their_numbers() -> None:
    assert symbols(layered()) == {
        "conv1.forward": "z1", "relu1.forward": "a2", "error": "∂L/∂a2", "relu1.input_gradient": "∂L/∂z1",
        "conv1.gradient": "∂L/∂W1", "conv1.bias_gradient": "∂L/∂b1", "conv1.input_gradient": "∂L/∂X",
        "conv1.update": "W1 new", "conv1.bias_update": "b1 new",
    }  # fmt: skip


def test_one_filter_hides_the_axes_that_were_left_out_and_a_network_only_the_sample() -> None:
    assert lesson_of(single()).quantity("forward").layout.visible == ("row", "column")
    assert lesson_of(layered()).quantity("conv1.forward").layout.visible == ("filter", "row", "column")


def test_a_scenario_chooses_its_vocabulary_by_whether_its_layers_have_names() -> None:
    assert (single().vocabulary, layered().vocabulary) == (ONE_FILTER, NETWORK)


def test_the_error_is_a_difference_or_a_slope_and_its_square_is_written_so() -> None:
    assert (ONE_FILTER.shows_difference, ONE_FILTER.squared_error) == (True, "e²")
    assert (NETWORK.shows_difference, NETWORK.squared_error) == (False, "(∂L/∂a)²")


@pytest.mark.parametrize(
    ("name", "settings", "formula", "slope"),
    [
        ("linear", {}, "z", "1"),
        ("relu", {}, "max(0, z)", "1 if z > 0, else 0"),
        ("relu", {"slope_at_zero": 0.5}, "max(0, z)", "1 if z > 0, 0.5 if z = 0, else 0"),
        ("elu", {"alpha": 2}, "z if z > 0, else 2·(e^z − 1)", "1 if z > 0, else 2·e^z"),
        ("tanh", {}, "tanh z", "1 − a²"),
        ("silu", {}, "z / (1 + e^(−z))", "s·(1 + z·(1 − s)), s = 1 / (1 + e^(−z))"),
    ],
)
def test_a_formula_reads_as_its_cases_and_what_they_mean(
    name: str, settings: dict[str, float], formula: str, slope: str
) -> None:
    phi = ACTIVATIONS[name](**settings)
    assert (str(phi.formula), str(phi.slope_formula)) == (formula, slope)
