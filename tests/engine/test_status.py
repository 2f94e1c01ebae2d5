"""Each status has a run that ends in it and one that only just does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.status import Outcome, outcome
from cnnstep.engine.trace import trace

ONE_WEIGHT: dict[str, Any] = {
    "input": [[1]],
    "filter": [[0]],
    "target": [[1]],
    "activation": "linear",
    "learning_rate": 0.5,
}
"""One weight w is to become 1: L = ½ (w − 1)², ∂L/∂w = w − 1."""


def end_of(iterations: int = 1, **scenario: Any) -> Outcome:
    """How a run of the one weight ends, unless told otherwise."""
    recorded = list(trace(one_filter(**{**ONE_WEIGHT, **scenario}), iterations))
    return outcome(recorded[0], recorded[-1])


def test_a_step_that_lands_on_the_target_has_converged() -> None:
    # w − η(w − 1) = 0 − 1·(−1)
    end = end_of(learning_rate=1)
    assert end.status == "converged"
    assert end.loss == 0
    np.testing.assert_array_equal([[1]], end.matrix("filter"))


@pytest.mark.parametrize(("off", "status"), [(1e-7, "converged"), (1e-5, "improving")])
def test_a_loss_is_gone_when_rounding_could_have_left_it(off: float, status: str) -> None:
    # what is left is the share off² of the first loss: 1e-14 is rounding, 1e-10 is not
    assert end_of(learning_rate=1 - off).status == status


def test_a_loss_that_fell_and_is_not_gone_is_improving() -> None:
    end = end_of(learning_rate=1.9)  # w − 1 goes from −1 to 0.9
    assert end.status == "improving"
    assert end.loss == pytest.approx(0.9**2 / 2)


def test_a_loss_that_rose_is_worse() -> None:
    end = end_of(learning_rate=2.1)  # w − 1 goes from −1 to 1.1
    assert end.status == "worse"
    assert end.loss == pytest.approx(1.1**2 / 2)


@pytest.mark.parametrize("iterations", [1, 2, 3, 10])
def test_a_run_that_ends_where_it_began_has_not_improved(iterations: int) -> None:
    # w − 1 is multiplied by 1 − 2 = −1: w goes 0 → 2 → 0, and the loss stays ½
    end = end_of(iterations, learning_rate=2)
    assert (end.loss, end.status) == (0.5, "worse")


def test_a_run_that_nothing_changes_has_not_improved() -> None:
    # 0.5 + 1e-20·0.5 is 0.5: the weight stays, though its gradient is not 0
    end = end_of(3, filter=[[0.5]], learning_rate=1e-20)
    assert (end.matrix("filter")[0, 0], end.status) == (0.5, "worse")


def test_a_loss_that_only_rounding_made_smaller_has_not_improved() -> None:
    # 1.1 → 2·0.1 − 1.1 = −0.9 → 1.1, but for the last digit
    first, last = trace(one_filter(**(ONE_WEIGHT | {"filter": [[1.1]], "target": [[0.1]], "learning_rate": 2})), 2)
    assert 0 < first.loss - last.loss_after < 1e-15
    assert outcome(first, last).status == "worse"


@pytest.mark.parametrize(("share", "status"), [(2e-12, "improving"), (0.5e-12, "worse")])
def test_a_loss_has_improved_once_it_is_smaller_by_more_than_rounding(share: float, status: str) -> None:
    # (1 − η)² = 1 − 2η + η²: with η = share / 2 the loss is smaller by that share
    assert end_of(learning_rate=share / 2).status == status


@pytest.mark.parametrize(("rate", "status"), [(1001, "worse"), (1002, "diverged")])
def test_more_than_a_millionfold_has_diverged(rate: float, status: str) -> None:
    # the loss is multiplied by (1 − η)²: 1000² is a million, 1001² is more
    assert end_of(learning_rate=rate).status == status


@pytest.mark.parametrize("image", [40, 100])  # sigmoid gives 1 to the last digit: L = −ln(1 − 1) = ∞
def test_an_infinite_loss_is_never_gone(image: float) -> None:
    saturated: dict[str, Any] = {"input": [[image]], "filter": [[1]], "target": [[0]], "activation": "sigmoid"}
    end = end_of(**saturated, loss="binary_cross_entropy", learning_rate=1e-9)
    assert np.isinf(end.loss)
    assert end.status == "diverged"


def test_a_loss_that_comes_back_from_infinity_is_measured_by_that_of_an_output_of_0() -> None:
    # e = a − t = 1 moves w by −0.1 · 1 · 40 to −3, and σ(−120) is 0: the target
    saturated: dict[str, Any] = {"input": [[40]], "filter": [[1]], "target": [[0]], "activation": "sigmoid"}
    end = end_of(**saturated, loss="binary_cross_entropy", learning_rate=0.1)
    assert end.loss == pytest.approx(0, abs=1e-50)
    half = end_of(**saturated | {"target": [[0.5]]}, loss="binary_cross_entropy", learning_rate=1e-9)
    assert half.status == "diverged"


def test_a_loss_that_is_no_number_any_more_has_diverged() -> None:
    end = end_of(iterations=3, learning_rate=1e300)
    assert end.status == "diverged"
    assert not np.isfinite(end.loss)


def test_dead_cells_with_an_error_left_are_stuck() -> None:
    # z = −1, relu′(−1) = 0: the error of −1 never comes back
    end = end_of(filter=[[-1]], activation="relu")
    assert end.status == "stuck"
    assert end.loss == 0.5
    np.testing.assert_array_equal([[-1]], end.matrix("filter"))


def test_one_cell_that_is_alive_is_not_stuck() -> None:
    # z = [−1, 1]: the right cell still moves the weight
    end = end_of(input=[[1, -1]], filter=[[-1]], target=[[1, 2]], activation="relu", learning_rate=0.1)
    assert end.status == "improving"


def test_a_dead_cell_whose_error_was_all_that_could_be_reached_has_settled() -> None:
    # relu gives 0 at best where −1 is wanted: ½ is the least loss there is
    end = end_of(filter=[[-1]], target=[[-1]], activation="relu")
    assert end.status == "settled"
    assert end.loss == 0.5


def test_pulls_that_cancel_exactly_have_settled_and_are_not_stuck() -> None:
    # one weight, targets 0 and 2: w = 1 is best, its gradient 1 + (−1) = 0, its loss ½ (1² + 1²)
    end = end_of(input=[[1, 1]], target=[[0, 2]])
    assert end.status == "settled"
    assert end.loss == 1


def test_a_cell_that_no_weight_reaches_is_an_error_that_stays_and_not_a_dead_one() -> None:
    # the input is 0 there, so that the output stays 0 and the target 3 is missed for ever
    end = end_of(input=[[0]], target=[[3]])
    assert end.status == "settled"
    assert end.loss == 4.5


@pytest.mark.parametrize(("iterations", "status"), [(10, "improving"), (100, "settled")])
def test_a_run_settles_when_no_slope_is_left(iterations: int, status: str) -> None:
    # the slope 2w − 2 shrinks by 1 − 2·0.1 each time: 0.8¹⁰ = 0.1, 0.8¹⁰⁰ = 2e-10
    assert end_of(iterations, input=[[1, 1]], target=[[0, 2]], learning_rate=0.1).status == status


def test_an_outcome_is_what_the_next_iteration_would_begin_with() -> None:
    end = end_of(iterations=2)  # 0 → 0.5 → 0.75
    np.testing.assert_array_equal([[0.75]], end.matrix("filter"))
    np.testing.assert_array_equal([[-0.25]], end.matrix("error"))


def test_without_a_slope_a_loss_of_a_hundred_millionth_is_gone_and_a_larger_one_is_stuck() -> None:
    # z = −1 is inactive: no slope; a = 0, so L = ½t² is what is left of the loss of a first output of 1: ½(1 − t)²
    for target, status in ((1e-5, "converged"), (1e-3, "stuck")):
        lost = {"filter": [[1]], "target": [[target]], "activation": "relu", "learning_rate": 2}
        assert end_of(2, **lost).status == status, target
