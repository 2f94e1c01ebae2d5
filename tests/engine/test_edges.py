"""What only shows far out: large logits, numbers beyond 2⁵³, a window that is spread wide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import number
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import InputError


def scores(*logits: float) -> Scenario:
    """A network whose softmax reads these."""
    layers: list[dict[str, Any]] = [
        {"type": "flatten"},
        {"type": "dense", "weights": [[one] for one in logits]},
        {"type": "softmax"},
    ]
    return network(
        input=[[1]], layers=layers, target=[1, *[0] * (len(logits) - 1)], loss="cross_entropy", learning_rate=0.1
    )


@pytest.mark.parametrize("shift", [0.0, 3.0, 700.0, 1000.0, -1000.0])
def test_probabilities_do_not_depend_on_what_is_added_to_all_scores(shift: float) -> None:
    # e¹ : e³ : e² is 1 : e² : e
    shares = np.array([1, math.e**2, math.e]) / (1 + math.e + math.e**2)
    lesson = lesson_of(scores(shift + 1, shift + 3, shift + 2))
    values = lesson.carry_out(lesson.start)
    step = lesson.step("softmax1.forward")
    assert_allclose(values[step.name][0], shares, rtol=1e-12)
    for unit, share in enumerate(shares):
        working = step.working(values, (0, unit))
        assert_allclose(working.value, share, rtol=1e-12)
        power, total = working.terms[0].factors
        assert_allclose(power.value * total.value, share, rtol=1e-12)
        assert power.put is not None
        assert_allclose(power.put.work(power.put.numbers), power.value, rtol=1e-12)
        top = shift + 3 if abs(shift) > 600 else 0
        assert_allclose(power.value, math.exp(shift + (1, 3, 2)[unit] - top), rtol=1e-12)
        assert (f"− {top:.4g}" in power.label) == bool(top)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (3.0, 3),
        (-0.0, 0),
        (0.5, 0.5),
        (2.0**53 - 1, 2**53 - 1),
        (2.0**53, 2.0**53),
        (-(2.0**53), -(2.0**53)),
        (1e300, 1e300),
    ],
)
def test_a_whole_number_is_written_as_one_as_long_as_its_neighbours_are_there(value: float, plain: float) -> None:
    assert (number(value), type(number(value))) == (plain, type(plain))
    assert number(math.inf) is None


@pytest.mark.parametrize(("dilation", "said"), [(1, ""), (2, " (with dilation 2 it spans 3)"), (3, "it spans 4")])
def test_a_filter_that_is_too_large_says_how_far_it_reaches(dilation: int, said: str) -> None:
    with pytest.raises(InputError) as raised:
        one_filter(
            input=[[1, 2]], filter=[[1], [1]], target=[[0]], activation="relu", learning_rate=1, dilation=dilation
        )
    text = " ".join(fault.what for fault in raised.value.faults)
    assert said in text
    assert ("dilation" in text) == (dilation > 1)


def test_a_loss_that_needs_one_activation_goes_with_no_other() -> None:
    given: dict[str, Any] = {"input": [[1]], "filter": [[1]], "target": [[1]], "learning_rate": 1}
    with pytest.raises(InputError, match="goes with sigmoid"):
        one_filter(activation="relu", loss="binary_cross_entropy", **given)
    with pytest.raises(InputError, match="no activation called") as raised:
        one_filter(activation="sigmod", loss="binary_cross_entropy", **given)
    assert len(raised.value.faults) == 1
    assert one_filter(activation="sigmoid", loss="binary_cross_entropy", **given).loss.only_with == "sigmoid"
