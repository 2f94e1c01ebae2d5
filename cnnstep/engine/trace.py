"""The steps carried out: one iteration after another, each with all its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Working


@dataclass(frozen=True)
class Iteration:
    """One iteration: the values of every quantity (all axes, read-only), the loss before its update and after it."""

    lesson: Lesson
    number: int
    values: Mapping[str, Array] = field(repr=False)
    loss: float
    loss_after: float

    def matrix(self, name: str) -> Array:
        """A step's or leaf's array with the axes that a learner sees."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])

    def working(self, name: str, *cell: int) -> Working:
        """How one number of a step comes about; `cell` as a learner writes it: row, column."""
        step = self.lesson.step(name)
        return step.working(self.values, step.quantity.layout.full_cell(cell))

    def gradients(self) -> list[Array]:
        """The gradients of everything that is trained."""
        return [self.values[step.name] for role in GRADIENT_ROLES for step in self.lesson.of_role(role)]

    @property
    def finite(self) -> bool:
        """Whether every number so far is an ordinary one."""
        return all(bool(np.isfinite(array).all()) for array in self.values.values())


GRADIENT_ROLES = ("gradient", "bias_gradient")


def trace(lesson: Lesson | Scenario, iterations: int | None = None) -> Iterator[Iteration]:
    """The iterations of a lesson, the first one numbered 0; without a number of them, for ever.

    Overflow is not an error here: the numbers become infinite, and the findings say so.
    """
    if isinstance(lesson, Scenario):
        lesson = lesson_of(lesson)
    begin: Mapping[str, Array] = lesson.start
    with np.errstate(all="ignore"):
        values = lesson.carry_out(begin)
    loss = lesson.loss(values)
    for number in count() if iterations is None else range(iterations):
        with np.errstate(all="ignore"):
            following = lesson.carry_out(lesson.next_begin(values))
            loss_after = lesson.loss(following)
        yield Iteration(lesson, number, values, loss, loss_after)
        values, loss = following, loss_after
