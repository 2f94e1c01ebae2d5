"""Optimizers: how a gradient G moves a weight w. Their memory (velocity, moments) is a step like any other.

`sign` is +1 where the lesson carries G = ∂L/∂w (then w ← w − η·…) and −1 where it carries −∂L/∂w (then
w ← w + η·…). Every rule here is odd in G, so the sign shows in the last line only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, TypeAlias

import numpy as np

from cnnstep.engine.quantity import Array, Cell, Layout, Quantity, Values
from cnnstep.engine.step import Factor, Put, Role, Step, Term, Working, read
from cnnstep.engine.sums import FUNCTIONS, LEARNING_RATE, Call, Function, Indices, Products, Read, letters
from cnnstep.registry import Real, Registry

COUNT = Quantity("iteration", "k", Layout(()), "memory")
"""The number of the iteration, from 0, among the values: Adam's correction depends on it."""


@dataclass(frozen=True)
class Slot:
    """One trained parameter as an optimizer sees it; `name(word)` is the name of its step of that word."""

    parameter: Quantity
    gradient: Quantity
    name: Callable[[str], str]
    sign: int
    layer: str = ""
    is_bias: bool = False

    @property
    def updated(self) -> Quantity:
        """What the update makes of the parameter: W new."""
        return Quantity(self.name("update"), self.parameter.letter, self.parameter.layout, renewed=True)

    def memory(self, word: str, letter: str) -> Quantity:
        """What the step of this word remembers, a number for each of the parameter's."""
        return Quantity(self.name(word), letter, self.parameter.layout)

    def before(self, word: str, letter: str) -> Quantity:
        """The same memory as it stood when the iteration began: zeros at first."""
        return Quantity(f"{self.name(word)}_before", letter, self.parameter.layout, "memory")

    @property
    def downhill(self) -> str:
        """The sign between w and η in the update's formula."""
        return "−" if self.sign > 0 else "+"


@dataclass(frozen=True)
class Optimizer:
    """w ← w − η·d(G). `memory` are the words of the steps whose result the next iteration begins with."""

    name: str
    formula: str
    steps: Callable[[Slot, float], tuple[Step, ...]] = field(repr=False, compare=False)
    memory: tuple[str, ...] = ()
    parameters: Mapping[str, float] = field(default_factory=dict)


class Share(NamedTuple):
    """One term of a weighted sum: number · product of quantities, the number written as `label`.

    `made_of` are the numbers whose product it is, η among them.
    """

    label: str
    number: float
    quantities: tuple[Quantity, ...]
    made_of: tuple[float | Read, ...] = ()

    @property
    def call(self) -> Call | None:
        """What the number is, for programs."""
        return Call("product", self.made_of) if self.made_of else None

    def products(self, at: Indices) -> Products:
        """The term of every cell."""
        number = self.made_of or ((self.number,) if self.label else ())
        return Products((*number, *(Read(quantity.name, at) for quantity in self.quantities)))


OPTIMIZERS: Registry[Callable[..., Optimizer]] = Registry("optimizer")

Decay: TypeAlias = Annotated[float, Real(least=0, below=1)]
"""The share of what is remembered that an iteration keeps."""


@OPTIMIZERS.add("sgd")
def sgd() -> Optimizer:
    """w ← w − η·G: plain gradient descent."""

    def steps(slot: Slot, rate: float) -> tuple[Step, ...]:
        return (_descend(slot, rate, slot.gradient),)

    return Optimizer("sgd", "w ← w − η·G", steps)


@OPTIMIZERS.add("momentum")
def momentum(momentum: Decay = 0.9) -> Optimizer:
    """v ← μ·v + G, w ← w − η·v (Polyak 1964)."""

    def steps(slot: Slot, rate: float) -> tuple[Step, ...]:
        velocity = _velocity(slot, momentum)
        return velocity, _descend(slot, rate, velocity.quantity)

    return Optimizer("momentum", "v ← μ·v + G, w ← w − η·v", steps, ("velocity",), {"momentum": momentum})


