"""The steps carried out: one iteration after another, each with all its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from cnnstep.engine.blocks import goes_in_blocks, in_blocks
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Values, is_whole
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Working
from cnnstep.errors import Fault, InputError


@dataclass(frozen=True)
class Iteration:
    """One iteration: every quantity's values (all axes, read-only), and those of the next one, after its update.

    `loss` is L before the update, `loss_after` the one after it, `first_loss` the one that the run began with.
    """

    lesson: Lesson
    number: int
    values: Mapping[str, Array] = field(repr=False)
    following: Mapping[str, Array] = field(repr=False)
    loss: float
    loss_after: float
    first_loss: float

    def matrix(self, name: str) -> Array:
        """A step's or leaf's array with the axes that a learner sees."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])

    def working(self, name: str, *cell: int) -> Working:
        """How one number of a step comes about; `cell` as a learner writes it: row, column.

        `InputError` where there is no such step, or no such cell in it.
        """
        step = self.lesson.step(name)
        return step.working(self.values, step.quantity.cell(cell, self.values[step.name]))

    def next(self) -> Iteration:
        """The iteration that this one's update leads to."""
        following, loss_after = _quietly(self.lesson, self.lesson.next_begin(self.following))
        number, values, loss = self.number + 1, self.following, self.loss_after
        return Iteration(self.lesson, number, values, following, loss, loss_after, self.first_loss)


def gradients(lesson: Lesson, values: Mapping[str, Array]) -> list[Array]:
    """The gradients of everything that is trained."""
    return [values[step.name] for step in lesson.steps if step.is_gradient]


def first_iteration(lesson: Lesson) -> Iteration:
    """Iteration 0: what the scenario's own weights give."""
    values, loss = _quietly(lesson, lesson.start)
    following, loss_after = _quietly(lesson, lesson.next_begin(values))
    return Iteration(lesson, 0, values, following, loss, loss_after, loss)


def trace(lesson: Lesson | Scenario, iterations: int | None = None) -> Iterator[Iteration]:
    """The iterations of a lesson, the first one numbered 0; without a number of them, for ever."""
    if iterations is not None and not (is_whole(iterations) and iterations >= 0):
        what = f"iterations must be a whole number, 0 or more, not {iterations!r}"
        raise InputError(Fault("value", what, "say how many, or leave it out"))
    return _trace(lesson if isinstance(lesson, Lesson) else lesson_of(lesson), iterations)


def _trace(lesson: Lesson, iterations: int | None) -> Iterator[Iteration]:
    first = first_iteration(lesson)
    on = _in_blocks(first, iterations) if goes_in_blocks(first.lesson, first.values) else _one_by_one(first)
    yield from islice(on, iterations)


def _one_by_one(iteration: Iteration) -> Iterator[Iteration]:
    while True:
        yield iteration
        iteration = iteration.next()


def _in_blocks(iteration: Iteration, iterations: int | None) -> Iterator[Iteration]:
    yield iteration
    lesson, first_loss = iteration.lesson, iteration.first_loss
    values, loss = iteration.following, iteration.loss_after
    more = None if iterations is None else iterations - 1
    for number, (following, loss_after) in enumerate(in_blocks(lesson, values, more), 1):
        yield Iteration(lesson, number, values, following, loss, loss_after, first_loss)
        values, loss = following, loss_after


def _quietly(lesson: Lesson, begin: Values) -> tuple[Mapping[str, Array], float]:
    """One iteration's values and loss. Overflow is no error: the numbers become infinite, and the findings say so."""
    with np.errstate(all="ignore"):
        values = lesson.carry_out(begin)
        return values, lesson.loss(values)
