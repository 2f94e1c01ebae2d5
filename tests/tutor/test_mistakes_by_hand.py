"""What each mistake gives on a small sum, worked on paper: none of these numbers comes from the entry itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.testing import assert_allclose

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from tests.tutor.mistakes_made import ROW, assert_made, made

PAIR: dict[str, Any] = {
    "input": [[1, -2]],
    "filter": [[1]],
    "bias": 0,
    "target": [[0, 1]],
    "activation": {"name": "leaky_relu", "slope": 0.1},
    "learning_rate": 0.1,
}
"""z = [1, −2], a = [1, −0.2], e = [1 − 0, −0.2 − 1] = [1, −1.2], δ = [1·1, −1.2·0.1]."""


SIGMOID = PAIR | {"activation": "sigmoid"}


TANH = PAIR | {"activation": "tanh"}


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_relu_for_another_gives_and_lets_through_nothing_where_z_is_negative() -> None:
    assert made("relu-for-another", "activation", **PAIR) == [[[1, 0]]]
    assert_made([[1, 0]], made("relu-for-another", "delta", **PAIR))
    assert_made([[sigmoid(1) - 0, 0]], made("relu-for-another", "delta", **SIGMOID))
    at_zero = PAIR | {"input": [[0, -2]]}  # e = [0 − 0, −1.2]; with target 1 there, e = [−1, −1.2]
    at_zero |= {"target": [[1, 1]]}
    assert_made([[0, 0]], made("relu-for-another", "delta", **at_zero))
    assert_made([[-1, 0]], made("relu-for-another", "delta", **at_zero))
    assert made("relu-for-another", "activation", **PAIR | {"activation": "relu"}) == []


def test_slope_of_z_puts_z_into_a_formula_of_a() -> None:
    errors = sigmoid(1) - 0, sigmoid(-2) - 1
    assert_made([[errors[0] * 1 * (1 - 1), errors[1] * -2 * (1 + 2)]], made("slope-of-z", "delta", **SIGMOID))
    errors = math.tanh(1) - 0, math.tanh(-2) - 1
    assert_made([[errors[0] * (1 - 1**2), errors[1] * (1 - 2**2)]], made("slope-of-z", "delta", **TANH))
    unsquared = [[errors[0] * (1 - math.tanh(1)), errors[1] * (1 + math.tanh(2))]]
    assert_made(unsquared, made("slope-of-z", "delta", **TANH))
    assert made("slope-of-z", "delta", **PAIR) == []


def test_slope_without_error_is_the_leak_alone_where_z_is_negative() -> None:
    assert made("slope-without-error", "delta", **PAIR) == [[[1, 0.1]]]
    elu = PAIR | {"activation": "elu"}  # a = [1, e⁻² − 1]
    assert_made([[1, math.exp(-2)]], made("slope-without-error", "delta", **elu))


def test_the_error_can_be_squared_on_the_way() -> None:
    assert_made([[1**2, 1.2**2]], made("squared-error", "error", **PAIR))
    assert_made([[1**2 * 1, 1.2**2 * 0.1]], made("squared-error", "delta", **PAIR))
    assert_made([[1 * 1**2 - 2 * 1.2**2 * 0.1]], made("squared-error", "gradient", **PAIR))


def test_the_errors_sign_can_be_lost_on_the_way() -> None:
    assert_made([[1, 1.2]], made("absolute-error", "error", **PAIR))
    assert_made([[1 * 1, 1.2 * 0.1]], made("absolute-error", "delta", **PAIR))
    assert_made([[1 * 1 - 2 * 1.2 * 0.1]], made("absolute-error", "gradient", **PAIR))


def test_a_run_squares_the_error_once() -> None:
    lesson = lesson_of(one_filter(**PAIR))
    values = first_iteration(mistaken(lesson, MISTAKES["squared-error"])).values
    assert_allclose(values["delta"].ravel(), [1**2 * 1, 1.2**2 * 0.1])


def test_error_as_delta_used_goes_on_with_e() -> None:
    assert_made([[1 * 1 - 2 * -1.2]], made("error-as-delta-used", "gradient", **PAIR))
    assert_made(1 - 1.2, made("error-as-delta-used", "bias_gradient", **PAIR))
    assert_made([[1 * 1, -1.2 * 1]], made("error-as-delta-used", "input_gradient", **PAIR))


def test_a_sign_that_is_turned_everywhere_is_no_lost_sign() -> None:
    low = PAIR | {"target": [[2, 1]]}  # e = [−1, −1.2]
    assert made("absolute-error", "delta", **low) == []


SQUARE: dict[str, Any] = {
    "input": [[1, 2], [3, 4]],
    "filter": [[1, 0], [2, -1]],
    "target": [[1]],
    "activation": "linear",
    "learning_rate": 0.1,
}
"""z = 1·1 + 2·0 + 3·2 + 4·(−1) = 3, e = δ = 2, G = 2·X."""


def test_matrix_product_forwards() -> None:
    # X·W = [[1·1 + 2·2, 1·0 + 2·(−1)], [3·1 + 4·2, 3·0 + 4·(−1)]]; W·X = [[1·1 + 0·3, 1·2 + 0·4], [2·1 − 3, 2·2 − 4]]
    ways = made("matrix-product", "forward", **SQUARE)
    assert ways == [[[5 - 2 + 11 - 4]], [[1 + 2 - 1 + 0]]]
    oblong = SQUARE | {"filter": [[1, 0]], "target": [[0], [0]], "input": [[1, 2], [3, 4]]}
    assert made("matrix-product", "forward", **oblong) == []


def test_matrix_product_backwards() -> None:
    # one weight meets all of X; e = X − t = [[1, 0], [−1, 2]], and X·e = [[1 − 2, 0 + 4], [3 − 4, 0 + 8]]
    one = SQUARE | {"filter": [[1]], "target": [[0, 2], [4, 2]]}
    assert_made([[-1 + 4 - 1 + 8]], made("matrix-product", "gradient", **one))
    # e·X = [[1·1 + 0·3, 1·2 + 0·4], [−1·1 + 2·3, −1·2 + 2·4]]
    assert_made([[1 + 2 + 5 + 6]], made("matrix-product", "gradient", **one))


def test_weights_as_delta_correlates_the_input_with_the_filter() -> None:
    assert made("weights-as-delta", "gradient", **SQUARE) == [[[3]]]
    # 3×3: W at each place of X: the four outputs without the target
    three = SQUARE | {"input": [[1, 2, 0], [3, 4, 1], [0, 1, 2]], "target": [[0, 0], [0, 0]]}
    expected = [[1 + 0 + 6 - 4, 2 + 0 + 8 - 1], [3 + 0 + 0 - 1, 4 + 0 + 2 - 2]]
    assert made("weights-as-delta", "gradient", **three) == [expected]


def test_filter_as_gradient_and_bias_value_as_gradient() -> None:
    assert made("filter-as-gradient", "gradient", **SQUARE) == [[[1, 0], [2, -1]]]
    assert made("bias-value-as-gradient", "bias_gradient", **SQUARE | {"bias": 7}) == [7]


def test_loss_scalar_for_all_makes_one_number_of_the_error() -> None:
    # Σe = 1 − 1.2 = −0.2; L = ½(1² + 1.2²) = 1.22
    two = PAIR | {"input": [[1, -2], [0, 0]], "filter": [[1], [3]]}
    ways = made("loss-scalar-for-all", "gradient", **two)
    assert_made([[-0.2], [-0.2]], ways)
    assert_made([[-0.2 * 1], [-0.2 * 3]], ways)
    assert_made([[1.22], [1.22]], ways)
    assert_made([[1.22 * 1], [1.22 * 3]], ways)


TWO_CHANNELS: dict[str, Any] = {
    "input": [[[1, 2]], [[3, 5]]],
    "filter": [[[2]], [[1]]],
    "target": [[0, 0]],
    "activation": "linear",
    "learning_rate": 0.1,
}
"""z = δ = [2·1 + 1·3, 2·2 + 1·5] = [5, 9]; G = [5·1 + 9·2, 5·3 + 9·5] = [23, 60]."""


def test_mistakes_with_channels() -> None:
    assert made("first-channel-only", "forward", **TWO_CHANNELS) == [[[2 * 1, 2 * 2]]]
    assert made("first-channel-only", "gradient", **TWO_CHANNELS) == [[[[23]], [[0]]]]
    weights, inputs = [[2 * 1 + 2 * 3, 2 * 2 + 2 * 5]], [[2 * 1 + 1 * 1, 2 * 2 + 1 * 2]]
    assert made("same-for-every-channel", "forward", **TWO_CHANNELS) == [weights, inputs]
    assert made("same-for-every-channel", "gradient", **TWO_CHANNELS) == [[[[23]], [[23]]]]
    assert made("channels-exchanged", "forward", **TWO_CHANNELS) == [[[2 * 3 + 1 * 1, 2 * 5 + 1 * 2]]]
    assert made("channels-exchanged", "gradient", **TWO_CHANNELS) == [[[[60]], [[23]]]]
    for code in ("first-channel-only", "same-for-every-channel", "channels-exchanged"):
        assert made(code, "forward", **SQUARE) == []


TWO_FILTERS: dict[str, Any] = {
    "input": [[[1, 2]]],
    "filter": [[[[2]]], [[[1]]]],
    "bias": [1, -1],
    "target": [[[0, 0]], [[0, 0]]],
    "activation": "linear",
    "learning_rate": 0.1,
}
"""z = δ = [[2·1 + 1, 2·2 + 1], [1 − 1, 2 − 1]] = [[3, 5], [0, 1]]; G = [3·1 + 5·2, 0·1 + 1·2] = [13, 2]."""


def test_mistakes_with_filters() -> None:
    with_its_bias, without = [[[0, 1]], [[3, 5]]], [[[1 + 1, 2 + 1]], [[2 - 1, 4 - 1]]]
    assert made("filters-exchanged", "forward", **TWO_FILTERS) == [with_its_bias, without]
    assert made("filters-exchanged", "gradient", **TWO_FILTERS) == [[[[[2]]], [[[13]]]]]
    assert made("filters-exchanged", "bias_gradient", **TWO_FILTERS) == [[0 + 1, 3 + 5]]
    # sent back: 2·[3, 5] + 1·[0, 1]; by the first filter alone, or the last
    assert made("one-filter-sent-back", "input_gradient", **TWO_FILTERS) == [[[[6, 10]]], [[[0, 1]]]]


def test_three_channels_can_be_mixed_up_in_five_ways() -> None:
    three = TWO_CHANNELS | {"input": [[[1]], [[10]], [[100]]], "filter": [[[1]], [[2]], [[3]]], "target": [[0]]}
    sums = sorted(way[0][0] for way in made("channels-exchanged", "forward", **three))
    assert sums == [123, 132, 213, 231, 312], "1·1 + 2·10 + 3·100 = 321 is the right one"


BATCH: dict[str, Any] = {
    "samples": [
        {"input": [[1, 2]], "target": [[1]]},
        {"input": [[3, 0]], "target": [[0]]},
    ],
    "filter": [[1, 1]],
    "bias": 0,
    "activation": "linear",
    "learning_rate": 0.1,
}
"""z = 3 and 3, e = δ = 2 and 3; G = 2·[1, 2] + 3·[3, 0] = [11, 4], ∂L/∂b = 5."""


def test_mistakes_with_samples() -> None:
    assert made("averaged-over-batch", "gradient", **BATCH) == [[[11 / 2, 4 / 2]]]
    assert made("averaged-over-batch", "bias_gradient", **BATCH) == [5 / 2]
    assert made("averaged-twice", "gradient", **BATCH) == [[[11 / 4, 4 / 4]]]
    assert made("one-sample-only", "gradient", **BATCH) == [[[2, 4]], [[9, 0]]]
    assert made("one-sample-only", "bias_gradient", **BATCH) == [2, 3]
    for code in ("averaged-over-batch", "averaged-twice", "one-sample-only"):
        assert made(code, "gradient", **ROW) == []


def test_a_mean_is_divided_once_more() -> None:
    # ½ of the mean of e² over both cells: δ = e/2, G = [5.5, 2]
    assert made("averaged-over-batch", "gradient", **BATCH | {"loss": "half_mean_squared_error"}) == []
    assert made("averaged-twice", "gradient", **BATCH | {"loss": "half_mean_squared_error"}) == [[[11 / 4, 4 / 4]]]
    # one sample of two cells: G of PAIR is 1·1/2 − 2·(−0.12)/2
    pair = PAIR | {"loss": "half_mean_squared_error"}
    assert_made([[(1 / 2 + 2 * 0.12 / 2) / 2]], made("averaged-twice", "gradient", **pair))


STRIDED: dict[str, Any] = {
    "input": [[1, 2, 3, 4]],
    "filter": [[1, 10]],
    "target": [[20, 40]],
    "activation": "linear",
    "learning_rate": 0.1,
    "stride": 2,
}
"""z = [21, 43], δ = [1, 3]; sent back: [1·1, 1·10, 3·1, 3·10]."""


def test_stride_ignored_on_the_way_back_to_the_input() -> None:
    whole, small = [[1 * 1, 1 * 10 + 3 * 1, 3 * 10, 0]], [[1 * 1, 1 * 10 + 3 * 1, 3 * 10]]
    assert made("stride-ignored", "input_gradient", **STRIDED) == [whole, small]


def test_padding_kept_leaves_the_border_on() -> None:
    # X = [1] between two zeros above, below and beside; W = [[1, 2], [3, 4]] over the 3×3: z = [[4, 3], [2, 1]]
    bordered = SQUARE | {"input": [[1]], "filter": [[1, 2], [3, 4]], "target": [[4, 3], [2, 0]], "padding": 1}
    whole = [[0, 0, 0], [0, 1 * 1, 1 * 2], [0, 1 * 3, 1 * 4]]  # δ = [[0, 0], [0, 1]]
    assert made("padding-kept", "input_gradient", **bordered) == [whole, [[0]]]
    assert made("padding-kept", "input_gradient", **SQUARE) == []


def test_one_sided_difference_is_off_by_half_the_curvature() -> None:
    # L(w₀ + h) = ½(2 + h)², so (L − 2)/h = 2 + h/2; for w₁, whose input is 2, ½(2 + 2h)²: 4 + 2h
    ways = made("one-sided-difference", "gradient", **ROW)
    for h in (1, 0.1, 0.01):
        assert any(np.allclose(way, [[2 + h / 2, 4 + 2 * h]], rtol=1e-9) for way in ways)
    biased = made("one-sided-difference", "bias_gradient", **ROW | {"bias": 0})
    assert any(np.isclose(way, 2 + 0.1 / 2) for way in biased)


def test_a_nudge_that_is_too_large_crosses_a_kink() -> None:
    # relu, z = 3 − 2.75 = 0.25, t = 1: L(b + h) = ½(h − 0.75)² above the kink, ½ below it
    near = ROW | {"bias": -2.75, "activation": "relu"}
    above, below = 0.5 * (0.5 - 0.75) ** 2, 0.5
    ways = made("nudge-too-large", "bias_gradient", **near)
    assert any(np.isclose(way, (above - below) / (2 * 0.5)) for way in ways)


def test_nudges_of_two_filters_move_one_number_at_a_time() -> None:
    # L = ½Σz²: of filter 0, ½((2 + h)·1 + 1)² + ½((2 + h)·2 + 1)²: slope 13, curvature 1 + 4
    ways = made("one-sided-difference", "gradient", **TWO_FILTERS)
    assert any(np.allclose(np.ravel(way), [13 + 0.1 / 2 * 5, 2 + 0.1 / 2 * 5]) for way in ways)


def pooled(pooling: str, *numbers: int, **settings: Any) -> dict[str, Any]:
    """One window over these numbers, y to become 5: after a filter [1] that leaves them as they are."""
    layer = {"type": pooling, "size": [1, len(numbers)]} | settings
    filter_of_one = {"type": "conv", "weights": [[[[1]]]]}
    return {"layers": [filter_of_one, layer], "input": [list(numbers)], "target": [[[5]]], "learning_rate": 0.1}


def test_pool_tie_shared_gives_equal_parts_to_equal_maxima() -> None:
    # y = 2, ∂L/∂y = 2 − 5
    tie = pooled("max_pool", 2, 1, 2)
    assert made("pool-tie-shared", "max_pool1.input_gradient", **tie) == [[[[-1.5, 0, -1.5]]]]
    assert made("pool-tie-copied", "max_pool1.input_gradient", **tie) == [[[[-3, 0, -3]]]]
    three = pooled("max_pool", 2, 2, 2, 1)
    assert made("pool-tie-shared", "max_pool1.input_gradient", **three) == [[[[-1, -1, -1, 0]]]]


def test_to_share_is_right_where_the_scenario_says_so() -> None:
    shared = pooled("max_pool", 2, 1, 2, ties="share")
    assert made("pool-tie-shared", "max_pool1.input_gradient", **shared) == []
    assert made("pool-tie-copied", "max_pool1.input_gradient", **shared) == [[[[-3, 0, -3]]]]


def test_pool_upstream_forgotten_is_the_mask_or_one_over_the_size() -> None:
    assert made("pool-upstream-forgotten", "max_pool1.input_gradient", **pooled("max_pool", 2, 1, 2)) == [[[[1, 0, 0]]]]
    average = pooled("average_pool", 2, 0, 2, 0)
    assert made("pool-upstream-forgotten", "average_pool1.input_gradient", **average) == [[[[1 / 4] * 4]]]
    assert made("pool-tie-shared", "average_pool1.input_gradient", **average) == []


def test_softmax_slope_forgotten_takes_the_gradient_of_the_probabilities() -> None:
    even: dict[str, Any] = {
        "layers": [{"type": "flatten"}, {"type": "dense", "weights": [[1, 0], [0, 1]]}, {"type": "softmax"}],
        "input": [[3, 3]],
        "target": {"class": 0},
        "loss": "cross_entropy",
        "learning_rate": 0.1,
    }  # p = [½, ½], ∂L/∂p = [−1/½, 0], ∂L/∂z = p − y = [−½, ½]
    assert made("softmax-slope-forgotten", "softmax1.input_gradient", **even) == [[-2, 0]]
    assert made("softmax-diagonal-only", "softmax1.input_gradient", **even) == [[-2 * 0.25, 0]]
    assert made("softmax-slope-twice", "softmax1.input_gradient", **even) == [[-0.5 * 0.25, 0.5 * 0.25]]
