"""A sheet on a large image: what it costs grows with the image, and what is said of it is as much as of a small one."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Working
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.check.diagnose import diagnose
from cnnstep.tutor.check.lessons import KEPT, Lessons
from cnnstep.tutor.check.put_right import put_right
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.document import Sum
from cnnstep.tutor.long_sum import SHOWN
from cnnstep.tutor.mistakes import MISTAKES, StepContext, carry_out, mistaken
from cnnstep.tutor.numbers import AS_USUAL
from tests.counted import counted_calls


def large(size: int = 120, **keys: Any) -> Scenario:
    """An image of so many rows and columns through a 2×2 filter."""
    random = np.random.default_rng(0)
    asked: dict[str, Any] = {
        "input": random.integers(0, 256, (size, size)) / 255,
        "filter": [[1, -1], [2, 1]],
        "target": random.integers(0, 2, (size - 1, size - 1)),
        "activation": "relu",
        "learning_rate": 1e-6,
    }
    return one_filter(**asked | keys)


def sheet(scenario: Scenario, *mistakes: str, change: Array | float = 0.0) -> Sheet:
    """The gradient and the update of somebody who makes these mistakes, to four decimals."""
    lesson = mistaken(lesson_of(scenario), *(MISTAKES[code] for code in mistakes))
    iteration = first_iteration(lesson)
    numbers = {"gradient": iteration.matrix("gradient") + change, "update": iteration.matrix("update")}
    return Sheet(scenario, {name: Written.rounded(array, 4) for name, array in numbers.items()})


UNEXPLAINED = np.array([[7.0, -3.0], [11.0, 5.0]])


def test_memory_grows_with_the_image_and_not_with_the_ways_to_come_to_the_numbers() -> None:
    wrong = sheet(large(), change=UNEXPLAINED)
    tracemalloc.start()
    try:
        assert diagnose(wrong).verdict == "unexplained"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * wrong.scenario.inputs.nbytes


def test_of_results_of_large_matrices_only_the_last_are_kept() -> None:
    lessons = Lessons(large(70))
    lesson, step = lessons.own, lessons.own.step("forward")
    assert {"forward", "activation", "error", "delta", "gradient"} == lessons.large
    values = lesson.carry_out(lessons.begin)
    for i in range(2 * KEPT):
        lessons.results(StepContext(lesson, step, {**values, "filter": values["filter"] + i}), ())
    assert len(lessons._large) == KEPT
    assert not lessons._results


@pytest.mark.parametrize("code", ["flipped-filter", "slope-forgotten", "gradient-rotated"])
def test_a_mistake_in_a_step_that_was_left_out_is_named_on_a_large_image_too(code: str) -> None:
    found = diagnose(sheet(large(), code))
    assert code in found.mistakes or (code,) in found.mark("gradient").alternatives


def test_right_numbers_are_right_on_a_large_image_too() -> None:
    assert diagnose(sheet(large())).verdict == "correct"


@pytest.mark.parametrize("keys", [{}, {"padding": "same", "filter": np.ones((3, 3)), "target": np.ones((120, 120))}])
@pytest.mark.parametrize("name", ["gradient", "bias_gradient"])
def test_no_more_products_are_worked_out_than_are_shown(name: str, keys: dict[str, Any]) -> None:
    lesson = lesson_of(large(bias=0.5, **keys))
    iteration, step, asked = first_iteration(lesson), lesson.step(name), []

    def counted(values: Values, cell: Cell) -> Working:
        asked.append(step.working(values, cell))
        return asked[-1]

    cell = tuple(size - 1 for size in iteration.values[name].shape)
    block = put_right(StepContext(lesson, replace(step, working=counted), iteration.values), 2.0, cell, AS_USUAL)
    whole = step.working(iteration.values, cell)
    assert isinstance(block, Sum)
    assert sum(len(one.terms) for one in asked) <= 5 * SHOWN
    assert [line.value for line in block.lines[:-1]] == [2.0 * term.value for term in whole.terms[:SHOWN]]
    assert block.lines[-1].labels == (f"the other {len(whole.terms) - SHOWN}",)
    assert block.total == pytest.approx(2.0 * whole.value)
    assert sum(line.value for line in block.lines) == pytest.approx(2.0 * whole.value)


def large_network() -> Scenario:
    """A map of 70×70 through windows that overlap."""
    random = np.random.default_rng(0)
    layers: list[dict[str, Any]] = [{"type": "max_pool", "size": 2, "stride": 1}, {"type": "relu"}]
    image, target = random.integers(0, 9, (70, 70)), random.integers(0, 2, (1, 69, 69))
    return network(input=image, layers=layers, target=target, learning_rate=1)


@pytest.mark.parametrize("made", [large(70), large_network()], ids=["filter", "pooling"])
def test_no_mistake_is_carried_out_output_by_output(made: Scenario) -> None:
    lesson = lesson_of(made, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    for mistake, step in product(MISTAKES.values(), lesson.steps):
        with counted_calls() as calls:
            carry_out(StepContext(lesson, step, values), mistake)
        assert calls[0] < 69 * 69 / 2, (mistake.code, step.name)
