"""The steps' order and names, and how a learner's indices map onto the engine's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.errors import InputError
from tests.engine.strategies import scenarios
from tests.examples import examples


def lesson(*, input_gradient: bool = False, **changes: Any) -> Lesson:
    keys: dict[str, Any] = {"input": [[1, 2, 3]], "filter": [[1, -1]], "target": [[2, 1]], "activation": "relu"}
    return lesson_of(one_filter(**(keys | {"learning_rate": 0.1} | changes)), input_gradient=input_gradient)


def test_the_steps_stand_in_the_order_of_the_card() -> None:
    plain = ("forward", "activation", "error", "delta", "gradient", "update")
    assert lesson().names == plain
    assert lesson(input_gradient=True).names == (*plain[:5], "input_gradient", "update")
    assert lesson(bias=1).names == (*plain[:5], "bias_gradient", "update", "bias_update")


def test_the_optimizers_memory_is_steps_before_the_update() -> None:
    assert lesson(optimizer="momentum", bias=1).names[5:] == (
        "bias_gradient",
        "velocity",
        "update",
        "bias_velocity",
        "bias_update",
    )
    assert lesson(optimizer="adam").names[5:] == ("first_moment", "second_moment", "update")


def test_every_step_reads_only_what_is_known_by_then() -> None:
    for optimizer in ("sgd", "momentum", "nesterov", "adam"):
        steps = lesson(optimizer=optimizer, bias=1, input_gradient=True)
        known = {leaf.name for leaf in steps.leaves}
        assert known == set(steps.start)
        for step in steps.steps:
            assert {quantity.name for quantity in step.inputs} <= known, step.name
            known.add(step.name)


def test_a_name_with_a_slip_in_it_gets_the_nearest_one() -> None:
    with pytest.raises(InputError) as caught:
        lesson().step("gradeint")
    (fault,) = caught.value.faults
    assert (fault.code, fault.hint) == ("unknown-step", 'did you mean "gradient"?')


def test_leaves_and_steps_are_both_found_as_quantities() -> None:
    assert [lesson().quantity(name).symbol for name in ("input", "filter", "forward", "delta")] == ["X", "W", "z", "δ"]
    with pytest.raises(InputError):
        lesson().quantity("velocity")


def test_a_working_is_asked_for_with_the_indices_that_a_learner_sees() -> None:
    iteration = first_iteration(lesson())
    working = iteration.working("forward", 0, 1)
    assert [factor.label for term in working.terms for factor in term.factors] == [
        "X[0,1]",
        "W[0,0]",
        "X[0,2]",
        "W[0,1]",
    ]
    assert working.value == 2 * 1 + 3 * (-1)


@given(scenarios())
@examples(50)
def test_what_is_shown_can_be_turned_back_into_what_is_computed(scenario: Scenario) -> None:
    steps = lesson_of(scenario, input_gradient=True)
    values = first_iteration(steps).values
    for step in steps.steps:
        layout, array = step.quantity.layout, values[step.name]
        np.testing.assert_array_equal(layout.restore(layout.show(array)), array)
        for cell in np.ndindex(*array.shape):
            assert layout.full_cell(layout.shown_cell(cell)) == cell
            assert layout.show(array)[layout.shown_cell(cell)] == array[cell]


@given(scenarios())
@examples(30)
def test_each_iteration_begins_with_what_the_last_one_ended_with(scenario: Scenario) -> None:
    iteration = first_iteration(lesson_of(scenario))
    first = iteration.loss
    for traced in trace(scenario, 4):
        assert (traced.number, traced.first_loss) == (iteration.number, first)
        assert traced.loss == iteration.loss == scenario.loss.value(traced.values["activation"], scenario.targets)
        for name, array in traced.values.items():
            np.testing.assert_array_equal(array, iteration.values[name])
        np.testing.assert_array_equal(traced.following["filter"], traced.values["update"])
        assert traced.loss_after == scenario.loss.value(traced.following["activation"], scenario.targets)
        iteration = iteration.next()


def test_a_trace_of_a_given_length_ends_there_and_one_without_goes_on() -> None:
    assert [iteration.number for iteration in trace(lesson(), 3)] == [0, 1, 2]
    endless = trace(lesson())
    assert [next(endless).number for _ in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("stride", "spread"),
    [
        (1, ""),
        ([1, 1], ""),
        (2, ", its cells spread 2 apart"),
        ([2, 1], ", its cells spread 2 apart down and 1 across"),
    ],
)
def test_the_filter_gradients_formula_says_how_far_the_cells_are_spread(stride: Any, spread: str) -> None:
    question: dict[str, Any] = {"input": [[1]], "filter": [[1]], "target": [[1]], "activation": "linear"}
    lesson = lesson_of(one_filter(**question, learning_rate=1, stride=stride))
    assert lesson.step("gradient").formula == f"∂L/∂W = X ⋆ δ{spread}"
