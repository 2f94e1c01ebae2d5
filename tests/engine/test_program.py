"""A lesson's data alone gives every number of it: a program that knows +, · and the named functions needs no engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

import cnnstep
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.program import functions
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Factor
from cnnstep.engine.sums import Argument, Call, Read
from cnnstep.engine.trace import Iteration, trace
from cnnstep.surface.loading import shipped
from tests.engine.network_strategies import networks
from tests.engine.recomputed import ABSENT, FUNCTIONS, Recomputed
from tests.engine.strategies import scenarios
from tests.examples import examples

SHIPPED = [one.name for one in shipped()]
CLOSE = 1e-9
ITERATIONS = 3


def data_of(lesson: Lesson) -> dict[str, Any]:
    """What a program in another language reads."""
    data: dict[str, Any] = json.loads(json.dumps(cnnstep.links(lesson).to_dict(), allow_nan=False))
    return data


def assert_close(found: Array, expected: Array, name: str) -> None:
    """Within 1e-9 of the numbers, or of the largest of them, for what is left of a sum of large ones is rounded too."""
    scale = np.abs(expected).max(initial=1.0)
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE * float(scale), err_msg=name)


def assert_recomputed(
    lesson: Lesson, *, feed: bool, stop: Callable[[Iteration], bool] = lambda iteration: False
) -> None:
    """Three iterations, each from the engine's numbers; or, fed, from what the iteration before came to."""
    again = Recomputed(data_of(lesson))
    with np.errstate(all="ignore"):
        for iteration in trace(lesson, ITERATIONS):
            if not feed:
                again.values |= {leaf.name: iteration.values[leaf.name] for leaf in lesson.leaves}
            elif stop(iteration):
                return
            again.work_out()
            for step in lesson.steps:
                assert_close(again.values[step.name], iteration.values[step.name], step.name)
            assert again.loss == pytest.approx(iteration.loss, rel=CLOSE, abs=CLOSE)
            again.go_on()


def a_rounding_decides(iteration: Iteration) -> bool:
    """Whether a last digit says which way a number goes: a z that is all but at a kink, or a maximum's rival."""
    if iteration.number == 0:
        return False
    for one in iteration.lesson.layers:
        source = iteration.values[one.forward.inputs[0].name]
        if getattr(one.layer, "phi", None) and np.any(np.abs(source) < CLOSE):
            return True
        if one.layer.kind == "max_pool":
            numbers = np.sort(source.reshape(-1))
            if np.any(np.diff(numbers) < CLOSE):
                return True
    return False


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_scenario_is_worked_out_from_its_data_alone(name: str) -> None:
    scenario = cnnstep.scenario(name)
    assert_recomputed(lesson_of(scenario), feed=True)


