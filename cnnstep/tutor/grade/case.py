"""A case: one layer with numbers to follow by hand, every right number of it the engine's.

A case is a scenario whose target is t = output − dout, so that with L = ½Σe² what comes back to the layer is dout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Quantity, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.mistakes.mistake import StepContext

LOSS = "loss"
"""The one number that no step of a lesson is: it belongs to the last layer's."""


@dataclass(frozen=True)
class Case:
    """A scenario and what is said of it; `settings` is what a function is told besides arrays: stride, padding, …"""

    title: str
    scenario: Scenario = field(repr=False)
    settings: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def lesson(self) -> Lesson:
        """Its steps, ∂L/∂X among them."""
        return lesson_of(self.scenario, input_gradient=True)

    @cached_property
    def values(self) -> Mapping[str, Array]:
        """All numbers of its one iteration, every axis present, read-only."""
        return first_iteration(self.lesson).values

    @property
    def samples(self) -> int:
        """How many samples it has."""
        return len(self.scenario.inputs)

    def step(self, word: str) -> Step:
        """The step that learners call by this word."""
        if word == LOSS:
            return self.lesson.step(self.lesson.output.name)
        return next(self.lesson.called(word))

    def right(self, word: str) -> Array:
        """What this step gives."""
        if word == LOSS:
            return np.array(self.lesson.loss(self.values))
        return self.values[self.step(word).name]

    def axes(self, word: str) -> tuple[str, ...]:
        """The names of its axes."""
        return () if word == LOSS else self.step(word).quantity.layout.axes

    def context(self, word: str) -> StepContext:
        """The step, about to be carried out."""
        return StepContext(self.lesson, self.step(word), self.values)

    def of(self, quantity: Quantity) -> tuple[tuple[str, ...], Array]:
        """A quantity's axes and numbers."""
        return quantity.layout.axes, self.values[quantity.name]

    @cached_property
    def last(self) -> Step:
        """The forward step of the layer that is asked about: the last one that is no activation of the lesson."""
        forward = [step for step in self.lesson.steps if step.role == "forward"]
        return forward[0] if forward[0].word == "forward" else forward[-1]

    @cached_property
    def bias(self) -> Array:
        """The bias; of weights without one as many zeros as there are filters or units; nothing without weights."""
        if not self.lesson.trained:
            return np.zeros(0)
        found = next((one.leaf.name for one in self.lesson.trained if one.leaf.name.endswith("bias")), None)
        return np.zeros(len(self.values[self.weights.name])) if found is None else self.values[found]

    @property
    def weights(self) -> Quantity:
        """The layer's weights."""
        return self.lesson.trained[0].leaf


def sending_back(scenario: Scenario, dout: Array) -> Scenario:
    """The scenario with the target that makes ∂L/∂output this array, where the loss is ½Σe²: t = output − dout."""
    lesson = lesson_of(scenario)
    return replace(scenario, targets=frozen(lesson.output_of(lesson.start) - dout))
