"""The exercises on one filter's steps: what is drawn, and what is asked."""

from __future__ import annotations

from cnnstep.engine.quantity import Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.practice.exercises.drawing import SIX_CELLS, SQUARE, THREE_OUTPUTS, Draw, variant
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion

LARGE = 4
OF_A_BATCH = ("averaged-over-batch", "averaged-twice", "one-sample-only")
"""What a batch is there to show; the other mistakes in a gradient show with one sample."""


@variant("forward", "one-output")
def _one_output(draw: Draw) -> Question:
    scenario = draw.lesson()
    return StepQuestion(scenario, "forward", _any_cell(draw, scenario))


def _any_cell(draw: Draw, scenario: Scenario) -> Cell:
    rows, columns = scenario.targets.shape[-2:]
    return int(draw.random.integers(rows)), int(draw.random.integers(columns))


@variant("forward", "all-outputs")
def _all_outputs(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=draw.size(SQUARE)), "forward")


@variant("forward", "with-a-bias")
def _with_a_bias(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(bias=True), "forward")


@variant("activation", "relu")
def _through_relu(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=SIX_CELLS), "activation", hidden=draw.from_level(2, "forward"))


@variant("activation", "leaky_relu")
def _through_leaky_relu(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=SIX_CELLS, activation=_leaky(draw)), "activation")


@variant("error", "error")
def _errors(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=SIX_CELLS), "error", hidden=draw.from_level(2, "activation"))


@variant("delta", "relu")
def _delta_of_relu(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=SIX_CELLS), "delta", hidden=draw.from_level(3, "error"))


@variant("delta", "leaky_relu")
def _delta_of_leaky_relu(draw: Draw) -> Question:
    lesson = draw.lesson(sizes=SIX_CELLS, activation=_leaky(draw))
    return StepQuestion(lesson, "delta", hidden=draw.from_level(3, "error"))


@variant("delta", "sigmoid")
def _delta_of_sigmoid(draw: Draw) -> Question:
    rows, columns = draw.pick((1, 2), (2, 1))
    lesson = draw.lesson(
        sizes=((rows + 1, columns + 1), (2, 2)),
        activation="sigmoid",
        target=draw.integers(rows, columns, low=0, high=1),
    )
    return StepQuestion(lesson, "delta")


def _leaky(draw: Draw) -> dict[str, str | float]:
    return {"name": "leaky_relu", "slope": float(draw.pick(0.5, 0.1))}


@variant("gradient", "square-filter")
def _gradient_of_a_square_filter(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(sizes=draw.size(THREE_OUTPUTS)), "gradient", hidden=draw.from_level(3, "delta"))


@variant("gradient", "oblong-filter")
def _gradient_of_an_oblong_filter(draw: Draw) -> Question:
    small, large = (((3, 2), (1, 2)), ((2, 3), (2, 1))), (((2, 5), (2, 3)), ((5, 2), (3, 2)), ((3, 3), (2, 1)))
    sizes = draw.pick(*(small if draw.level == 1 else large))
    return StepQuestion(draw.lesson(sizes=sizes), "gradient", hidden=draw.from_level(3, "delta"))


@variant("gradient", "square-input")
def _gradient_of_a_square_input(draw: Draw) -> Question:
    lesson = draw.lesson(sizes=((3, 3), (2, 2)))  # the one size at which δ can be taken for the gradient
    return StepQuestion(lesson, "gradient", hidden=draw.from_level(3, "delta"))


@variant("gradient", "batch")
def _gradient_of_a_batch(draw: Draw) -> Question:
    small, large = (((1, 3), (1, 2)), ((3, 1), (2, 1))), (((2, 3), (2, 2)), ((3, 2), (2, 2)))
    lesson = draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), batch=2)
    return StepQuestion(lesson, "gradient", hidden=draw.from_level(3, "delta"), tells=OF_A_BATCH)


@variant("gradient", "second-iteration")
def _gradient_of_the_second_iteration(draw: Draw) -> Question:
    small, large = (((3, 2), (1, 2)), ((2, 3), (2, 1))), (((2, 3), (2, 2)), ((3, 2), (2, 2)))
    lesson = draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), learning_rate=0.5)
    hidden = draw.from_level(3, "delta")
    return StepQuestion(lesson, "gradient", hidden=hidden, tells=("gradients-not-reset",), number=1)


