"""Exercises on the learning rate: what it does to the error, how large it may be, and what it does to a ReLU.

Each answer comes from a formula and is then proved by running the descent.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import isclose

import numpy as np

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import patch_matrix
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration, trace
from cnnstep.tutor.document import Beside, Block, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.exercises.drawing import SIZES, SQUARE, Draw, Sizes, variant
from cnnstep.tutor.practice.questions.fit import are_short
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion, NumberQuestion, Offered, WrongNumber, so_it_is
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.present import planes
from cnnstep.tutor.typed import EXACT
from cnnstep.tutor.why import PART

WATCHED = 5
"""How many iterations are followed to see what the error does."""


def _first(scenario: Scenario) -> Iteration:
    return first_iteration(lesson_of(scenario))


def sheet(iteration: Iteration, *names: str) -> Block:
    """These matrices next to each other."""
    blocks: list[Block] = []
    for name in names:
        quantity = iteration.lesson.quantity(name)
        blocks += planes(quantity, iteration.matrix(name), title=_title(quantity))
    return Beside(tuple(blocks))


def _title(quantity: Quantity) -> str:
    return f"{quantity.name.replace('_', ' ').capitalize()} {quantity.symbol}"


def _squares(numbers: Array) -> str:
    """`1² + (-2)²`."""
    return " + ".join(f"{AS_USUAL.factor(float(number))}²" for number in numbers.ravel())


COURSES = (
    "it shrinks, and keeps its sign",
    "it shrinks, and changes its sign each time",
    "it is 0 after one update",
    "it grows, and changes its sign each time",
)
WHEN = (
    "For that 1 − ηλ has to be between 0 and 1.",
    "For that 1 − ηλ has to be between −1 and 0.",
    "For that 1 − ηλ has to be 0.",
    "For that 1 − ηλ has to be below −1.",
)
LAMBDA = "λ is the sum of the squares of X: λ = ΣX². Each update multiplies the error by 1 − ηλ."
SIMPLE_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5)
"""One to choose from for each course of the error, whatever the input."""
TRIES = 300
FASTEST = 4
"""An error that grows by more at each step is told at a glance."""


def _course(factor: float) -> int:
    """Which of the courses an error takes that is multiplied by this at every step; 0 for none of them."""
    if abs(factor) < EXACT:
        return 3
    return 1 if 0 < factor < 1 else 2 if -1 < factor < 0 else 4 if -FASTEST <= factor < -1 else 0


def _course_seen(errors: tuple[float, ...]) -> int:
    """Which of the courses these errors took; 0 for none of them, or where they took several."""
    seen = {_course(after / before) for before, after in pairwise(errors) if abs(before) > EXACT}
    return seen.pop() if len(seen) == 1 else 0


def _taking(draw: Draw, course: int) -> tuple[Array, float] | None:
    """An input and a rate at which the error takes this course, which is chosen before the numbers: so each is as
    often right as another; None where so many draws gave none.
    """
    for _ in range(TRIES):
        size = draw.pick((1, 2), (2, 1), (1, 3)) if draw.level < 3 else draw.pick((2, 2), (2, 3))
        image = draw.integers(*size)
        if rates := [rate for rate in SIMPLE_RATES if _course(1 - rate * float((image**2).sum())) == course]:
            return image, draw.pick(*rates)
    return None


@variant("learning-rate", "what-the-error-does")
def _what_the_error_does(draw: Draw) -> Question:
    """One output and no activation: the error is multiplied by 1 − ηλ in every iteration."""
    right, text = draw.pick(1, 2, 3, 4), AS_USUAL.text
    found = _taking(draw, right)
    image, rate = found or (draw.integers(1, 2), 0.1)
    steep, sizes = float((image**2).sum()), (image.shape, image.shape)
    scenario = draw.lesson(input=image, sizes=sizes, activation="linear", learning_rate=rate)
    iterations = tuple(trace(scenario, WATCHED))
    errors = tuple(float(one.values["error"].item()) for one in iterations)
    given = f"One output, no activation, loss ½e², plain gradient descent with η = {text(rate)}."
    hints = (
        (Paragraph("Look at the input: how far the output moves depends on its numbers and on η alone."),),
        (
            Paragraph(
                "An update takes η·e·X from W, so the output moves by −η·e·ΣX². The error is multiplied by 1 − η·ΣX²."
            ),
        ),
        (
            Paragraph(f"ΣX² = {_squares(image)} = {text(steep)}, and 1 − η·ΣX² = {text(1 - rate * steep)}."),
            Table(("iteration", "error"), tuple((str(n), e) for n, e in enumerate(errors))),
            so_it_is(right),
        ),
    )
    return ChoiceQuestion(
        (
            Paragraph(f"{given} {LAMBDA}" if draw.level == 1 else given),
            sheet(iterations[0], "input", "filter", "target", "error"),
        ),
        "What does the error do from one update to the next?",
        tuple(Offered(course, (Paragraph(when),)) for course, when in zip(COURSES, WHEN, strict=True)),
        right,
        hints,
        proved=errors[0] != 0 and found is not None and _course_seen(errors) == right,
    )


BELOW = (0.01, 0.1, 0.5, 0.9, 0.99, 0.9999)
ABOVE = (1.0001, 1.01, 1.1, 1.5, 2.0, 5.0, 50.0)
"""Parts and multiples of the answer: below it the error has to get smaller at each, above it at none."""


@variant("learning-rate", "stable-rate")
def _largest_stable_rate(draw: Draw) -> Question:
    """One cell is active, so that λ is the sum of its patch's squares, and the error gets smaller below 2/λ."""
    now = _first(draw.lesson(sizes=draw.size(SQUARE if draw.level == 1 else SIZES)))
    conv, z = now.lesson.scenario.conv, now.values["forward"]
    matrix, active = patch_matrix(now.lesson.scenario.inputs, conv.window, conv.geometry), (z > 0).reshape(-1)
    patch = matrix[active].reshape(-1)[: matrix.shape[1]]
    steep, size, text = float((patch**2).sum()), float(abs(patch).sum()), AS_USUAL.text
    usable = int(active.sum()) == 1 and steep > 1 and bool((z != 0).all()) and size > 0
    if not usable:
        steep = size = 2.0
    right = 2 / steep
    cell = tuple(int(i) for i in np.argwhere(z > 0)[0]) if usable else (0,) * z.ndim
    worked = f"λ = {_squares(patch)} = {text(steep)}, and 2/λ = 2/{text(steep)} = {text(right)}."
    hints = (
        _the_active_cell(now, cell),
        (Paragraph("A step multiplies that cell's error by 1 − ηλ. That has to lie between −1 and 1."),),
        (Paragraph(worked), so_it_is(right)),
    )
    wrong = (
        WrongNumber(1 / steep, "That is 1/λ: it brings the error to 0 in one step. Twice as much is still stable."),
        WrongNumber(steep, "That is λ, how steeply the loss bends. The rate is 2 divided by it."),
        WrongNumber(2 / size, "You added up the patch's numbers. λ is the sum of their squares."),
    )
    return NumberQuestion(
        (
            Paragraph(
                "Loss ½Σe², plain gradient descent. One cell is active (z > 0). λ is the sum of the squares of its "
                "patch of X, and a step of rate η multiplies its error by 1 − ηλ."
            ),
            sheet(now, "input", "filter", "target", "forward"),
        ),
        "Below which learning rate does a step make the active cell's error smaller?",
        right,
        hints,
        wrong,
        proved=usable and _is_the_limit(now, cell, right),
    )


