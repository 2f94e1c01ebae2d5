"""A recorded run that goes by blocks is the one that goes step by step, to the last bit of every step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.engine.build import one_filter
from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import outcome
from cnnstep.engine.trace import Descent, Iteration, Trail, first_iteration, goes_in_blocks, trace
from cnnstep.surface.loading import scenario
from tests.engine.strategies import scenario_keys, scenarios
from tests.engine.test_first_filter_run import first_filter
from tests.examples import examples

SQUARES = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
SLOW, JUMPING, RUNAWAY = 0.01, 0.3, 30.0


@st.composite
def descents(draw: st.DrawFn) -> Scenario:
    """One filter under ReLU or no activation, of any geometry, batch, bias, squared loss, sign and fate."""
    keys = draw(scenario_keys(("sgd",)))
    keys |= {"filter": keys["filter"][:1], "bias": None if keys["bias"] is None else keys["bias"][:1]}
    if "samples" in keys:
        keys["samples"] = [{**pair, "target": pair["target"][:1]} for pair in keys["samples"]]
    else:
        keys["target"] = keys["target"][:1]
    kind = {"activation": draw(st.sampled_from(("relu", "linear"))), "relu_slope_at_zero": 0}
    rate = {"learning_rate": draw(st.sampled_from((SLOW, JUMPING, RUNAWAY)))}
    return one_filter(**{**keys, **kind, **rate, "loss": draw(st.sampled_from(SQUARES))})


def step_by_step(lesson: Lesson, iterations: int) -> Iterator[Iteration]:
    iteration = first_iteration(lesson)
    for _ in range(iterations):
        yield iteration
        iteration = iteration.next()


def blocks(lesson: Lesson) -> bool:
    return goes_in_blocks(lesson, lesson.start)


def same_values(ours: Values, theirs: Values) -> None:
    assert list(ours) == list(theirs)
    for name, array in theirs.items():
        assert isinstance(ours[name], np.ndarray)
        assert (ours[name].shape, ours[name].dtype) == (array.shape, array.dtype)
        assert not ours[name].flags.writeable
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def same(ours: Iteration, theirs: Iteration) -> None:
    same_values(ours.values, theirs.values)
    same_values(ours.following, theirs.following)
    for loss in ("loss", "loss_after", "first_loss"):
        np.testing.assert_array_equal(getattr(ours, loss), getattr(theirs, loss), err_msg=loss)  # NaN is NaN
    assert type(ours.loss) is type(ours.loss_after) is float
    assert ours.number == theirs.number


@examples(150)
@given(of=descents())
def test_every_number_of_a_block_is_the_one_that_the_steps_give(of: Scenario) -> None:
    lesson = lesson_of(of)
    assert blocks(lesson)
    for ours, theirs in zip(trace(lesson, 60), step_by_step(lesson, 60), strict=True):
        same(ours, theirs)


@examples(100)
@given(of=descents())
def test_a_network_of_these_two_layers_goes_by_the_same_blocks(of: Scenario) -> None:
    lesson = lesson_of(replace(of, names=("conv1", "phi1")))
    assert blocks(lesson)
    for ours, theirs in zip(trace(lesson, 60), step_by_step(lesson, 60), strict=True):
        same(ours, theirs)


@examples(100)
@given(of=scenarios())
def test_over_all_the_registries_a_trace_is_what_its_iterations_lead_to(of: Scenario) -> None:
    lesson = lesson_of(of)
    for ours, theirs in zip(trace(lesson, 12), step_by_step(lesson, 12), strict=True):
        same(ours, theirs)


@pytest.mark.parametrize("name", ["first-filter", "first-filter-slow"])
def test_the_first_lessons_long_run_is_the_same_in_its_findings_and_its_outcome(name: str) -> None:
    ours, theirs = list(trace(scenario(name), 300)), list(step_by_step(lesson_of(scenario(name)), 300))
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine.loss, findings(mine)) == (other.loss, findings(other))
    ends = [outcome(run[0], run[-1]) for run in (ours, theirs)]
    assert ends[0].status == ends[1].status
    np.testing.assert_array_equal(ends[0].matrix("filter"), ends[1].matrix("filter"))


def test_a_run_that_runs_away_overflows_without_a_warning_where_it_did() -> None:
    of = small(activation="linear", learning_rate=1e200)
    ours, theirs = list(trace(of, 20)), list(step_by_step(lesson_of(of), 20))
    assert not np.isfinite(ours[-1].loss)
    for mine, other in zip(ours, theirs, strict=True):
        same(mine, other)
        assert [f.code for f in findings(mine)] == [f.code for f in findings(other)]


def test_any_number_inside_a_block_can_be_worked_out() -> None:
    iteration = next(islice(trace(first_filter(0.1)), 20, None))
    for step in iteration.lesson.steps:
        for cell, number in np.ndenumerate(iteration.matrix(step.name)):
            assert iteration.working(step.name, *cell).value == pytest.approx(number, rel=1e-12, abs=1e-15)


def test_an_iteration_of_a_block_leads_on_to_the_next_one() -> None:
    before, after = islice(trace(first_filter(0.1)), 20, 22)
    same(before.next(), after)


@pytest.fixture
def lengths(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many iterations each block has that is made."""
    made: list[int] = []
    right = Descent.trail

    def counted(self: Descent, weights: Array, rate: float, iterations: int) -> Trail:
        made.append(iterations)
        return right(self, weights, rate, iterations)

    monkeypatch.setattr(Descent, "trail", counted)
    return made


