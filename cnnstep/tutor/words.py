"""What a step's words are made of: a title, the sentence on what happened, and how a single number is introduced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.layers.layer import Layer, Told
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import Numbers

Sentence = Callable[[Iteration, Step, Numbers], str]


@dataclass(frozen=True)
class Words:
    """What a step is called, what it says of its numbers, and how a single number of it is introduced."""

    title: str
    happened: Sentence
    why: str


def peak(iteration: Iteration, step: Step) -> tuple[str, float]:
    """The label and the value of the number that is furthest from 0."""
    array = iteration.values[step.name]
    cell = tuple(int(i) for i in np.unravel_index(int(np.abs(array).argmax()), array.shape))
    return step.quantity.label(cell), float(array[cell])


def share(where: NDArray[np.bool_], one: str, many: str) -> str:
    """`2 of 4 outputs are`, `1 of 4 outputs is`."""
    count = int(where.sum())
    noun, _, verb = (one if where.size == 1 else many).partition(" ")
    return f"{count} of {where.size} {noun} {one.partition(' ')[2] if count == 1 else verb}".rstrip()


def told_of(step: Step) -> Told | None:
    """What its layer says of a step; None for those that belong to no layer."""
    if not isinstance(step.part, Layer):
        return None
    return step.part.told.get(step.role) or Told(step.role.replace("_", " ").capitalize(), "as its formula says")
