"""Exercises on the learning rate: how large it may be, what it does to the error, and what it does to a ReLU."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.engine.analysis.curvature import curvature
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import patch_matrix
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration, trace
from cnnstep.tutor.document import Beside, Block, Heading, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.exercises.drawing import Draw
from cnnstep.tutor.practice.exercises.variant import variant
from cnnstep.tutor.practice.questions.effort import are_short
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion, NumberQuestion, Option, so_it_is
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.typed import EXACT

WATCHED = 5
"""So many iterations are followed to see what the error does."""


def _first(scenario: Scenario) -> Iteration:
    return first_iteration(lesson_of(scenario))


def _sheet(iteration: Iteration, *steps: str) -> Block:
    """What is given, and these steps, next to each other."""
    shown = [*given(iteration), *(iteration.lesson.step(name).quantity for name in steps)]
    titles = [f"{one.name.replace('_', ' ').capitalize()} {one.symbol}" for one in shown]
    pairs = zip(shown, titles, strict=True)
    return Beside(tuple(block for q, title in pairs for block in planes(q, iteration.matrix(q.name), title=title)))


@variant("learning-rate")
def _largest_stable_rate(draw: Draw) -> Question:
    """One cell is active, so that λmax is the sum of its patch's squares."""
    iteration = _first(draw.lesson())
    conv = iteration.lesson.scenario.conv
    matrix = patch_matrix(iteration.lesson.scenario.inputs, conv.window, conv.geometry)
    bend = curvature(iteration, matrix)
    patch = matrix[bend.active.reshape(-1)].reshape(-1)[: matrix.shape[1]]
    steep, size = float((patch**2).sum()), float(abs(patch).sum())
    usable = int(bend.active.sum()) == 1 and steep > 1 and bend.stable is not None
    right = bend.stable if bend.stable is not None and usable else 1.0
    squares = " + ".join(f"{AS_USUAL.factor(float(p))}²" for p in patch)
    text = AS_USUAL.text
    question = (
        Heading("Learning rate", note="stable while η < 2/λmax"),
        Paragraph(
            "One cell is active; the others are dead. With a loss of ½Σe², below which learning rate does a step of "
            "plain gradient descent make the error of that cell smaller?"
        ),
        _sheet(iteration, "forward"),
    )
    hints = (
        (Paragraph("Look at the one cell where z is positive, and at the patch of X that the filter lay on there."),),
        (
            Paragraph(
                "One step multiplies that cell's error by 1 − η·λ, where λ is the sum of the squares of its patch."
            ),
        ),
        (Paragraph(f"λ = {squares} = {text(steep)}, and 2/λ = 2/{text(steep)} = {text(right)}."), so_it_is(right)),
    )
    wrong = (
        (right / 2, "That is 1/λ: the rate that brings the error to 0 in one step. Twice as much is still stable."),
        (steep, "That is λ, how steeply the loss bends. The rate is 2 divided by it."),
        (2 / size if size else 0.0, "You added up the patch's numbers. λ is the sum of their squares."),
    )
    return NumberQuestion(question, right, hints, wrong if usable else ((right, ""),))


COURSES = (
    "it comes down to 0 without changing its sign",
    "it comes down to 0, with another sign each time",
    "it grows, with another sign each time",
)


SIMPLE_RATES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.4, 0.5)
"""One to choose from for each course of the error, whatever the input."""
FASTEST = 4
"""An error that grows by more at each step is told at a glance."""


def _course(factor: float) -> int:
    """Which of the courses an error takes that is multiplied by this at every step; 0 for none of them."""
    return 1 if 0 < factor < 1 else 2 if -1 < factor < 0 else 3 if -FASTEST <= factor < -1 else 0


