"""Where the runs of a sweep start: drawn block by block, or laid out along the axes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.sweep.plan import LONGEST_BLOCK, Axis, Plan, block, block_count, block_length

FIRST = scenario("first-filter")


def filters(plan: Plan, of: Scenario = FIRST) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.concatenate([block(plan, of, number).filters for number in range(block_count(plan, of))])


def test_blocks_follow_each_other_without_a_gap_and_the_last_one_is_shorter() -> None:
    plan = Plan(starts=2 * LONGEST_BLOCK + 5)
    runs = [block(plan, FIRST, number).runs for number in range(block_count(plan, FIRST))]
    assert runs == [slice(0, 4096), slice(4096, 8192), slice(8192, 8197)]


def test_more_starts_begin_with_the_same_ones() -> None:
    many = filters(Plan(starts=9000))
    np.testing.assert_array_equal(filters(Plan(starts=5000)), many[:5000])


def test_a_seed_draws_the_same_again_and_another_one_others() -> None:
    np.testing.assert_array_equal(filters(Plan(starts=50, seed=3)), filters(Plan(starts=50, seed=3)))
    assert not np.isin(filters(Plan(starts=50, seed=3)), filters(Plan(starts=50, seed=4))).any()


def test_no_block_repeats_another_one() -> None:
    drawn = filters(Plan(starts=2 * LONGEST_BLOCK))
    assert len(np.unique(drawn[:, 0])) == 2 * LONGEST_BLOCK


# a cell of first-filter has 1·2·2 inputs and 1·2·2 outputs, one of two-filters 4 and 2·2·2
@pytest.mark.parametrize(
    ("init", "name", "deviation", "most"),
    [
        ("normal", "first-filter", 1, 10),
        ("uniform", "first-filter", 1 / math.sqrt(3), 1),
        ("he", "first-filter", math.sqrt(2 / 4), 10),
        ("he", "two-filters", math.sqrt(2 / 4), 10),
        ("glorot", "first-filter", math.sqrt(2 / (4 + 4)), math.sqrt(6 / (4 + 4))),
        ("glorot", "two-filters", math.sqrt(2 / (4 + 8)), math.sqrt(6 / (4 + 8))),
    ],
)
def test_each_init_has_its_mean_deviation_and_range(init: str, name: str, deviation: float, most: float) -> None:
    drawn = filters(Plan(starts=20000, init=init), scenario(name))
    assert drawn.mean() == pytest.approx(0, abs=0.02)
    assert drawn.std() == pytest.approx(deviation, rel=0.02)
    assert np.abs(drawn).max() <= most


def test_random_starts_keep_the_scenarios_rate_and_bias_unless_told() -> None:
    own = scenario("bias")
    started = block(Plan(starts=3), own, 0)
    np.testing.assert_array_equal([own.learning_rate] * 3, started.rates)
    assert started.biases is not None
    assert own.conv.bias is not None
    np.testing.assert_array_equal(np.tile(own.conv.bias, (3, 1)), started.biases)
    np.testing.assert_array_equal([0.25] * 3, block(Plan(starts=3, learning_rate=0.25), own, 0).rates)


def test_of_two_axes_the_second_one_changes_faster_and_all_else_stays() -> None:
    plan = Plan(axes=(Axis.read("filter[1,0]=5:6:2"), Axis.read("learning_rate=0.1:0.3:3")))
    started = block(plan, FIRST, 0)
    np.testing.assert_array_equal([[1, -1, 5, 1]] * 3 + [[1, -1, 6, 1]] * 3, started.filters)
    np.testing.assert_allclose([0.1, 0.2, 0.3] * 2, started.rates)


def test_an_axis_along_the_bias_moves_the_bias() -> None:
    started = block(Plan(axes=(Axis.read("bias=-1:1:3"),)), scenario("bias"), 0)
    assert started.biases is not None
    np.testing.assert_array_equal([[-1], [0], [1]], started.biases)


def test_cells_are_named_as_the_scenario_shows_them() -> None:
    several = scenario("two-filters")
    cell = (1, 0, 1) if several.conv.weights.shape[1] == 1 and "channel" in several.hidden else (1, 0, 0, 1)
    axis = Axis("filter", 8, 9, 2, cell=cell)
    started = block(Plan(axes=(axis,)), several, 0).filters.reshape(2, *several.conv.weights.shape)
    assert started[0, 1, 0, 0, 1] == 8
    assert (started != several.conv.weights).sum() == 2


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_a_block_is_a_power_of_two_and_never_too_large_for_the_cache(name: str) -> None:
    of = scenario(name)
    length = block_length(of)
    assert 1 <= length <= LONGEST_BLOCK
    assert length & (length - 1) == 0
    assert length * of.targets.size <= 1 << 16
