"""One convolution with its activation: the question, held as cells, and the work on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.cells import Cells, each, nested, sizes, times, without_axes
from tests.oracle.layers import Geometry, Phi, activation, bias_gradient, correlate, filter_gradient, input_gradient
from tests.oracle.optimizers import MEMORY, REMEMBERED, direction
from tests.oracle.question import Manner, Question, Work, factor


@dataclass(frozen=True, kw_only=True)
class OneFilter(Question):
    """One convolution with its activation, its loss and its optimizer. All arrays have all axes.

    `hides` are the axes (sample, filter, channel) that the scenario's author did not write.
    """

    image: Cells = field(repr=False)
    filter: Cells = field(repr=False)
    bias: Cells | None = field(repr=False)
    phi: str
    geometry: Geometry = field(default_factory=Geometry)
    hides: frozenset[str] = frozenset({"sample", "filter", "channel"})

    number_at = "delta"

    @property
    def window(self) -> tuple[int, ...]:
        """The filter's rows and columns."""
        return sizes(self.filter)[2:]

    @property
    def memory(self) -> tuple[str, ...]:
        """The steps whose results the optimizer remembers."""
        return MEMORY[self.optimizer]

    @property
    def into_relu(self) -> tuple[str, ...]:
        """z, if the activation is a ReLU."""
        return ("forward",) if self.phi == "relu" else ()

    def names(self, *, sent_back: bool = False) -> tuple[str, ...]:
        """The steps in their order."""
        biased, last = self.bias is not None, (*self.memory, "update")
        return (
            *("forward", "activation", "error", "delta", "gradient"),
            *(("bias_gradient",) if biased else ()),
            *(("input_gradient",) if sent_back else ()),
            *last,
            *((f"bias_{name}" for name in last) if biased else ()),
        )

    def begun(self, manner: Manner, before: Work | None) -> FilterWork:
        """The work before its first step."""
        steps = {"input": self.image, "target": self.target, "filter": before["update"] if before else self.filter}
        if self.bias is not None:
            steps["bias"] = before["bias_update"] if before else self.bias
        return FilterWork(manner, steps, before, self)

    def keys(self) -> dict[str, Any]:
        """The scenario's keys, for `one_filter(**keys)`."""
        keys: dict[str, Any] = {
            "filter": nested(self.shown("filter", self.filter)),
            "bias": None if self.bias is None else nested(self.shown("bias", self.bias)),
            "activation": self.phi,
            **self.geometry.keys(),
            **self.shared_keys(),
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


@dataclass
class FilterWork(Work):
    """The work on one filter: its numbers are called `input`, `filter`, `bias`, `target`, then as the steps are."""

    question: OneFilter

    @property
    def phi(self) -> Phi:
        """The activation, with this manner's slope at zero."""
        return activation(self.question.phi, self.manner.at_zero)

    @property
    def upstream(self) -> Cells:
        """∂L/∂a as far as the manner has it: the error, with the loss's number if it goes in at the delta."""
        return times(self.number("delta"), self["error"])

    def number(self, at: str) -> float:
        """The loss's number if this is where it goes in, else 1."""
        return factor(self.manner.loss, self.question.count) if self.manner.at == at else 1.0

    def loss(self, output: Cells) -> float:
        """L of an output: ½·(the loss's number)·Σe²."""
        squares = sum((a - self["target"][cell]) ** 2 for cell, a in output.items())
        return 0.5 * factor(self.manner.loss, self.question.count) * squares

    @property
    def turn(self) -> float:
        """What the manner puts before the sum at the gradient: a minus, the loss's number."""
        return (-1.0 if self.manner.turned else 1.0) * self.number("gradient")

    def memory(self, role: str) -> Cells:
        """The velocity or average as the iteration began with it: zeros at first."""
        if self.before is not None:
            return self.before[role]
        return dict.fromkeys(self["bias" if role.startswith("bias_") else "filter"], 0.0)

    def right(self, step: str) -> Cells:
        """The step carried out rightly from the numbers so far."""
        if step in FORWARD_AND_BACK:
            return FORWARD_AND_BACK[step](self)
        prefix = "bias_" if step.startswith("bias_") else ""
        gradient, role = self[f"{prefix}gradient"], step.removeprefix(prefix)
        if role in REMEMBERED:
            return each(REMEMBERED[role], self.memory(step), gradient)
        memory = {name: self[prefix + name] for name in self.question.memory}
        return self.along(prefix, direction(self.question.optimizer, gradient, memory, self.number_of_updates))

    def old(self, prefix: str) -> Cells:
        """The filter, or the bias, before the update."""
        return self["bias" if prefix else "filter"]

    def along(self, prefix: str, way: Cells) -> Cells:
        """The weights moved by the rate along a direction."""
        step = self.manner.sign * self.question.rate
        return each(lambda old, d: old - step * d, self.old(prefix), way)


def _error(w: FilterWork) -> Cells:
    sign = w.manner.error * w.number("error")
    return each(lambda a, t: sign * (a - t), w["activation"], w["target"])


def _delta(w: FilterWork) -> Cells:
    if w.manner.loss == "binary_cross_entropy":
        return dict(w["error"])
    return each(lambda e, z: e * w.phi.slope(z), w.upstream, w["forward"])


FORWARD_AND_BACK: Mapping[str, Callable[[FilterWork], Cells]] = {
    "forward": lambda w: correlate(w["input"], w["filter"], w.steps.get("bias"), w.question.geometry),
    "activation": lambda w: each(w.phi.value, w["forward"]),
    "error": _error,
    "delta": _delta,
    "gradient": lambda w: times(
        w.turn, filter_gradient(w["input"], w["delta"], w.question.window, w.question.geometry)
    ),
    "bias_gradient": lambda w: times(w.turn, bias_gradient(w["delta"])),
    "input_gradient": lambda w: input_gradient(w["input"], w["filter"], w["delta"], w.question.geometry),
}
