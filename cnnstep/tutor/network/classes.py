"""What a network that tells classes apart gets right: accuracy, and the samples that it reads as something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario

MOST_TESTS = 64
"""The samples held back are read about so often in a run: enough for a curve."""


def has_classes(scenario: Scenario) -> bool:
    """Whether the network ends in softmax and every target is one class: a single 1, the rest 0."""
    if not isinstance(scenario.layers[-1], Softmax):
        return False
    targets = scenario.targets
    return bool(np.isin(targets, (0.0, 1.0)).all() and (targets.sum(axis=-1) == 1).all())


def accuracy(output: Array, target: Array) -> float:
    """The share of samples whose largest output is their class."""
    return float((output.argmax(axis=-1) == target.argmax(axis=-1)).mean())


def tests_of(scenario: Scenario) -> tuple[Array, Array] | None:
    """The samples that nothing was trained with, and their targets."""
    inputs, targets = scenario.test_inputs, scenario.test_targets
    return None if inputs is None or targets is None else (inputs, targets)


def test_output(lesson: Lesson, values: Mapping[str, Array], inputs: Array) -> Array:
    """What the network makes of other inputs, with the weights among these values."""
    begin = {name: values[name] for name in lesson.start} | {"input": inputs}
    with np.errstate(all="ignore"):
        return lesson.output_of(begin)


@dataclass(frozen=True)
class Misread:
    """A sample that was read as another class: its number, its input, its class, what it was read as, how surely."""

    sample: int
    image: Array
    is_class: int
    read_as: int
    surely: float


def misread(lesson: Lesson, values: Mapping[str, Array], most: int) -> tuple[list[Misread], int, int]:
    """The samples read most surely as another class, how many were misread, and out of how many.

    Of those that nothing was trained with where there are some.
    """
    held_back = tests_of(lesson.scenario)
    inputs, targets = held_back or (values["input"], values["target"])
    output = test_output(lesson, values, inputs) if held_back else values[lesson.output.name]
    read, true = output.argmax(axis=-1), targets.argmax(axis=-1)
    wrong = np.flatnonzero(read != true)
    surest = wrong[np.argsort(-output[wrong, read[wrong]], kind="stable")][:most]
    found = [Misread(int(n), inputs[n], int(true[n]), int(read[n]), float(output[n, read[n]])) for n in surest]
    return found, len(wrong), len(output)


@dataclass
class Accuracies:
    """Accuracy as a run goes on: of the training samples each time, of those held back in even steps."""

    lesson: Lesson
    training: list[float] = field(default_factory=list)
    held_back: list[float] = field(default_factory=list)
    _stride: int = 1

    def look(self, values: Mapping[str, Array], *, last: bool = False) -> None:
        """Takes in one iteration's values, or those after the last update."""
        scenario = self.lesson.scenario
        if not has_classes(scenario):
            return
        number = len(self.training)
        self.training.append(accuracy(values[self.lesson.output.name], values["target"]))
        tests = tests_of(scenario)
        if tests is None or (number % self._stride and not last):
            return
        self.held_back.append(accuracy(test_output(self.lesson, values, tests[0]), tests[1]))
        if len(self.held_back) > MOST_TESTS and not last:
            self.held_back, self._stride = self.held_back[::2], 2 * self._stride
