"""One sample of a batch, looked at alone: what belongs to it, and what is added up over all samples."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from cnnstep.engine.quantity import Layout, Quantity
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import counted

SAMPLE = "sample"


def is_batch(iteration: Iteration) -> bool:
    """Whether the learner sees several samples, and so chooses one."""
    return SAMPLE not in iteration.lesson.scenario.hidden


def checked_sample(iteration: Iteration, sample: int) -> int:
    """The sample, where there is one of this number."""
    count = len(iteration.lesson.scenario.inputs)
    if not is_batch(iteration):
        raise InputError(Fault(SAMPLE, "this scenario has one sample only", "leave the sample out"))
    if not 0 <= sample < count:
        what = f"there is no sample {sample}: the batch has {counted(count, SAMPLE)}"
        raise InputError(Fault(SAMPLE, what, f"samples are counted from 0 to {count - 1}"))
    return sample


def one_sample(iteration: Iteration, sample: int | None) -> Iteration:
    """The iteration as this sample sees it: its own part of every array that has a part a sample.

    Weights and their gradients stay as they are, added up over the batch. It is made to be shown: a working of a
    gradient must be asked of the whole iteration.
    """
    if sample is None or not is_batch(iteration):
        return iteration
    lesson = iteration.lesson
    seen: dict[str, Quantity] = {}

    def alone(quantity: Quantity) -> Quantity:
        if quantity.name not in seen:
            layout = Layout(quantity.layout.axes, quantity.layout.hidden | {SAMPLE} & set(quantity.layout.axes))
            seen[quantity.name] = replace(quantity, layout=layout)
        return seen[quantity.name]

    def part(name: str) -> slice:
        return slice(sample, sample + 1) if SAMPLE in seen[name].layout.axes else slice(None)

    steps = tuple(
        replace(step, quantity=alone(step.quantity), inputs=tuple(map(alone, step.inputs))) for step in lesson.steps
    )
    leaves = tuple(map(alone, lesson.leaves))
    narrowed = replace(lesson, steps=steps, leaves=leaves, output=alone(lesson.output))
    values = {
        name: array[part(name)] if array.ndim else array for name, array in iteration.values.items() if name in seen
    }
    return replace(iteration, lesson=narrowed, values=MappingProxyType(values))
