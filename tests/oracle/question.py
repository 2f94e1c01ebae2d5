"""A question of the size that is worked by hand, held as cells, and as the keys of a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.cells import Cells, nested, sizes, without_axes
from tests.oracle.layers import Geometry, Phi, activation

SQUARES = ("half_squared_error", "squared_error", "mean_squared_error", "half_mean_squared_error")
ACTIVATIONS = ("linear", "relu", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "gelu", "silu")
MEMORY = {"sgd": (), "momentum": ("velocity",), "nesterov": ("velocity",), "adam": ("first_moment", "second_moment")}
OPTIMIZERS = tuple(MEMORY)


@dataclass(frozen=True)
class Question:
    """One convolution with its activation, its loss and its optimizer. All arrays have all axes.

    `hides` are the axes (sample, filter, channel) that the scenario's author did not write.
    """

    image: Cells = field(repr=False)
    filter: Cells = field(repr=False)
    bias: Cells | None = field(repr=False)
    target: Cells = field(repr=False)
    phi: str
    rate: float
    geometry: Geometry = field(default_factory=Geometry)
    loss: str = "half_squared_error"
    error: int = 1
    at_zero: float = 0.0
    optimizer: str = "sgd"
    iteration: int = 0
    hides: frozenset[str] = frozenset({"sample", "filter", "channel"})

    @property
    def count(self) -> int:
        """n: the target's cells, the batch included."""
        return len(self.target)

    @property
    def window(self) -> tuple[int, ...]:
        """The filter's rows and columns."""
        return sizes(self.filter)[2:]

    @property
    def memory(self) -> tuple[str, ...]:
        """The steps whose results the optimizer remembers."""
        return MEMORY[self.optimizer]

    def activation(self, at_zero: float | None = None) -> Phi:
        """φ, with another ReLU′(0) if one is given."""
        return activation(self.phi, self.at_zero if at_zero is None else at_zero)

    def keys(self) -> dict[str, Any]:
        """The scenario's keys, for `one_filter(**keys)`."""
        geometry = self.geometry
        keys: dict[str, Any] = {
            "filter": nested(self.shown("filter", self.filter)),
            "bias": None if self.bias is None else nested(self.shown("bias", self.bias)),
            "activation": self.phi,
            "learning_rate": self.rate,
            "stride": geometry.stride,
            "padding": geometry.padding,
            "dilation": geometry.dilation,
            "loss": self.loss,
            "error": "output_minus_target" if self.error > 0 else "target_minus_output",
            "relu_slope_at_zero": self.at_zero,
            "optimizer": self.optimizer,
        }
        images, targets = nested(self.shown("input", self.image)), nested(self.shown("forward", self.target))
        if "sample" in self.hides:
            return keys | {"input": images, "target": targets}
        assert isinstance(images, list)
        assert isinstance(targets, list)
        return keys | {"samples": [{"input": x, "target": t} for x, t in zip(images, targets, strict=True)]}

    def shown(self, step: str, array: Cells) -> Cells:
        """A step's array as its author writes it: axes that the scenario does not have are left out."""
        axes = AXES.get(step, MAP)
        if len(next(iter(array))) == 1:
            axes = FILTER[:1]
        return without_axes(array, *(at for at, axis in enumerate(axes) if axis in self.hides))


MAP = ("sample", "filter", "row", "column")
IMAGE = ("sample", "channel", "row", "column")
FILTER = ("filter", "channel", "row", "column")
AXES: Mapping[str, tuple[str, ...]] = {"input": IMAGE, "input_gradient": IMAGE} | dict.fromkeys(
    ("filter", "gradient", "velocity", "first_moment", "second_moment", "update"), FILTER
)
