"""What steps and quantities are called: the lesson's own words for one filter, `conv1.gradient` in a network."""

from __future__ import annotations

from collections.abc import Mapping

ONE_FILTER_WORDS: Mapping[str, tuple[str, str]] = {
    "filter": ("filter", "W"),
    "bias": ("bias", "b"),
    "forward": ("forward", "z"),
    "activation": ("activation", "a"),
    "delta": ("delta", "δ"),
    "gradient": ("gradient", "∂L/∂W"),
    "bias_gradient": ("bias_gradient", "∂L/∂b"),
    "input_gradient": ("input_gradient", "∂L/∂X"),
}
"""The names and symbols of the lesson with one convolution layer, by role."""

SYMBOLS: Mapping[str, str] = {symbol: name for name, symbol in ONE_FILTER_WORDS.values()} | {
    "t": "target",
    "e": "error",
    "L": "loss",
    "η": "learning_rate",
}
"""What each letter of one filter's lesson stands for."""

FORWARD = {"forward": "z", "dense": "z", "activation": "a", "pool": "p", "flatten": "v", "softmax": "p"}
"""The letter of each layer's output, by the role of its forward step."""
BACKWARD = ("delta", "input_gradient", "pool_gradient", "flatten_gradient", "dense_input_gradient", "softmax_gradient")
"""The roles of the steps that give ∂L/∂ of a layer's input."""

GRADIENT_ROLES = ("gradient", "bias_gradient", "dense_gradient", "dense_bias_gradient")
"""The roles of the steps that give ∂L/∂ of what is trained."""


def layer_words(name: str, number: int, source: str) -> Mapping[str, tuple[str, str]]:
    """The names and symbols of a network's layer: its outputs carry its number, z1, a2, p3.

    `source` is the symbol of what it reads, so that ∂L/∂ of its input is written with the same letter.
    """
    words = {role: (f"{name}.forward", f"{letter}{number}") for role, letter in FORWARD.items()}
    words |= dict.fromkeys(BACKWARD, (f"{name}.input_gradient", f"∂L/∂{source}"))
    words |= dict.fromkeys(("gradient", "dense_gradient"), (f"{name}.gradient", f"∂L/∂W{number}"))
    words |= dict.fromkeys(("bias_gradient", "dense_bias_gradient"), (f"{name}.bias_gradient", f"∂L/∂b{number}"))
    return words | {"filter": (f"{name}.weights", f"W{number}"), "bias": (f"{name}.bias", f"b{number}")}
