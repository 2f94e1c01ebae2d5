"""Made exercises are worked by hand in minutes, show something, and say all that has to be known."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstep.tutor.document import Paragraph
from cnnstep.tutor.practice.questions.effort import are_short, shows_something
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import some
from tests.tutor.practice.learners import asked, drawn, texts

STEPS = [skill for skill in SKILLS if skill not in ("learning-rate", "spotting")]


@pytest.mark.parametrize("skill", STEPS)
def test_an_exercise_has_no_long_numbers_and_few_products(skill: str) -> None:
    for seed in range(3, 3 + some(6)):
        question = asked(skill, 1 + seed % 3, seed)
        smooth = question.scenario.layers[1].phi.name == "sigmoid"  # type: ignore[attr-defined]
        for step in question.shown:
            assert smooth or are_short(question.iteration.values[step.name])
        cells = [question.cell] if question.cell else [*np.ndindex(*question.right.shape)]
        layout = question.step.quantity.layout
        workings = [question.step.working(question.iteration.values, layout.full_cell(cell)) for cell in cells]
        assert sum(term.value != 0 for working in workings for term in working.terms) <= 36
        assert question.right.any()


def test_two_digits_before_the_point_and_two_after_it_are_short() -> None:
    assert are_short(np.array([99.0, -99.0, 0.25, 0.0]))
    assert not are_short(np.array([1.0, 100.0]))
    assert not are_short(np.array([1.0, 0.125]))


def test_zeros_alone_or_one_number_over_and_over_show_nothing() -> None:
    assert not shows_something(np.zeros((2, 2)))
    assert not shows_something(np.full((2, 2), 3.0))
    assert not shows_something(np.array(0.0))
    assert shows_something(np.array(3.0))
    assert shows_something(np.array([0.0, 3.0]))


@pytest.mark.parametrize(
    ("skill", "seed", "fact"),
    [
        ("stride-padding", 0, "The filter moves by 2 cells (stride 2)."),
        ("stride-padding", 1, "Around X lies a rim of zeros, 1 wide (padding 1)."),
        ("activation", 1, "leaky_relu(z) = z if z > 0, else 0."),
        ("delta", 1, "leaky_relu′(z) = 1 if z > 0, else 0."),
        ("delta", 2, "sigmoid′(z) = a·(1 − a)."),
        ("pooling", 0, "The windows are 2×2 and move by 2."),
        ("pooling", 1, "The windows are 2×2 and move by 1."),
        ("channels", 1, "channel after channel"),
    ],
)
def test_what_the_matrices_do_not_show_is_said(skill: str, seed: int, fact: str) -> None:
    assert fact in " ".join(texts(drawn(skill, 2, seed).asked()))


def test_what_a_relu_does_is_for_the_learner_to_know() -> None:
    assert "relu(z)" not in " ".join(texts(drawn("activation", 2, 0).asked())).replace("a = relu(z)", "")


def test_a_second_hint_says_how_a_step_is_carried_out() -> None:
    for skill, seed, words in (
        ("activation", 0, "a positive one goes on as it is, any other becomes 0"),
        ("delta", 0, "Where z is positive the error passes"),
        ("delta", 1, "the error times the slope there"),
        ("forward", 1, "Then add b, once."),
        ("pooling", 0, "The cell that won its window"),
        ("pooling", 1, "Where windows overlap, the shares add up."),
    ):
        question = drawn(skill, 2, seed)
        told = [block.text for block in question.hint(2, None, None) if isinstance(block, Paragraph)]  # type: ignore[arg-type]
        assert any(words in one for one in told), (skill, seed, told)
