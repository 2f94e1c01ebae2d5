"""What a lesson calls its steps and quantities, and what it shows of them: one filter's words, or a network's.

The numbers are the same in both. A scenario chooses its vocabulary once, and nothing else asks which of the two it has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:  # what the letters stand for is said without NumPy
    from cnnstep.engine.layers.layer import Layer
    from cnnstep.engine.scenario import Scenario


class Called(NamedTuple):
    """What a quantity is called: its name and its letter, which is `signed` where the sign that it carries is shown.

    A lesson whose error is t − a writes −∂L/∂W, but δ.
    """

    name: str
    letter: str
    signed: bool = False


Names: TypeAlias = "Mapping[str, Called]"
"""What each of a layer's steps is called, by role, and its `weights` and `bias`."""

FILTER_SYMBOLS: Names = {
    "weights": Called("filter", "W"),
    "bias": Called("bias", "b"),
    "forward": Called("forward", "z"),
    "activation": Called("activation", "a"),
    "delta": Called("delta", "δ"),
    "gradient": Called("gradient", "∂L/∂W", signed=True),
    "bias_gradient": Called("bias_gradient", "∂L/∂b", signed=True),
    "input_gradient": Called("input_gradient", "∂L/∂X", signed=True),
}
"""The names and symbols of the lesson with one convolution layer, by the words that learners have for its steps."""

SYMBOLS: Mapping[str, str] = {one.letter: one.name for one in FILTER_SYMBOLS.values()} | {
    "t": "target",
    "e": "error",
    "L": "loss",
    "η": "learning_rate",
}
"""What each letter of one filter's lesson stands for."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of a lesson.

    `error` is how the step called error is written: e = a − t, which the loss's weight joins on its way back, or ∂L/∂a
    with the weight in it. `upstream` is what ∂L/∂a is called where it enters a layer. `optional` are the axes that are
    left out of what is shown where the learner left them out. `names(layer, name, number, source)` names what belongs
    to a layer: `name` and `number` are the layer's own, `source` is the symbol of what it reads.
    `written(scenario)` are the layers in the keys of a file.
    """

    error: str
    upstream: str
    optional: frozenset[str]
    names: Callable[[Layer, str, int, str], Names] = field(repr=False)
    written: Callable[[Scenario], dict[str, Any]] = field(repr=False)

    @property
    def shows_difference(self) -> bool:
        """Whether the error is shown as e, the difference of output and target; else it is ∂L/∂a."""
        return self.error == "e"

    @property
    def squared_error(self) -> str:
        """`e²`, or `(∂L/∂a)²`."""
        return f"{self.error}²" if self.shows_difference else f"({self.error})²"


def _filter_names(layer: Layer, name: str, number: int, source: str) -> Names:
    """The words that learners have for the steps: there is one of each."""
    roles = ("forward", "input_gradient", "gradient", "bias_gradient", "weights", "bias")
    return {role: FILTER_SYMBOLS[layer.word(role)] for role in roles}


def _layer_names(layer: Layer, name: str, number: int, source: str) -> Names:
    """Roles under the layer's name; its outputs carry its number, z1, a2, p3.

    ∂L/∂ of its input is written with the letter of what it reads.
    """
    return {
        "forward": Called(f"{name}.forward", f"{layer.letter}{number}"),
        "input_gradient": Called(f"{name}.input_gradient", f"∂L/∂{source}", signed=True),
        "gradient": Called(f"{name}.gradient", f"∂L/∂W{number}", signed=True),
        "bias_gradient": Called(f"{name}.bias_gradient", f"∂L/∂b{number}", signed=True),
        "weights": Called(f"{name}.weights", f"W{number}"),
        "bias": Called(f"{name}.bias", f"b{number}"),
    }


def _as_filter(scenario: Scenario) -> dict[str, Any]:
    return scenario.as_filter()


def _as_layers(scenario: Scenario) -> dict[str, Any]:
    return scenario.as_layers()


ONE_FILTER = Vocabulary("e", "the error", frozenset({"sample", "channel", "filter"}), _filter_names, _as_filter)
"""One filter's: forward, activation, error, delta, gradient, update."""
NETWORK = Vocabulary("∂L/∂a", "the upstream gradient", frozenset({"sample"}), _layer_names, _as_layers)
"""A network's: `conv1.forward`, `relu1.input_gradient`, …"""
