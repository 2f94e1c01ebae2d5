"""Mistakes about how a window moves: a stride or a padding for each axis, padding that keeps the size, leftovers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.sheet import Sheet, as_shown, written
from cnnstep.tutor.mistakes import MISTAKES, StepContext, carry_out
from tests.engine.network_strategies import networks
from tests.engine.strategies import scenarios
from tests.examples import examples


def question(**keys: Any) -> Scenario:
    usual: dict[str, Any] = {"target": [[0]], "activation": "linear", "learning_rate": 1}
    return one_filter(**usual | keys)


TWO_DOWN = question(
    input=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], filter=[[1, 10]], stride=[2, 1], target=[[21, 31], [80, 98]]
)
"""z = [[1 + 20, 2 + 30], [7 + 80, 8 + 90]] = [[21, 32], [87, 98]], δ = [[0, 1], [7, 0]]."""
EVEN = question(input=[[1, 2], [3, 4]], filter=[[1, 10], [100, 1000]], padding="same", target=[[4321, 0], [43, 0]])
"""The rim is below and to the right: z = [[4321, 402], [43, 4]], δ = [[0, 402], [0, 4]]."""
DROPPING = question(input=[[1, 2, 3, 4]], filter=[[1, 10]], stride=[1, 3], leftover="drop", target=[[20]])
"""One output, 1 + 20, and two cells that nothing reaches: δ = 1."""


def results(scenario: Scenario, code: str, name: str) -> list[Any]:
    """What the step gives with the mistake, as a learner would write it; () where it can't be made."""
    lesson = lesson_of(scenario, input_gradient=True)
    case = StepContext(lesson, lesson.step(name), first_iteration(lesson).values)
    assert MISTAKES[code].fits(lesson, case.step)
    return [as_shown(case.step, result).tolist() for result in carry_out(case, MISTAKES[code])]


def test_a_stride_is_ignored_along_the_axis_that_has_one() -> None:
    # one row lower each time: 1 + 20, 2 + 30; 4 + 50, 5 + 60; 7 + 80, 8 + 90
    assert results(TWO_DOWN, "stride-ignored", "forward") == [[[21, 32], [54, 65], [87, 98]]]
    # δ, its rows not spread: over rows 0 and 1, 2·1 + 4·7 and 3·1 + 5·7; over rows 1 and 2, 5·1 + 7·7 and 6·1 + 8·7
    whole, corner = results(TWO_DOWN, "stride-ignored", "gradient")
    assert (whole, corner) == ([[30, 38], [54, 62]], [[30, 38]])


def test_a_rim_that_is_wider_at_the_end_is_ignored_as_a_whole() -> None:
    assert results(EVEN, "padding-ignored", "forward") == [[[4321]]]
    # the 2×2 δ on the bare 2×2 input: 2·402 + 4·4
    assert results(EVEN, "padding-ignored", "gradient") == [[[820]]]


def test_a_window_that_leaves_cells_over_can_be_moved_by_one_too() -> None:
    assert results(DROPPING, "stride-ignored", "forward") == [[[21, 32, 43]]]
    # one δ meets every cell: as a matrix of the input's size, or of the filter's
    assert results(DROPPING, "stride-ignored", "gradient") == [[[1, 2, 3, 4]], [[1, 2]]]
    assert results(DROPPING, "delta-transposed", "gradient") == [[[1, 2, 3, 4]], [[1, 2]]]


def marked(scenario: Scenario, name: str, matrix: Any) -> Diagnosis:
    """A sheet that is right up to this step."""
    first = first_iteration(lesson_of(scenario, input_gradient=True))
    before = first.lesson.names[: first.lesson.names.index(name)]
    return diagnose(Sheet(scenario, {one: written(first.matrix(one).tolist()) for one in before} | {name: matrix}))


@pytest.mark.parametrize(
    ("scenario", "code", "name"),
    [
        (TWO_DOWN, "stride-ignored", "forward"),
        (TWO_DOWN, "stride-ignored", "gradient"),
        (EVEN, "padding-ignored", "forward"),
        (EVEN, "padding-ignored", "gradient"),
        (DROPPING, "stride-ignored", "forward"),
        (DROPPING, "stride-ignored", "gradient"),
    ],
)
def test_the_mistake_is_found_on_a_sheet(scenario: Scenario, code: str, name: str) -> None:
    right = first_iteration(lesson_of(scenario)).matrix(name).tolist()
    for wrong in results(scenario, code, name):
        if wrong != right:
            found = marked(scenario, name, written(wrong))
            told = {*found.mistakes, *(code for mark in found.marks for line in mark.alternatives for code in line)}
            assert code in told


def test_the_words_name_the_step_of_each_axis() -> None:
    lesson = lesson_of(TWO_DOWN)
    fix = MISTAKES["stride-ignored"].words(lesson, lesson.step("forward")).fix
    assert fix == "Output [i,j] belongs to the patch that begins at row 2·i, column 1·j of the input."


def carried_out(lesson: Lesson) -> Iterator[tuple[str, str, Any]]:
    """Every mistake that can be made in every step, and what comes of it."""
    first = first_iteration(lesson)
    left = {f"{s.name}_before": first.values[s.name] for s in lesson.steps if s.is_gradient}
    values = {**first.next().values, **left}
    for step in lesson.steps:
        for code, mistake in MISTAKES.items():
            if mistake.fits(lesson, step):
                for result in carry_out(StepContext(lesson, step, values), mistake):
                    yield code, step.name, result


@given(scenarios())
@examples(60)
def test_every_mistake_can_be_made_however_the_filter_moves(scenario: Scenario) -> None:
    for code, name, result in carried_out(lesson_of(scenario, input_gradient=True)):
        assert isinstance(result, np.ndarray), (code, name)
        assert result.size, (code, name)


@given(networks())
@examples(60)
def test_every_mistake_can_be_made_however_the_windows_of_a_network_move(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    sizes = {name: array.shape for name, array in first_iteration(lesson).values.items()}
    for code, name, result in carried_out(lesson):
        assert isinstance(result, np.ndarray), (code, name)
        if code.startswith("pool"):
            assert result.shape == sizes[name], (code, name)
