"""A step of a lesson: the matrix it computes, and any one number of it as a sum of products."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.sums import Call, Sums

Role: TypeAlias = Literal["forward", "error", "input_gradient", "gradient", "bias_gradient", "memory", "update"]
"""A step's part in the algorithm: a layer's output, ∂L/∂ of its input, weights or bias; the error; what an optimizer
remembers, and what it makes of the weights."""


@dataclass(frozen=True)
class Put:
    """A formula with numbers in the place of its letters: `{a}·(1 − {a})` and a = 0.95.

    `work` works it out from such numbers. `words`, with places for numbers too, say what a letter stands for, or why
    this one of several cases holds.
    """

    text: str
    numbers: Mapping[str, float]
    work: Callable[[Mapping[str, float]], float] = field(repr=False, compare=False)
    words: str = ""


@dataclass(frozen=True)
class Factor:
    """One number in a product: what it is called, its value, and the quantity and (full) cell it was read from.

    `put` is how the number comes about where it is worked out on the spot: a slope, a power. `function` is the name of
    the function whose value it is, where it is no more than that: `relu` of the number that was read. `call` says for
    programs which function of which numbers it is, where it is neither a number that was read nor one that stays.
    """

    label: str
    value: float
    source: str | None = None
    cell: Cell = ()
    put: Put | None = None
    function: str = ""
    call: Call | None = None


@dataclass(frozen=True)
class Term:
    """A product of factors; `note` says in a word why it contributes nothing, where there is a reason.

    `given`, where there is one, is 1: the product is there because of it, as in a maximum's way back.
    """

    factors: tuple[Factor, ...]
    note: str = ""
    given: Call | None = None

    @property
    def value(self) -> float:
        """The product of the factors."""
        return math.prod(factor.value for factor in self.factors)


@dataclass(frozen=True)
class Working:
    """One number of a step as Σ of products, written term by term: the second route to every number."""

    terms: tuple[Term, ...]

    @property
    def value(self) -> float:
        """The sum of the terms, from the first to the last."""
        return sum((term.value for term in self.terms), 0.0)


def read(quantity: Quantity, values: Values, cell: Cell) -> Factor:
    """The factor `W[0,1]` with the value that stands there."""
    return Factor(quantity.label(cell), float(values[quantity.name][cell]), quantity.name, cell)


@dataclass(frozen=True)
class ShortForm:
    """∂L/∂ of the last layer's input in closed form, where its slope cancels the loss's weight: a − t.

    `compute` gives the whole array, `terms` one number of it as a sum of products, `sums` every number of it.
    """

    formula: str
    compute: Callable[[Values], Array] = field(repr=False)
    terms: Callable[[Values, Cell], tuple[Term, ...]] = field(repr=False)
    sums: Sums | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Step:
    """One line of the lesson: `compute` gives its whole array from earlier values, `working` one number of it.

    `role` is the step's part in the algorithm, whatever its name and its layer; `word` is what learners call such a
    step (an activation's `input_gradient` is its `delta`), which is its role where nothing else is said.
    `part` is the layer, the loss or the optimizer's slot that it belongs to; `inputs` are the quantities it reads,
    in order; `short` is the closed form of the same array, where there is one. `sums` say of all cells at once what
    `working` says of one; a step without them is asked cell by cell.
    """

    quantity: Quantity
    role: Role
    formula: str
    inputs: tuple[Quantity, ...]
    compute: Callable[[Values], Array] = field(repr=False)
    working: Callable[[Values, Cell], Working] = field(repr=False)
    part: object = field(default=None, repr=False)
    layer: str = ""
    short: ShortForm | None = None
    word: str = ""
    sums: Sums | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not self.word:
            object.__setattr__(self, "word", self.role)

    @property
    def is_gradient(self) -> bool:
        """Whether it gives ∂L/∂ of weights or of a bias."""
        return self.role in ("gradient", "bias_gradient")

    @property
    def name(self) -> str:
        """The name of the step, which is also the name of what it computes."""
        return self.quantity.name

    @property
    def symbol(self) -> str:
        """The letter a formula uses for what it computes."""
        return self.quantity.symbol
