"""`ties: share`: the gradient of several equal maxima in equal parts; everything else as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, rebuilt
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError

BACK = "max_pool1.input_gradient"


def pooled(**settings: Any) -> Scenario:
    """Two overlapping 2×2 windows over [[3, 3, 1], [3, 0, 1]]: three 3s in the one, one in the other."""
    return network(
        layers=[{"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2, "stride": 1} | settings],
        input=[[3, 3, 1], [3, 0, 1]],
        target=[[[0, 5]]],
        learning_rate=0.1,
    )


def test_equal_maxima_share_what_comes_back_and_overlaps_are_added() -> None:
    first, shared = (first_iteration(lesson_of(pooled(**keys))) for keys in ({}, {"ties": "share"}))
    assert np.array_equal(first.matrix("max_pool1.forward"), shared.matrix("max_pool1.forward"))
    # ∂L/∂y = [3 − 0, 3 − 5]
    assert first.matrix(BACK).tolist() == [[[3, -2, 0], [0, 0, 0]]]
    assert shared.matrix(BACK).tolist() == [[[3 / 3, 3 / 3 - 2, 0], [3 / 3, 0, 0]]]


def test_a_number_of_it_is_a_sum_of_parts() -> None:
    shared = first_iteration(lesson_of(pooled(ties="share")))
    terms = shared.working(BACK, 0, 0, 1).terms
    assert [term.factors[0].label for term in terms] == ["1/3", "∂L/∂p2[0,0,1]"]
    for cell in np.ndindex(1, 2, 3):
        assert shared.working(BACK, *cell).value == pytest.approx(shared.matrix(BACK)[cell])


def test_padding_never_shares() -> None:
    # one 2×2 window at each corner of [[-1]]: the border counts as −∞
    scenario = network(
        layers=[{"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2, "padding": 1, "ties": "share"}],
        input=[[-1, -1], [-1, -1]],
        target=[[[0, 0], [0, 0]]],
        learning_rate=0.1,
    )
    assert first_iteration(lesson_of(scenario)).matrix(BACK).tolist() == [[[-1, -1], [-1, -1]]]


def test_the_key_is_written_only_where_it_is_not_the_usual_one() -> None:
    assert "ties" not in pooled().data()["layers"][1]
    assert "ties" not in pooled(ties="first").data()["layers"][1]
    again = rebuilt(pooled(ties="share").data())
    assert again.data()["layers"][1]["ties"] == "share"


def test_another_word_is_a_fault() -> None:
    with pytest.raises(InputError) as raised:
        pooled(ties="shared")
    (fault,) = raised.value.faults
    assert (fault.what, fault.path) == ('ties can\'t be "shared"', ("layers", 1, "ties"))
    assert 'did you mean "share"?' in fault.hint