@variant("learning-rate")
def _what_the_error_does(draw: Draw) -> Question:
    """One output and no activation: the error is multiplied by 1 − ηλ in every iteration."""
    rows, columns = draw.pick((1, 2), (2, 1), (1, 3)) if draw.level < 3 else draw.pick((2, 2), (2, 3))
    image, right = draw.integers(rows, columns), draw.pick(1, 2, 3)
    steep, text = float((image**2).sum()), AS_USUAL.text
    rates = [rate for rate in SIMPLE_RATES if _course(1 - rate * steep) == right]
    rate = draw.pick(*rates) if rates else 0.1
    factor = 1 - rate * steep
    sizes = ((rows, columns), (rows, columns))
    scenario = draw.lesson(input=image, sizes=sizes, activation="linear", learning_rate=rate)
    iterations = tuple(trace(scenario, WATCHED))
    errors = [float(one.values["error"].item()) for one in iterations]
    words = (
        "For that 1 − ηλ has to be between 0 and 1.",
        "For that 1 − ηλ has to be between −1 and 0.",
        "For that 1 − ηλ has to be below −1.",
    )
    question = (
        Heading("Learning rate", note="e after = (1 − ηλ)·e"),
        Paragraph(f"One output, no activation, η = {text(rate)}. What does the error do from one update to the next?"),
        _sheet(iterations[0], "error"),
    )
    squares = " + ".join(f"{AS_USUAL.factor(float(x))}²" for x in scenario.inputs.ravel())
    table = Table(("iteration", "error"), tuple((str(n), e) for n, e in enumerate(errors)))
    hints = (
        (Paragraph("Look at the input: how far the output moves depends on its numbers and on η alone."),),
        (
            Paragraph(
                "An update takes η·e·X from W, so the output moves by η·e·ΣX². The error is multiplied by 1 − η·ΣX²."
            ),
        ),
        (Paragraph(f"ΣX² = {squares} = {text(steep)}, and 1 − η·ΣX² = {text(factor)}."), table, so_it_is(right)),
    )
    options = tuple(Option(course, (Paragraph(why),)) for course, why in zip(COURSES, words, strict=True))
    return ChoiceQuestion(question, options, right, hints, errors[0] != 0 and bool(rates))


STATES = (
    "every cell is dead: nothing can move any more",
    "a cell is active, and the loss is smaller",
    "a cell is active, and the loss is larger",
)


SMALL = {1: (((2, 3), (2, 2)), ((3, 2), (2, 2))), 2: (((2, 4), (2, 2)), ((4, 2), (2, 2)))}
"""An input's and a filter's size by level: two outputs, and three."""
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)


def _state(now: Iteration) -> int:
    """Which of the states one update leads to; 0 for none of them."""
    if not (now.next().values["forward"] > EXACT).any():
        return 1
    gained = now.loss_after - now.loss
    return 0 if abs(gained) < EXACT else 2 if gained < 0 else 3


@variant("learning-rate")
def _after_the_update(draw: Draw) -> Question:
    """Whether one update kills every cell, or leaves a smaller or a larger loss."""
    drawn = draw.lesson(sizes=draw.pick(*SMALL[min(draw.level, 2)]))
    every = [_first(replace(drawn, learning_rate=rate)) for rate in STEPS]
    right = draw.pick(1, 2, 3)
    fitting = [one for one in every if _state(one) == right and are_short(one.next().values["forward"])]
    now = draw.pick(*fitting) if fitting else every[0]
    after, text = now.next(), AS_USUAL.text
    states = "Every z is 0 or less" if right == 1 else "A z is positive"
    found = f"{states}, and the loss went from {text(now.loss)} to {text(now.loss_after)}."
    question = (
        Heading("Learning rate", note="W ← W − η·∂L/∂W"),
        Paragraph(f"η = {text(now.lesson.scenario.learning_rate)}. What holds after this update?"),
        _sheet(now, "forward", "gradient"),
    )
    hints = (
        (Paragraph("Make the update, then lay the new filter on each patch: which outputs are positive?"),),
        (Paragraph("A cell with z ≤ 0 is dead. Where all are, every gradient is 0 and the loss stays as it is."),),
        (
            _sheet(now, "update"),
            *planes(after.lesson.quantity("forward"), after.matrix("forward"), title="z after it"),
            Paragraph(found),
            so_it_is(right),
        ),
    )
    reply = (
        Paragraph("Make the update and lay the new filter on each patch: look at the signs of z, then at the loss."),
    )
    alive = bool((now.values["forward"] > 0).any()) and now.loss > 0
    options = tuple(Option(state, reply) for state in STATES)
    return ChoiceQuestion(question, options, right, hints, apart=alive and bool(fitting))