@pytest.mark.parametrize(
    ("iterations", "expected"),
    [(0, []), (1, []), (2, [1]), (257, [256]), (258, [256, 1]), (600, [256, 256, 599 - 512])],
)
def test_blocks_are_long_and_none_goes_beyond_what_was_asked_for(
    iterations: int, expected: list[int], lengths: list[int]
) -> None:
    assert [one.number for one in trace(first_filter(0.1), iterations)] == list(range(iterations))
    assert lengths == expected


def test_where_nobody_says_how_many_are_wanted_blocks_grow(lengths: list[int]) -> None:
    endless = trace(first_filter(0.1))
    assert next(endless).number == 0
    assert lengths == []
    assert [one.number for one in islice(endless, 9)] == list(range(1, 10))
    assert lengths == [8, 32]
    assert [one.number for one in islice(endless, 800)] == list(range(10, 810))
    assert lengths == [8, 32, 128, 256, 256, 256]


def test_the_blocks_of_a_larger_layer_are_shorter(lengths: list[int]) -> None:
    # X 32·32; W, its gradient and the new one 3·9; t, z, a, e and δ 5·30·30; the iteration's number: 5,552 in all
    assert len(list(trace(square(32), 30))) == 30
    assert lengths == [2**16 // 5552, 11, 29 - 22]


def square(size: int) -> Scenario:
    random = np.random.default_rng(1)
    target = random.normal(size=(size - 2, size - 2))
    return small(input=random.normal(size=(size, size)), filter=random.normal(size=(3, 3)), target=target)


def small(**keys: Any) -> Scenario:
    usual = {"input": [[1, 2]], "filter": [[1]], "target": [[0, 1]], "activation": "relu", "learning_rate": 0.01}
    return one_filter(**{**usual, **keys})


@pytest.mark.parametrize(
    "keys",
    [
        {"activation": "sigmoid"},
        {"optimizer": "momentum"},
        {"relu_slope_at_zero": 1},
        {"loss": "binary_cross_entropy", "activation": "sigmoid"},
        {"filter": [[[[1]]], [[[2]]]], "target": [[[0, 1]], [[1, 0]]]},
    ],
)
def test_what_has_no_short_way_goes_step_by_step(keys: dict[str, Any]) -> None:
    assert blocks(lesson_of(small()))
    assert not blocks(lesson_of(small(**keys)))


def test_a_batch_whose_samples_lie_side_by_side_goes_step_by_step() -> None:
    def batch(samples: int) -> Lesson:
        pairs = [{"input": [[1, 2]], "target": [[0, 1]]}] * samples
        return lesson_of(one_filter(samples=pairs, filter=[[1]], activation="relu", learning_rate=0.01))

    assert blocks(batch(15))
    assert not blocks(batch(16))


def test_networks_large_layers_and_lessons_with_more_steps_go_step_by_step() -> None:
    assert not blocks(lesson_of(scenario("smallest-network")))
    assert not blocks(lesson_of(square(66)))
    assert not blocks(lesson_of(small(), input_gradient=True))


def test_a_lesson_with_another_step_than_its_own_is_carried_out_by_that_step() -> None:
    lesson = lesson_of(first_filter(0.1))
    uphill = replace(lesson.step("update"), compute=lambda values: values["filter"] + 0.1 * values["gradient"])
    wrong = replace(lesson, steps=(*lesson.steps[:-1], uphill))
    *_, last = trace(wrong, 5)
    assert last.loss_after > last.loss > last.first_loss