@OPTIMIZERS.add("nesterov")
def nesterov(momentum: Decay = 0.9) -> Optimizer:
    """v ← μ·v + G, w ← w − η·(G + μ·v): the gradient as it will be after the velocity (Sutskever et al. 2013)."""

    def steps(slot: Slot, rate: float) -> tuple[Step, ...]:
        velocity = _velocity(slot, momentum)
        w, g, v, sign = slot.parameter, slot.gradient, velocity.quantity, slot.downhill
        shares = (
            Share("", 1.0, (w,)),
            _times_rate(slot, rate, (g,)),
            Share(f"{sign}{rate:g}·{momentum:g}", -slot.sign * rate * momentum, (v,), (*_downhill(slot), momentum)),
        )
        formula = f"{w.symbol} ← {w.symbol} {sign} η·({g.operand} + {momentum:g}·{v.symbol})"
        return velocity, _weighted_sum(slot, "update", slot.updated, formula, shares)

    return Optimizer("nesterov", "v ← μ·v + G, w ← w − η·(G + μ·v)", steps, ("velocity",), {"momentum": momentum})


@OPTIMIZERS.add("adam")
def adam(beta1: Decay = 0.9, beta2: Decay = 0.999, epsilon: Annotated[float, Real(above=0)] = 1e-8) -> Optimizer:
    """m ← β₁m + (1 − β₁)G, s ← β₂s + (1 − β₂)G², w ← w − η·m̂ / (√ŝ + ε) (Kingma & Ba 2015)."""

    def steps(slot: Slot, rate: float) -> tuple[Step, ...]:
        g = slot.gradient
        first = _average(slot, "first_moment", "m", beta1, (g,))
        second = _average(slot, "second_moment", "s", beta2, (g, g))
        return first, second, _adam_update(slot, rate, first.quantity, second.quantity, (beta1, beta2, epsilon))

    return Optimizer(
        "adam",
        "m ← β₁·m + (1 − β₁)·G, s ← β₂·s + (1 − β₂)·G², w ← w − η·m̂ / (√ŝ + ε)",
        steps,
        ("first_moment", "second_moment"),
        {"beta1": beta1, "beta2": beta2, "epsilon": epsilon},
    )


def _weighted_sum(slot: Slot, word: str, quantity: Quantity, formula: str, shares: tuple[Share, ...]) -> Step:
    """The step Σ number · product of quantities, cell by cell."""

    products = [(share.number if share.label else None, [q.name for q in share.quantities]) for share in shares]

    def compute(values: Values) -> Array:
        total: Array | None = None
        for number, (first, *others) in products:
            term = values[first]
            for name in others:
                term = term * values[name]
            term = term if number is None else number * term
            total = term if total is None else total + term
        assert total is not None
        return total

    def working(values: Values, cell: Cell) -> Working:
        def term(share: Share) -> Term:
            number = (Factor(share.label, share.number, call=share.call),) if share.label else ()
            return Term((*number, *(read(quantity, values, cell) for quantity in share.quantities)))

        return Working(tuple(term(share) for share in shares))

    inputs = tuple(dict.fromkeys(quantity for share in shares for quantity in share.quantities))
    role: Role = "update" if word == "update" else "memory"
    at = letters(len(quantity.layout.axes))
    sums = tuple(share.products(at) for share in shares)
    return Step(quantity, role, formula, inputs, compute, working, slot, slot.layer, word=word, sums=sums)


def _downhill(slot: Slot) -> tuple[float, Read]:
    """−η, or +η where the lesson carries −∂L/∂w."""
    return float(-slot.sign), LEARNING_RATE


def _times_rate(slot: Slot, rate: float, of: tuple[Quantity, ...]) -> Share:
    return Share(f"{slot.downhill}{rate:g}", -slot.sign * rate, of, _downhill(slot))


def _descend(slot: Slot, rate: float, direction: Quantity) -> Step:
    w, sign = slot.parameter, slot.downhill
    shares = (Share("", 1.0, (w,)), _times_rate(slot, rate, (direction,)))
    formula = f"{w.symbol} ← {w.symbol} {sign} η·{direction.operand}"
    return _weighted_sum(slot, "update", slot.updated, formula, shares)


def _velocity(slot: Slot, momentum: float) -> Step:
    before = slot.before("velocity", "v before")
    shares = (Share(f"{momentum:g}", momentum, (before,)), Share("", 1.0, (slot.gradient,)))
    formula = f"v ← {momentum:g}·v + {slot.gradient.operand}"
    return _weighted_sum(slot, "velocity", slot.memory("velocity", "v"), formula, shares)