@given(st.one_of(scenarios(), networks()))
@examples(100)
def test_so_is_any_other(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    assert_recomputed(lesson, feed=False)
    assert_recomputed(lesson, feed=True, stop=a_rounding_decides)


FEW_SAMPLES = 4
MOST_CELLS = 40
"""Of a step with more cells, so many are asked one by one."""


def assert_terms_are_enough(iteration: Iteration) -> None:
    """Each cell's value from its working's terms alone: what was read, numbers, and the functions that they name."""
    for step in iteration.lesson.steps:
        shape = iteration.values[step.name].shape
        cells = list(np.ndindex(shape))
        if len(cells) > MOST_CELLS:
            cells = [cells[at] for at in default_rng(1).choice(len(cells), MOST_CELLS, replace=False)]
        for cell in cells:
            for term in step.working(iteration.values, cell).terms:
                for factor in term.factors:
                    found, expected = worked_out(factor, iteration), factor.value
                    assert found == expected or found == pytest.approx(expected, rel=CLOSE), (step.name, cell, factor)
                assert term.given is None or called(term.given, iteration) == 1.0, (step.name, cell, term)


def worked_out(factor: Factor, iteration: Iteration) -> float:
    """A factor's value without looking at it, but for numbers that stay as they are."""
    if factor.call is not None:
        return called(factor.call, iteration)
    if factor.source is not None:
        return number_at(Read(factor.source, factor.cell), iteration)
    assert factor.label in ("0", "−1", "1", "-1") or factor.label[0] in "(0123456789", factor
    return factor.value


def called(call: Call, iteration: Iteration) -> float:
    def number(argument: Argument) -> Array:
        if isinstance(argument, Read):
            return np.array(number_at(argument, iteration))
        if isinstance(argument, tuple):
            return np.array([ABSENT if one is None else number_at(one, iteration) for one in argument])
        assert isinstance(argument, float), argument
        return np.array(argument)

    return float(FUNCTIONS[call.function](*map(number, call.arguments)))


def number_at(read: Read, iteration: Iteration) -> float:
    if read.quantity == "learning_rate":
        return iteration.lesson.scenario.learning_rate
    return float(iteration.values[read.quantity][read.at])  # type: ignore[index]  # a working has no letters


@pytest.mark.parametrize("name", SHIPPED)
def test_every_factor_of_a_shipped_scenario_is_what_its_call_says(name: str) -> None:
    scenario = cnnstep.scenario(name)
    few = replace(scenario, inputs=scenario.inputs[:FEW_SAMPLES], targets=scenario.targets[:FEW_SAMPLES])
    for iteration in trace(few, 2):
        assert_terms_are_enough(iteration)


@given(st.one_of(scenarios(), networks()))
@examples(40)
def test_so_is_every_factor_of_any_other(scenario: Scenario) -> None:
    with np.errstate(all="ignore"):
        for iteration in trace(lesson_of(scenario, input_gradient=True), 2):
            assert_terms_are_enough(iteration)


def test_a_changed_number_of_any_kind_is_followed_to_the_end() -> None:
    """X, W, b, t and η: as if the scenario had been written so."""
    keys: dict[str, Any] = {
        "input": [[1, 3, 2, 0], [0, 1, 2, 4], [2, 2, 1, 0], [1, 0, 3, 1]],
        "layers": [
            {"type": "conv", "weights": [[[[1, 0.5], [-1, 1]]]], "bias": [0.25]},
            {"type": "relu"},
            {"type": "max_pool", "size": 2, "stride": 1},
        ],
        "target": [[[1, 0], [2, 1]]],
        "learning_rate": 0.1,
    }
    layers = [{**keys["layers"][0], "weights": [[[[-1, 0.5], [2, 1]]]], "bias": [-0.5]}, *keys["layers"][1:]]
    other = {"input": keys["input"][::-1], "layers": layers, "target": [[[0, 3], [1, 1]]], "learning_rate": 0.3}
    again = Recomputed(data_of(lesson_of(cnnstep.network(**keys))))
    changed = cnnstep.network(**other)
    start = {**lesson_of(changed).start, "learning_rate": np.array(0.3)}
    again.values |= start
    for iteration in trace(changed, ITERATIONS):
        again.work_out()
        for step in iteration.lesson.steps:
            assert_close(again.values[step.name], iteration.values[step.name], step.name)
        again.go_on()


def test_a_layer_without_sums_is_written_cell_by_cell() -> None:
    lesson = lesson_of(cnnstep.scenario("pooling"))
    steps = tuple(replace(step, sums=None, short=None) for step in lesson.steps)
    data = data_of(replace(lesson, steps=steps, own=steps))
    assert all([*step] == ["name", "cells"] for step in data["steps"])
    (iteration,) = trace(lesson, 1)
    again = Recomputed(data)
    again.work_out()
    for step in lesson.steps:
        assert_close(again.values[step.name], iteration.values[step.name], step.name)


def test_the_functions_that_are_named_are_those_that_are_told_and_no_others() -> None:
    assert {*functions()} == {*FUNCTIONS}
    for name, function in functions().items():
        assert function.formula.startswith(f"{name}("), name


NUMBERS: Mapping[str, tuple[Any, ...]] = {
    "wins": (1, [None, 2.0, 1.0, 2.0]),
    "shares": (3, [None, 2.0, 1.0, 2.0]),
    "power": (1.5, [1.5, -2.0, 0.25]),
    "inverse_power_sum": ([101.0, 99.0],),
    "product": (2.0, 3.0, 0.5),
    "difference": (2.0, 0.75),
    "sum": ([1.0, 2.5],),
    "correction": (0.9, 2.0),
    "inverse_root": (0.3, 0.99, 1.0, 1e-8),
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_what_a_function_is_said_to_be_it_is(name: str) -> None:
    """The engine's and the one written from the page agree."""
    function = functions()[name]
    letters = function.formula[len(name) + 1 : function.formula.index(")")].split(", ")
    by_letter = {"z": -0.75, "a": 0.25, "t": 0.5, "n": 4, "slope": 0.1, "alpha": 0.5, "slope_at_zero": 0.5}
    numbers = NUMBERS.get(name) or tuple(by_letter[letter] for letter in letters)
    arrays = (np.array([ABSENT if x is None else x for x in one] if isinstance(one, list) else one) for one in numbers)
    assert function.work(*numbers) == pytest.approx(float(FUNCTIONS[name](*arrays)), rel=1e-12)


def test_a_term_that_names_another_number_is_noticed() -> None:
    """The proof can fail: a winner that is none, a slope of another number."""
    (iteration,) = trace(cnnstep.scenario("first-filter"), 1)
    factor = iteration.working("delta", 0, 1).terms[0].factors[-1]
    assert factor.call is not None
    assert called(factor.call, iteration) == 0.0
    assert called(Call("relu_slope", (Read("forward", (0, 0, 0, 0)), 0.0)), iteration) == 1.0
