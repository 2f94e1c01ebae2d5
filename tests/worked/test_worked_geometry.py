"""Stride, padding, dilation, channels, filters, bias and batches, each worked on paper."""

from __future__ import annotations

from typing import Any

from numpy.testing import assert_array_equal

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace


def first_iteration(scenario: Scenario) -> Iteration:
    return next(trace(lesson_of(scenario, input_gradient=True), 1))


def test_stride_two_moves_the_window_by_two() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2, 0, 1], [0, 1, 3, 0], [2, 0, 1, 1], [1, 1, 0, 2]],
            filter=[[1, 0], [2, -1]],
            target=[[1, 4], [3, -2]],
            activation="linear",
            learning_rate=0.5,
            stride=2,
        )
    )
    z = [
        [1 * 1 + 2 * 0 + 0 * 2 + 1 * (-1), 0 * 1 + 1 * 0 + 3 * 2 + 0 * (-1)],
        [2 * 1 + 0 * 0 + 1 * 2 + 1 * (-1), 1 * 1 + 1 * 0 + 0 * 2 + 2 * (-1)],
    ]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[0 - 1, 6 - 4], [3 - 3, -1 - (-2)]], iteration.matrix("delta"))
    # every weight meets the input numbers that lie two apart
    gradient = [
        [-1 * 1 + 2 * 0 + 0 * 2 + 1 * 1, -1 * 2 + 2 * 1 + 0 * 0 + 1 * 1],
        [-1 * 0 + 2 * 3 + 0 * 1 + 1 * 0, -1 * 1 + 2 * 0 + 0 * 1 + 1 * 2],
    ]
    assert_array_equal(gradient, iteration.matrix("gradient"))
    # the windows do not overlap: each holds its own δ times the filter
    input_gradient = [
        [-1 * 1, -1 * 0, 2 * 1, 2 * 0],
        [-1 * 2, -1 * -1, 2 * 2, 2 * -1],
        [0 * 1, 0 * 0, 1 * 1, 1 * 0],
        [0 * 2, 0 * -1, 1 * 2, 1 * -1],
    ]
    assert_array_equal(input_gradient, iteration.matrix("input_gradient"))


def test_padding_one_lays_a_rim_of_zeros_round_the_input() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2], [3, -1]],
            filter=[[0, 1, 0], [2, 1, 0], [0, 0, 3]],
            target=[[0, 1], [4, 5]],
            activation="relu",
            learning_rate=1,
            padding=1,
        )
    )
    z = [
        [1 * 1 + 2 * 0 + 3 * 0 + (-1) * 3, 1 * 2 + 2 * 1 + 3 * 0 + (-1) * 0],
        [1 * 1 + 2 * 0 + 3 * 1 + (-1) * 0, 1 * 0 + 2 * 1 + 3 * 2 + (-1) * 1],
    ]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[0, 4 - 1], [4 - 4, 7 - 5]], iteration.matrix("delta"))
    gradient = [
        [3 * 0 + 2 * 1, 3 * 0 + 2 * 2, 3 * 0 + 2 * 0],
        [3 * 1 + 2 * 3, 3 * 2 + 2 * (-1), 3 * 0 + 2 * 0],
        [3 * 3 + 2 * 0, 3 * (-1) + 2 * 0, 3 * 0 + 2 * 0],
    ]
    assert_array_equal(gradient, iteration.matrix("gradient"))
    # X[0,0] met W[1,0] at δ[0,1] and W[0,0] at δ[1,1]; the rim's own share is dropped
    input_gradient = [[3 * 2 + 2 * 0, 3 * 1 + 2 * 1], [3 * 0 + 2 * 2, 3 * 0 + 2 * 1]]
    assert_array_equal(input_gradient, iteration.matrix("input_gradient"))


def test_padding_same_lays_the_odd_row_below_and_the_odd_column_to_the_right() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2], [3, 4]],
            filter=[[1, 2], [0, -1]],
            target=[[0, 2], [11, 3]],
            activation="linear",
            learning_rate=1,
            padding="same",
        )
    )
    z = [
        [1 * 1 + 2 * 2 + 3 * 0 + 4 * (-1), 2 * 1 + 0 * 2 + 4 * 0 + 0 * (-1)],
        [3 * 1 + 4 * 2 + 0 * 0 + 0 * (-1), 4 * 1 + 0 * 2 + 0 * 0 + 0 * (-1)],
    ]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[1 - 0, 2 - 2], [11 - 11, 4 - 3]], iteration.matrix("delta"))
    assert_array_equal([[1 * 1 + 1 * 4, 1 * 2 + 1 * 0], [1 * 3 + 1 * 0, 1 * 4 + 1 * 0]], iteration.matrix("gradient"))
    # X[1,1] met W[1,1] at δ[0,0] and W[0,0] at δ[1,1]
    assert_array_equal([[1 * 1, 1 * 2], [1 * 0, 1 * -1 + 1 * 1]], iteration.matrix("input_gradient"))


