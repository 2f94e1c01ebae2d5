"""Every number of a network by two routes: the whole array, and each cell of it written out as a sum of products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import network
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import trace
from tests.engine.network_strategies import networks
from tests.engine.test_workings import assert_every_cell_agrees, assert_factors_are_what_stands_there
from tests.examples import examples


@given(networks())
@examples(150)
def test_every_cell_of_every_step_of_a_network_agrees_with_its_working(scenario: Scenario) -> None:
    for iteration in trace(lesson_of(scenario, input_gradient=True), 2):
        assert_every_cell_agrees(iteration)
        assert_factors_are_what_stands_there(iteration)


@given(networks())
@examples(60)
def test_every_step_of_a_network_reads_only_what_is_known_by_then(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    known = {leaf.name for leaf in lesson.leaves}
    assert known == set(lesson.start)
    for step in lesson.steps:
        assert {quantity.name for quantity in step.inputs} <= known, step.name
        known.add(step.name)


@given(networks())
@examples(40)
def test_every_array_of_a_network_is_read_only_and_has_the_axes_that_its_quantity_names(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    for iteration in trace(lesson, 2):
        assert [name for name, array in iteration.values.items() if array.flags.writeable] == []
        for name, array in iteration.values.items():
            layout = lesson.quantity(name).layout
            assert len(layout.axes) == array.ndim, name
            np.testing.assert_array_equal(layout.restore(layout.show(array)), array)


@pytest.mark.parametrize("z", [-800, -40, -37, -16, 16, 37, 40, 800])
@pytest.mark.parametrize("target", [0, 0.5, 1])
def test_a_last_sigmoid_keeps_its_workings_where_it_saturates(z: float, target: float) -> None:
    scenario = network(
        input=[[z]],
        layers=[{"type": "conv", "weights": [[[[1]]]]}, {"type": "sigmoid"}],
        target=[[target]],
        loss="binary_cross_entropy",
        learning_rate=0.1,
    )
    (iteration,) = trace(scenario, 1)
    sigmoid = math.exp(min(z, 0)) / (1 + math.exp(-abs(z)))
    assert iteration.matrix("sigmoid1.input_gradient") == pytest.approx(sigmoid - target, rel=1e-12, abs=1e-300)
    working = iteration.working("sigmoid1.input_gradient", 0, 0, 0)
    assert working.value == pytest.approx(sigmoid - target, rel=1e-6, abs=1e-300)
    assert iteration.working("error", 0, 0, 0).value == pytest.approx(iteration.matrix("error")[0, 0, 0], rel=1e-6)


@pytest.mark.parametrize("z", [-800, -740, -40, 40, 740, 800])
@pytest.mark.parametrize("target", [[1, 0, 0], [0, 1, 0], [0.25, 0.25, 0.5], [1, 0.5, 0]])
@pytest.mark.parametrize("error", ["output_minus_target", "target_minus_output"])
def test_a_last_softmax_keeps_its_workings_where_it_saturates(z: float, target: list[float], error: str) -> None:
    scenario = network(
        input=[[z, 1]],
        layers=[
            {"type": "flatten"},
            {"type": "dense", "weights": [[1, 0], [0, 1], [-1, 0]]},
            {"type": "softmax"},
        ],
        target=target,
        loss="cross_entropy",
        error=error,
        learning_rate=0.1,
    )
    (iteration,) = trace(scenario, 1)
    p = iteration.matrix("softmax1.forward")
    for unit in range(3):
        expected = scenario.sign * (p[unit] * sum(target) - target[unit])
        assert iteration.matrix("softmax1.input_gradient")[unit] == expected
        assert iteration.working("softmax1.input_gradient", unit).value == pytest.approx(expected, rel=1e-9, abs=1e-300)
        assert iteration.working("error", unit).value == iteration.matrix("error")[unit]


def test_numbers_of_a_network_beyond_floating_point_become_infinite_and_nothing_warns_or_raises() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "conv", "weights": [[[[1e200, -1e200], [1e200, 1]]]], "bias": 1},
        {"type": "leaky_relu"},
        {"type": "max_pool", "size": 2, "stride": 1, "padding": 1},
        {"type": "average_pool", "size": 2, "stride": 1, "padding": 1},
        {"type": "flatten"},
        {"type": "dense", "weights": {"init": "normal", "outputs": 2}, "bias": 0},
        {"type": "softmax"},
    ]
    image = [[1e200, -1e200, 0], [3, 1e200, -1e200], [-1e200, -1e200, -1e200]]
    scenario = network(
        input=image, layers=layers, target={"class": 1}, loss="cross_entropy", learning_rate=1, optimizer="adam"
    )
    iterations = list(trace(lesson_of(scenario, input_gradient=True), 3))
    for step in iterations[0].lesson.steps:
        for cell in np.ndindex(*iterations[0].values[step.name].shape):
            step.working(iterations[0].values, cell)
