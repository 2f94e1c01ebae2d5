"""What a number is made of is what its working reads; what it goes on to is the same, looked at from the other side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnnstep
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.links import links
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step, Working
from cnnstep.engine.sums import Read
from cnnstep.engine.trace import trace
from cnnstep.errors import InputError
from cnnstep.surface.loading import shipped
from tests.engine.network_strategies import networks
from tests.engine.strategies import scenarios
from tests.examples import examples

SHIPPED = [one.name for one in shipped()]
FEW_SAMPLES, MOST_CELLS, MOST_READERS = 2, 12, 3

Cells = set[tuple[str, tuple[int, ...]]]


def read_by(working: Working, lesson: Lesson) -> Cells:
    """The cells that a working names, as a learner writes them."""
    found: Cells = set()
    for term in working.terms:
        calls = [term.given, *(factor.call for factor in term.factors)]
        reads = [read for call in calls if call for read in call.reads if isinstance(read, Read)]
        cells = [(read.quantity, read.at) for read in reads if read.quantity != "learning_rate"]
        cells += [(factor.source, factor.cell) for factor in term.factors if factor.source]
        found |= {(name, lesson.quantity(name).layout.shown_cell(cell)) for name, cell in cells}  # type: ignore[arg-type]
    return found


def decides(step: Step) -> bool:
    """Whether it depends on the numbers which cells a working names."""
    pools = getattr(step.part, "kind", "") == "max_pool" and step.role == "input_gradient"
    return pools or step.short is not None


def assert_linked(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    found, inverse = links(lesson), defaultdict[tuple[str, tuple[int, ...]], list[tuple[str, tuple[int, ...]]]](list)
    (iteration,) = trace(lesson, 1)
    for step in lesson.steps:
        cells = list(np.ndindex(iteration.values[step.name].shape))
        for full in cells[:: 1 + len(cells) // MOST_CELLS]:
            cell = step.quantity.layout.shown_cell(full)
            made_of = found.made_of(step.name, *cell)
            assert len(made_of) == len({*made_of})
            named = read_by(step.working(iteration.values, full), lesson)
            assert named <= {*made_of} if decides(step) else named == {*made_of}, (step.name, cell)
            for one in made_of:
                inverse[one].append((step.name, cell))
    for one, readers in [*inverse.items()][:: 1 + len(inverse) // MOST_CELLS]:
        onward = found.goes_on_to(one[0], *one[1])
        assert {*readers} <= {*onward}, one
        for name, cell in onward[:: 1 + len(onward) // MOST_READERS]:
            assert one in found.made_of(name, *cell), (one, name, cell)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_links_of_a_shipped_scenario_are_what_its_workings_read(name: str) -> None:
    scenario = cnnstep.scenario(name)
    assert_linked(replace(scenario, inputs=scenario.inputs[:FEW_SAMPLES], targets=scenario.targets[:FEW_SAMPLES]))


@given(st.one_of(scenarios(), networks()))
@examples(15)
def test_so_are_those_of_any_other(scenario: Scenario) -> None:
    assert_linked(scenario)


def test_links_are_the_same_in_every_iteration_where_values_are_not() -> None:
    """The number of 9 wins the window at first and 1 later; both are what p is made of, and where ∂L/∂p may go."""
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[[[1.0]]]]}, {"type": "max_pool", "size": 2}]
    found = links(cnnstep.network(input=[[9, 1], [0, 0]], target=[[[0]]], layers=layers, learning_rate=1.0))
    four = {("conv1.forward", (0, i, j)) for i in range(2) for j in range(2)}
    assert {*found.made_of("max_pool1.forward", 0, 0, 0)} == four
    assert found.goes_on_to("conv1.forward", 0, 0, 1)[0] == ("max_pool1.forward", (0, 0, 0))
    assert four < {*found.made_of("max_pool1.input_gradient", 0, 0, 1)}


def test_a_layer_without_sums_is_asked_cell_by_cell() -> None:
    lesson = lesson_of(cnnstep.scenario("first-filter"), input_gradient=True)
    steps = tuple(replace(step, sums=None) for step in lesson.steps)
    asked, known = links(replace(lesson, steps=steps, own=steps)), links(lesson)
    for step in lesson.steps:
        for full in np.ndindex(lesson.carry_out(lesson.start)[step.name].shape):
            cell = step.quantity.layout.shown_cell(full)
            assert {*asked.made_of(step.name, *cell)} == {*known.made_of(step.name, *cell)}
            assert asked.goes_on_to(step.name, *cell) == known.goes_on_to(step.name, *cell)


def test_a_mistaken_step_does_not_say_what_it_reads() -> None:
    found = links(cnnstep.mistaken("first-filter", "uphill-update"))
    assert found.made_of("update", 0, 0) == ()
    assert ("update", (0, 0)) not in found.goes_on_to("gradient", 0, 0)
    assert ("delta", (0, 0)) in found.made_of("gradient", 0, 0)
    assert found.to_dict()["steps"][-1] == {"name": "update"}


def test_what_is_given_is_made_of_nothing_and_what_is_not_there_is_refused() -> None:
    found = links(lesson_of(cnnstep.scenario("first-filter")))
    assert found.made_of("input", 2, 2) == ()
    assert found.goes_on_to("update", 0, 0) == ()
    for name, cell in (("input", (3, 0)), ("forward", (0,)), ("nope", (0, 0))):
        with pytest.raises(InputError):
            found.made_of(name, *cell)
        with pytest.raises(InputError):
            found.goes_on_to(name, *cell)
    with pytest.raises(InputError, match="a lesson or a scenario is needed"):
        links("first-filter")  # type: ignore[arg-type]