def test_padding_same_counts_the_span_of_a_dilated_filter() -> None:
    # taps two apart span three: one zero above and one below
    scenario = one_filter(
        input=[[1], [2], [3]],
        filter=[[1], [10]],
        target=[[20], [31], [2]],
        activation="linear",
        learning_rate=1,
        dilation=2,
        padding="same",
    )
    assert_array_equal([[0 + 20], [1 + 30], [2 + 0]], first_iteration(scenario).matrix("forward"))


def test_a_stride_and_a_padding_of_their_own_for_rows_and_columns() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2], [3, 4], [5, 6]],
            filter=[[1, 10]],
            target=[[10, 20, 3], [50, 65, 6]],
            activation="linear",
            learning_rate=1,
            stride=[2, 1],
            padding=[0, 1],
        )
    )
    z = [[0 * 1 + 1 * 10, 1 * 1 + 2 * 10, 2 * 1 + 0 * 10], [0 * 1 + 5 * 10, 5 * 1 + 6 * 10, 6 * 1 + 0 * 10]]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[0, 21 - 20, 2 - 3], [0, 0, 0]], iteration.matrix("delta"))
    assert_array_equal([[1 * 1 + (-1) * 2, 1 * 2 + (-1) * 0]], iteration.matrix("gradient"))
    # row 1 lies between the patches
    assert_array_equal([[1 * 1, 1 * 10 + (-1) * 1], [0, 0], [0, 0]], iteration.matrix("input_gradient"))


def test_cells_that_are_left_over_add_nothing_and_get_nothing_back() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2, 3, 4, 99], [99, 99, 99, 99, 99]],
            filter=[[1, 10]],
            target=[[20, 44]],
            activation="linear",
            learning_rate=1,
            stride=2,
            leftover="drop",
        )
    )
    assert_array_equal([[1 * 1 + 2 * 10, 3 * 1 + 4 * 10]], iteration.matrix("forward"))
    assert_array_equal([[21 - 20, 43 - 44]], iteration.matrix("delta"))
    assert_array_equal([[1 * 1 + (-1) * 3, 1 * 2 + (-1) * 4]], iteration.matrix("gradient"))
    assert_array_equal([[1, 10, -1, -10, 0], [0] * 5], iteration.matrix("input_gradient"))
    assert iteration.working("input_gradient", 0, 4).terms == ()


def test_a_pooling_window_may_leave_cells_over_too() -> None:
    keys: dict[str, Any] = {"input": [[1, 5, 2], [3, 4, 9], [7, 8, 6]], "target": [[0]], "learning_rate": 1}
    most, mean = (
        first_iteration(network(layers=[{"type": kind, "size": 2, "leftover": "drop"}], **keys))
        for kind in ("max_pool", "average_pool")
    )
    assert_array_equal([[5]], most.matrix("max_pool1.forward")[0])
    assert_array_equal([[0, 5, 0], [0, 0, 0], [0, 0, 0]], most.matrix("max_pool1.input_gradient"))
    # (1 + 5 + 3 + 4) / 4 = 3.25, a quarter of it to each
    share = 3.25 / 4
    assert_array_equal([[share, share, 0], [share, share, 0], [0, 0, 0]], mean.matrix("average_pool1.input_gradient"))


def test_a_pooling_window_with_padding_same_gives_as_many_numbers_as_it_reads() -> None:
    layer = {"type": "max_pool", "size": [2, 3], "stride": 1, "padding": "same"}
    scenario = network(input=[[-1, -5], [-3, -2]], layers=[layer], target=[[0, 0], [0, 0]], learning_rate=1)
    iteration = first_iteration(scenario)
    # three columns reach one to the left and one to the right, two rows reach one below; the rim itself never wins
    assert_array_equal([[-1, -1], [-2, -2]], iteration.matrix("max_pool1.forward")[0])
    assert_array_equal([[-1 - 1, 0], [0, -2 - 2]], iteration.matrix("max_pool1.input_gradient"))


def test_dilation_two_leaves_a_gap_between_the_taps() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3]],
            filter=[[1, -1], [2, 1]],
            target=[[16, 4]],
            activation="linear",
            learning_rate=1,
            dilation=2,
        )
    )
    z = [[1 * 1 + 3 * (-1) + 9 * 2 + 2 * 1, 2 * 1 + 4 * (-1) + 1 * 2 + 3 * 1]]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[18 - 16, 3 - 4]], iteration.matrix("delta"))
    gradient = [[2 * 1 + (-1) * 2, 2 * 3 + (-1) * 4], [2 * 9 + (-1) * 1, 2 * 2 + (-1) * 3]]
    assert_array_equal(gradient, iteration.matrix("gradient"))
    input_gradient = [[2 * 1, -1 * 1, 2 * -1, -1 * -1], [0, 0, 0, 0], [2 * 2, -1 * 2, 2 * 1, -1 * 1]]
    assert_array_equal(input_gradient, iteration.matrix("input_gradient"))