def _the_active_cell(now: Iteration, cell: Cell) -> tuple[Block, ...]:
    """Where to look: z with the cell marked."""
    z = now.lesson.quantity("forward")
    here = {z.layout.shown_cell(cell): PART}
    words = f"Look at the marked cell: {z.label(cell)} alone is above 0. Find its patch of X."
    return (Paragraph(words), *planes(z, now.matrix("forward"), here, title=_title(z)))


def _is_the_limit(now: Iteration, cell: Cell, limit: float) -> bool:
    """Whether one step at a rate below the limit makes the cell's error smaller, and at none above it.

    A ReLU can cut an error off: then it gets no larger, whatever the rate, and there is no limit to ask for.
    """
    before = abs(float(now.values["error"][cell]))

    def shrinks(rate: float) -> bool:
        after = _first(replace(now.lesson.scenario, learning_rate=rate)).next()
        return abs(float(after.values["error"][cell])) < before

    return all(shrinks(limit * part) for part in BELOW) and not any(shrinks(limit * part) for part in ABOVE)


STATES = (
    "every cell is inactive, and an error is left: nothing will move any more",
    "a cell is active, and the loss is 0",
    "a cell is active, and the loss is smaller, but not 0",
    "a cell is active, and the loss is larger",
)
SMALL: dict[int, tuple[Sizes, ...]] = {1: (((1, 3), (1, 2)), ((3, 1), (2, 1))), 2: (((2, 3), (2, 2)), ((3, 2), (2, 2)))}
"""An input's and a filter's size by level: two outputs."""
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)


