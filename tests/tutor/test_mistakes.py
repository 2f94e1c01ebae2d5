"""Every mistake is an entry that changes something, shows on its scenario, and has words for all four uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pytest

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.errors import InputError
from cnnstep.surface.loading import load, shipped
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.document import Command, Heading, Matrix, Paragraph
from cnnstep.tutor.mistakes import MISTAKES, StepContext, carry_out, mistaken
from cnnstep.tutor.mistakes.comparison import comparison_document
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.record import record
from cnnstep.tutor.topics import explanation
from tests.tutor.blocks import blocks_of
from tests.tutor.occasions import OCCASIONS
from tests.tutor.questions import random_scenario

CODES = list(MISTAKES)
MOST_CELLS = 200
ONE_LAYER = [
    "flipped-filter",
    "transposed-filter",
    "bias-forgotten",
    "bias-per-product",
    "stride-ignored",
    "padding-ignored",
    "channels-summed-first",
    "activation-skipped",
    "absolute-activation",
    "error-from-pre-activation",
    "squared-error",
    "absolute-error",
    "slope-forgotten",
    "slope-at-output",
    "mask-not-strict",
    "mask-inverted",
    "mask-on-error",
    "mask-alone",
    "slope-twice",
    "delta-flipped",
    "gradient-rotated",
    "gradient-transposed",
    "delta-transposed",
    "delta-as-gradient",
    "one-number-for-all",
    "filter-scaled",
    "first-patch-only",
    "last-patch-only",
    "output-for-input",
    "filter-not-rotated",
    "valid-not-full",
    "overwritten-not-added",
    "bias-gradient-averaged",
    "bias-gradient-not-summed",
    "uphill-update",
    "rate-forgotten",
    "rate-twice",
    "old-filter-forgotten",
    "rounded-to-integers",
    "updated-too-early",
    "gradients-not-reset",
    "not-updated",
    "rounded-down",
    "relu-for-another",
    "slope-of-z",
    "slope-without-error",
    "error-as-delta-used",
    "first-channel-only",
    "same-for-every-channel",
    "channels-exchanged",
    "filters-exchanged",
    "matrix-product",
    "weights-as-delta",
    "filter-as-gradient",
    "bias-value-as-gradient",
    "loss-scalar-for-all",
    "averaged-over-batch",
    "averaged-twice",
    "one-sample-only",
    "one-filter-sent-back",
    "padding-kept",
    "one-sided-difference",
    "nudge-too-large",
]

OF_AN_OPTIMIZER = [
    "velocity-forgotten",
    "old-velocity",
    "momentum-not-multiplied",
    "averaged-velocity",
    "nesterov-as-momentum",
    "adam-uncorrected",
    "adam-root-forgotten",
    "adam-squared-forgotten",
    "adam-average-forgotten",
    "adam-step-off-by-one",
]

NETWORK = [
    "pool-tie-copied",
    "pool-tie-shared",
    "pool-upstream-forgotten",
    "softmax-slope-forgotten",
    "pool-spread",
    "pool-average-not-divided",
    "softmax-diagonal-only",
    "softmax-slope-twice",
]


def changed(code: str, scenario: str) -> list[tuple[Array, Array]]:
    """The wrong and the right matrix of every step in which the mistake changes something there."""
    lesson = lesson_of(load(scenario).scenario, input_gradient=True)
    first = first_iteration(lesson)
    values: Mapping[str, Array] = first.values
    if MISTAKES[code].remembers:
        left = {f"{s.name}_before": first.values[s.name] for s in lesson.steps if s.is_gradient}
        values = {**first.next().values, **left}
    pairs = []
    for step in lesson.steps:
        if MISTAKES[code].fits(lesson, step):
            right = as_shown(step, step.compute(values))
            for result in carry_out(StepContext(lesson, step, values), MISTAKES[code])[:1]:
                wrong = as_shown(step, result)
                if wrong.shape != right.shape or not np.allclose(wrong, right):
                    pairs.append((wrong, right))
    return pairs


def test_every_mistake_is_there_under_its_code() -> None:
    assert sorted(ONE_LAYER + OF_AN_OPTIMIZER + NETWORK) == sorted(CODES)


def lessons() -> Iterator[Lesson]:
    """The shipped scenarios that fit on a page; the first one with each activation, the other sign, another loss."""
    for scenario in (load(one.name).scenario for one in shipped()):
        if scenario.inputs.size < MOST_CELLS:
            yield lesson_of(scenario, input_gradient=True)
    keys = load("first-filter").scenario.data() | {"bias": 1}
    for phi in ACTIVATIONS:
        yield lesson_of(one_filter(**keys | {"activation": phi, "error": "target_minus_output"}), input_gradient=True)
    yield lesson_of(one_filter(**keys | {"activation": "sigmoid", "loss": "binary_cross_entropy"}))


LESSONS = list(lessons())


def settings(code: str) -> list[tuple[Lesson, Step]]:
    """All steps of these lessons that the mistake can be made in."""
    return [(lesson, step) for lesson in LESSONS for step in MISTAKES[code].occasions(lesson)]


@pytest.mark.parametrize("code", CODES)
def test_a_mistake_says_what_why_and_how_in_whole_sentences(code: str) -> None:
    assert MISTAKES[code].title.startswith(("you ", "your ", "overlapping "))
    assert settings(code), "some scenario gives occasion for it"
    for lesson, step in settings(code):
        for text in MISTAKES[code].words(lesson, step):
            assert text[0].isupper() or text[0] in "∂δφas1" or text.startswith((step.formula, step.symbol))
            assert text.endswith((".", ")"))
            assert "  " not in text


def activations_named(text: str) -> set[str]:
    """The activations that a text speaks of, by their keys."""
    return {name for name in ACTIVATIONS if name != "linear" and re.search(rf"\b{name}\b", text, re.IGNORECASE)}


@pytest.mark.parametrize("code", sorted(set(CODES) - {"relu-for-another"}))
def test_nobody_is_told_of_an_activation_that_is_not_there(code: str) -> None:
    for lesson, step in settings(code):
        there = {layer.kind for layer in lesson.scenario.layers}
        own = {step.part.phi.name} if isinstance(step.part, ActivationLayer) else there
        assert activations_named(" ".join(MISTAKES[code].words(lesson, step))) <= own


@pytest.mark.parametrize("code", CODES)
def test_the_named_scenario_shows_the_mistake_in_more_than_one_number(code: str) -> None:
    pairs = changed(code, MISTAKES[code].shown_on)
    assert any(
        wrong.shape != right.shape or right.size == 1 or (~np.isclose(wrong, right)).sum() > 1 for wrong, right in pairs
    )


@pytest.mark.parametrize("code", CODES)
def test_explain_shows_the_wrong_numbers_beside_the_right_ones(code: str) -> None:
    page = explanation(code, lambda name: load(name).scenario, "", AS_USUAL)
    shown = [block.rows for block in blocks_of(page) if isinstance(block, Matrix)]
    (wrong, right), *_ = changed(code, MISTAKES[code].shown_on)
    first = wrong.reshape(-1, wrong.shape[-1]) if wrong.ndim else wrong.reshape(1, 1)
    assert tuple(float(v) for v in first[0]) in [row for rows in shown for row in rows]
    assert right.shape is not None


OF_ANOTHER_SIZE = {
    *("stride-ignored", "padding-ignored", "valid-not-full", "bias-gradient-not-summed", "output-for-input"),
}
"""What these give fits nowhere after it, so a run with them is refused."""


@pytest.mark.parametrize("code", sorted(set(CODES) - OF_ANOTHER_SIZE))
def test_a_run_with_the_mistake_shows_the_step_where_it_begins_and_another_end(code: str) -> None:
    lesson = lesson_of(load(MISTAKES[code].shown_on).scenario, input_gradient=True)
    wrong, right = (record(trace(one, 3)) for one in (mistaken(lesson, MISTAKES[code]), lesson))
    page = comparison_document(wrong, right, MISTAKES[code], MISTAKES[code].shown_on, AS_USUAL)
    (heading,) = [block.text for block in page if isinstance(block, Heading) and block.level == 2]
    begins = MISTAKES[code].remembers and code != "old-velocity"  # at first that is 0, and nothing moves
    assert heading.startswith(f"Iteration {int(begins)}, ")
    step = lesson.step(heading.split(", ")[1].replace(" ", "_"))
    assert MISTAKES[code].fits(lesson, step)


def test_a_mistake_about_memory_says_that_one_iteration_is_too_few() -> None:
    lesson = lesson_of(load("momentum").scenario)
    wrong, right = (record(trace(one, 1)) for one in (mistaken(lesson, MISTAKES["velocity-forgotten"]), lesson))
    page = comparison_document(wrong, right, MISTAKES["velocity-forgotten"], "momentum", AS_USUAL)
    assert "it can't show before iteration 1" in " ".join(b.text for b in page if isinstance(b, Paragraph))


def test_where_a_mistake_can_not_be_made_a_run_says_so_and_where_it_can() -> None:
    lesson = lesson_of(load("first-filter").scenario)
    wrong, right = (record(trace(one, 2)) for one in (mistaken(lesson, MISTAKES["adam-uncorrected"]), lesson))
    page = comparison_document(wrong, right, MISTAKES["adam-uncorrected"], "first-filter", AS_USUAL)
    assert [block.command for block in page if isinstance(block, Command)] == [
        "cnnstep run adam --mistake adam-uncorrected"
    ]


def changes(scenario: Scenario, code: str) -> list[tuple[str, object]]:
    """The steps that a mistake changes in a question, and every way in which it does."""
    lesson = lesson_of(scenario, input_gradient=True)
    first = first_iteration(lesson)
    before = {f"{s.name}_before": first.values[s.name] for s in lesson.steps if s.is_gradient}
    values, found = {**first.next().values, **before}, []
    for step in MISTAKES[code].occasions(lesson):
        for way in carry_out(StepContext(lesson, step, values), MISTAKES[code]):
            if way.shape != values[step.name].shape or not np.allclose(way, values[step.name]):
                found.append((step.name, np.round(way, 9).tolist()))
    return found


def test_no_two_entries_are_the_same_on_every_question() -> None:
    alike = set(combinations(CODES, 2))
    for seed in range(30):
        for kind in {OCCASIONS.get(code, random_scenario) for code in CODES}:
            question = kind(np.random.default_rng(seed))
            made = {code: changes(question, code) for code in {code for pair in alike for code in pair}}
            alike = {(one, other) for one, other in alike if made[one] == made[other]}
    assert alike == set()


FIRST = {
    "flipped-filter": [[1 * 1 + -1 * 1 + 0 * -1 + 1 * 1, -2], [0, 3]],
    "transposed-filter": [[1 * 1 + -1 * 1 + 0 * -1 + 1 * 1, -2], [0, 3]],
    "activation-skipped": [[3, 0], [-2, 1]],
    "absolute-activation": [[3, 0], [2, 1]],
    "error-from-pre-activation": [[3 - 1, 0], [-2 - 0, 1 - 1]],
    "squared-error": [[2**2, 0], [0, 0]],
    "mask-alone": [[1, 0], [0, 1]],
    "mask-inverted": [[0, 0], [0, 0]],
    "delta-as-gradient": [[2, 0], [0, 0]],
    "delta-flipped": [[2 * 1, 2 * 0], [2 * -1, 2 * 1]],
    "gradient-rotated": [[2, 0], [-2, 2]],
    "gradient-transposed": [[2, 0], [-2, 2]],
    "filter-scaled": [[2 * 1, 2 * -1], [2 * 1, 2 * 1]],
    "one-number-for-all": [[2 * 3, 2 * 3], [2 * 3, 2 * 3]],
    "last-patch-only": [[0, 0], [0, 0]],
    "uphill-update": [[1 + 0.5 * 2, -1 - 0.5 * 2], [1 + 0.5 * 0, 1 + 0.5 * 2]],
    "rate-forgotten": [[1 - 2, -1 + 2], [1 - 0, 1 - 2]],
    "rate-twice": [[1 - 0.25 * 2, -1 + 0.25 * 2], [1, 1 - 0.25 * 2]],
    "old-filter-forgotten": [[-0.5 * 2, 0.5 * 2], [0, -0.5 * 2]],
}


@pytest.mark.parametrize("code", FIRST)
def test_first_filter_done_wrongly_by_hand(code: str) -> None:
    lesson = lesson_of(load("first-filter").scenario)
    step = next(step for step in lesson.steps if step.word in MISTAKES[code].alterations)
    (result, *_) = carry_out(StepContext(lesson, step, first_iteration(lesson).values), MISTAKES[code])
    assert as_shown(step, result).tolist() == FIRST[code]


def test_the_sum_of_an_input_gradient_sent_through_an_unturned_filter_is_right() -> None:
    pairs = changed("filter-not-rotated", "first-filter")
    assert [wrong.sum() for wrong, _ in pairs] == [right.sum() for _, right in pairs]


def test_walking_uphill_makes_the_loss_grow_at_every_learning_rate() -> None:
    for rate in (0.5, 0.1, 0.001):
        scenario = load("first-filter").scenario.data() | {"learning_rate": rate}
        wrong = mistaken(lesson_of(one_filter(**scenario)), MISTAKES["uphill-update"])
        losses = [iteration.loss for iteration in trace(wrong, 4)]
        assert losses == sorted(losses)
        assert losses[0] < losses[-1]


def test_uphill_on_the_first_filter_goes_from_2_to_14_5_to_155_125() -> None:
    wrong = mistaken(lesson_of(load("first-filter").scenario), MISTAKES["uphill-update"])
    assert [iteration.loss for iteration in trace(wrong, 3)] == [2, 14.5, 155.125]


def test_a_mistake_with_another_size_stops_a_run_and_says_so() -> None:
    wrong = mistaken(lesson_of(load("stride").scenario), MISTAKES["stride-ignored"])
    with pytest.raises(InputError, match="stride-ignored gives matrices of another size"):
        first_iteration(wrong)


def test_gradients_that_are_not_reset_add_up() -> None:
    right = first_iteration(lesson_of(load("first-filter").scenario))
    wrong = first_iteration(mistaken(right.lesson, MISTAKES["gradients-not-reset"]))
    assert np.array_equal(wrong.values["gradient"], right.values["gradient"])
    assert np.array_equal(wrong.next().values["gradient"], right.values["gradient"] + right.next().values["gradient"])


def test_two_mistakes_in_one_step_are_made_together_where_only_one_replaces_the_working() -> None:
    lesson = lesson_of(load("first-filter").scenario)
    case = StepContext(lesson, lesson.step("gradient"), first_iteration(lesson).values)
    (both,) = carry_out(case, MISTAKES["delta-flipped"], MISTAKES["gradient-rotated"])
    (flipped,) = carry_out(case, MISTAKES["delta-flipped"])
    assert np.array_equal(both, flipped[..., ::-1, ::-1])
    assert carry_out(case, MISTAKES["delta-as-gradient"], MISTAKES["filter-scaled"]) == ()
