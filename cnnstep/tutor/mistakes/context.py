"""Where a mistake is made: a step of a lesson, and the values that stand before it."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.losses import Loss
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step


@dataclass(frozen=True)
class Setting:
    """A step of a lesson, and what stands around it."""

    lesson: Lesson
    step: Step

    @property
    def scenario(self) -> Scenario:
        """The question that the lesson answers."""
        return self.lesson.scenario

    @property
    def loss(self) -> Loss:
        """The scenario's loss."""
        return self.lesson.scenario.loss

    @property
    def phi(self) -> Activation | None:
        """The activation that the step belongs to, or the only one there is."""
        part = self.step.part
        if isinstance(part, ActivationLayer):
            return part.phi
        return self.scenario.activation if "filter" in self.lesson.start else None

    @property
    def conv(self) -> Conv:
        """The convolution layer that the step belongs to."""
        return cast("Conv", self.step.part)

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self.scenario.inputs)

    @property
    def parameter(self) -> str:
        """The name of the weights or the bias that the step is the gradient of."""
        return next(one.leaf.name for one in self.lesson.trained if one.gradient == self.step.name)

    @property
    def upstream(self) -> str:
        """What ∂L/∂a is called where it enters the step."""
        return self.scenario.vocabulary.upstream

    @property
    def right_line(self) -> str:
        """The step's formula as a sentence."""
        return f"{self.step.formula}."

    def made_by(self, name: str) -> Step:
        """The step that computes the quantity of this name."""
        return self.lesson.step(name)

    def fed_by(self, word: str) -> Step | None:
        """The step of this word whose result goes into this one, if there is one."""
        made = (self.made_by(quantity.name) for quantity in self.step.inputs if quantity.kind == "result")
        return next((step for step in made if step.word == word), None)


@dataclass(frozen=True)
class StepContext(Setting):
    """A step about to be carried out wrongly, with the values that stand before it (every axis present)."""

    values: Values = field(repr=False)

    def input(self, position: int) -> Array:
        """The step's input at this position of `step.inputs`."""
        return self.values[self.step.inputs[position].name]

    def changed(self, values: Values) -> StepContext:
        """The step with these values in the place of those of their names; whoever watches the others still does."""
        layers = (cast("dict[str, Array]", one) for one in (values, self.values))  # read, and never written
        return StepContext(self.lesson, self.step, ChainMap(*layers))

    @property
    def right(self) -> Array:
        """What the step gives when it is carried out rightly."""
        return self.step.compute(self.values)

    @property
    def image_size(self) -> tuple[int, int]:
        """The rows and columns of what the layer read on the way forward."""
        rows, columns = self.right.shape[-2:]
        return rows, columns

    def windows(self, image: Array) -> Array:
        """The image's patches as the layer's filter meets them: [N, C, oh, ow, kh, kw]."""
        return patches(image, self.conv.window, self.conv.geometry)


def turned(array: Array) -> Array:
    """Turned by 180° in its last two axes."""
    return np.ascontiguousarray(array[..., ::-1, ::-1])


def transposed(array: Array) -> Array:
    """Rows and columns exchanged in the last two axes."""
    return np.ascontiguousarray(array.swapaxes(-1, -2))
