"""The first lesson on paper: every number is a sum of products that a reader can follow with a pencil."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace


def first_filter(**changes: object) -> Scenario:
    keys: dict[str, object] = {
        "input": [[1, -1, 0], [0, 1, 0], [0, -1, 1]],
        "filter": [[1, -1], [1, 1]],
        "target": [[1, 0], [0, 1]],
        "activation": "relu",
        "learning_rate": 0.5,
    }
    return one_filter(**(keys | changes))  # type: ignore[arg-type]  # the keys of a scenario file


def first_iteration(scenario: Scenario) -> Iteration:
    return next(trace(lesson_of(scenario, input_gradient=True), 1))


def test_the_forward_pass_multiplies_each_patch_with_the_filter_and_adds_up() -> None:
    expected = [
        [1 * 1 + (-1) * (-1) + 0 * 1 + 1 * 1, (-1) * 1 + 0 * (-1) + 1 * 1 + 0 * 1],
        [0 * 1 + 1 * (-1) + 0 * 1 + (-1) * 1, 1 * 1 + 0 * (-1) + (-1) * 1 + 1 * 1],
    ]
    assert expected == [[3, 0], [-2, 1]]
    assert_array_equal(expected, first_iteration(first_filter()).matrix("forward"))


def test_relu_keeps_what_is_positive() -> None:
    assert_array_equal([[3, 0], [0, 1]], first_iteration(first_filter()).matrix("activation"))


def test_the_error_is_the_output_minus_the_target() -> None:
    assert_array_equal([[3 - 1, 0 - 0], [0 - 0, 1 - 1]], first_iteration(first_filter()).matrix("error"))


def test_the_loss_is_half_the_sum_of_squares_and_falls_from_2_to_one_and_a_half() -> None:
    iteration = first_iteration(first_filter())
    assert iteration.loss == (2**2 + 0**2 + 0**2 + 0**2) / 2
    # the new filter [[0, 0], [1, 0]] picks the lower left cell of each patch: z = [[0, 1], [0, -1]]
    assert ((0 - 1) ** 2 + (1 - 0) ** 2 + (0 - 0) ** 2 + (0 - 1) ** 2) / 2 == iteration.loss_after == 1.5


def test_delta_is_the_error_where_the_slope_lets_it_back_through() -> None:
    assert_array_equal([[2 * 1, 0 * 0], [0 * 0, 0 * 1]], first_iteration(first_filter()).matrix("delta"))


def test_the_gradient_correlates_the_input_with_delta() -> None:
    expected = [
        [2 * 1 + 0 * (-1) + 0 * 0 + 0 * 1, 2 * (-1) + 0 * 0 + 0 * 1 + 0 * 0],
        [2 * 0 + 0 * 1 + 0 * 0 + 0 * (-1), 2 * 1 + 0 * 0 + 0 * (-1) + 0 * 1],
    ]
    assert expected == [[2, -2], [0, 2]]
    assert_array_equal(expected, first_iteration(first_filter()).matrix("gradient"))


def test_the_input_gradient_lays_the_filter_over_the_one_patch_that_erred() -> None:
    expected = [[2 * 1, 2 * (-1), 0], [2 * 1, 2 * 1, 0], [0, 0, 0]]
    assert_array_equal(expected, first_iteration(first_filter()).matrix("input_gradient"))


def test_the_update_walks_downhill() -> None:
    expected = [[1 - 0.5 * 2, -1 - 0.5 * (-2)], [1 - 0.5 * 0, 1 - 0.5 * 2]]
    assert expected == [[0, 0], [1, 0]]
    assert_array_equal(expected, first_iteration(first_filter()).matrix("update"))


def test_target_minus_output_mirrors_error_delta_and_gradient_and_adds_in_the_update() -> None:
    iteration = first_iteration(first_filter(error="target_minus_output"))
    assert_array_equal([[1 - 3, 0 - 0], [0 - 0, 1 - 1]], iteration.matrix("error"))
    assert_array_equal([[-2 * 1, 0], [0, 0]], iteration.matrix("delta"))
    assert_array_equal([[-2 * 1, -2 * (-1)], [-2 * 0, -2 * 1]], iteration.matrix("gradient"))
    assert_array_equal([[1 + 0.5 * -2, -1 + 0.5 * 2], [1 + 0.5 * 0, 1 + 0.5 * -2]], iteration.matrix("update"))
    assert "+" in iteration.lesson.step("update").formula
    assert iteration.lesson.step("error").formula == "e = t − a"


@pytest.mark.parametrize(
    ("loss", "value", "delta"),
    [
        ("half_squared_error", 2**2 / 2, 2),
        ("squared_error", 2**2, 2 * 2),
        ("mean_squared_error", 2**2 / 4, 2 * 2 / 4),
        ("half_mean_squared_error", 2**2 / (2 * 4), 2 / 4),
    ],
)
def test_another_loss_scales_delta_and_leaves_the_error_alone(loss: str, value: float, delta: float) -> None:
    iteration = first_iteration(first_filter(loss=loss))
    assert value == iteration.loss
    assert_array_equal([[2, 0], [0, 0]], iteration.matrix("error"))
    assert_array_equal([[delta, 0], [0, 0]], iteration.matrix("delta"))


def test_a_slope_of_one_at_zero_lets_the_error_of_the_cell_at_the_kink_through() -> None:
    iteration = first_iteration(first_filter(relu_slope_at_zero=1, target=[[1, 2], [0, 1]]))
    assert_array_equal([[2, (0 - 2) * 1], [0, 0]], iteration.matrix("delta"))


def test_leaky_relu_sends_a_tenth_back_where_z_is_negative() -> None:
    iteration = first_iteration(first_filter(activation={"name": "leaky_relu", "slope": 0.1}))
    assert_array_equal([[3, 0.1 * 0], [0.1 * -2, 1]], iteration.matrix("activation"))
    np.testing.assert_allclose([[2 * 1, 0 * 0.1], [(-0.2 - 0) * 0.1, 0 * 1]], iteration.matrix("delta"), rtol=1e-15)
