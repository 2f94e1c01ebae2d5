"""Pooling, flatten, dense and softmax, each worked on paper, and the smallest network worth doing by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnstep.engine.build import network
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import Iteration, trace


def first_iteration(*layers: dict[str, Any], **keys: Any) -> Iteration:
    return next(trace(lesson_of(network(layers=layers, **({"learning_rate": 0.5} | keys)), input_gradient=True), 1))


def test_of_a_tie_the_first_in_reading_order_wins_and_gets_all_of_the_gradient() -> None:
    iteration = first_iteration({"type": "max_pool", "size": 2}, input=[[1, 4, 2, 2], [4, 0, 2, 2]], target=[[1, 5]])
    assert_array_equal([[[4, 2]]], iteration.matrix("max_pool1.forward"))
    assert_array_equal([[[4 - 1, 2 - 5]]], iteration.matrix("error"))
    # the 4 above won over the 4 on the left below it, and of four 2s the one at the top left
    assert_array_equal([[0, 3, -3, 0], [0, 0, 0, 0]], iteration.matrix("max_pool1.input_gradient"))


def test_a_number_that_wins_several_windows_gets_the_gradients_of_all_of_them() -> None:
    iteration = first_iteration(
        {"type": "max_pool", "size": 2, "stride": 1},
        input=[[0, 1, 0], [2, 9, 3], [0, 4, 0]],
        target=[[1, 2], [3, 4]],
    )
    assert_array_equal([[[9, 9], [9, 9]]], iteration.matrix("max_pool1.forward"))
    total = (9 - 1) + (9 - 2) + (9 - 3) + (9 - 4)
    assert_array_equal([[0, 0, 0], [0, total, 0], [0, 0, 0]], iteration.matrix("max_pool1.input_gradient"))


def test_the_rim_never_wins_a_window_not_even_over_negative_numbers() -> None:
    iteration = first_iteration(
        {"type": "max_pool", "size": 2, "padding": 1}, input=[[-1, -2], [-3, -4]], target=[[0, 0], [0, 0]]
    )
    assert_array_equal([[[-1, -2], [-3, -4]]], iteration.matrix("max_pool1.forward"))
    assert_array_equal([[-1, -2], [-3, -4]], iteration.matrix("max_pool1.input_gradient"))


def test_the_mean_of_a_window_counts_the_zeros_of_the_rim() -> None:
    iteration = first_iteration(
        {"type": "average_pool", "size": 2, "padding": 1}, input=[[4, 8], [-4, 12]], target=[[0, 0], [1, 1]]
    )
    assert_array_equal([[[4 / 4, 8 / 4], [-4 / 4, 12 / 4]]], iteration.matrix("average_pool1.forward"))
    assert_array_equal([[1 / 4, 2 / 4], [(-1 - 1) / 4, (3 - 1) / 4]], iteration.matrix("average_pool1.input_gradient"))


def test_where_average_windows_overlap_their_shares_add_up() -> None:
    iteration = first_iteration(
        {"type": "average_pool", "size": [1, 2], "stride": 1}, input=[[2, 4, 8]], target=[[1, 2]]
    )
    assert_array_equal([[[3, 6]]], iteration.matrix("average_pool1.forward"))
    assert_array_equal([[2 / 2, 2 / 2 + 4 / 2, 4 / 2]], iteration.matrix("average_pool1.input_gradient"))


def test_flatten_reads_map_after_map_row_after_row() -> None:
    iteration = first_iteration(
        {"type": "flatten"}, input=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]], target=[1, 0, 3, 0, 5, 0, 7, 0]
    )
    assert_array_equal([1, 2, 3, 4, 5, 6, 7, 8], iteration.matrix("flatten1.forward"))
    assert_array_equal([[[0, 2], [0, 4]], [[0, 6], [0, 8]]], iteration.matrix("flatten1.input_gradient"))


def test_a_dense_layer_takes_every_input_into_every_output() -> None:
    iteration = first_iteration(
        {"type": "flatten"},
        {"type": "dense", "weights": [[1, 2, -1], [0, -2, 3]], "bias": [1, -1]},
        samples=[{"input": [[1, 2, 3]], "target": [2, 2]}, {"input": [[0, 1, -1]], "target": [3, -5]}],
    )
    z = [[1 * 1 + 2 * 2 + 3 * -1 + 1, 2 * -2 + 3 * 3 - 1], [1 * 2 + -1 * -1 + 1, 1 * -2 + -1 * 3 - 1]]
    assert_array_equal(z, iteration.matrix("dense1.forward"))
    assert_array_equal([[3 - 2, 4 - 2], [4 - 3, -6 + 5]], iteration.matrix("error"))
    gradient = [[1 * 1 + 1 * 0, 1 * 2 + 1 * 1, 1 * 3 + 1 * -1], [2 * 1 - 1 * 0, 2 * 2 - 1 * 1, 2 * 3 - 1 * -1]]
    assert_array_equal(gradient, iteration.matrix("dense1.gradient"))
    assert_array_equal([1 + 1, 2 - 1], iteration.matrix("dense1.bias_gradient"))
    back = [[1 * 1 + 2 * 0, 1 * 2 + 2 * -2, 1 * -1 + 2 * 3], [1 * 1 - 1 * 0, 1 * 2 - 1 * -2, 1 * -1 - 1 * 3]]
    assert_array_equal(back, iteration.matrix("dense1.input_gradient"))
    assert_array_equal([[1 - 0.5, 2 - 1.5, -1 - 1], [-1, -2 - 1.5, 3 - 3.5]], iteration.matrix("dense1.update"))
    assert_array_equal([1 - 1, -1 - 0.5], iteration.matrix("dense1.bias_update"))


def test_softmax_with_cross_entropy_sends_p_minus_y_back() -> None:
    iteration = first_iteration(
        {"type": "flatten"},
        {"type": "softmax"},
        input=[[np.log(2), 0, np.log(5)]],  # powers 2, 1 and 5, which add up to 8
        target={"class": 1},
        loss="cross_entropy",
    )
    assert_allclose([2 / 8, 1 / 8, 5 / 8], iteration.matrix("softmax1.forward"), rtol=1e-14)
    assert iteration.loss == pytest.approx(np.log(8), rel=1e-14)
    assert_allclose([0, -8, 0], iteration.matrix("error"), rtol=1e-14)
    assert_allclose([2 / 8, 1 / 8 - 1, 5 / 8], iteration.matrix("softmax1.input_gradient"), rtol=1e-14)
    # the Jacobian's column of z₀: only −y₁/p₁ = −8 passes, by −p₁·p₀
    working = iteration.working("softmax1.input_gradient", 0)
    assert [0, pytest.approx(-8 * 1 / 8 * -2 / 8), 0] == [term.value for term in working.terms]


def smallest_network(**keys: Any) -> Iteration:
    """conv 2×2 → relu → max pool → flatten → dense → softmax on a 4×4 input with a rim, small enough for one page."""
    return first_iteration(
        {"type": "conv", "weights": [[[[1, 0], [0, -1]]]], "bias": [1]},
        {"type": "relu"},
        {"type": "max_pool", "size": [3, 1]},
        {"type": "flatten"},
        {"type": "dense", "weights": [[1, 0, 0], [0, 1, 1]], "bias": [0, -3]},
        {"type": "softmax"},
        input=[[1, 0, 2, 1], [0, 2, 1, 0], [3, 1, 0, 2], [1, 0, 1, 1]],
        target={"class": 0},
        loss="cross_entropy",
        **keys,
    )


def test_the_smallest_network_forward() -> None:
    iteration = smallest_network()
    z = [[1 - 2 + 1, 0 - 1 + 1, 2 - 0 + 1], [0 - 1 + 1, 2 - 0 + 1, 1 - 2 + 1], [3 - 0 + 1, 1 - 1 + 1, 0 - 1 + 1]]
    assert_array_equal([z], iteration.matrix("conv1.forward"))
    assert_array_equal([z], iteration.matrix("relu1.forward"))  # nothing below 0
    assert_array_equal([[[4, 3, 3]]], iteration.matrix("max_pool1.forward"))
    assert_array_equal([4, 3, 3], iteration.matrix("flatten1.forward"))
    assert_array_equal([4, 3 + 3 - 3], iteration.matrix("dense1.forward"))
    e = np.exp(1)
    assert_allclose([e / (e + 1), 1 / (e + 1)], iteration.matrix("softmax1.forward"), rtol=1e-14)
    assert iteration.loss == pytest.approx(np.log(1 + 1 / e), rel=1e-14)


def test_the_smallest_network_backward_and_its_update() -> None:
    iteration = smallest_network()
    q = 1 / (np.exp(1) + 1)  # what class 1 got of the share that was class 0's
    assert_allclose([-q, q], iteration.matrix("softmax1.input_gradient"), rtol=1e-14)
    assert_allclose([[-4 * q, -3 * q, -3 * q], [4 * q, 3 * q, 3 * q]], iteration.matrix("dense1.gradient"), rtol=1e-14)
    assert_allclose([-q, q], iteration.matrix("dense1.bias_gradient"), rtol=1e-14)
    assert_allclose([-q, q, q], iteration.matrix("dense1.input_gradient"), rtol=1e-14)
    assert_allclose([[[-q, q, q]]], iteration.matrix("flatten1.input_gradient"), rtol=1e-14)
    winners = [[[0, 0, q], [0, q, 0], [-q, 0, 0]]]
    assert_allclose(winners, iteration.matrix("max_pool1.input_gradient"), rtol=1e-14)
    assert_allclose(winners, iteration.matrix("relu1.input_gradient"), rtol=1e-14)  # all winners are above 0
    # each weight: what it met at [0,2], plus at [1,1], minus at [2,0]
    gradient = [[q * (2 + 2 - 3), q * (1 + 1 - 1)], [q * (1 + 1 - 1), q * (0 + 0 - 0)]]
    assert_allclose([[gradient]], iteration.matrix("conv1.gradient"), rtol=1e-14)
    assert_allclose([q], iteration.matrix("conv1.bias_gradient"), rtol=1e-14)
    assert_allclose([[[[1 - q / 2, -q / 2], [-q / 2, -1]]]], iteration.matrix("conv1.update"), rtol=1e-14)
    # W sent back from [0,2], [1,1] and [2,0], where 1 stands at a window's top left and −1 at its bottom right
    back = [[0, 0, q, 0], [0, q, 0, -q], [-q, 0, -q, 0], [0, q, 0, 0]]
    assert_allclose(back, iteration.matrix("conv1.input_gradient"), rtol=1e-14)


def test_the_other_sign_of_the_error_turns_every_gradient_and_changes_no_trained_weight() -> None:
    usual, turned = smallest_network(), smallest_network(error="target_minus_output")
    assert_array_equal(-usual.matrix("conv1.gradient"), turned.matrix("conv1.gradient"))
    for name in ("conv1.update", "conv1.bias_update", "dense1.update", "dense1.bias_update"):
        assert_array_equal(usual.matrix(name), turned.matrix(name))
