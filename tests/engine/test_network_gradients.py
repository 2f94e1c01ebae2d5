"""The third route to every gradient of a network: nudge one number and look at the loss."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given

from cnnstep.engine.build import network
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv, input_gradient, input_gradient_by_correlation
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.scenario import OUTPUT_MINUS_TARGET, TARGET_MINUS_OUTPUT, Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import trace
from tests.engine.network_strategies import network_keys, networks
from tests.engine.strategies import SEEDS
from tests.engine.test_gradients import NUDGE, STENCIL, nudged
from tests.examples import examples

AT_MOST = 8
"""So many numbers of each array are nudged; which ones, chance decides."""
SIDES = (-2, -1, 0, 1, 2)


def gradient_names(lesson: Lesson) -> dict[str, str]:
    """Each trained leaf, and the input, with the step that holds its gradient."""
    names = {"input": f"{lesson.scenario.names[0]}.input_gradient"}
    for leaf in lesson.leaves:
        layer, _, part = leaf.name.partition(".")
        if part in ("weights", "bias"):
            names[leaf.name] = f"{layer}.{'gradient' if part == 'weights' else 'bias_gradient'}"
    return names


def stays_away(distances: Sequence[Array]) -> bool:
    """Whether a distance that starts on one side of 0 stays there, on the way between the places too.

    It does where it does not change at all, and where it is always larger than its longest stride.
    """
    stacked = np.stack(distances)
    strides = np.max([np.abs(b - a) for a, b in pairwise(distances)], axis=0)
    same_side = (np.sign(stacked) == np.sign(stacked[0])).all(axis=0)
    return bool(((strides == 0) | (same_side & (np.abs(stacked).min(axis=0) > strides))).all())


def leads_of_the_winner(step: Step, images: Sequence[Array]) -> list[Array]:
    """How far each window's winner (at the middle place) is ahead of each other number of its window."""
    assert isinstance(step.part, MaxPool)
    views = [step.part.window.views(image, -np.inf) for image in images]
    flat = [view.reshape(*view.shape[:4], -1) for view in views]
    winner = flat[len(flat) // 2].argmax(axis=-1)[..., None]
    with np.errstate(invalid="ignore"):
        leads = [np.take_along_axis(view, winner, -1) - view for view in flat]
    return [np.where(np.isinf(lead), 1e9, lead) for lead in leads]  # the rim never wins


def crosses(lesson: Lesson, places: Sequence[Values]) -> bool:
    """Whether anything passes a kink or a pooling window changes its winner between these places.

    Elu counts as kinked at 0 even where its slope does not jump: its curvature does, which fourth order needs.
    """
    for step in lesson.steps:
        at = [values[step.inputs[0].name] for values in places]
        if isinstance(step.part, ActivationLayer) and step.word == "activation":
            phi = step.part.phi
            for kink in {*phi.kinks, 0.0} if phi.name == "elu" else phi.kinks:
                if not stays_away([z - kink for z in at]):
                    return True
        if isinstance(step.part, MaxPool) and step.word == "pool" and not stays_away(leads_of_the_winner(step, at)):
            return True
    return False


def checkable(lesson: Lesson, seed: int) -> Iterator[tuple[str, Cell, float]]:
    """Numbers whose nudges cross nothing, with ∂L/∂ of each from four losses."""
    random = np.random.default_rng(seed)
    for name in gradient_names(lesson):
        shape = lesson.start[name].shape
        size = int(np.prod(shape))
        for flat in random.choice(size, min(AT_MOST, size), replace=False):
            cell = tuple(int(i) for i in np.unravel_index(flat, shape))
            places = [lesson.carry_out(nudged(lesson, name, cell, k * NUDGE)) for k in SIDES]
            if not crosses(lesson, places):
                loss = dict(zip(SIDES, (lesson.loss(values) for values in places), strict=True))
                yield name, cell, sum(weight * loss[k] for k, weight in STENCIL.items()) / NUDGE


@given(networks(smooth=True), SEEDS)
@examples(120)
def test_every_gradient_of_a_network_agrees_with_finite_differences(scenario: Scenario, seed: int) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    names = gradient_names(lesson)
    for name, cell, numerical in checkable(lesson, seed):
        gradient = scenario.sign * values[names[name]]
        # what four losses of size L, each right to some 1e-16 of it or of 1, leave uncertain in their difference over h
        rounding = 4e-15 * (1 + lesson.loss(values)) / NUDGE
        allowed = 1e-6 * np.abs(gradient).max() + rounding
        assert abs(numerical - gradient[cell]) <= allowed, (name, cell)


def test_where_nothing_is_kinked_no_number_is_left_unchecked() -> None:
    layers: list[dict[str, Any]] = [
        {"type": "conv", "weights": {"init": "normal", "filters": 2, "size": 2}, "bias": 0.5},
        {"type": "tanh"},
        {"type": "average_pool", "size": 2, "stride": 1},
        {"type": "flatten"},
        {"type": "dense", "weights": {"init": "normal", "outputs": 3}, "bias": 0},
        {"type": "softmax"},
    ]
    keys = {"layers": layers, "target": {"class": 0}, "loss": "cross_entropy", "learning_rate": 1}
    lesson = lesson_of(network(input=[[1, 2, 0], [0, 1, 3], [1, 1, 0]], **keys), input_gradient=True)  # type: ignore[arg-type]
    assert len(list(checkable(lesson, 0))) == sum(min(AT_MOST, lesson.start[n].size) for n in gradient_names(lesson))


def pooled(image: object, *before: dict[str, object]) -> Lesson:
    layers: list[dict[str, Any]] = [*before, {"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2}]
    return lesson_of(network(input=image, layers=layers, target=[[0]], learning_rate=1), input_gradient=True)


def found(lesson: Lesson) -> set[tuple[str, Cell]]:
    return {(name, cell) for name, cell, _ in checkable(lesson, 0)}


def test_a_tie_is_left_out_for_the_numbers_that_break_it_and_kept_for_those_that_move_it_as_a_whole() -> None:
    tied = found(pooled([[1, 3], [3, 2]]))
    # the weight moves both 3s by the same amount; each of the two inputs would break the tie; 1 and 2 stay below it
    assert {cell for name, cell in tied if name == "input"} == {(0, 0, 0, 0), (0, 0, 1, 1)}
    assert ("conv1.weights", (0, 0, 0, 0)) in tied


def test_a_tie_of_dead_cells_that_no_nudge_moves_is_kept() -> None:
    dead = found(pooled([[-1, -3], [-3, -2]], {"type": "relu"}))
    assert len([cell for name, cell in dead if name == "input"]) == 4


def test_a_number_at_a_kink_is_left_out() -> None:
    at_kink = found(pooled([[0, 3], [1, 2]], {"type": "relu"}))
    assert ("input", (0, 0, 0, 0)) not in at_kink
    assert ("input", (0, 0, 0, 1)) in at_kink


@given(networks())
@examples(80)
def test_every_convolutions_input_gradient_is_scattered_and_correlated_to_the_same(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    for step in lesson.called("input_gradient"):
        assert isinstance(step.part, Conv)
        signal, weights = (values[quantity.name] for quantity in step.inputs)
        size = values[step.name].shape[2], values[step.name].shape[3]
        ways = [
            way(signal, weights, size, step.part.geometry) for way in (input_gradient, input_gradient_by_correlation)
        ]
        for way in ways:
            np.testing.assert_allclose(way, values[step.name], rtol=1e-12, atol=1e-12 * np.abs(way).max())


@given(networks("sgd"))
@examples(80)
def test_softmax_goes_back_through_its_whole_jacobian(scenario: Scenario) -> None:
    lesson = lesson_of(scenario, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    for step in lesson.called("softmax_gradient"):
        upstream, p = values[step.inputs[0].name], values[f"{step.layer}.forward"]
        full = [row @ (np.diag(shares) - np.outer(shares, shares)) for row, shares in zip(upstream, p, strict=True)]
        np.testing.assert_allclose(full, values[step.name], rtol=1e-9, atol=1e-12)


def test_the_short_form_of_softmax_with_cross_entropy_is_its_jacobian_worked_out() -> None:
    layers = [{"type": "flatten"}, {"type": "softmax"}]
    keys = {"layers": layers, "loss": "cross_entropy", "learning_rate": 1}
    scenario = network(input=[[1, -2, 0.5]], target=[0.25, 0, 0.75], **keys)  # type: ignore[arg-type]
    lesson = lesson_of(scenario, input_gradient=True)
    values = lesson.carry_out(lesson.start)
    p = values["softmax1.forward"][0]
    jacobian = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose((-scenario.targets[0] / p) @ jacobian, p - scenario.targets[0], rtol=1e-12)
    np.testing.assert_array_equal(values["softmax1.input_gradient"][0], p - scenario.targets[0])


@given(network_keys())
@examples(60)
def test_the_other_sign_of_the_error_mirrors_a_networks_gradients_and_trains_the_very_same_weights(
    keys: dict[str, object],
) -> None:
    usual, mirrored = (
        trace(lesson_of(network(**(keys | {"error": sign})), input_gradient=True), 3)  # type: ignore[arg-type]
        for sign in (OUTPUT_MINUS_TARGET, TARGET_MINUS_OUTPUT)
    )
    for one, other in zip(usual, mirrored, strict=True):
        assert one.loss == other.loss
        for step in one.lesson.steps:
            backward = step.name == "error" or step.name.endswith("gradient")
            expected = -other.values[step.name] if backward else other.values[step.name]
            if "moment" not in step.name and "velocity" not in step.name:
                np.testing.assert_array_equal(expected, one.values[step.name], step.name)