def _state(now: Iteration) -> int:
    """Which of the states one update leads to; 0 for none of them, and where a z is exactly at the ReLU's kink."""
    after = now.next()
    z, loss = after.values["forward"], now.loss_after
    if (np.abs(z) < EXACT).any() or isclose(loss, now.loss):
        return 0
    if not (z > 0).any():
        return 1 if loss > EXACT else 0
    return 2 if loss < EXACT else 3 if loss < now.loss else 4


def _led_to(draw: Draw, state: int) -> Iteration | None:
    """An iteration whose update leads to this state; None where so many draws gave none.

    The state is chosen before the numbers: so each is as often right as another.
    """
    for _ in range(TRIES):
        drawn = draw.lesson(sizes=draw.pick(*SMALL[min(draw.level, 2)]))
        every = [_first(replace(drawn, learning_rate=rate)) for rate in STEPS]
        z = every[0].values["forward"]
        fitting = [one for one in every if _state(one) == state and are_short(one.next().values["forward"])]
        if fitting and (z > 0).any() and (z != 0).all() and every[0].loss > 0:
            found: Iteration = draw.pick(*fitting)
            return found
    return None


@variant("learning-rate", "after-an-update")
def _after_the_update(draw: Draw) -> Question:
    """Whether one update leaves every cell inactive, or a loss that is 0, smaller or larger."""
    right = draw.pick(1, 2, 3, 4)
    found = _led_to(draw, right)
    now = found or _first(draw.lesson())
    after, text = now.next(), AS_USUAL.text
    states = "Every z is below 0" if right == 1 else "A z is above 0"
    came_out = f"{states}, and the loss went from {text(now.loss)} to {text(now.loss_after)}."
    hints = (
        (Paragraph("Make the update, then lay the new filter on each patch: which outputs are positive?"),),
        (Paragraph("Where every z is below 0, every gradient is 0, and the loss stays as it is."),),
        (
            sheet(now, "update"),
            *planes(after.lesson.quantity("forward"), after.matrix("forward"), title="z after it"),
            Paragraph(came_out),
            so_it_is(right),
        ),
    )
    reply = (
        Paragraph("Make the update and lay the new filter on each patch: look at the signs of z, then at the loss."),
    )
    return ChoiceQuestion(
        (
            Paragraph(f"ReLU, loss ½Σe². One update is made: W ← W − η·∂L/∂W, η = {_rate(now)}."),
            sheet(now, "input", "filter", "target", "forward", "gradient"),
        ),
        "What holds after this update?",
        tuple(Offered(state, reply) for state in STATES),
        right,
        hints,
        proved=found is not None,
    )


def _rate(iteration: Iteration) -> str:
    return AS_USUAL.text(iteration.lesson.scenario.learning_rate)
