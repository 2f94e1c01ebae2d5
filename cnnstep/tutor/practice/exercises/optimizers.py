"""The exercises on momentum and Adam: what an optimizer remembers, and the update it makes of that.

What is remembered is on the sheet, so each question is about the second iteration, where there is something.
"""

from __future__ import annotations

from typing import Any

from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.practice.exercises.drawing import Draw, variant
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.practice.questions.step import StepQuestion

SIZES = {
    2: (((2, 3), (1, 2)), ((3, 2), (2, 1))),
    3: (((2, 4), (1, 3)), ((4, 2), (3, 1))),
    4: (((2, 3), (2, 2)), ((3, 2), (2, 2))),
}
"""An input's and a filter's size, by how many weights the filter has."""
HIGHEST = max(SIZES) - 1
MU = (0.5, 0.9)
HIDDEN = ("velocity",)
"""Of an update: where the velocity is given, nothing shows what came before it."""
ADAM = {"name": "adam", "beta1": 0.5, "beta2": 0.6, "epsilon": 1e-16}
"""Numbers to divide by on paper: 1 − 0.5² = 0.75 and 1 − 0.6² = 0.64, whose root is 0.8. ε changes no digit."""
LARGEST_INPUT = 1
"""Larger ones give gradients of 30, and what is asked here is what becomes of a gradient."""
SMALL_RATE = 0.1
"""With 0.5 the first update overshoots, and the second gradient is larger than the first."""


def _lesson(draw: Draw, weights: int, **keys: Any) -> Scenario:
    """No activation: the gradient is given, and all that comes before it is not asked for."""
    image, window = draw.pick(*SIZES[weights])
    numbers = draw.integers(*image, low=-LARGEST_INPUT, high=LARGEST_INPUT)
    return draw.lesson(sizes=(image, window), input=numbers, activation="linear", **keys)


def _with_velocity(draw: Draw, name: str) -> Scenario:
    optimizer = {"name": name, "momentum": draw.pick(*MU)}
    rate = draw.rate() if draw.level == HIGHEST else SMALL_RATE
    return _lesson(draw, draw.level + 1, optimizer=optimizer, learning_rate=rate)


@variant("momentum", "velocity")
def _velocity(draw: Draw) -> Question:
    return StepQuestion(_with_velocity(draw, "momentum"), "velocity", number=1)


@variant("momentum", "update")
def _update_with_momentum(draw: Draw) -> Question:
    return StepQuestion(_with_velocity(draw, "momentum"), "update", hidden=HIDDEN, number=1)


@variant("momentum", "nesterov")
def _update_with_nesterov(draw: Draw) -> Question:
    return StepQuestion(_with_velocity(draw, "nesterov"), "update", hidden=HIDDEN, number=1)


def _with_adam(draw: Draw, weights: int) -> Scenario:
    return _lesson(draw, weights, optimizer=ADAM, learning_rate=0.5)


@variant("adam", "first-moment")
def _first_moment(draw: Draw) -> Question:
    return StepQuestion(_with_adam(draw, draw.level + 1), "first_moment", number=1)


@variant("adam", "second-moment")
def _second_moment(draw: Draw) -> Question:
    return StepQuestion(_with_adam(draw, draw.level + 1), "second_moment", number=1)


@variant("adam", "first-update")
def _first_update(draw: Draw) -> Question:
    return StepQuestion(_with_adam(draw, 2), "update", hidden=_moments_hidden(draw))


@variant("adam", "second-update")
def _second_update(draw: Draw) -> Question:
    return StepQuestion(_with_adam(draw, 2), "update", hidden=_moments_hidden(draw), number=1)


def _moments_hidden(draw: Draw) -> tuple[str, ...]:
    """First none of the averages, then the first one, then both."""
    return (*draw.from_level(2, "first_moment"), *draw.from_level(3, "second_moment"))
