"""A lesson in which a mistake is made in every iteration: where it leads, beside the right way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Quantity, Values, frozen
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.mistakes.context import StepContext
from cnnstep.tutor.mistakes.mistake import Mistake, carry_out


def mistaken(lesson: Lesson, *mistakes: Mistake) -> Lesson:
    """The lesson with these mistakes in the steps that they belong to.

    `InputError` where a mistake gives a matrix of another size, with which nobody could go on.
    """
    remembered = [step for step in lesson.steps if step.is_gradient]
    before = {f"{step.name}_before": frozen(np.zeros_like(_gradient_like(lesson, step))) for step in remembered}
    leaves = tuple(Quantity(f"{s.name}_before", f"{s.symbol} before", s.quantity.layout, "memory") for s in remembered)
    start: Mapping[str, Array] = MappingProxyType({**lesson.start, **before})
    carried = (*lesson.carried, *((f"{step.name}_before", step.name) for step in remembered))
    steps = tuple(_wrong(lesson, step, mistakes) for step in lesson.steps)
    return replace(lesson, steps=steps, leaves=(*lesson.leaves, *leaves), start=start, carried=carried)


def _gradient_like(lesson: Lesson, step: Step) -> Array:
    return first_iteration(lesson).values[step.name]


def _made_before(mistake: Mistake, step: Step) -> bool:
    """Whether it is made in the very step that it could pass over here: what follows from that is right."""
    return mistake.alterations[step.word].against in mistake.alterations


def _wrong(lesson: Lesson, step: Step, mistakes: tuple[Mistake, ...]) -> Step:
    here = [one for one in mistakes if one.fits(lesson, step) and not _made_before(one, step)]
    if not here:
        return step

    def compute(values: Values) -> Array:
        right = step.compute(values)
        results = carry_out(StepContext(lesson, step, values), *here)
        if not results:
            return right
        fitting = [result for result in results if result.shape == right.shape]
        if not fitting:
            sizes = " and ".join("×".join(str(n) for n in array.shape[-2:]) for array in (results[0], right))
            what = f"{here[0].code} gives matrices of another size ({sizes}), and nothing fits after that"
            raise InputError(Fault("shape", what, f"see cnnstep explain {here[0].code}"))
        return fitting[0]

    return replace(step, compute=compute)
