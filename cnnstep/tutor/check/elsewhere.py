"""A matrix of the lesson in the place of another: δ written for the gradient, two steps exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Values
from cnnstep.tutor.check.marks import WRONG, StepMark
from cnnstep.tutor.check.sheet import Written


def in_their_place(marks: Sequence[StepMark], lesson: Lesson, right: Values, own: Values) -> tuple[StepMark, ...]:
    """The marks, each matrix that is another one of the lesson told as that; `own` are the learner's values.

    A single mistake that gives these numbers says more; but not where two steps were exchanged.
    """
    found = {mark.step.name: list(_elsewhere(mark, lesson, right, own)) for mark in marks}

    def same_as(mark: StepMark) -> str:
        here = found[mark.step.name]
        exchanged = [name for name in here if mark.step.name in found.get(name, ())]
        return (exchanged or ([] if _has_a_name(mark) else here) or [""])[0]

    return tuple(_told(mark, same_as(mark)) for mark in marks)


def _has_a_name(mark: StepMark) -> bool:
    """Whether one mistake gives exactly these numbers, or may do so."""
    return any(len(one.codes) == 1 and not one.slips for one in mark.explanations)


def _told(mark: StepMark, name: str) -> StepMark:
    if not name or mark.same_as:
        return mark
    conventions = tuple(cause for cause in mark.causes if cause.convention)
    return replace(mark, verdict="mistake", causes=conventions, slips=(), others=(), same_as=name)


def _elsewhere(mark: StepMark, lesson: Lesson, right: Values, own: Values) -> Iterator[str]:
    """The quantities that a wrong matrix is the same as; what the step reads comes first."""
    if mark.mine is None or mark.verdict not in WRONG or not _says_enough(mark.mine.values):
        return
    leaves = (leaf for leaf in lesson.leaves if leaf.kind != "memory")
    before = lesson.names[: lesson.names.index(mark.step.name)]
    for quantity in dict.fromkeys((*mark.step.inputs, *(step.quantity for step in lesson.steps), *leaves)):
        name = quantity.name
        if name != mark.step.name and name in right:
            theirs = [own[name]] if name in before else []  # what comes later is made of the matrix itself
            if any(_are(mark.mine, quantity.layout.show(array)) for array in (*theirs, right[name])):
                yield name


def _says_enough(values: Array) -> bool:
    """Whether it is no accident that a matrix is the same: it has two different numbers besides 0."""
    return len(np.unique(values[values != 0])) > 1


def _are(mine: Written, array: Array) -> bool:
    """Whether these are the numbers of the array, leading axes of length 1 aside."""
    if _size(mine.values.shape) != _size(array.shape):
        return False
    wrong = mine.wrong(array.reshape(mine.values.shape))
    return wrong is not None and not wrong.any()


def _size(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if not shape or shape[0] != 1 else _size(shape[1:])
