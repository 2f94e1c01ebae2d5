"""Each mistake that has a name, by a formula of its own: the code, the steps that it shows in, the wrong numbers.

A code may stand several times: learners do it in more than one way, or in more than one place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.cells import Cells
from tests.oracle.misconceptions.lens import in_layer, one_filter_of
from tests.oracle.network import Conv, Layer, Network, NetworkWork
from tests.oracle.one_filter import FilterWork, OneFilter
from tests.oracle.question import Question

Attempt = Callable[[Any], "Cells | None"]
"""The wrong numbers of a step from the work so far; None where nobody can do it."""


@dataclass(frozen=True)
class Misconception(ABC):
    """One way to make a named mistake."""

    code: str

    @abstractmethod
    def attempts(self, question: Question) -> Mapping[str, Attempt]:
        """What it gives in a question, by the steps that it shows in; all of these at once."""


@dataclass(frozen=True)
class InOneFilter(Misconception):
    """In these steps of a lesson with one filter; the formula is told "bias_" where it is the bias's step."""

    steps: tuple[str, ...]
    formula: Callable[[FilterWork, str], Cells | None] = field(repr=False)

    def attempts(self, question: Question) -> Mapping[str, Attempt]:
        """In a network the same for each of its convolutions, seen as a lesson of its own."""
        if isinstance(question, OneFilter):
            return {step: self._at(step) for step in self.steps}
        assert isinstance(question, Network)
        convs = [layer for layer in question.layers if isinstance(layer, Conv)]
        return {in_layer(question, conv, step): self._in(conv, step) for conv in convs for step in self.steps}

    def _at(self, step: str) -> Attempt:
        return lambda done: self.formula(done, "bias_" if step.startswith("bias_") else "")

    def _in(self, conv: Conv, step: str) -> Attempt:
        return lambda done: self._at(step)(one_filter_of(done, conv))


@dataclass(frozen=True)
class InNetwork(Misconception):
    """In this step of every layer of this kind; the formula is told the layer's name."""

    layer: type[Layer]
    role: str
    formula: Callable[[NetworkWork, str], Cells | None] = field(repr=False)

    def attempts(self, question: Question) -> Mapping[str, Attempt]:
        """Nothing in a lesson with one filter."""
        layers = question.layers if isinstance(question, Network) else ()
        return {f"{one.name}.{self.role}": self._at(one.name) for one in layers if type(one) is self.layer}

    def _at(self, name: str) -> Attempt:
        return lambda done: self.formula(done, name)


MISCONCEPTIONS: list[Misconception] = []


def entry(code: str, steps: str, formula: Callable[[FilterWork, str], Cells | None]) -> None:
    """Enters what a mistake gives in these steps of a lesson with one filter."""
    MISCONCEPTIONS.append(InOneFilter(code, tuple(steps.split()), formula))


def in_networks(code: str, layer: type[Layer], role: str, formula: Callable[[NetworkWork, str], Cells | None]) -> None:
    """Enters what a mistake gives in a step of a network's layers."""
    MISCONCEPTIONS.append(InNetwork(code, layer, role, formula))
