"""What every layer of a lesson gives: its forward step, its backward steps and its trained parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

from cnnstep.engine.quantity import Array, Cell, Kind, Layout, Quantity, Values, numbers
from cnnstep.engine.step import Factor, Role, ShortForm, Step, Working, read
from cnnstep.engine.sums import Indices, Part, Read, Sums
from cnnstep.engine.vocabulary import Names

Size = tuple[int, ...]
"""The size of one sample's input or output: (channels, rows, columns)."""


@dataclass(frozen=True)
class LayerContext:
    """Where a layer stands in its lesson: what it reads, how big that is, and what its results are called.

    `words` gives what each role is called (`forward` → `forward`, z), and `weights` and `bias`.
    `sign` is −1 where the lesson carries −∂L/∂ backwards (error = target − output). `samples` is the batch's size.
    """

    layer: str
    source: Quantity
    size: Size
    words: Names
    hidden: frozenset[str]
    sign: int = 1
    samples: int = 1

    def like_source(self, role: str) -> Quantity:
        """The quantity of this role, with the source's axes: what goes back to the layer before."""
        return self._called(role, self.source.layout, "result")

    def quantity(self, role: str, axes: tuple[str, ...]) -> Quantity:
        """The quantity of this role, with the axes that the learner sees."""
        kind: Kind = "parameter" if role in ("weights", "bias") else "result"
        return self._called(role, Layout(axes, self.hidden & set(axes)), kind)

    def _called(self, role: str, layout: Layout, kind: Kind) -> Quantity:
        name, letter, signed = self.words[role]
        return Quantity(name, letter, layout, kind, negated=signed and self.sign < 0)


@dataclass(frozen=True)
class Upstream:
    """∂L/∂ of a layer's output as its backward steps receive it: one quantity, possibly with a weight before it.

    `factors` are those of one cell, `parts` the same with letters for indices. `short` is what the last layer sends
    back, in closed form where there is one.
    """

    inputs: tuple[Quantity, ...]
    formula: str
    read: Callable[[Values], Array]
    factors: Callable[[Values, Cell], tuple[Factor, ...]]
    parts: Callable[[Indices], tuple[Part, ...]]
    short: ShortForm | None = None

    @staticmethod
    def of(quantity: Quantity) -> Upstream:
        """One quantity as it stands."""
        return Upstream(
            (quantity,),
            quantity.symbol,
            lambda values: values[quantity.name],
            lambda values, cell: (read(quantity, values, cell),),
            lambda at: (Read(quantity.name, at),),
        )


@dataclass(frozen=True)
class Parameter:
    """A trained array: its quantity, the value it starts from, its gradient, and whether it is a bias."""

    quantity: Quantity
    start: Array
    gradient: Quantity
    is_bias: bool = False


@dataclass(frozen=True)
class Told:
    """What is said of a step: its title, why one of its numbers is what it is, and the sentence on what happens in it.

    `times` is what the chain rule multiplies by in it, `meaning` its formula in a few words, `idea` how it is carried
    out by hand. The tutor makes sentences of its own where they depend on the numbers.
    """

    title: str
    why: str
    happens: str = ""
    times: str = ""
    meaning: str = ""
    idea: str = ""


BIAS_OF_MAPS = Told(
    "Bias gradient",
    "the bias is added to each of these outputs",
    "The bias is added to every output, so its gradient is the sum of all δ.",
    meaning="all δ added up",
    idea="The bias is in every output once, so each δ counts once: add them all up.",
)
"""A filter's bias, however its filter moves."""


class Layer(ABC):
    """One layer of a lesson; subclasses are frozen dataclasses that hold the starting weights.

    `letter` is its output's in formulas; `words` are what learners call its steps, where that is not their role.
    `told` is what is said of a step, by role.
    """

    kind: ClassVar[str]
    letter: ClassVar[str] = "z"
    words: ClassVar[Mapping[str, str]] = MappingProxyType({})
    told: ClassVar[Mapping[str, Told]] = MappingProxyType({})

    def word(self, role: str) -> str:
        """What learners call this layer's step of this role."""
        return self.words.get(role, role)

    @abstractmethod
    def output_size(self, size: Size) -> Size:
        """The size of the output for an input of this size; `InputError` where it does not fit."""

    @abstractmethod
    def forward(self, context: LayerContext) -> Step:
        """The step that turns the source into this layer's output."""

    @abstractmethod
    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """The steps from ∂L/∂output to the gradients; with `send_back` also ∂L/∂input, which comes last."""

    def settings(self) -> dict[str, Any]:
        """What a scenario file writes of this layer besides its type and name, defaults left out."""
        return {}

    def parameters(self, context: LayerContext) -> tuple[Parameter, ...]:
        """What this layer trains; most layers train nothing."""
        return ()

    def step(
        self,
        context: LayerContext,
        quantity: Quantity,
        role: Role,
        formula: str,
        inputs: tuple[Quantity, ...],
        compute: Callable[[Values], Array],
        working: Callable[[Values, Cell], Working],
        short: ShortForm | None = None,
        sums: Sums | None = None,
    ) -> Step:
        """A step of this layer."""
        word = self.word(role)
        return Step(quantity, role, formula, inputs, compute, working, self, context.layer, short, word, sums)


@dataclass(frozen=True)
class WithWeights(Layer):
    """A layer that is trained: weights W of these `axes`, and an optional bias b, one number for each output or map."""

    axes: ClassVar[tuple[str, ...]]
    bias_axes: ClassVar[tuple[str, ...]]
    weights: Array
    bias: Array | None = None

    def settings(self) -> dict[str, Any]:
        """Weights and bias."""
        return {"weights": numbers(self.weights), "bias": None if self.bias is None else numbers(self.bias)}

    def parameters(self, context: LayerContext) -> tuple[Parameter, ...]:
        """W, and b where there is one."""
        w, gradient = context.quantity("weights", self.axes), context.quantity("gradient", self.axes)
        weights = Parameter(w, self.weights, gradient)
        if self.bias is None:
            return (weights,)
        b, gradient = context.quantity("bias", self.bias_axes), context.quantity("bias_gradient", self.bias_axes)
        return weights, Parameter(b, self.bias, gradient, is_bias=True)

    def backward(self, context: LayerContext, upstream: Upstream, *, send_back: bool) -> tuple[Step, ...]:
        """∂L/∂W, ∂L/∂b, and ∂L/∂x for the layer before."""
        steps = [self._gradient_step(context, upstream)]
        if self.bias is not None:
            steps.append(self._bias_gradient_step(context, upstream))
        if send_back:
            steps.append(self._input_gradient_step(context, upstream))
        return tuple(steps)

    @abstractmethod
    def _gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        """∂L/∂W."""

    @abstractmethod
    def _bias_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        """∂L/∂b."""

    @abstractmethod
    def _input_gradient_step(self, context: LayerContext, upstream: Upstream) -> Step:
        """∂L/∂x."""
