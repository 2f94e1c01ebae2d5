"""A page's quiz: which steps are blank, and the matrices that known mistakes would give in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Values, number
from cnnstep.engine.step import Step
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.cards import steps_of
from cnnstep.tutor.mistakes import MISTAKES, Mistake, StepContext, carry_out

MOST_BLANKS = 64
"""A larger matrix is nothing to be typed."""
AS_TYPED = 1e-9
"""Matrices that differ by no more are the same to whoever types them."""


def quiz_steps(lesson: Lesson, names: tuple[str, ...]) -> tuple[Step, ...]:
    """The steps of these names, in the lesson's order; a fault where one is too large to be typed."""
    asked = [step for name in names for step in steps_of(lesson, name)]
    for step in asked:
        size = _size(lesson, step)
        if size > MOST_BLANKS:
            what = f"{step.name} has {size} numbers, too many to be typed"
            raise InputError(Fault("quiz", what, "choose a smaller step, or a smaller scenario"))
    return tuple(step for step in lesson.steps if step in asked)


def _size(lesson: Lesson, step: Step) -> int:
    with np.errstate(all="ignore"):
        return int(lesson.carry_out(lesson.start)[step.name].size)


def quiz_data(lesson: Lesson, steps: tuple[Step, ...], values: Values) -> dict[str, Any]:
    """The names of what is blank, and for each the wrong matrices with the words of the mistakes that give them."""
    wrong = {step.name: list(_wrong(lesson, step, values)) for step in steps}
    return {"blank": [step.name for step in steps], "wrong": wrong}


def _wrong(lesson: Lesson, step: Step, values: Values) -> Iterator[dict[str, Any]]:
    """Each mistake that shows in this step, and what it makes of it."""
    context = StepContext(lesson, step, values)
    for mistake in MISTAKES.values():
        with np.errstate(all="ignore"):
            results = carry_out(context, mistake)
        for result in results:
            if result.shape == context.right.shape and np.abs(result - context.right).max() > AS_TYPED:
                yield {**said(mistake, lesson, step), "values": [number(value) for value in result.ravel().tolist()]}


def said(mistake: Mistake, lesson: Lesson, step: Step) -> dict[str, Any]:
    """A mistake in its own words."""
    words = mistake.words(lesson, step)
    return {"code": mistake.code, "title": mistake.title, "does": words.does, "hurts": words.hurts, "fix": words.fix}
