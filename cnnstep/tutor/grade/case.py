"""A case: one layer with numbers to follow by hand, every right number of it the engine's.

A case is a scenario whose target is t = output − dout, so that with L = ½Σe² what comes back to the layer is dout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.mistakes.mistake import StepContext

OUTPUTS = ("activation", "forward")
"""What the last forward step of a layer may be called."""


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

    def step(self, word: str) -> Step:
        """The step that learners call by this word."""
        return next(self.lesson.called(word))

    def right(self, word: str) -> Array:
        """What this step gives."""
        return self.values[self.step(word).name]

    def context(self, word: str) -> StepContext:
        """The step, about to be carried out."""
        return StepContext(self.lesson, self.step(word), self.values)

    @cached_property
    def bias(self) -> Array:
        """The bias; of a layer without one as many zeros as it has filters or units."""
        found = next((one.leaf.name for one in self.lesson.trained if one.leaf.name.endswith("bias")), None)
        return np.zeros(len(self.weights)) if found is None else self.values[found]

    @cached_property
    def weights(self) -> Array:
        """The layer's weights."""
        return self.values[self.lesson.trained[0].leaf.name]


def sending_back(scenario: Scenario, dout: Array) -> Scenario:
    """The scenario with the target that makes ∂L/∂output this array, where the loss is ½Σe²: t = output − dout."""
    output = lesson_of(scenario).output_of(lesson_of(scenario).start)
    return replace(scenario, targets=frozen(output - dout))
