"""The stable learning rate: by hand, against eigenvalues, and by running just below and just above it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_any

from cnnstep.engine.analysis.curvature import Curvature, curvature, patch_matrix, reach
from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.surface.loading import load
from tests.engine.strategies import scenarios
from tests.examples import examples


def bend(scenario: Scenario) -> Curvature:
    return curvature(first_iteration(lesson_of(scenario)), patch_matrix(scenario))


def changed(scenario: Scenario, **changes: Any) -> Scenario:
    return one_filter(**(scenario.data() | changes))


FIRST = load("first-filter").scenario
LINEAR = load("first-filter-linear").scenario


def test_the_first_lesson_bears_04_where_it_stands_and_02918_everywhere() -> None:
    found = bend(FIRST)
    assert found.active[0, 0].tolist() == [[True, False], [False, True]]
    assert found.lambda_max == pytest.approx(5)  # patches (1, −1, 0, 1) and (1, 0, −1, 1): 3 + 2 and 3 − 2
    assert found.stable == pytest.approx(0.4)
    assert found.stable_all_active == pytest.approx(0.2918, abs=5e-5)


def test_with_one_cell_active_its_patch_alone_counts() -> None:
    found = bend(changed(FIRST, filter=[[1, 0], [0.5, -0.5]]))  # z = [[0.5, −0.5], [0.5, …]]
    assert found.active[0, 0].tolist() == [[True, False], [True, False]]
    alone = bend(changed(FIRST, filter=[[0.5, -0.5], [0.5, 0]]))  # z = [[1, 0], [−0.5, 0]]
    assert alone.active[0, 0].tolist() == [[True, False], [False, False]]
    assert alone.stable == pytest.approx(2 / 3)


def test_where_nothing_is_active_there_is_no_curvature_and_no_bound() -> None:
    found = bend(load("dead-from-the-start").scenario)
    assert (found.lambda_max, found.stable) == (None, None)
    assert found.stable_all_active == pytest.approx(2 / 9)


def test_patches_of_zeros_have_no_bound() -> None:
    found = bend(one_filter(input=[[0]], filter=[[1]], target=[[1]], activation="linear", learning_rate=1))
    assert (found.lambda_max, found.stable) == (0, None)


@pytest.mark.parametrize(
    ("loss", "times"),
    [
        ("half_squared_error", 1),
        ("squared_error", 2),
        ("mean_squared_error", 2 / 4),
        ("half_mean_squared_error", 1 / 4),
    ],
)
def test_the_losss_scale_is_in_the_curvature(loss: str, times: float) -> None:
    found, plain = bend(changed(LINEAR, loss=loss)), bend(LINEAR)
    assert found.lambda_max is not None
    assert plain.lambda_max is not None
    assert found.lambda_max == pytest.approx(times * plain.lambda_max)
    assert found.all_active == pytest.approx(found.lambda_max)


def test_a_flatter_slope_bends_less_by_its_square() -> None:
    leaky = bend(load("leaky-relu-rescue").scenario)  # every z is negative, the slope 0.1 everywhere
    assert leaky.lambda_max is not None
    assert leaky.all_active == pytest.approx(leaky.lambda_max / 0.1**2)


def test_a_sigmoid_is_nowhere_steeper_than_a_quarter() -> None:
    matrix = patch_matrix(FIRST)
    expected = np.linalg.eigvalsh(matrix.T @ matrix)[-1] / 4**2
    assert bend(changed(FIRST, activation="sigmoid")).all_active == pytest.approx(expected)


def test_cross_entropy_weighs_with_one_slope_and_not_with_two() -> None:
    scenario = load("sigmoid-cross-entropy").scenario
    iteration, matrix = first_iteration(lesson_of(scenario)), patch_matrix(scenario)
    a = iteration.values["activation"].ravel()
    expected = np.linalg.eigvalsh(matrix.T @ np.diag(a * (1 - a)) @ matrix)[-1]
    found = bend(scenario)
    assert found.lambda_max == pytest.approx(expected)
    assert found.all_active == pytest.approx(np.linalg.eigvalsh(matrix.T @ matrix)[-1] / 4)


def test_cross_entropy_stays_a_number_where_the_sigmoid_saturates() -> None:
    found = bend(changed(load("sigmoid-cross-entropy").scenario, filter=[[900, -900], [900, 900]]))
    assert found.active.all()
    assert found.lambda_max is not None
    assert np.isfinite(found.lambda_max)


def test_the_filter_that_bends_most_decides() -> None:
    filters = [[[1, -1], [1, 1]]], [[[0.5, -0.5], [0.5, 0]]]  # two cells active, one cell active
    for both in (filters, filters[::-1]):
        scenario = changed(load("two-filters").scenario, filter=list(both))
        assert bend(scenario).lambda_max == pytest.approx(5)


@examples(60)
@given_any(scenarios())
def test_it_is_the_largest_eigenvalue_of_the_weighted_products_of_patches(scenario: Scenario) -> None:
    found, matrix = bend(scenario), patch_matrix(scenario)
    assert found.all_active is not None
    if found.lambda_max is not None:
        assert found.lambda_max <= found.all_active * (1 + 1e-9) + 1e-12
    if scenario.activation.name == "linear":
        weight = scenario.loss.weight_at(0.0, scenario.targets.size)
        expected = weight * float(np.linalg.norm(matrix, 2)) ** 2
        assert found.lambda_max == pytest.approx(expected, rel=1e-9, abs=1e-12)


def losses(scenario: Scenario, rate: float, iterations: int) -> list[float]:
    return [one.loss for one in trace(replace(scenario, learning_rate=rate), iterations)]


@pytest.mark.parametrize("name", ["first-filter-linear", "bias", "stride", "digit-edge", "digits-edge-batch"])
def test_just_below_the_stable_rate_the_loss_never_rises_and_just_above_it_grows(name: str) -> None:
    scenario = load(name).scenario
    stable = bend(scenario).stable
    assert stable is not None
    below = losses(scenario, 0.99 * stable, 500)
    assert all(after <= before * (1 + 1e-9) for before, after in pairwise(below))
    assert below[-1] < below[0]
    above = losses(scenario, 1.01 * stable, 1500)
    assert above[-1] > above[-2] > above[-10]


def test_just_above_the_rate_of_the_active_cells_relu_leaves_its_solution_and_just_below_it_stays() -> None:
    # near a solution with cells [0,0] and [1,1] active, along the steepest direction (3 : 2 … their eigenvector)
    near = load("first-filter-slow").scenario.with_weights(np.array([[[[0.42, -0.21], [-0.21, 0.42]]]]))
    stable = bend(near).stable
    assert stable == pytest.approx(0.4)
    assert stable is not None
    below, above = losses(near, 0.95 * stable, 60), losses(near, 1.05 * stable, 12)
    assert below[-1] < 1e-3 * below[0]
    assert above[-1] > above[0]


@pytest.mark.parametrize(
    ("optimizer", "times"), [("sgd", 1), ("momentum", 1.9), ("nesterov", 1.9 / 2.8), ("adam", None)]
)
def test_an_optimizers_reach(optimizer: str, times: float | None) -> None:
    assert reach(OPTIMIZERS[optimizer]()) == (None if times is None else pytest.approx(times))


@pytest.mark.parametrize("optimizer", ["momentum", "nesterov"])
@pytest.mark.parametrize("mu", [0.0, 0.5, 0.9])
def test_a_momentum_falls_just_below_its_bound_and_grows_just_above_it(optimizer: str, mu: float) -> None:
    scenario = changed(LINEAR, optimizer={"name": optimizer, "momentum": mu})
    plain, times = bend(scenario).stable, reach(scenario.optimizer)
    assert plain is not None
    assert times is not None
    assert losses(scenario, 0.98 * times * plain, 1500)[-1] < 1e-6
    assert losses(scenario, 1.02 * times * plain, 1500)[-1] > 1e3
