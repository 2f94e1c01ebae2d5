"""Momentum, Nesterov, Adam and cross-entropy on one small sum, worked on paper.

The question: input [[1, 2]], filter [[1, 1]], target 1, linear. z = 1·1 + 2·1 = 3, e = 3 − 1 = 2, G = [2·1, 2·2].
"""

from __future__ import annotations

import math

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnstep.engine.build import one_filter
from cnnstep.engine.trace import Iteration, trace


def iterations(number: int, **changes: object) -> list[Iteration]:
    keys: dict[str, object] = {
        "input": [[1, 2]],
        "filter": [[1, 1]],
        "target": [[1]],
        "activation": "linear",
        "learning_rate": 0.1,
    }
    return list(trace(one_filter(**(keys | changes)), number))  # type: ignore[arg-type]  # a scenario file's keys


def test_sgd_steps_along_the_gradient() -> None:
    (only,) = iterations(1)
    assert_array_equal([[2 * 1, 2 * 2]], only.matrix("gradient"))
    assert_allclose([[1 - 0.1 * 2, 1 - 0.1 * 4]], only.matrix("update"), rtol=1e-15)


def test_momentum_keeps_part_of_the_last_velocity() -> None:
    first, second = iterations(2, optimizer={"name": "momentum", "momentum": 0.5})
    assert_allclose([[0.5 * 0 + 2, 0.5 * 0 + 4]], first.matrix("velocity"), rtol=1e-15)
    assert_allclose([[1 - 0.1 * 2, 1 - 0.1 * 4]], first.matrix("update"), rtol=1e-15)
    # second: z = 0.8·1 + 0.6·2 = 2, e = 1, G = [1, 2]
    assert_allclose([[1, 2]], second.matrix("gradient"), rtol=1e-14)
    assert_allclose([[2, 4]], second.matrix("velocity_before"), rtol=1e-15)
    assert_allclose([[0.5 * 2 + 1, 0.5 * 4 + 2]], second.matrix("velocity"), rtol=1e-14)
    assert_allclose([[0.8 - 0.1 * 2, 0.6 - 0.1 * 4]], second.matrix("update"), rtol=1e-14)


def test_nesterov_looks_ahead_along_the_new_velocity() -> None:
    first, second = iterations(2, optimizer={"name": "nesterov", "momentum": 0.5})
    assert_allclose([[1 - 0.1 * (2 + 0.5 * 2), 1 - 0.1 * (4 + 0.5 * 4)]], first.matrix("update"), rtol=1e-15)
    # second: z = 0.7·1 + 0.4·2 = 1.5, e = 0.5, G = [0.5, 1]
    assert_allclose([[0.5, 1]], second.matrix("gradient"), rtol=1e-14)
    assert_allclose([[0.5 * 2 + 0.5, 0.5 * 4 + 1]], second.matrix("velocity"), rtol=1e-14)
    update = [[0.7 - 0.1 * (0.5 + 0.5 * 1.5), 0.4 - 0.1 * (1 + 0.5 * 3)]]
    assert_allclose(update, second.matrix("update"), rtol=1e-14)


def test_adams_first_step_has_the_length_of_the_learning_rate_in_every_weight() -> None:
    (only,) = iterations(1, optimizer="adam")
    assert_allclose([[(1 - 0.9) * 2, (1 - 0.9) * 4]], only.matrix("first_moment"), rtol=1e-15)
    assert_allclose([[(1 - 0.999) * 2**2, (1 - 0.999) * 4**2]], only.matrix("second_moment"), rtol=1e-15)
    # the corrections 1/(1 − 0.9) and 1/(1 − 0.999) give back m̂ = G and ŝ = G²
    update = [[1 - 0.1 * 2 / (math.sqrt(2**2) + 1e-8), 1 - 0.1 * 4 / (math.sqrt(4**2) + 1e-8)]]
    assert_allclose(update, only.matrix("update"), rtol=1e-12)
    assert_allclose([[0.9, 0.9]], only.matrix("update"), rtol=1e-8)


def test_adams_second_step_corrects_by_the_second_power() -> None:
    first, second = iterations(2, optimizer={"name": "adam", "beta1": 0.5, "beta2": 0.75, "epsilon": 1e-8})
    assert_allclose([[0.9, 0.9]], first.matrix("update"), rtol=1e-8)
    # second: z = 0.9·1 + 0.9·2 = 2.7, e = 1.7, G = [1.7, 3.4]
    m = [0.5 * (0.5 * 2) + 0.5 * 1.7, 0.5 * (0.5 * 4) + 0.5 * 3.4]
    s = [0.75 * (0.25 * 4) + 0.25 * 1.7**2, 0.75 * (0.25 * 16) + 0.25 * 3.4**2]
    assert_allclose([m], second.matrix("first_moment"), rtol=1e-7)
    assert_allclose([s], second.matrix("second_moment"), rtol=1e-7)
    hats = [(m[k] / (1 - 0.5**2)) / math.sqrt(s[k] / (1 - 0.75**2)) for k in (0, 1)]
    assert_allclose([[0.9 - 0.1 * hats[0], 0.9 - 0.1 * hats[1]]], second.matrix("update"), rtol=1e-7)


def test_sigmoid_with_cross_entropy_sends_the_plain_error_back() -> None:
    (only,) = iterations(1, filter=[[0, 0]], activation="sigmoid", loss="binary_cross_entropy")
    # z = 0, a = ½, t = 1: L = −ln ½, δ = (½ − 1)/(½·½) · (½·½) = −½
    assert only.loss == pytest.approx(math.log(2), rel=1e-15)
    assert_array_equal([[0.5 - 1]], only.matrix("error"))
    assert_array_equal([[-0.5]], only.matrix("delta"))
    assert_array_equal([[-0.5 * 1, -0.5 * 2]], only.matrix("gradient"))


def test_sigmoid_with_squared_error_sends_a_quarter_of_it_back() -> None:
    (only,) = iterations(1, filter=[[0, 0]], activation="sigmoid")
    assert_array_equal([[(0.5 - 1) * (0.5 * (1 - 0.5))]], only.matrix("delta"))
