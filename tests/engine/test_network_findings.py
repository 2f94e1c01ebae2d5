"""What is worth saying about a network: gradients that vanish or explode, layers that die, and a layer's own words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.findings import MUCH_SMALLER, Finding, findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import norm
from cnnstep.engine.trace import Iteration, first_iteration

Layers = list[dict[str, Any]]


def opened(**keys: Any) -> Iteration:
    return first_iteration(lesson_of(network(**keys)))


def found(iteration: Iteration, code: str) -> list[Finding]:
    return [finding for finding in findings(iteration) if finding.code == code]


def chain(*weights: float) -> Iteration:
    """One number through linear layers of one weight each: ∂L/∂a shrinks by each weight on its way back."""
    dense = [{"type": "dense", "weights": [[weight]]} for weight in weights]
    layers: Layers = [{"type": "flatten"}, *dense]
    return opened(input=[[1]], target=[0], layers=layers, learning_rate=0.1)


class TestLengths:
    def test_weights_of_a_tenth_make_the_gradient_vanish_and_both_lengths_are_said(self) -> None:
        # a = 2·0.1·0.1·0.05 = 0.001, so ∂L/∂a is 0.001 at the end and 0.001·0.05·0.1·0.1 = 5e-7 at the first layer
        (finding,) = found(chain(2, 0.1, 0.1, 0.05), "vanishing-gradient")
        assert "‖∂L/∂z5‖ is 0.001" in finding.message
        assert "5e-07" in finding.message
        assert "2e+03 times smaller" in finding.message
        assert finding.step == "dense2.input_gradient"
        assert not finding.harmless

    def test_weights_of_ten_make_it_explode(self) -> None:
        (finding,) = found(chain(1, 10, 10, 10), "exploding-gradient")
        assert "1e+03 times larger" in finding.message

    def test_up_to_the_stated_factor_nothing_is_said(self) -> None:
        assert MUCH_SMALLER == 100
        for back in (0.5, 2.0):
            codes = {finding.code for finding in findings(chain(1, back, back))}
            assert not codes & {"vanishing-gradient", "exploding-gradient"}

    def test_softmax_is_left_out_because_its_slope_undoes_the_loss(self) -> None:
        # p is about e^-12, so −1/p alone is 160,000 long, and p − y is not
        layers: Layers = [
            {"type": "flatten"},
            {"type": "dense", "weights": [[12], [0]]},
            {"type": "softmax"},
        ]
        iteration = opened(input=[[1]], target={"class": 1}, loss="cross_entropy", layers=layers, learning_rate=0.1)
        assert norm(iteration.values["error"]) > 1e5
        assert not found(iteration, "vanishing-gradient")

    def test_a_gradient_of_zero_has_not_vanished_it_is_dead(self) -> None:
        layers: Layers = [{"type": "flatten"}, {"type": "dense", "weights": [[-1]]}, {"type": "relu"}]
        layers += [{"type": "dense", "weights": [[1]]}]
        iteration = opened(input=[[1]], target=[1], layers=layers, learning_rate=0.1)
        assert not found(iteration, "vanishing-gradient")
        (finding,) = found(iteration, "all-dead")
        assert finding.message == "every cell of relu1 is inactive: the layers before it receive 0 and learn nothing."


class TestDeadUnits:
    LAYERS = (
        {"type": "conv", "weights": [[[[1]]], [[[-1]]], [[[-2]]]]},
        {"type": "relu"},
        {"type": "flatten"},
        {"type": "dense", "weights": [[1] * 12]},
    )

    def test_maps_that_are_dead_everywhere_are_named_and_counted(self) -> None:
        iteration = opened(input=[[1, 2], [3, 4]], target=[0], layers=self.LAYERS, learning_rate=0.1)
        (finding,) = found(iteration, "dying-layer")
        assert finding.cells == ((1,), (2,))
        assert (
            finding.message == "2 of 3 maps of relu1 are inactive everywhere: the weights that feed them learn nothing."
        )

    def test_one_live_cell_keeps_a_map_alive(self) -> None:
        iteration = opened(input=[[1, 2], [3, -4]], target=[0], layers=self.LAYERS, learning_rate=0.1)
        assert not found(iteration, "dying-layer")

    def test_an_error_that_reaches_dead_cells_ends_there(self) -> None:
        iteration = opened(input=[[1, 2], [3, 4]], target=[0], layers=self.LAYERS, learning_rate=0.1)
        (finding,) = found(iteration, "dead-relu")
        assert len(finding.cells) == len(finding.blocked) == 8
        assert finding.message.endswith("An error reaches 8 of them, and ends there.")


def test_one_filter_is_told_nothing_about_layers() -> None:
    ones = [[1, 1], [1, 1]]
    scenario = one_filter(input=ones, filter=[[-1]], target=ones, activation="relu", learning_rate=1)
    assert {finding.code for finding in findings(first_iteration(lesson_of(scenario)))} == {"dead-relu", "all-dead"}


def test_every_layer_receives_what_the_next_one_sends_back() -> None:
    iteration = chain(1, 2)
    first, second, third = iteration.lesson.layers
    assert first.upstream is None  # nothing is trained before flatten's output
    assert second.upstream is not None
    assert second.upstream.name == "dense2.input_gradient"
    assert third.upstream is not None
    assert third.upstream.name == "error"
    assert [leaf.name for leaf in second.leaves] == ["dense1.weights"]
    assert third.steepness(iteration.values) == pytest.approx(2.0)  # δ = 2, input 1


def test_a_length_is_the_root_of_all_squares() -> None:
    assert norm(np.array([3.0]), np.array([[0.0, 4.0]])) == 5.0


def test_a_network_that_trains_nothing_has_findings_and_no_update() -> None:
    iteration = opened(input=[[1, 2]], target=[1, 2], layers=[{"type": "flatten"}], learning_rate=1)
    assert [finding.code for finding in findings(iteration)] == ["converged"]
