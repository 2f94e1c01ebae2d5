"""Everything that is trained, by name, taken from a run and given to another scenario."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.scenario import Scenario, weights_of, with_weights
from cnnstep.engine.status import outcome, trained
from cnnstep.engine.trace import trace
from cnnstep.errors import InputError

NETWORK = network(
    layers=[
        {"type": "conv", "weights": [[[[1, 2], [3, 4]]]], "bias": [0.5], "name": "edges"},
        {"type": "tanh"},
        {"type": "flatten"},
        {"type": "dense", "weights": [[1], [2]]},
    ],
    input=[[1, 0], [0, -1]],
    target=[0, 1],
    learning_rate=0.1,
)
ONE_FILTER = one_filter(input=[[1, 2]], filter=[[3]], target=[[1, 1]], activation="relu", learning_rate=0.1, bias=1)


def test_a_networks_weights_carry_their_layers_name() -> None:
    found = weights_of(NETWORK)
    assert list(found) == ["edges.weights", "edges.bias", "dense1.weights"]
    assert_array_equal(found["edges.weights"], [[[[1, 2], [3, 4]]]])


def test_one_filters_weights_carry_the_lessons_words() -> None:
    assert {name: array.shape for name, array in weights_of(ONE_FILTER).items()} == {
        "filter": (1, 1, 1, 1),
        "bias": (1,),
    }


@pytest.mark.parametrize("scenario", [NETWORK, ONE_FILTER], ids=["network", "one filter"])
def test_a_run_goes_on_from_the_weights_that_another_ended_with(scenario: Scenario) -> None:
    whole, half = list(trace(scenario, 6)), list(trace(scenario, 3))
    rest = list(trace(with_weights(scenario, trained(outcome(half[0], half[-1]))), 3))
    assert whole[-1].loss_after == rest[-1].loss_after < whole[0].loss


def test_weights_that_do_not_fit_are_all_told_with_the_name_that_was_meant() -> None:
    given = {"edges.weights": np.ones((1, 1, 2, 3)), "edges.bais": np.ones(1), "dense1.weights": np.ones((2, 1))}
    with pytest.raises(InputError) as caught:
        with_weights(NETWORK, given)
    assert [(fault.code, fault.what) for fault in caught.value.faults] == [
        ("shape", "edges.weights is 1×1×2×3, but this scenario's is 1×1×2×2"),
        ("missing-weights", "edges.bias is missing"),
        ("unknown-weights", 'this scenario trains nothing called "edges.bais"'),
    ]
    assert [fault.hint for fault in caught.value.faults[1:]] == [
        'did you mean "edges.bais"?',
        'did you mean "edges.bias"?',
    ]


def test_a_filter_may_be_given_as_it_is_written() -> None:
    scenario = with_weights(ONE_FILTER, {"filter": np.array([[5.0]]), "bias": np.array(2.0)})
    assert {name: array.tolist() for name, array in weights_of(scenario).items()} == {"filter": [[[[5]]]], "bias": [2]}
    with pytest.raises(InputError, match="filter is 1×2"):
        with_weights(ONE_FILTER, {"filter": np.array([[5.0, 1.0]]), "bias": np.array(2.0)})
    with pytest.raises(InputError, match=r"dense1.weights is 2, but"):
        with_weights(NETWORK, weights_of(NETWORK) | {"dense1.weights": np.ones(2)})
