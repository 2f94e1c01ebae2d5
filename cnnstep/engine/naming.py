"""What steps and quantities are called: the lesson's own words for one filter, `conv1.gradient` in a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what the letters stand for is said without NumPy
    from cnnstep.engine.layers.layer import Layer


ONE_FILTER_WORDS: Mapping[str, tuple[str, str]] = {
    "weights": ("filter", "W"),
    "bias": ("bias", "b"),
    "forward": ("forward", "z"),
    "activation": ("activation", "a"),
    "delta": ("delta", "δ"),
    "gradient": ("gradient", "∂L/∂W"),
    "bias_gradient": ("bias_gradient", "∂L/∂b"),
    "input_gradient": ("input_gradient", "∂L/∂X"),
}
"""The names and symbols of the lesson with one convolution layer, by the words that learners have for its steps."""

SYMBOLS: Mapping[str, str] = {symbol: name for name, symbol in ONE_FILTER_WORDS.values()} | {
    "t": "target",
    "e": "error",
    "L": "loss",
    "η": "learning_rate",
}
"""What each letter of one filter's lesson stands for."""


def layer_words(layer: Layer, name: str, number: int, source: str) -> Mapping[str, tuple[str, str]]:
    """The names and symbols of a network's layer, by role: its outputs carry its number, z1, a2, p3.

    `source` is the symbol of what it reads, so that ∂L/∂ of its input is written with the same letter.
    """
    return {
        "forward": (f"{name}.forward", f"{layer.letter}{number}"),
        "input_gradient": (f"{name}.input_gradient", f"∂L/∂{source}"),
        "gradient": (f"{name}.gradient", f"∂L/∂W{number}"),
        "bias_gradient": (f"{name}.bias_gradient", f"∂L/∂b{number}"),
        "weights": (f"{name}.weights", f"W{number}"),
        "bias": (f"{name}.bias", f"b{number}"),
    }


def lesson_words(layer: Layer) -> Mapping[str, tuple[str, str]]:
    """The names and symbols of one filter's layers, by role."""
    roles = ("forward", "input_gradient", "gradient", "bias_gradient", "weights", "bias")
    return {role: ONE_FILTER_WORDS[layer.word(role)] for role in roles}
