"""Whether inequalities can be met: against points that do meet them, against proofs, and against SciPy's linprog."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import linprog

from cnnstep.engine.analysis.solutions import is_single, nonnegative_least_squares, region
from cnnstep.engine.quantity import Array


def random_system(seed: int) -> tuple[Array, Array]:
    """G·y ≤ h in small whole numbers, some of it empty, some a single point, rows of 0 among them."""
    random = np.random.default_rng(seed)
    rows, columns = int(random.integers(1, 7)), int(random.integers(1, 4))
    matrix = random.integers(-2, 3, (rows, columns)).astype(float)
    bounds = random.integers(-2, 3, rows).astype(float)
    if seed % 3 == 0:  # pairs of opposite rows: equations, and with some luck one point only
        matrix, bounds = np.vstack([matrix, -matrix]), np.concatenate([bounds, -bounds + random.integers(0, 2)])
    return matrix, bounds


def test_the_nearest_point_of_a_half_plane_is_the_foot_of_the_perpendicular() -> None:
    # x + y ≥ 2, written −x − y ≤ −2
    found = region(np.array([[-1.0, -1.0]]), np.array([-2.0]))
    assert not found.empty
    assert found.point is not None
    assert_allclose(found.point, [1, 1], rtol=1e-12)


def test_demands_that_exclude_each_other_are_empty() -> None:
    # x ≤ −1 and x ≥ 1
    found = region(np.array([[1.0], [-1.0]]), np.array([-1.0, -1.0]))
    assert (found.point, found.empty) == (None, True)


def test_a_row_of_zeros_asks_for_nothing_or_for_the_impossible() -> None:
    assert region(np.zeros((1, 2)), np.array([0.0])).point is not None
    assert region(np.zeros((1, 2)), np.array([-1.0])).empty


def test_without_a_demand_the_nearest_point_is_0() -> None:
    found = region(np.zeros((0, 3)), np.zeros(0))
    assert found.point is not None
    assert_allclose(found.point, [0, 0, 0])


@pytest.mark.parametrize(
    ("matrix", "bounds", "single"),
    [
        ([[1], [-1]], [0, 0], True),  # x ≤ 0 and x ≥ 0
        ([[1], [-1]], [0, 1], False),  # −1 ≤ x ≤ 0
        ([[1], [2]], [0, 0], False),  # both from the same side
        ([[1]], [1], False),  # x ≤ 1: 0 touches nothing
        ([[1, 0], [0, 1], [-1, -1]], [0, 0, 0], True),  # x ≤ 0, y ≤ 0, x + y ≥ 0
        ([[1, 0], [0, 1], [-1, 0]], [0, 0, 0], False),  # x = 0, y ≤ 0
        ([[1, 0], [-1, 0], [2, 0]], [0, 0, 0], False),  # x = 0, y free
    ],
)
def test_a_point_that_is_alone_is_told_from_one_with_neighbours(
    matrix: list[list[float]], bounds: list[float], single: bool
) -> None:
    given = np.array(matrix, dtype=float), np.array(bounds, dtype=float)
    found = region(*given)
    assert found.point is not None
    assert is_single(*given, found.point) == single


def test_non_negative_least_squares_leaves_out_what_would_be_negative() -> None:
    # without the bound (1, −1) would be exact; with it u₁ = 0, and u₀ = 1/2 is best for (1, 0) on (1, 1)
    matrix = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert_allclose(nonnegative_least_squares(matrix, np.array([1.0, 0.0])), [0.5, 0], atol=1e-15)


@pytest.mark.parametrize("seed", range(100))
def test_its_answer_has_no_pull_left_and_none_where_it_is_positive(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = int(random.integers(2, 15)), int(random.integers(2, 30))
    common = random.normal(size=(rows, 1))  # columns that lean the same way get in each other's way
    matrix, target = common + random.normal(size=(rows, columns)) / 4, random.normal(size=rows)
    u = nonnegative_least_squares(matrix, target)
    pull = matrix.T @ (target - matrix @ u)
    assert (u >= 0).all()
    assert (pull <= 1e-9).all()  # Karush–Kuhn–Tucker: no unknown would like to grow …
    assert np.abs(pull * u).max() <= 1e-9  # … and one that is positive does not want to move


@pytest.mark.parametrize("seed", range(150))
def test_a_region_is_decided_and_its_point_meets_every_demand(seed: int) -> None:
    matrix, bounds = random_system(seed)
    found = region(matrix, bounds)
    assert found.empty == (found.point is None)
    if found.point is not None:
        assert (matrix @ found.point <= bounds + 1e-9).all()
        return
    points = np.stack(np.meshgrid(*[np.arange(-6, 6.5, 0.5)] * matrix.shape[1])).reshape(matrix.shape[1], -1)
    assert not (matrix @ points <= bounds[:, None]).all(axis=0).any()


@pytest.mark.parametrize("seed", range(150))
def test_linprog_says_the_same(seed: int) -> None:
    matrix, bounds = random_system(seed)
    columns = matrix.shape[1]
    found = region(matrix, bounds)

    def furthest(direction: Array) -> float:
        result = linprog(-direction, A_ub=matrix, b_ub=bounds, bounds=[(-1e4, 1e4)] * columns)
        return float("nan") if result.status == 2 else float(direction @ result.x)

    widths = [furthest(axis) + furthest(-axis) for axis in np.eye(columns)]
    assert found.empty == bool(np.isnan(widths).any())
    if found.point is not None:
        assert is_single(matrix, bounds, found.point) == (max(widths) < 1e-6)


@pytest.mark.parametrize("scale", [1e-15, 1.0, 1e15])
def test_it_does_not_matter_in_which_unit_demands_are_written(scale: float) -> None:
    corner = region(scale * np.array([[-1.0, 0.0], [0.0, -1.0]]), scale * np.array([-3.0, -4.0]))
    assert corner.point is not None
    assert_allclose([3, 4], corner.point)
    nowhere = region(scale * np.array([[1.0], [-1.0]]), scale * np.array([1.0, -2.0]))
    assert nowhere.empty
