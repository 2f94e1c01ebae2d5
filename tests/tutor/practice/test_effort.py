"""Made exercises are worked by hand in minutes, show something, and say all that has to be known."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Beside, Block, Document, Heading, Matrix, Paragraph
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.questions.fit import MOST_CELLS, MOST_TERMS, are_short, shows_something, terms
from cnnstep.tutor.practice.session import Practice, begin, prompt, shown
from cnnstep.tutor.practice.skills import SKILLS
from tests.examples import SHARE
from tests.tutor.practice.kinds import KINDS, STEPS, asked, draws, made, of_kind
from tests.tutor.practice.learners import texts

LINES = 24
SMOOTH = {("delta", "sigmoid"), ("softmax", "probabilities"), ("softmax", "gradient")}


@pytest.mark.parametrize(("skill", "variant"), [kind for kind in KINDS if kind[0] in STEPS])
def test_an_exercise_has_no_long_numbers_and_few_products(skill: str, variant: str) -> None:
    for one in draws(skill, variant, 6):
        question = asked(one.question)
        values = question.iteration.values
        assert (skill, variant) in SMOOTH or all(are_short(values[step.name]) for step in question.before)
        assert question.right.size <= MOST_CELLS[one.level] or question.cell is not None
        if question.cell is None and (skill, variant) not in SMOOTH:
            assert terms(question.iteration, question.worked) <= MOST_TERMS[one.level]
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


@pytest.mark.parametrize(("skill", "variant"), KINDS)
def test_at_level_1_an_exercise_and_its_prompt_stand_on_one_screen(skill: str, variant: str) -> None:
    for number in range(6):
        practice = Practice((), PracticeOptions(skill), of_kind(skill, variant, 1, number))
        head = begin((), PracticeOptions(skill, 1, practice.exercise.seed))[1].blocks
        lines = render(Document(head, AS_USUAL), Screen(io.StringIO(), io.StringIO())).splitlines()
        assert len(lines) + 2 <= LINES, "\n".join([*lines, prompt(practice)])  # a blank line after it, and the prompt


@pytest.mark.parametrize(("skill", "variant"), KINDS)
def test_what_is_to_be_done_stands_right_above_how_to_answer(skill: str, variant: str) -> None:
    practice = Practice((), PracticeOptions(skill), of_kind(skill, variant, 1, 0))
    *_, task, how = shown(practice)
    assert isinstance(task, Heading)
    assert task.text == practice.exercise.question.task
    assert isinstance(how, Paragraph)
    assert "hint" in how.text


@pytest.mark.parametrize(
    ("skill", "variant", "fact"),
    [
        ("stride-padding", "stride", "The filter moves by 2 cells (stride 2)."),
        ("stride-padding", "padding", "Around X lies a rim of zeros, 1 wide (padding 1)."),
        ("activation", "leaky_relu", "leaky_relu(z) = z if z > 0, else 0."),
        ("delta", "leaky_relu", "leaky_relu′(z) = 1 if z > 0, else 0."),
        ("delta", "sigmoid", "sigmoid′(z) = a·(1 − a)."),
        ("pooling", "max-pooling", "The windows are 2×2 and move by 2."),
        ("pooling", "back-through-max-pooling", "Of equal numbers in a window the first in reading order wins."),
        ("dense", "forward", "b2, the bias, is added once to each output, each its own."),
        ("softmax", "probabilities", "e^"),
        ("update", "decimals", "The learning rate η is 0.1."),
        ("learning-rate", "stable-rate", "λ is the sum of the squares of its patch"),
    ],
)
def test_what_the_matrices_do_not_show_is_said(skill: str, variant: str, fact: str) -> None:
    assert fact in " ".join(texts(of_kind(skill, variant, 2, 0).question.asked()))


def test_lambda_is_explained_before_a_rate_below_two_over_it_is_asked_for() -> None:
    first = made("learning-rate", 1, 0)
    assert first.variant == "what-the-error-does"
    assert "λ is the sum of the squares of X" in " ".join(texts(first.question.asked()))
    assert SKILLS["learning-rate"].variants.index("stable-rate") == 1


def test_pooling_is_practised_forward_before_it_is_practised_back() -> None:
    back = [variant.startswith("back") for variant in SKILLS["pooling"].variants]
    assert back == [False, False, True, True]


def test_the_slope_at_a_kink_is_said_where_a_z_is_exactly_there() -> None:
    at_kink = set()
    for one in draws("delta", "relu", 12):
        question = asked(one.question)
        zero = bool((question.iteration.matrix("forward") == 0).any())
        told = "Here relu′(0) = 0." in " ".join(texts(question.asked()))
        assert told == zero
        at_kink.add(zero)
    assert at_kink == {True, False} if SHARE == 1 else False in at_kink  # a share may have no kink among them


def test_what_a_relu_does_is_for_the_learner_to_know() -> None:
    told = " ".join(texts(of_kind("activation", "relu", 2, 0).question.asked()))
    assert "relu(z) = max" not in told


def titles(blocks: tuple[Block, ...]) -> list[str]:
    found = []
    for block in blocks:
        if isinstance(block, Beside):
            found += titles(block.blocks)
        elif isinstance(block, Matrix):
            found.append(block.title)
    return found


class TestOperands:
    def test_what_the_answer_is_made_of_is_shown_and_nothing_else(self) -> None:
        assert titles(made("delta", 1, 0).question.asked()) == ["Forward pass z", "Error e"]
        assert titles(made("gradient", 1, 0).question.asked()) == ["Input X", "Delta δ"]
        assert titles(made("error", 1, 0).question.asked()) == ["Target t", "Activation a"]

    def test_where_a_step_is_hidden_what_it_is_made_of_is_shown(self) -> None:
        assert titles(made("gradient", 3, 0).question.asked()) == ["Input X", "Forward pass z", "Error e"]

    def test_with_everything_it_comes_first_and_is_named_as_what_is_needed(self) -> None:
        blocks = made("delta", 1, 0).question.asked(everything=True)
        told = texts(blocks)
        assert told[1:] == ["What you need:", "The rest of the lesson up to here:"]
        assert titles(blocks)[:2] == ["Forward pass z", "Error e"]
        assert set(titles(blocks)[2:]) == {"Input X", "Target t", "Filter W", "Activation a"}


def marked(blocks: tuple[Block, ...]) -> int:
    return sum(
        marked(block.blocks) if isinstance(block, Beside) else len(block.marks) if isinstance(block, Matrix) else 0
        for block in blocks
    )


@pytest.mark.parametrize(("skill", "variant"), KINDS)
def test_a_hint_that_speaks_of_marked_cells_marks_them(skill: str, variant: str) -> None:
    for one in draws(skill, variant, 6):
        question = one.question
        cells = [tuple(cell) for cell in np.ndindex(*question.shape)] if question.shape else [None]
        for focus in cells:
            blocks = question.hint(1, focus, AS_USUAL)
            speaks = re.search(r"\bmarked\b", " ".join(texts(blocks)))
            assert bool(speaks) == bool(marked(blocks)), (one, focus)


def test_a_second_hint_says_how_a_step_is_carried_out() -> None:
    for skill, variant, words in (
        ("activation", "relu", "a positive one goes on as it is, any other becomes 0"),
        ("delta", "relu", "Where z is positive the error passes"),
        ("delta", "leaky_relu", "the error times the slope there"),
        ("forward", "with-a-bias", "Then add the bias, once."),
        ("pooling", "max-pooling", "Of each window the largest number goes on."),
        ("pooling", "average-pooling", "their sum, divided by how many they are"),
        ("pooling", "back-through-max-pooling", "The cell that won its window"),
        ("pooling", "back-through-average-pooling", "Where windows overlap, the shares add up."),
        ("dense", "gradient", "the answer has a row for each output"),
        ("softmax", "gradient", "each probability, less 1 at the right class"),
    ):
        question = of_kind(skill, variant, 2, 0).question
        assert words in " ".join(texts(question.hint(2, None, AS_USUAL))), (skill, variant)


@pytest.mark.parametrize(("skill", "variant"), [("delta", "sigmoid"), ("delta", "leaky_relu"), ("softmax", "gradient")])
def test_nobody_is_told_of_a_relu_who_has_none(skill: str, variant: str) -> None:
    for one in draws(skill, variant, 6):
        question = one.question
        told = texts(question.asked())
        told += [text for number in (1, 2, 3) for text in texts(question.hint(number, None, AS_USUAL))]
        for wrong in question.wrongs():
            if wrong.code != "relu-for-another":  # whoever took a ReLU for it is told of a ReLU
                told += [wrong.words, *texts(question.mark(wrong.text, AS_USUAL).blocks)]
        for text in told:
            assert not re.search(r"\brelu\b", text.lower()), text