def test_two_channels_add_up_in_one_output_and_get_a_gradient_each() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[[1, 0, 2], [3, 1, 0]], [[0, 1, 1], [2, 0, 1]]],
            filter=[[[1, 2], [0, 1]], [[1, 0], [-1, 3]]],
            target=[[1, 6]],
            activation="linear",
            learning_rate=1,
        )
    )
    first = [1 * 1 + 0 * 2 + 3 * 0 + 1 * 1, 0 * 1 + 2 * 2 + 1 * 0 + 0 * 1]
    second = [0 * 1 + 1 * 0 + 2 * (-1) + 0 * 3, 1 * 1 + 1 * 0 + 0 * (-1) + 1 * 3]
    assert_array_equal([[first[0] + second[0], first[1] + second[1]]], iteration.matrix("forward"))
    assert_array_equal([[0 - 1, 8 - 6]], iteration.matrix("delta"))
    gradient = [
        [[-1 * 1 + 2 * 0, -1 * 0 + 2 * 2], [-1 * 3 + 2 * 1, -1 * 1 + 2 * 0]],
        [[-1 * 0 + 2 * 1, -1 * 1 + 2 * 1], [-1 * 2 + 2 * 0, -1 * 0 + 2 * 1]],
    ]
    assert_array_equal(gradient, iteration.matrix("gradient"))
    input_gradient = [
        [[-1 * 1, -1 * 2 + 2 * 1, 2 * 2], [-1 * 0, -1 * 1 + 2 * 0, 2 * 1]],
        [[-1 * 1, -1 * 0 + 2 * 1, 2 * 0], [-1 * -1, -1 * 3 + 2 * -1, 2 * 3]],
    ]
    assert_array_equal(input_gradient, iteration.matrix("input_gradient"))


def test_two_filters_give_an_output_each_and_meet_again_in_the_input_gradient() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[[1, 2, 3]]],
            filter=[[[[1, 1]]], [[[2, -1]]]],
            target=[[[2, 5]], [[1, 3]]],
            activation="linear",
            learning_rate=1,
        )
    )
    z = [[[1 * 1 + 2 * 1, 2 * 1 + 3 * 1]], [[1 * 2 + 2 * (-1), 2 * 2 + 3 * (-1)]]]
    assert_array_equal(z, iteration.matrix("forward"))
    assert_array_equal([[[3 - 2, 5 - 5]], [[0 - 1, 1 - 3]]], iteration.matrix("delta"))
    gradient = [[[[1 * 1 + 0 * 2, 1 * 2 + 0 * 3]]], [[[-1 * 1 + -2 * 2, -1 * 2 + -2 * 3]]]]
    assert_array_equal(gradient, iteration.matrix("gradient"))
    input_gradient = [[[1 * 1 + -1 * 2, (1 * 1 + 0 * 1) + (-1 * -1 + -2 * 2), 0 * 1 + -2 * -1]]]
    assert_array_equal(input_gradient, iteration.matrix("input_gradient"))


def test_a_bias_joins_every_output_once_and_its_gradient_is_the_sum_of_delta() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2], [3, 4]],
            filter=[[2]],
            bias=-3,
            target=[[0, 0], [1, 2]],
            activation="relu",
            learning_rate=0.5,
        )
    )
    assert_array_equal([[1 * 2 - 3, 2 * 2 - 3], [3 * 2 - 3, 4 * 2 - 3]], iteration.matrix("forward"))
    assert_array_equal([[0, 1 - 0], [3 - 1, 5 - 2]], iteration.matrix("delta"))
    assert_array_equal([[0 * 1 + 1 * 2 + 2 * 3 + 3 * 4]], iteration.matrix("gradient"))
    assert iteration.matrix("bias_gradient") == 0 + 1 + 2 + 3
    assert iteration.matrix("bias_update") == -3 - 0.5 * 6
    assert_array_equal([[2 - 0.5 * 20]], iteration.matrix("update"))


def test_two_filters_have_a_bias_each() -> None:
    iteration = first_iteration(
        one_filter(
            input=[[1, 2]],
            filter=[[[[1]]], [[[3]]]],
            bias=[1, -1],
            target=[[[0, 0]], [[0, 0]]],
            activation="linear",
            learning_rate=0.1,
        )
    )
    assert_array_equal([[[1 * 1 + 1, 2 * 1 + 1]], [[1 * 3 - 1, 2 * 3 - 1]]], iteration.matrix("forward"))
    assert_array_equal([2 + 3, 2 + 5], iteration.matrix("bias_gradient"))


def test_a_batch_adds_up_what_its_samples_say() -> None:
    iteration = first_iteration(
        one_filter(
            samples=[{"input": [[1, 2]], "target": [[4]]}, {"input": [[3, -1]], "target": [[1]]}],
            filter=[[1, 2]],
            activation="linear",
            learning_rate=0.5,
        )
    )
    assert_array_equal([[[1 * 1 + 2 * 2]], [[3 * 1 + -1 * 2]]], iteration.matrix("forward"))
    assert_array_equal([[[5 - 4]], [[1 - 1]]], iteration.matrix("error"))
    assert_array_equal([[1 * 1 + 0 * 3, 1 * 2 + 0 * (-1)]], iteration.matrix("gradient"))
    assert iteration.loss == (1**2 + 0**2) / 2
