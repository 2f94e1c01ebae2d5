"""What becomes of the first lesson when it is left to run."""

from __future__ import annotations

from itertools import islice, pairwise

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace


def first_filter(rate: float) -> Scenario:
    return one_filter(
        input=[[1, -1, 0], [0, 1, 0], [0, -1, 1]],
        filter=[[1, -1], [1, 1]],
        target=[[1, 0], [0, 1]],
        activation="relu",
        learning_rate=rate,
    )


def at(iteration: int, scenario: Scenario) -> Iteration:
    return next(islice(trace(scenario), iteration, None))


def test_at_a_half_every_relu_is_dead_from_iteration_34_on_and_the_loss_is_1_for_ever() -> None:
    run = list(trace(first_filter(0.5), 200))
    dead = [bool((iteration.values["forward"] <= 0).all()) for iteration in run]
    assert dead == [False] * 34 + [True] * 166
    assert {1.0} == {iteration.loss for iteration in run[34:]}
    assert not any(iteration.values["gradient"].any() for iteration in run[34:])
    np.testing.assert_allclose(run[34].matrix("filter"), [[-0.0663, -0.0998], [-0.0663, -0.0998]], atol=5e-5)
    np.testing.assert_array_equal(run[34].matrix("filter"), run[-1].matrix("update"))


def test_at_a_half_the_loss_falls_at_first_and_then_begins_to_jump() -> None:
    losses = [iteration.loss for iteration in trace(first_filter(0.5), 34)]
    assert losses[:2] == [2.0, 1.5]
    assert round(min(losses[:6]), 2) == 0.07
    assert any(later > earlier for earlier, later in pairwise(losses[4:]))


def test_at_a_tenth_the_loss_goes_to_nothing_with_another_filter_than_the_one_in_mind() -> None:
    last = at(2000, first_filter(0.1))
    assert last.loss < 1e-20
    np.testing.assert_allclose(last.matrix("filter"), [[0.6328, 0.1836], [0.1836, 0.5508]], atol=5e-5)