@variant("bias-gradient", "one-filter")
def _bias_gradient(draw: Draw) -> Question:
    lesson = draw.lesson(sizes=draw.size(SQUARE), bias=True)
    return StepQuestion(lesson, "bias_gradient", hidden=draw.from_level(2, "delta"))


@variant("update", "any-rate")
def _update(draw: Draw) -> Question:
    return StepQuestion(draw.lesson(), "update", hidden=draw.from_level(3, "gradient"))


@variant("update", "decimals")
def _update_with_decimals(draw: Draw) -> Question:
    image, window = draw.size()
    numbers = draw.integers(*image, low=-LARGE, high=LARGE)  # so that steps are long enough for rounding to show
    lesson = draw.lesson(sizes=(image, window), input=numbers, learning_rate=0.1)
    return StepQuestion(lesson, "update", hidden=draw.from_level(3, "gradient"))


@variant("input-gradient", "one-filter")
def _input_gradient(draw: Draw) -> Question:
    small = draw.pick(((2, 3), (1, 2)), ((3, 2), (2, 1)))  # δ as large as the filter at least: so it needs no padding
    lesson = draw.lesson(sizes=small if draw.level == 1 else draw.size(SQUARE))
    return StepQuestion(lesson, "input_gradient", hidden=draw.from_level(3, "delta"))


@variant("input-gradient", "padding")
def _input_gradient_with_padding(draw: Draw) -> Question:
    row, column = {"sizes": ((1, 3), (1, 2)), "padding": (0, 1)}, {"sizes": ((3, 1), (2, 1)), "padding": (1, 0)}
    large = ({"sizes": ((2, 3), (2, 2)), "padding": 1}, {"sizes": ((3, 2), (2, 2)), "padding": 1})
    lesson = draw.lesson(**draw.pick(*((row, column) if draw.level == 1 else large)))
    return StepQuestion(lesson, "input_gradient", hidden=draw.from_level(3, "delta"))


@variant("input-gradient", "two-filters")
def _input_gradient_of_two_filters(draw: Draw) -> Question:
    small, large = (((1, 3), (1, 2)), ((3, 1), (2, 1))), (((2, 3), (2, 2)), ((3, 2), (2, 2)))
    lesson = draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), filters=2)
    return StepQuestion(lesson, "input_gradient", hidden=draw.from_level(3, "delta"))


@variant("stride-padding", "stride")
def _strided(draw: Draw) -> Question:
    small = (((2, 4), (2, 2)), ((4, 2), (2, 2)))
    large = (((4, 5), (2, 3)), ((5, 4), (3, 2)), ((4, 6), (2, 2)))
    return StepQuestion(draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), stride=2), "forward")


@variant("stride-padding", "padding")
def _padded(draw: Draw) -> Question:
    scenario = draw.lesson(sizes=draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2))), padding=1)
    cell = draw.pick((0, 0), (0, 1), (1, 0))  # within what comes out without padding, for one of the two sizes
    return StepQuestion(scenario, "forward", cell if draw.level == 1 else None)


@variant("stride-padding", "gradient-with-stride")
def _gradient_with_stride(draw: Draw) -> Question:
    small = (((2, 4), (2, 2)), ((4, 2), (2, 2)))
    large = (((4, 5), (2, 3)), ((5, 4), (3, 2)))
    return StepQuestion(draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), stride=2), "gradient")


@variant("channels", "forward")
def _channels_forward(draw: Draw) -> Question:
    small = (((2, 3), (2, 2)), ((3, 2), (2, 2)))
    sizes = draw.pick(*(small if draw.level == 1 else (*small, ((3, 4), (2, 3)))))
    return StepQuestion(draw.lesson(sizes=sizes, channels=max(2, draw.level)), "forward")


@variant("channels", "gradient")
def _channels_back(draw: Draw) -> Question:
    sizes = draw.pick(((2, 3), (2, 2)), ((3, 2), (2, 2)))
    lesson = draw.lesson(sizes=sizes, channels=2)
    return StepQuestion(lesson, "gradient", hidden=draw.from_level(3, "delta"))


@variant("channels", "two-filters")
def _two_filters(draw: Draw) -> Question:
    small, large = (((2, 3), (2, 2)), ((3, 2), (2, 2))), (((2, 4), (2, 3)), ((4, 2), (3, 2)), ((3, 3), (2, 2)))
    lesson = draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), filters=2)
    return StepQuestion(lesson, "forward" if draw.level == 1 else "gradient")
