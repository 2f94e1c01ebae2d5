"""Each activation: value and slope, as arrays and number by number, its range, kinks and steepest slope."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.layers.activation import dead_cells

EVERY = [
    *(make() for make in ACTIVATIONS.values()),
    ACTIVATIONS["relu"](0.5),
    ACTIVATIONS["relu"](1.0),
    ACTIVATIONS["leaky_relu"](0.25),
    ACTIVATIONS["leaky_relu"](0.0),
    ACTIVATIONS["elu"](0.5),
    ACTIVATIONS["elu"](0.0),
]
GRID = np.concatenate([np.linspace(-6, 6, 241), [-800.0, -40.0, -20.0, -1e-9, 1e-9, 20.0, 40.0, 800.0]])
every_activation = pytest.mark.parametrize("phi", EVERY, ids=lambda phi: f"{phi.name}{dict(phi.parameters) or ''}")


@every_activation
def test_the_array_and_the_single_number_give_the_same_value(phi: Activation) -> None:
    one_by_one = [phi.value_at(float(z)) for z in GRID]
    np.testing.assert_allclose(one_by_one, phi.value(GRID), rtol=1e-12, atol=1e-300)


@every_activation
def test_the_array_and_the_single_number_give_the_same_slope(phi: Activation) -> None:
    one_by_one = [phi.slope_at(float(z)) for z in GRID]
    # silu's and gelu's slopes pass through 0, where only the size of what cancels (1) is a measure
    np.testing.assert_allclose(one_by_one, phi.slope(GRID), rtol=1e-12, atol=1e-15)


@every_activation
def test_the_slope_is_what_a_nudge_of_z_finds(phi: Activation) -> None:
    h = 1e-3
    for z in GRID[np.abs(GRID) < 10]:
        bends = (*phi.kinks, 0.0) if phi.name == "elu" else phi.kinks  # at 0 elu's curvature jumps, if not its slope
        if any(abs(z - bend) <= 2 * h for bend in bends):
            continue
        outer, inner = phi.value_at(z + 2 * h) - phi.value_at(z - 2 * h), phi.value_at(z + h) - phi.value_at(z - h)
        assert (8 * inner - outer) / (12 * h) == pytest.approx(phi.slope_at(z), rel=1e-8, abs=1e-11)


@every_activation
def test_the_slope_jumps_at_a_kink_and_nowhere_else(phi: Activation) -> None:
    step = 1e-7
    jumps = [z for z in np.linspace(-3, 3, 61).round(3) if abs(phi.slope_at(z + step) - phi.slope_at(z - step)) > 1e-3]
    assert list(phi.kinks) == jumps


@every_activation
def test_outputs_stay_within_the_range_and_come_close_to_its_ends(phi: Activation) -> None:
    outputs = phi.value(np.concatenate([GRID, np.linspace(-3, 0, 30001)]))
    assert phi.low <= outputs.min()
    assert outputs.max() <= phi.high
    if math.isfinite(phi.low):
        assert outputs.min() == pytest.approx(phi.low, abs=1e-8)
    if math.isfinite(phi.high):
        assert outputs.max() == pytest.approx(phi.high, abs=1e-8)


@every_activation
def test_an_open_range_is_never_left_nor_met_at_ordinary_numbers(phi: Activation) -> None:
    outputs = phi.value(np.linspace(-6, 6, 241))
    assert phi.open_range == (math.isfinite(phi.low) and not (outputs == phi.low).any() and phi.slope_at(-6) > 0)


@every_activation
def test_steepest_is_the_largest_slope(phi: Activation) -> None:
    largest = phi.slope(np.linspace(-10, 40, 500_001)).max()
    assert phi.steepest == pytest.approx(float(largest), rel=1e-4)
    assert phi.steepest >= largest * (1 - 1e-12)


@every_activation
def test_flat_means_that_whole_stretches_have_slope_zero(phi: Activation) -> None:
    assert phi.flat == (phi.slope_at(-1.0) == 0 == phi.slope_at(-2.0))


@every_activation
def test_what_the_activation_can_give_is_reached_and_what_it_cannot_is_not(phi: Activation) -> None:
    for z in np.linspace(-4, 4, 33):
        output = phi.value_at(float(z))
        assert phi.reaches(output)
        assert phi.nearest(output) == output
    if math.isfinite(phi.low):
        assert not phi.reaches(phi.low - 0.1)
        assert phi.low == phi.nearest(phi.low - 0.1)
        assert phi.reaches(phi.low) is not phi.open_range
    if math.isfinite(phi.high):
        assert not phi.reaches(phi.high + 0.1)
        assert phi.high == phi.nearest(phi.high + 0.1)


@every_activation
def test_a_value_is_a_new_array_so_that_no_step_writes_into_another(phi: Activation) -> None:
    z = np.array([-1.0, 0.0, 2.0])
    assert not np.shares_memory(z, phi.value(z))
    assert not np.shares_memory(z, phi.slope(z))


def test_the_slope_of_relu_at_zero_is_the_convention_that_was_chosen() -> None:
    for chosen in (0.0, 0.5, 1.0):
        phi = ACTIVATIONS["relu"](chosen)
        assert chosen == phi.slope_at(0.0) == phi.slope(np.array([0.0]))[0]
        assert (phi.slope_at(-1e-300), phi.slope_at(1e-300)) == (0.0, 1.0)


def test_well_known_values_come_out() -> None:
    expected = {
        "sigmoid": (math.log(3), 0.75),
        "tanh": (math.log(2), 0.6),  # (4 − 1)/(4 + 1)
        "softplus": (0.0, math.log(2)),
        "elu": (-math.log(2), -0.5),
        "silu": (math.log(3), 0.75 * math.log(3)),
        "gelu": (1.0, 0.8413447460685429),  # Φ(1)
        "leaky_relu": (-2.0, -0.02),
    }
    for name, (z, value) in expected.items():
        assert ACTIVATIONS[name]().value_at(z) == pytest.approx(value, rel=1e-15)


def test_dead_cells_are_those_in_a_flat_stretch_and_a_small_slope_is_not_dead() -> None:
    z = np.array([[[[3.0, 0.0], [-2.0, 1.0]]]])
    assert dead_cells(ACTIVATIONS["relu"](), z) == [(0, 0, 0, 1), (0, 0, 1, 0)]
    assert dead_cells(ACTIVATIONS["relu"](1.0), z) == [(0, 0, 1, 0)]
    assert dead_cells(ACTIVATIONS["leaky_relu"](), z) == []
    assert dead_cells(ACTIVATIONS["sigmoid"](), z - 1000) == []
