"""Each loss: value, slope and single cells agree; cross-entropy keeps its head at 0 and 1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnstep.engine.losses import FILTER_LOSSES, Loss

every_loss = pytest.mark.parametrize("loss", FILTER_LOSSES.values(), ids=FILTER_LOSSES)
random = np.random.default_rng(7)
OUTPUT = random.uniform(0.05, 0.95, (2, 1, 2, 3))
TARGET = random.uniform(0.0, 1.0, (2, 1, 2, 3))


@every_loss
def test_the_slope_is_what_a_nudge_of_each_output_finds(loss: Loss) -> None:
    h, slope = 1e-4, loss.slope(OUTPUT, TARGET)
    for cell in np.ndindex(*OUTPUT.shape):

        def at(by: float, cell: tuple[int, ...] = cell) -> float:
            moved = OUTPUT.copy()
            moved[cell] += by
            return loss.value(moved, TARGET)

        nudged = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        assert nudged == pytest.approx(float(slope[cell]), rel=1e-7, abs=1e-10)


@every_loss
def test_the_loss_is_its_cells_added_up_and_scaled(loss: Loss) -> None:
    pairs = list(zip(OUTPUT.flat, TARGET.flat, strict=True))
    cells = [loss.cell_at(float(a), float(t)) for a, t in pairs]
    np.testing.assert_allclose(cells, loss.cells(OUTPUT, TARGET).ravel(), rtol=1e-12)
    assert loss.value(OUTPUT, TARGET) == pytest.approx(loss.scale(12) * math.fsum(cells), rel=1e-14)


@every_loss
def test_the_losses_of_several_outputs_are_those_of_each(loss: Loss) -> None:
    outputs = np.stack((OUTPUT, OUTPUT**2, TARGET))
    assert loss.each(outputs, TARGET).tolist() == [loss.value(output, TARGET) for output in outputs]


@every_loss
def test_the_weight_before_e_is_the_same_as_an_array_and_number_by_number(loss: Loss) -> None:
    one_by_one = [loss.weight_at(float(a), 12) for a in OUTPUT.flat]
    np.testing.assert_allclose(one_by_one, loss.weight(OUTPUT, 12).ravel(), rtol=1e-14)
    np.testing.assert_allclose(loss.slope(OUTPUT, TARGET), loss.weight(OUTPUT, 12) * (OUTPUT - TARGET), rtol=1e-14)
    if loss.factor:
        assert [loss.factor(12)] * 12 == one_by_one


@every_loss
def test_no_output_is_better_than_the_target_itself(loss: Loss) -> None:
    assert loss.least(TARGET) <= loss.value(OUTPUT, TARGET)
    assert loss.least(np.array([0.0, 1.0])) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("half_squared_error", (1**2 + 2**2) / 2),
        ("squared_error", 1**2 + 2**2),
        ("mean_squared_error", (1**2 + 2**2) / 2),
        ("half_mean_squared_error", (1**2 + 2**2) / (2 * 2)),
    ],
)
def test_the_squared_losses_differ_in_their_scale_only(name: str, value: float) -> None:
    assert value == FILTER_LOSSES[name].value(np.array([3.0, 0.0]), np.array([2.0, 2.0]))


def test_cross_entropy_of_a_half_is_ln_two() -> None:
    loss = FILTER_LOSSES["binary_cross_entropy"]
    assert loss.value(np.array([0.5]), np.array([1.0])) == pytest.approx(math.log(2), rel=1e-15)


def test_cross_entropy_of_certainty_is_nothing_if_right_and_infinite_if_wrong() -> None:
    loss = FILTER_LOSSES["binary_cross_entropy"]
    for output in (0.0, 1.0):
        assert loss.cell_at(output, output) == 0 == loss.value(np.array([output]), np.array([output]))
        for target in (1.0 - output, 0.5):
            assert math.inf == loss.cell_at(output, target) == loss.value(np.array([output]), np.array([target]))


def test_a_square_beyond_floating_point_is_infinite() -> None:
    assert FILTER_LOSSES["squared_error"].cell_at(1e200, 0.0) == math.inf
