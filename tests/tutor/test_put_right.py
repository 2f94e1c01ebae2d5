"""The arithmetic that a diagnosis ends with: every line, read as it is printed, comes to the number it says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.check.put_right import put_right, put_right_cell
from cnnstep.tutor.document import Formula, Sum
from cnnstep.tutor.mistakes import StepContext
from cnnstep.tutor.numbers import Numbers

FULL = Numbers(precision=12)
SMALL = [one.name for one in shipped() if scenario(one.name).inputs.size <= 100]


def case(name: str, step: str) -> StepContext:
    lesson = lesson_of(scenario(name), input_gradient=True)
    return StepContext(lesson, lesson.step(step), first_iteration(lesson).values)


def line(name: str, step: str, times: float = 1.0) -> str:
    one = case(name, step)
    block = put_right(one, times, (0,) * one.right.ndim, Numbers())
    assert isinstance(block, Formula)
    return block.text


@pytest.mark.parametrize(
    ("name", "step", "said"),
    [
        ("first-filter", "forward", "z[0,0] = 1·1 + (-1)·(-1) + 0·1 + 1·1 = 3"),
        ("first-filter", "activation", "relu([[3,0],[-2,1]]) = [[3,0],[0,1]]"),
        ("first-filter", "error", "[[3,0],[0,1]] − [[1,0],[0,1]] = [[2,0],[0,0]]"),
        ("first-filter", "delta", "[[2,0],[0,0]] ⊙ [[1,0],[0,1]] = [[2,0],[0,0]]"),
        ("first-filter", "gradient", "∂L/∂W[0,0] = 2·1 + 0·(-1) + 0·0 + 0·1 = 2"),
        ("first-filter", "update", "[[1,-1],[1,1]] − 0.5·[[2,-2],[0,2]] = [[0,0],[1,0]]"),
        ("target-minus-output", "error", "[[1,0],[0,1]] − [[3,0],[0,1]] = [[-2,0],[0,0]]"),
        ("target-minus-output", "update", "[[1,-1],[1,1]] + 0.5·[[-2,2],[0,-2]] = [[0,0],[1,0]]"),
        ("momentum", "velocity", "0.8·[[0,0],[0,0]] + [[1,-4],[1,4]] = [[1,-4],[1,4]]"),
        ("bias", "bias_gradient", "∂L/∂b = (-2) + (-5) + 1 + (-2) = -8"),
        ("bias", "bias_update", "(-1) − 0.2·(-8) = 0.6"),
        ("smallest-network", "flatten1.forward", "v4[0] = p3[0,0,0] = 2"),
        ("pooling", "relu1.forward", "a2[0,0,0] = relu(-2) = 0"),
        ("pooling", "max_pool1.input_gradient", "∂L/∂a2[0,0,0] = 0"),
    ],
)
def test_a_step_fits_in_a_line(name: str, step: str, said: str) -> None:
    assert line(name, step) == said


def test_what_a_convention_multiplies_by_stands_before_it() -> None:
    assert line("first-filter", "error", 2.0) == "2·([[3,0],[0,1]] − [[1,0],[0,1]]) = [[4,0],[0,0]]"
    assert line("first-filter", "delta", -1.0) == "−[[2,0],[0,0]] ⊙ [[1,0],[0,1]] = [[-2,0],[0,0]]"
    assert line("first-filter", "gradient", -0.5) == "∂L/∂W[0,0] = -0.5·(2·1 + 0·(-1) + 0·0 + 0·1) = -1"


@pytest.mark.parametrize("times", [1.0, 2.0, -0.25])
@pytest.mark.parametrize("name", SMALL)
def test_every_line_comes_to_what_it_says_and_that_is_the_engines_number(name: str, times: float) -> None:
    lesson = lesson_of(scenario(name), input_gradient=True)
    values = first_iteration(lesson).values
    for step in lesson.steps:
        one = StepContext(lesson, step, values)
        right = times * one.right
        for cell in list(np.ndindex(*right.shape))[:: max(1, right.size // 5)]:
            for block in (put_right(one, times, cell, FULL), put_right_cell(one, times, cell, FULL)):
                if isinstance(block, Sum):
                    assert step.word == "pool" or block.total == pytest.approx(right[cell])
                    continue
                assert isinstance(block, Formula)
                *_, said, total = block.text.split(" = ")
                expected = step.quantity.layout.show(right) if total.startswith("[") else right[cell]
                assert np.allclose(evaluated(total), expected, atol=1e-9), block.text
                if not re.search(r"[^\W\d]", said.replace("e-", "").replace("e+", "")):  # a name is no arithmetic
                    assert np.allclose(evaluated(said), expected, rtol=1e-6, atol=1e-9), block.text


def evaluated(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The line as arithmetic: sums of products of numbers and matrices."""
    matrix = r"\[+[-\d.,e+ ]*(?:\]+, ?\[+[-\d.,e+ ]*)*\]+"  # rows, one after another
    python = re.sub(matrix, lambda found: f"np.array({found[0]})", text).replace("·", "*").replace("⊙", "*")
    return np.array(eval(python.replace("−", "-"), {"np": np}))  # what the program itself has printed
