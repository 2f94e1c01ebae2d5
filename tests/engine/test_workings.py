"""Two routes to every number: the whole matrix, and each cell of it written out as a sum of products."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.losses import FILTER_LOSSES
from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.step import Factor
from cnnstep.engine.trace import Iteration, trace
from tests.engine.strategies import scenarios
from tests.examples import examples, share

RELATIVE = 1e-9


def size(factor: Factor) -> float:
    """What a factor's rounding is relative to: itself, or 1 where it is 1 less a number, as in softmax's slope."""
    least = np.finfo(float).eps / RELATIVE if factor.label.startswith("(1 − ") else 0.0
    return max(abs(factor.value), float(least))


def assert_every_cell_agrees(iteration: Iteration) -> None:
    """|matrix − working| ≤ 1e-9 of the sizes that were added up, which is what rounding is relative to."""
    for step in iteration.lesson.steps:
        matrix = iteration.values[step.name]
        for cell in np.ndindex(*matrix.shape):
            working = step.working(iteration.values, cell)
            scale = sum(math.prod(map(size, term.factors)) for term in working.terms)
            assert abs(matrix[cell] - working.value) <= RELATIVE * scale, (step.name, cell, working)


def assert_factors_are_what_stands_there(iteration: Iteration) -> None:
    """A factor that names a quantity and is labelled as its cell has the value of that cell."""
    for step in iteration.lesson.steps:
        last = tuple(size - 1 for size in iteration.values[step.name].shape)
        for factor in (f for term in step.working(iteration.values, last).terms for f in term.factors):
            if factor.source and factor.label == iteration.lesson.quantity(factor.source).label(factor.cell):
                assert iteration.values[factor.source][factor.cell] == factor.value


@given(scenarios())
@examples(150)
def test_every_cell_of_every_step_agrees_with_its_working(scenario: Scenario) -> None:
    for iteration in trace(lesson_of(scenario, input_gradient=True), 3):
        assert_every_cell_agrees(iteration)
        assert_factors_are_what_stands_there(iteration)


EVERY_COMBINATION = [
    names
    for names in share(ACTIVATIONS, FILTER_LOSSES, ERROR_SIGNS, OPTIMIZERS)
    if (FILTER_LOSSES[names[1]].only_with or names[0]) == names[0]
]


@pytest.mark.parametrize(("activation", "loss", "error", "optimizer"), EVERY_COMBINATION)
def test_every_combination_of_names_agrees_with_its_workings(
    activation: str, loss: str, error: str, optimizer: str
) -> None:
    scenario = one_filter(
        input=[[1, -1, 0.5], [0, 1, 0.25], [0, -1, 1]],
        filter=[[1, -1], [1, 0.5]],
        bias=0.25,
        target=[[1, 0], [0.5, 0.75]],
        activation=activation,
        learning_rate=0.05,
        loss=loss,
        error=error,
        optimizer=optimizer,
    )
    iterations = list(trace(lesson_of(scenario, input_gradient=True), 3))
    for iteration in iterations:
        assert_every_cell_agrees(iteration)
    assert iterations[-1].loss < iterations[0].loss


@pytest.mark.parametrize("z", [-800, -40, -37, -20, -16, 16, 20, 37, 40, 800])
@pytest.mark.parametrize("target", [0, 0.5, 1])
def test_cross_entropy_keeps_its_workings_where_the_sigmoid_saturates(z: float, target: float) -> None:
    scenario = one_filter(
        input=[[z]],
        filter=[[1]],
        target=[[target]],
        activation="sigmoid",
        loss="binary_cross_entropy",
        learning_rate=0.1,
    )
    (iteration,) = trace(scenario, 1)
    assert_every_cell_agrees(iteration)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_numbers_beyond_floating_point_become_infinite_and_nothing_warns_or_raises(activation: str) -> None:
    scenario = one_filter(
        input=[[1e200, -1e200]],
        filter=[[1e200]],
        target=[[0, 0]],
        activation=activation,
        learning_rate=1,
    )
    iterations = list(trace(scenario, 3))
    for step in iterations[0].lesson.steps:
        for cell in np.ndindex(*iterations[0].values[step.name].shape):
            step.working(iterations[0].values, cell)


def test_a_trace_leaves_numpys_error_state_as_it_was() -> None:
    before = np.geterr()
    running = trace(one_filter(input=[[1]], filter=[[1]], target=[[0]], activation="relu", learning_rate=1))
    next(running)
    assert before == np.geterr()


@given(scenarios())
@examples(30)
def test_every_array_of_an_iteration_is_read_only(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    for iteration in trace(lesson, 2):
        assert [name for name, array in iteration.values.items() if array.flags.writeable] == []
    assert [name for name, array in lesson.start.items() if array.flags.writeable] == []
    with pytest.raises(ValueError, match="read-only"):
        iteration.matrix("forward")[..., 0, 0] = 7


@given(scenarios())
@examples(50)
def test_a_scenario_written_as_data_and_built_again_is_the_same_question(scenario: Scenario) -> None:
    again = one_filter(**scenario.data())
    assert scenario.data() == again.data()
    for one, other in zip(trace(scenario, 2), trace(again, 2), strict=True):
        for name, array in one.values.items():
            np.testing.assert_array_equal(array, other.values[name])


@pytest.mark.parametrize("image", [[[1, 2, 3]], [[[1, 2, 3]]]])
@pytest.mark.parametrize("weights", [[[1, 1]], [[[1, 1]]], [[[[1, 1]]]]])
def test_axes_that_were_not_written_by_anybody_are_not_shown(image: object, weights: object) -> None:
    depth = np.ndim(np.asarray(weights))
    target = [[[1, 2]]] if depth == 4 else [[1, 2]]
    scenario = one_filter(input=image, filter=weights, target=target, activation="relu", learning_rate=1)
    (iteration,) = trace(scenario, 1)
    shown = 2 if np.ndim(np.asarray(image)) == depth == 2 else max(depth, 3)
    assert shown == iteration.matrix("filter").ndim == iteration.matrix("update").ndim
    assert np.ndim(np.asarray(target)) == iteration.matrix("forward").ndim
    assert scenario.data() == one_filter(**scenario.data()).data()