def _average(slot: Slot, word: str, symbol: str, beta: float, of: tuple[Quantity, ...]) -> Step:
    before = slot.before(word, f"{symbol} before")
    kept, added = f"{beta:g}", f"(1 − {beta:g})"
    power = "²" if len(of) == 2 else ""
    shares = (Share(kept, beta, (before,)), Share(added, 1.0 - beta, of))
    memory = slot.memory(word, symbol)
    return _weighted_sum(slot, word, memory, f"{symbol} ← {kept}·{symbol} + {added}·{of[0].operand}{power}", shares)


def _over_root(at: float, corrected_by: float, epsilon: float) -> float:
    """1/(√ŝ + ε)."""
    return 1.0 / (math.sqrt(at / corrected_by) + epsilon)


def _correction(beta: float, turns: float) -> Put:
    """1/(1 − βᵏ⁺¹)."""
    text, words = f"1/(1 − {beta:g}^{{k}})", "k + 1 is {k}"
    return Put(text, {"k": turns}, lambda numbers: 1.0 / (1.0 - beta ** numbers["k"]), words)


def _root(at: float, beta: float, turns: float, epsilon: float) -> Put:
    """1/(√(s/(1 − βᵏ⁺¹)) + ε)."""
    numbers = {"s": at, "k": turns, "ε": epsilon}
    text = f"1/(√({{s}}/(1 − {beta:g}^{{k}})) + {{ε}})"
    return Put(text, numbers, lambda given: _over_root(given["s"], 1.0 - beta ** given["k"], given["ε"]))


def _of_first(constants: tuple[float, float, float]) -> Call:
    """What m is multiplied by, for programs."""
    return Call("correction", (constants[0], Read(COUNT.name, ())))


def _of_second(constants: tuple[float, float, float], s: Quantity, at: Indices | Cell) -> Call:
    """1/(√ŝ + ε), for programs."""
    return Call("inverse_root", (Read(s.name, at), constants[1], Read(COUNT.name, ()), constants[2]))


def _adam_update(slot: Slot, rate: float, m: Quantity, s: Quantity, constants: tuple[float, float, float]) -> Step:
    beta1, beta2, epsilon = constants
    w, sign = slot.parameter, slot.downhill

    def corrections(values: Values) -> tuple[float, float]:
        """1 − βᵏ⁺¹: what the zeros that the averages began with have cost them so far."""
        turns = float(values[COUNT.name]) + 1.0
        return 1.0 - beta1**turns, 1.0 - beta2**turns

    def compute(values: Values) -> Array:
        of_first, of_second = corrections(values)
        scaled = (values[m.name] / of_first) / (np.sqrt(values[s.name] / of_second) + epsilon)
        return values[w.name] - slot.sign * rate * scaled

    def working(values: Values, cell: Cell) -> Working:
        of_first, of_second = corrections(values)
        at, turns = float(values[s.name][cell]), float(values[COUNT.name]) + 1.0
        root, put = f"1/(√({s.label(cell)}/{of_second:.4g}) + ε)", _root(at, beta2, turns, epsilon)
        move = (
            Factor(f"{sign}{rate:g}", -slot.sign * rate, call=Call("product", _downhill(slot))),
            read(m, values, cell),
            Factor(f"1/{of_first:.4g}", 1.0 / of_first, put=_correction(beta1, turns), call=_of_first(constants)),
            Factor(root, _over_root(at, of_second, epsilon), s.name, cell, put, call=_of_second(constants, s, cell)),
        )
        return Working((Term((read(w, values, cell),)), Term(move)))

    at = letters(len(w.layout.axes))
    moved = *_downhill(slot), Read(m.name, at), _of_first(constants), _of_second(constants, s, at)
    formula = f"{w.symbol} ← {w.symbol} {sign} η·m̂ / (√ŝ + ε), m̂ = m/(1 − {beta1:g}^(k+1)), ŝ = s/(1 − {beta2:g}^(k+1))"
    inputs, sums = (w, m, s, COUNT), (Products((Read(w.name, at),)), Products(moved))
    return Step(slot.updated, "update", formula, inputs, compute, working, slot, slot.layer, sums=sums)


FUNCTIONS.add("correction")(
    Function("correction(β, k) = 1/(1 − β^(k + 1)) in iteration k", lambda beta, k: 1.0 / (1.0 - beta ** (k + 1.0)))
)
FUNCTIONS.add("inverse_root")(
    Function(
        "inverse_root(s, β, k, ε) = 1/(√(s/(1 − β^(k + 1))) + ε) in iteration k",
        lambda s, beta, k, epsilon: _over_root(s, 1.0 - beta ** (k + 1.0), epsilon),
    )
)
