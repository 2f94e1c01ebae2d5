"""The third route to every gradient: nudge one number and look at the loss."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import assume, given

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell, frozen
from cnnstep.engine.scenario import OUTPUT_MINUS_TARGET, TARGET_MINUS_OUTPUT, Scenario
from cnnstep.engine.trace import trace
from tests.engine.strategies import SEEDS, moved_off_the_kinks, scenario_keys, scenarios
from tests.examples import examples

GRADIENTS = {"filter": "gradient", "bias": "bias_gradient", "input": "input_gradient"}
NUDGE = 5e-4
STENCIL = {-2: 1 / 12, -1: -8 / 12, 1: 8 / 12, 2: -1 / 12}
"""Central differences of fourth order: the error is h⁴·L⁗′/30, which a steep sigmoid brings to 1e-6 at worst."""


def nudged(lesson: Lesson, name: str, cell: Cell, by: float) -> dict[str, Array]:
    """The leaves with one number changed."""
    array = lesson.start[name].copy()
    array[cell] += by
    return {**lesson.start, name: frozen(array)}


def crosses_a_kink(lesson: Lesson, name: str, cell: Cell) -> bool:
    """Whether any pre-activation touches or passes a kink between the outermost nudges: there L has no slope there.

    z is linear in each single number, so its two ends say everything about the way between them. Elu counts as
    kinked at 0 even where its slope does not jump: its curvature does, which fourth order needs.
    """
    phi = lesson.scenario.activation
    kinks = {*phi.kinks, 0.0} if phi.name == "elu" else phi.kinks
    forward = lesson.step("forward")
    ends = [forward.compute(nudged(lesson, name, cell, side * 2 * NUDGE)) for side in (-1, 1)]
    moving = ends[0] != ends[1]
    low, high = np.minimum(*ends), np.maximum(*ends)
    return any(bool((moving & (low <= kink) & (kink <= high)).any()) for kink in kinks)


def loss_at(lesson: Lesson, begin: dict[str, Array]) -> float:
    return lesson.scenario.loss.value(lesson.output_of(begin), begin["target"])


def numerical(lesson: Lesson, name: str, cell: Cell) -> float:
    """∂L/∂ of one number, from four losses."""
    sides = STENCIL.items()
    return sum(weight * loss_at(lesson, nudged(lesson, name, cell, k * NUDGE)) for k, weight in sides) / NUDGE


def checkable(lesson: Lesson) -> Iterator[tuple[str, Cell]]:
    """Every trained number and every input number whose nudges stay on one side of all kinks."""
    for name in GRADIENTS:
        for cell in np.ndindex(*lesson.start[name].shape) if name in lesson.start else ():
            if not crosses_a_kink(lesson, name, cell):
                yield name, cell


@given(scenarios(), SEEDS)
@examples(120)
def test_every_gradient_agrees_with_finite_differences(scenario: Scenario, seed: int) -> None:
    scenario = moved_off_the_kinks(scenario, seed)
    lesson = lesson_of(scenario, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    loss = lesson.loss(values)
    for name, cell in checkable(lesson):
        gradient = scenario.sign * values[GRADIENTS[name]]
        # what four losses of size L, each right to 1e-16, leave uncertain in their difference over h
        rounding = 1e-15 * loss / NUDGE
        allowed = 4e-6 * np.abs(gradient).max() + rounding
        assert abs(numerical(lesson, name, cell) - gradient[cell]) <= allowed, (name, cell)


@given(scenarios(), SEEDS)
@examples(60)
def test_where_no_cell_is_near_a_kink_no_number_is_left_unchecked(scenario: Scenario, seed: int) -> None:
    lesson = lesson_of(moved_off_the_kinks(scenario, seed), input_gradient=True)
    numbers = sum(lesson.start[name].size for name in GRADIENTS if name in lesson.start)
    assume(np.abs(lesson.step("forward").compute(lesson.start)).min() > 0.05)
    assert numbers == len(list(checkable(lesson)))


def test_a_weight_whose_nudge_would_cross_a_kink_is_found() -> None:
    keys = {"input": [[1, 0]], "target": [[0, 0]], "activation": "relu", "learning_rate": 1}
    at_kink, beside = (lesson_of(one_filter(filter=[[w]], **keys)) for w in (0, 0.1))  # type: ignore[arg-type]
    assert crosses_a_kink(at_kink, "filter", (0, 0, 0, 0))
    assert not crosses_a_kink(beside, "filter", (0, 0, 0, 0))


@given(scenario_keys())
@examples(60)
def test_the_other_sign_of_the_error_mirrors_every_gradient_and_trains_the_very_same_weights(
    keys: dict[str, object],
) -> None:
    usual, mirrored = (
        trace(lesson_of(one_filter(**(keys | {"error": sign})), input_gradient=True), 4)  # type: ignore[arg-type]
        for sign in (OUTPUT_MINUS_TARGET, TARGET_MINUS_OUTPUT)
    )
    for one, other in zip(usual, mirrored, strict=True):
        for name in ("error", "delta", *GRADIENTS.values()):
            if name in one.values:
                np.testing.assert_array_equal(one.values[name], -other.values[name])
        for name in ("forward", "activation", "update", *(["bias_update"] if "bias" in one.values else [])):
            np.testing.assert_array_equal(one.values[name], other.values[name])
        assert one.loss == other.loss


@given(scenarios("sgd"), SEEDS)
@examples(100)
def test_one_small_step_along_the_update_lowers_the_loss(scenario: Scenario, seed: int) -> None:
    lesson = lesson_of(moved_off_the_kinks(scenario, seed))
    values = lesson.carry_out(lesson.start)
    trained = [name for name in ("filter", "bias") if name in lesson.start]
    length = float(np.sqrt(sum(np.square(values[GRADIENTS[name]]).sum() for name in trained)))
    assume(length > 1e-3)
    shorter = 1e-4 / max(1.0, length) / scenario.learning_rate
    step = {name: values[name] + shorter * (values[dict(lesson.carried)[name]] - values[name]) for name in trained}
    following = {**lesson.start, **step}
    before, after = (lesson.step("forward").compute(at) for at in (lesson.start, following))
    assume(not any(((before > kink) != (after > kink)).any() for kink in scenario.activation.kinks))
    assert loss_at(lesson, following) < lesson.loss(values)
