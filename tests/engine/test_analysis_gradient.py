"""Why a gradient is 0, told apart; and the gradient check with its bands and kinks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_any

from cnnstep.engine.analysis import gradient as gradient_check
from cnnstep.engine.analysis.curvature import patch_matrix
from cnnstep.engine.analysis.gradient import GradientCheck, ZeroGradient, check_gradient, zero_gradient
from cnnstep.engine.build import one_filter
from cnnstep.engine.layers import conv
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import load
from tests.engine.strategies import scenarios
from tests.examples import examples


def row(**keys: Any) -> Scenario:
    """One weight over a row of inputs."""
    return one_filter(**{"filter": [[1]], "activation": "linear", "learning_rate": 0.1, **keys})


def zero(scenario: Scenario) -> ZeroGradient:
    return zero_gradient(first_iteration(lesson_of(scenario)), patch_matrix(scenario))


def checked(scenario: Scenario) -> GradientCheck:
    return check_gradient(first_iteration(lesson_of(scenario)), patch_matrix(scenario))


class TestZero:
    def test_no_error_is_the_goal(self) -> None:
        assert zero(row(input=[[2, 3]], target=[[2, 3]])).whole == "no-error"

    def test_errors_in_dead_cells_alone_are_dead(self) -> None:
        assert zero(row(input=[[-2, -3]], target=[[1, 1]], activation="relu")).whole == "dead"

    def test_an_error_that_comes_back_to_a_patch_of_zeros_moves_nothing(self) -> None:
        # the second cell is right; the first has an error of −1 and an input of 0
        assert zero(row(input=[[0, 3]], target=[[1, 3]])).whole == "zero-patch"

    def test_pulls_of_equal_strength_cancel(self) -> None:
        # δ = (1, −1), x = (1, 1)
        assert zero(row(input=[[1, 1]], target=[[0, 2]])).whole == "cancellation"

    def test_pulls_that_cancel_but_for_rounding_cancel(self) -> None:
        # δ = (0.1 + 0.2) − 0.3 in floating point: not exactly 0
        assert zero(row(input=[[1, 1, 1]], target=[[0.9, 0.8, 1.3]])).whole == "cancellation"

    def test_a_gradient_that_moves_something_has_no_reason_to_be_0(self) -> None:
        found = zero(row(input=[[1, 1]], target=[[0, 1]]))
        assert (found.whole, found.weights) == (None, {})

    def test_each_weight_has_a_reason_of_its_own(self) -> None:
        found = zero(load("first-filter").scenario)  # δ only at [0,0], whose patch is [[1, −1], [0, 1]]
        assert found.whole is None
        assert found.weights == {"zero-patch": ((1, 0),)}

    def test_a_bias_keeps_a_patch_of_zeros_alive(self) -> None:
        found = zero(row(input=[[0, 3]], target=[[1, 3]], bias=0))
        assert found.whole is None
        assert found.weights == {"zero-patch": ((0, 0),)}
        assert found.bias == {}

    def test_several_filters_are_told_apart(self) -> None:
        found = zero(
            row(input=[[1, 1]], filter=[[[[1]]], [[[1]]]], target=[[[1, 1]], [[0, 2]]])
        )  # the first is right, in the second the pulls cancel
        assert found.whole == "cancellation"
        assert found.weights == {"no-error": ((0, 0, 0, 0),), "cancellation": ((1, 0, 0, 0),)}

    @examples(60)
    @given_any(scenarios())
    def test_a_weight_has_a_reason_where_and_only_where_its_gradient_is_0(self, scenario: Scenario) -> None:
        iteration = first_iteration(lesson_of(scenario))
        found = zero(scenario)
        gradient = iteration.matrix("gradient")
        cells = {cell for cells in found.weights.values() for cell in cells}
        largest = float(np.abs(iteration.values["delta"]).sum()) * 10
        for cell in np.ndindex(*gradient.shape):
            assert (cell in cells) == (abs(gradient[cell]) <= 1e-12 * largest)


class TestCheck:
    @examples(60)
    @given_any(scenarios())
    def test_the_engines_gradient_passes_everywhere(self, scenario: Scenario) -> None:
        assert checked(scenario).band in ("tight", "ok")

    def test_a_cell_at_a_kink_is_named_and_left_out(self) -> None:
        found = checked(load("at-the-kink").scenario)  # the only error sits where z is 0, with a slope of 1
        assert found.near_kink[0, 0].tolist() == [[False, True], [False, False]]
        assert found.with_kinks == pytest.approx(0.5)  # the nudge sees half of slope 1 and half of slope 0
        assert (found.relative_error, found.band) == (0, "tight")

    def test_a_cell_just_off_the_kink_counts_and_one_within_the_nudge_does_not(self) -> None:
        def near(z: float) -> bool:
            return bool(checked(row(input=[[1]], filter=[[z]], target=[[1]], activation="relu")).near_kink.any())

        assert [near(z) for z in (-2e-6, -0.5e-6, 0, 0.5e-6, 2e-6)] == [False, True, True, True, False]

    def test_a_large_input_takes_a_cell_further(self) -> None:
        assert checked(row(input=[[100]], filter=[[5e-7]], target=[[1]], activation="relu")).near_kink.all()

    def test_a_cell_that_no_weight_moves_is_near_no_kink(self) -> None:
        assert not checked(row(input=[[0]], target=[[1]], activation="relu")).near_kink.any()

    def test_a_wrong_gradient_is_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        right = conv.filter_gradient
        scenario = load("first-filter").scenario
        for factor, band in ((1 + 1e-9, "tight"), (1 + 1e-5, "ok"), (1.001, "suspicious"), (1.5, "wrong")):
            with monkeypatch.context() as patch:
                patch.setattr(conv, "filter_gradient", lambda *a, factor=factor: factor * right(*a))
                found = checked(scenario)
            assert found.band == band
            assert found.relative_error == pytest.approx(1 - 1 / factor, rel=0.3, abs=1e-9)

    def test_a_wrong_bias_gradient_is_wrong(self, monkeypatch: pytest.MonkeyPatch) -> None:
        right = conv.bias_gradient
        monkeypatch.setattr(conv, "bias_gradient", lambda delta: -right(delta))
        assert checked(load("bias").scenario).band == "wrong"

    def test_the_sign_of_target_minus_output_is_allowed_for(self) -> None:
        assert checked(load("target-minus-output").scenario).band == "tight"

    def test_a_small_slope_on_a_large_loss_is_not_taken_for_wrong(self) -> None:
        # two losses of about ½·10⁶ differ by 2e-9 and are rounded to 6e-11: that is some per cent of the slope, 0.001
        found = checked(row(input=[[1e-6]], filter=[[0]], target=[[1e3]]))
        assert found.relative_error > 1e-3
        assert found.band == "tight"

    def test_losses_that_are_no_numbers_leave_it_open(self) -> None:
        found = checked(row(input=[[1e200]], filter=[[1e200]], target=[[1]]))
        assert found.band == "unknown"

    def test_many_weights_are_nudged_in_part_evenly_spread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gradient_check, "MOST_WEIGHTS", 3)
        scenario = load("digit-edge").scenario
        iteration = first_iteration(lesson_of(scenario))
        nudged = list(gradient_check._nudged(iteration, patch_matrix(scenario)))
        assert [cell for _, cell in nudged] == [(0, 0, 0, 0), (0, 0, 1, 1), (0, 0, 2, 2)]
        assert checked(scenario).checked == 3
