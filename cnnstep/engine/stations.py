"""A network layer by layer: what each one gives, what comes back to it, and how long these are as vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.naming import BACKWARD
from cnnstep.engine.quantity import Array, Quantity, Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import GRADIENT_ROLES


@dataclass(frozen=True)
class Station:
    """One layer: its forward step, ∂L/∂ of its output, the steps of its gradients, and its trained leaves."""

    name: str
    layer: Layer
    forward: Step
    signal: Quantity | None
    gradients: tuple[Step, ...]
    leaves: tuple[Quantity, ...]

    def steepness(self, values: Values) -> float:
        """‖∂L/∂(weights and bias)‖."""
        return norm(*(values[step.name] for step in self.gradients))


def norm(*arrays: Array) -> float:
    """√Σx² over all cells of all arrays."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(sum(float(np.square(array).sum()) for array in arrays)))


def stations(lesson: Lesson) -> tuple[Station, ...]:
    """The layers of a network, from the first to the last."""
    return tuple(_stations(lesson))


def _stations(lesson: Lesson) -> Iterator[Station]:
    """Each layer receives what the one after it sends back, the last one the error.

    Nothing is sent back beyond the first trained layer.
    """
    names = lesson.scenario.names
    sent = {step.layer: step.quantity for step in lesson.steps if step.role in BACKWARD}
    error = lesson.step("error").quantity
    for layer, name, after in zip(lesson.scenario.layers, names, (*names[1:], ""), strict=True):
        own = [step for step in lesson.steps if step.layer == name]
        gradients = tuple(step for step in own if step.role in GRADIENT_ROLES)
        leaves = tuple(leaf for leaf in lesson.leaves if leaf.name in (f"{name}.weights", f"{name}.bias"))
        yield Station(name, layer, own[0], sent.get(after) if after else error, gradients, leaves)
