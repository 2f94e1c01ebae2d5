"""Which filters meet a target: by hand, by construction, and against brute force."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.analysis import analyze
from cnnstep.engine.analysis.curvature import as_maps, by_filter, patch_matrix, with_columns
from cnnstep.engine.analysis.solutions import INVERSES, Solutions, clips, has_inverse, inverse, solve
from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import load, shipped

FIRST: dict[str, Any] = {
    "input": [[1, -1, 0], [0, 1, 0], [0, -1, 1]],
    "filter": [[1, -1], [1, 1]],
    "target": [[1, 0], [0, 1]],
    "activation": "relu",
    "learning_rate": 0.5,
}
ROW: dict[str, Any] = {"filter": [[0]], "activation": "relu", "learning_rate": 0.1}
"""One weight w over a row of inputs x: z = w·x."""


def given(**changes: Any) -> Scenario:
    return one_filter(**{**FIRST, **changes})


def row(**keys: Any) -> Scenario:
    return one_filter(**{**ROW, **keys})


def solved(scenario: Scenario) -> Solutions:
    return solve(lesson_of(scenario), patch_matrix(scenario))


def test_the_patch_matrix_has_a_patch_to_a_row() -> None:
    assert_array_equal(patch_matrix(given()), [[1, -1, 0, 1], [-1, 0, 1, 0], [0, 1, 0, -1], [1, 0, -1, 1]])


def test_a_bias_is_one_more_column_of_ones() -> None:
    assert_array_equal(patch_matrix(given(bias=2))[:, 4], [1, 1, 1, 1])


@pytest.mark.parametrize("one", [one for one in shipped() if not one.has_layers], ids=lambda one: str(one.name))
def test_the_patch_matrix_times_the_weights_is_the_forward_pass(one: Any) -> None:
    scenario = load(one.name).scenario
    conv, lesson = scenario.conv, lesson_of(scenario)
    z = lesson.step("forward").compute(lesson.start)
    columns = conv.weights.reshape(len(conv.weights), -1).T
    if conv.bias is not None:
        columns = np.vstack([columns, conv.bias])
    assert_allclose(as_maps(patch_matrix(scenario) @ columns, z), z, atol=1e-12)
    assert_array_equal(as_maps(by_filter(z), z), z)
    assert_array_equal(with_columns(scenario, columns).conv.weights, conv.weights)


def test_linear_with_independent_patches_has_one_filter() -> None:
    found = solved(given(activation="linear", target=[[1, -1], [0, 1]]))
    assert found.kind == "unique"
    assert found.example is not None
    assert_allclose(found.example.conv.weights[0, 0], [[1, 0], [0, 0]], atol=1e-15)
    assert found.floor == 0


def test_relu_with_zeros_in_the_target_has_many_though_its_patches_are_independent() -> None:
    found = solved(given())
    assert found.kind == "family"
    assert found.example is not None
    # the shortest of them: z = [[1, ≤ 0], [≤ 0, 1]]
    assert_allclose(found.example.conv.weights[0, 0], [[0.4, -0.2], [-0.2, 0.4]], atol=1e-12)


def test_relu_with_positive_targets_alone_is_as_strict_as_linear() -> None:
    assert solved(given(target=[[1, 2], [3, 4]])).kind == "unique"


def test_fewer_independent_patches_than_weights_leave_many() -> None:
    assert solved(given(input=[[1, 1, 1]] * 3, target=[[1, 1], [1, 1]])).kind == "family"


def test_more_cells_than_weights_can_agree_on_one_filter() -> None:
    assert solved(row(input=[[1, 2, 3]], target=[[2, 4, 6]], activation="linear")).kind == "unique"


def test_fewer_cells_than_weights_leave_many() -> None:
    assert solved(load("dilation").scenario).kind == "family"


def column(patches: Any, target: Any) -> Scenario:
    """A filter as high as the input: each column of the input is a patch."""
    given = np.array(patches, dtype=float).T
    return one_filter(
        input=given, filter=np.zeros((len(given), 1)), target=[target], activation="relu", learning_rate=0.1
    )


def test_equations_beyond_the_first_few_count_too() -> None:
    # w₀ = 2 twice, then w₁ = 3
    assert solved(column([[1, 0], [1, 0], [0, 1]], [2, 2, 3])).kind == "unique"


@pytest.mark.parametrize("seed", range(20))
def test_what_two_equations_decide_of_a_third_patch_is_no_rounding(seed: int) -> None:
    # the third patch is the first less the second: z is 2 − 1 there, or 1 − 2, whatever else the filter does
    first, second = np.random.default_rng(seed).normal(size=(2, 4))
    assert solved(column([first, second, first - second], [2, 1, 0])).kind == "none"
    assert solved(column([first, second, first - second], [1, 2, 0])).kind == "family"


def test_equal_patches_with_unequal_targets_are_at_odds() -> None:
    # all four patches are ones: the mean 1.5 of 0, 1, 2, 3 is best, and ½ (2·1.5² + 2·0.5²) stays
    found = solved(given(activation="linear", input=[[1, 1, 1]] * 3, target=[[0, 1], [2, 3]]))
    assert (found.kind, found.example) == ("none", None)
    assert found.floor == pytest.approx(2.5)


def test_inequalities_can_pin_a_filter_down() -> None:
    # w ≤ 0 and −w ≤ 0 leave w = 0 alone
    found = solved(row(input=[[1, -1]], target=[[0, 0]]))
    assert found.kind == "unique"
    assert found.example is not None
    assert found.example.conv.weights[0, 0, 0, 0] == 0


def test_inequalities_on_one_side_leave_room() -> None:
    assert solved(row(input=[[1, 2]], target=[[0, 0]])).kind == "family"


def test_an_inequality_can_exclude_what_the_equations_ask() -> None:
    # w = 1 from the first cell, 2w ≤ 0 from the second
    found = solved(row(input=[[1, 2]], target=[[1, 0]]))
    assert (found.kind, found.example) == ("none", None)
    assert not found.unreachable.any()


def test_an_inequality_that_the_equations_decide_just_so_is_met() -> None:
    # w₀ + w₁ = 1 from the first column; 0·w from the second: z = 0 is closed
    scenario = one_filter(
        input=[[1, 0], [1, 0]], filter=[[1], [0]], target=[[1, 0]], activation="relu", learning_rate=0.1
    )
    assert solved(scenario).kind == "family"


@pytest.mark.parametrize(
    ("activation", "target", "unreachable"),
    [
        ("relu", -1, True),
        ("relu", 0, False),
        ("linear", -1, False),
        ("sigmoid", 0, True),  # the bound of an open range is only neared
        ("sigmoid", 1, True),
        ("sigmoid", 0.5, False),
        ("tanh", -1, True),
        ("softplus", 0, True),
        ("elu", -1, True),
        ("gelu", -0.2, True),
        ("gelu", -0.1, False),
        ({"name": "elu", "alpha": 0}, 0, False),
    ],
)
def test_targets_outside_the_range_are_unreachable(activation: Any, target: float, unreachable: bool) -> None:
    found = solved(row(input=[[1]], target=[[target]], activation=activation))
    assert found.unreachable.tolist() == [[[[unreachable]]]]
    assert (found.kind == "none") == unreachable


def test_the_floor_is_the_way_from_the_target_to_the_range() -> None:
    found = solved(given(target=[[1, -1], [0, 1]]))
    assert found.unreachable[0, 0].tolist() == [[False, True], [False, False]]
    assert found.floor == 0.5  # ½ (0 − (−1))²


@pytest.mark.parametrize("activation", ["gelu", "silu"])
def test_an_activation_that_turns_round_is_left_open(activation: Any) -> None:
    found = solved(given(activation=activation, target=[[1, 2], [1, 1]]))
    assert (found.kind, found.example) == ("unknown", None)


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_every_activation_is_inverted_clipped_or_left_open(name: str) -> None:
    phi = ACTIVATIONS[name]()
    assert clips(phi) + has_inverse(phi) + (name in ("gelu", "silu")) == 1


@pytest.mark.parametrize(
    "phi", [ACTIVATIONS["relu"](), ACTIVATIONS["leaky_relu"](slope=0.0), ACTIVATIONS["elu"](alpha=0.0)]
)
def test_what_clips_is_the_larger_of_0_and_z(phi: Any) -> None:
    z = np.linspace(-3, 3, 61)
    assert clips(phi)
    assert not has_inverse(phi)
    assert_array_equal(phi.value(z), np.maximum(z, 0))


@pytest.mark.parametrize("name", list(INVERSES))
def test_an_inverse_gives_back_the_pre_activation(name: str) -> None:
    phi, z = ACTIVATIONS[name](), np.linspace(-5, 5, 101)
    assert_allclose(inverse(phi, phi.value(z)), z, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", list(INVERSES))
def test_a_target_made_by_a_filter_is_met_by_that_filter(name: str) -> None:
    hidden = [[0.5, -0.25], [0.75, 0.5]]
    scenario = given(activation=name, filter=hidden)
    lesson = lesson_of(scenario)
    target = lesson.output_of(lesson.start)[0, 0]
    found = solved(given(activation=name, target=target))
    assert found.kind == "unique"
    assert found.example is not None
    assert_allclose(found.example.conv.weights[0, 0], hidden, atol=1e-9)


@pytest.mark.parametrize("one", [one for one in shipped() if not one.has_layers], ids=lambda one: str(one.name))
def test_an_example_meets_its_target_to_nine_digits(one: Any) -> None:
    scenario = load(one.name).scenario
    found = solved(scenario)
    if found.example is None:
        assert found.kind == "none"
        return
    lesson = lesson_of(found.example)
    assert_allclose(lesson.output_of(lesson.start), scenario.targets, rtol=0, atol=1e-9)


def test_of_several_filters_one_that_is_free_makes_it_a_family_and_one_that_is_not_met_spoils_it() -> None:
    def two(first: Any, second: Any) -> str:
        return solved(given(filter=[[[[1, -1], [1, 1]]]] * 2, target=[first, second])).kind

    assert two([[1, 2], [3, 4]], [[4, 3], [2, 1]]) == "unique"
    assert two([[1, 2], [3, 4]], [[0, 3], [2, 1]]) == "family"
    assert two([[1, 2], [3, 4]], [[-1, 3], [2, 1]]) == "none"


def test_rank_and_weights_count_one_filter_and_its_bias() -> None:
    assert (analyze(given()).rank, analyze(given()).weights) == (4, 4)
    # the bias's column is the sum of no others here: 4 cells can't tell 5 numbers apart
    with_bias = analyze(given(bias=0), 1)
    assert (with_bias.rank, with_bias.weights) == (4, 5)


@pytest.mark.parametrize("seed", range(80))
def test_relu_agrees_with_linprog_on_random_questions(seed: int) -> None:
    random = np.random.default_rng(seed)
    width, taps = int(random.integers(3, 7)), int(random.integers(1, 4))
    scenario = one_filter(
        input=random.integers(-2, 3, (1, width)),
        filter=np.zeros((1, taps)),
        target=random.integers(0, 3, (1, width - taps + 1)) * random.integers(0, 2, (1, width - taps + 1)),
        activation="relu",
        learning_rate=0.1,
        bias=0 if seed % 2 else None,
    )
    matrix, t = patch_matrix(scenario), scenario.targets.ravel()
    equations = {"A_eq": matrix[t > 0], "b_eq": t[t > 0]} if (t > 0).any() else {}
    closed = {"A_ub": matrix[t == 0], "b_ub": np.zeros(int((t == 0).sum()))} if (t == 0).any() else {}
    columns, widths = matrix.shape[1], list[float]()
    for axis in np.vstack([np.eye(columns), -np.eye(columns)]):
        result = linprog(-axis, **equations, **closed, bounds=[(-1e3, 1e3)] * columns)
        widths.append(float("nan") if result.status == 2 else float(axis @ result.x))
    spread = np.array(widths[:columns]) + np.array(widths[columns:])
    expected = "none" if np.isnan(spread).any() else "unique" if spread.max() < 1e-6 else "family"
    assert expected == solved(scenario).kind
