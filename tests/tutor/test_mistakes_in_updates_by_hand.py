"""What each mistake in an update gives on a small sum, worked on paper; of optimizers with a memory too."""

from __future__ import annotations

import math

from numpy.testing import assert_allclose

from tests.tutor.mistakes_made import ROW, assert_made, made

MOMENTUM = ROW | {"optimizer": {"name": "momentum", "momentum": 0.5}}
"""After one step W = [0.8, 0.6] and v = [2, 4]; then z = 0.8·1 + 0.6·2 = 2, e = 1, G = [1, 2]."""


NESTEROV = ROW | {"optimizer": {"name": "nesterov", "momentum": 0.5}}


ADAM = ROW | {"optimizer": "adam"}
"""At first m = 0.1·G = [0.2, 0.4] and s = 0.001·G² = [0.004, 0.016]."""


def test_not_updated_is_the_old_filter() -> None:
    assert made("not-updated", "update", **ROW) == [[[1, 1]]]


def test_rounded_down_goes_to_the_whole_number_below() -> None:
    # the right step: [1 − 0.1·2, 1 − 0.1·4] = [0.8, 0.6]; of the step itself, [−0.2, −0.4], the floor is −1
    assert made("rounded-down", "update", **ROW) == [[[0, 0]], [[1 - 1, 1 - 1]]]
    up = ROW | {"target": [[5]]}  # e = −2: [1 + 0.2, 1 + 0.4]
    assert made("rounded-down", "update", **up) == [[[1, 1]], [[1 + 0, 1 + 0]]]


def test_velocity_forgotten_is_a_plain_step() -> None:
    assert_made([[1, 2]], made("velocity-forgotten", "velocity", 1, **MOMENTUM))
    assert_made([[0.8 - 0.1 * 1, 0.6 - 0.1 * 2]], made("velocity-forgotten", "update", 1, **MOMENTUM))
    assert_made([[1 - 0.1 * 2, 1 - 0.1 * 4]], made("velocity-forgotten", "update", **NESTEROV))
    assert made("velocity-forgotten", "update", **ROW) == []


def test_velocity_forgotten_adds_where_the_error_is_target_minus_output() -> None:
    turned = MOMENTUM | {"error": "target_minus_output"}
    assert_made([[-1, -2]], made("velocity-forgotten", "velocity", 1, **turned))
    assert_made([[0.8 + 0.1 * -1, 0.6 + 0.1 * -2]], made("velocity-forgotten", "update", 1, **turned))


def test_old_velocity_moves_by_what_the_last_iteration_left() -> None:
    assert_made([[0.8 - 0.1 * 2, 0.6 - 0.1 * 4]], made("old-velocity", "update", 1, **MOMENTUM))
    # nesterov: after [1 − 0.1·(2 + 0.5·2), 1 − 0.1·(4 + 0.5·4)] = [0.7, 0.4]: z = 1.5, e = 0.5, G = [0.5, 1]
    expected = [[0.7 - 0.1 * (0.5 + 0.5 * 2), 0.4 - 0.1 * (1 + 0.5 * 4)]]
    assert_made(expected, made("old-velocity", "update", 1, **NESTEROV))


def test_momentum_not_multiplied_adds_the_whole_old_velocity() -> None:
    assert made("momentum-not-multiplied", "velocity", **MOMENTUM) == [[[0 + 2, 0 + 4]]]
    assert_made([[2 + 1, 4 + 2]], made("momentum-not-multiplied", "velocity", 1, **MOMENTUM))


def test_averaged_velocity_takes_a_share_of_the_gradient() -> None:
    assert_made([[0.5 * 2, 0.5 * 4]], made("averaged-velocity", "velocity", **MOMENTUM))
    assert_made([[0.5 * 2 + 0.5 * 1, 0.5 * 4 + 0.5 * 2]], made("averaged-velocity", "velocity", 1, **MOMENTUM))


def test_nesterov_as_momentum_moves_by_the_velocity_alone() -> None:
    # in iteration 1 G = [0.5, 1] and v = [0.5·2 + 0.5, 0.5·4 + 1] = [1.5, 3]
    assert_made([[0.7 - 0.1 * 1.5, 0.4 - 0.1 * 3]], made("nesterov-as-momentum", "update", 1, **NESTEROV))
    assert made("nesterov-as-momentum", "update", 1, **MOMENTUM) == []


def test_adam_uncorrected_divides_the_averages_as_they_are() -> None:
    expected = [[1 - 0.1 * 0.2 / (math.sqrt(0.004) + 1e-8), 1 - 0.1 * 0.4 / (math.sqrt(0.016) + 1e-8)]]
    assert_made(expected, made("adam-uncorrected", "update", **ADAM))
    assert made("adam-uncorrected", "update", **ROW) == []


def test_adam_root_forgotten_divides_by_the_square() -> None:
    assert_made([[1 - 0.1 * 2 / (4 + 1e-8), 1 - 0.1 * 4 / (16 + 1e-8)]], made("adam-root-forgotten", "update", **ADAM))


def test_adam_squared_forgotten_averages_the_gradient_itself() -> None:
    assert_made([[0.001 * 2, 0.001 * 4]], made("adam-squared-forgotten", "second_moment", **ADAM))


def test_adam_average_forgotten_adds_the_whole_gradient() -> None:
    assert_made([[2, 4]], made("adam-average-forgotten", "first_moment", **ADAM))
    assert_made([[4, 16]], made("adam-average-forgotten", "second_moment", **ADAM))
    # w = [0.9, 0.9], z = 2.7, e = 1.7, G = [1.7, 3.4]
    expected = [[0.9 * 0.2 + 1.7, 0.9 * 0.4 + 3.4]]
    (found,) = made("adam-average-forgotten", "first_moment", 1, **ADAM)
    assert_allclose(found, expected, rtol=1e-7)  # ε in the first step


def test_adam_step_off_by_one_corrects_for_another_number_of_updates() -> None:
    first, second = 0.2 / (1 - 0.9**2), 0.004 / (1 - 0.999**2)
    ways = made("adam-step-off-by-one", "update", **ADAM)
    assert len(ways) == 1, "there is no update before the first"
    move = 0.1 * first / (math.sqrt(second) + 1e-8)
    assert_made([[1 - move, 1 - move]], ways)
    assert len(made("adam-step-off-by-one", "update", 1, **ADAM)) == 2
