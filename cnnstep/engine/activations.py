"""Activations: a = φ(z), with value and slope side by side, and again in plain scalar arithmetic.

`value` and `slope` work on whole arrays; `value_at` and `slope_at` are written independently of them with
`math`, one number at a time. The workings use the second pair, and so does a page that needs no array:
NumPy is imported by the first array that is computed, not by this module.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from cnnstep.registry import Real, Registry

if TYPE_CHECKING:
    import numpy as np

    from cnnstep.engine.quantity import Array
else:

    class _NumpyWhenNeeded:
        def __getattr__(self, name: str) -> Any:
            import numpy  # 80 ms, which `explain relu` has no use for

            self.__dict__[name] = getattr(numpy, name)  # found at once the next time
            return self.__dict__[name]

    np = _NumpyWhenNeeded()


LETTERS = {"z": "z", "a": "a", "s": "s"}


@dataclass(frozen=True)
class CaseFormula:
    """A formula of one number z, `max(0, {z})`, with a place for the number wherever a letter stands.

    `above` is what holds instead where z > 0, and `at` what holds where z is 0; `text` then holds everywhere else.
    `meaning` says what another sign in it stands for.
    """

    text: str
    above: str = ""
    at: str = ""
    meaning: str = ""

    def __str__(self) -> str:
        """`1 if z > 0, else 0`; `z·Φ(z), Φ(z) = …`."""
        cases = [f"{case} if z {where} 0" for case, where in ((self.above, ">"), (self.at, "=")) if case]
        parts = (*cases, f"else {self.text}" if cases else self.text, self.meaning)
        return ", ".join(part for part in parts if part).format_map(LETTERS)

    def at_number(self, z: float, label: str) -> tuple[str, str]:
        """The case that holds at this z, and in words why, or what a sign in it means; `label` is what z is called."""
        if self.above and z > 0:
            return self.above, f"{label} = {{z}}, above 0"
        if self.at and z == 0:
            return self.at, f"{label} = {{z}}, exactly 0"
        if self.above:
            return self.text, f"{label} = {{z}}, {'below 0' if self.at else 'not above 0'}"
        return self.text, self.meaning


@dataclass(frozen=True)
class Activation:
    """φ and φ′, applied cell by cell, and what there is to know about them.

    `low` and `high` bound the outputs; with `open_range` the bounds are approached and never reached.
    `kinks` are the z at which φ′ jumps. `flat`: φ′ is exactly 0 over a whole region, where nothing is
    learned. `steepest` is the largest φ′. `parameters` are the numbers a scenario may set.

    `of_slope` are numbers that φ′ alone depends on: its value at a kink.
    `slope_from` works φ′ out from z and the other letter of `slope_formula`, which is a = φ(z) or what `letter` gives.
    """

    name: str
    formula: CaseFormula
    slope_formula: CaseFormula
    value: Callable[[Array], Array] = field(repr=False, compare=False)
    slope: Callable[[Array], Array] = field(repr=False, compare=False)
    value_at: Callable[[float], float] = field(repr=False, compare=False)
    slope_at: Callable[[float], float] = field(repr=False, compare=False)
    low: float = -math.inf
    high: float = math.inf
    open_range: bool = False
    kinks: tuple[float, ...] = ()
    flat: bool = False
    steepest: float = 1.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    of_slope: tuple[float, ...] = ()
    slope_from: Callable[[float, float], float] | None = field(default=None, repr=False, compare=False)
    letter: Callable[[float], float] | None = field(default=None, repr=False, compare=False)

    @property
    def plain_relu(self) -> bool:
        """ReLU with the slope 0 at 0."""
        return self.name == "relu" and self.slope_at(0.0) == 0

    def reaches(self, target: float) -> bool:
        """Whether some z gives this output."""
        if self.open_range:
            return self.low < target < self.high
        return self.low <= target <= self.high

    def nearest(self, target: float) -> float:
        """The output nearest to a target: the target itself, or the bound that it lies beyond."""
        return min(max(target, self.low), self.high)


ACTIVATIONS: Registry[Callable[..., Activation]] = Registry("activation")


@ACTIVATIONS.add("linear")
def linear() -> Activation:
    """φ(z) = z."""
    return Activation(
        "linear",
        CaseFormula("{z}"),
        CaseFormula("1"),
        value=lambda z: z.copy(),
        slope=lambda z: np.ones_like(z),
        value_at=lambda z: z,
        slope_at=lambda z: 1.0,
    )


@ACTIVATIONS.add("relu")
def relu(slope_at_zero: float = 0.0) -> Activation:
    """φ(z) = max(0, z); the slope at exactly 0 is a convention, anywhere from 0 to 1."""
    return Activation(
        "relu",
        CaseFormula("max(0, {z})"),
        CaseFormula("0", above="1", at=f"{slope_at_zero:g}" if slope_at_zero else ""),
        value=lambda z: np.maximum(z, 0.0),
        slope=lambda z: np.where(z == 0, slope_at_zero, z > 0) if slope_at_zero else (z > 0).astype(np.float64),
        value_at=lambda z: z if z > 0 else 0.0,
        slope_at=lambda z: 1.0 if z > 0 else slope_at_zero if z == 0 else 0.0,
        low=0.0,
        kinks=(0.0,),
        flat=True,
        of_slope=(slope_at_zero,),
    )


@ACTIVATIONS.add("leaky_relu")
def leaky_relu(slope: Annotated[float, Real(least=0)] = 0.01) -> Activation:
    """φ(z) = z for z > 0, slope·z elsewhere."""
    return Activation(
        "leaky_relu",
        CaseFormula(f"{slope:g}·{{z}}", above="{z}"),
        CaseFormula(f"{slope:g}", above="1"),
        value=lambda z: np.where(z > 0, z, slope * z),
        slope=lambda z: np.where(z > 0, 1.0, slope),
        value_at=lambda z: z if z > 0 else slope * z,
        slope_at=lambda z: 1.0 if z > 0 else slope,
        low=-math.inf if slope > 0 else 0.0,
        kinks=(0.0,) if slope != 1 else (),
        flat=slope == 0,
        steepest=max(1.0, slope),
        parameters={"slope": slope},
    )


@ACTIVATIONS.add("elu")
def elu(alpha: Annotated[float, Real(least=0)] = 1.0) -> Activation:
    """φ(z) = z for z > 0, alpha·(eᶻ − 1) elsewhere."""
    return Activation(
        "elu",
        CaseFormula(f"{alpha:g}·(e^{{z}} − 1)", above="{z}"),
        CaseFormula(f"{alpha:g}·e^{{z}}", above="1"),
        value=lambda z: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0))),
        slope=lambda z: np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0))),
        value_at=lambda z: z if z > 0 else alpha * math.expm1(z),
        slope_at=lambda z: 1.0 if z > 0 else alpha * math.exp(z),
        low=0.0 - alpha,
        open_range=alpha > 0,
        kinks=(0.0,) if alpha != 1 else (),
        flat=alpha == 0,
        steepest=max(1.0, alpha),
        parameters={"alpha": alpha},
    )


@ACTIVATIONS.add("softplus")
def softplus() -> Activation:
    """φ(z) = ln(1 + eᶻ), a smooth ReLU whose slope is the sigmoid."""
    return Activation(
        "softplus",
        CaseFormula("ln(1 + e^{z})"),
        CaseFormula("1 / (1 + e^(−{z}))"),
        value=lambda z: np.logaddexp(0.0, z),
        slope=_sigmoid,
        value_at=lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
        slope_at=_sigmoid_at,
        low=0.0,
        open_range=True,
    )


@ACTIVATIONS.add("sigmoid")
def sigmoid() -> Activation:
    """φ(z) = 1 / (1 + e⁻ᶻ), between 0 and 1; φ′ = φ·(1 − φ)."""
    return Activation(
        "sigmoid",
        CaseFormula("1 / (1 + e^(−{z}))"),
        CaseFormula("{a}·(1 − {a})"),
        value=_sigmoid,
        slope=lambda z: _sigmoid(z) * _sigmoid(-z),
        value_at=_sigmoid_at,
        slope_at=lambda z: math.exp(-abs(z)) / (1.0 + math.exp(-abs(z))) ** 2,
        low=0.0,
        high=1.0,
        open_range=True,
        steepest=0.25,
        slope_from=lambda z, a: a * (1.0 - a),
    )


@ACTIVATIONS.add("tanh")
def tanh() -> Activation:
    """φ(z) = tanh z, between −1 and 1; φ′ = 1 − φ²."""
    return Activation(
        "tanh",
        CaseFormula("tanh {z}"),
        CaseFormula("1 − {a}²"),
        value=lambda z: np.tanh(z),
        slope=lambda z: 4.0 * _sigmoid(2.0 * z) * _sigmoid(-2.0 * z),
        value_at=math.tanh,
        slope_at=lambda z: (2.0 * math.exp(-abs(z)) / (1.0 + math.exp(-2.0 * abs(z)))) ** 2,
        low=-1.0,
        high=1.0,
        open_range=True,
        slope_from=lambda z, a: 1.0 - a * a,
    )


@ACTIVATIONS.add("gelu")
def gelu() -> Activation:
    """φ(z) = z·Φ(z) with the normal distribution's Φ(z) = ½(1 + erf(z/√2)), exactly (Hendrycks & Gimpel 2016)."""
    return Activation(
        "gelu",
        CaseFormula("{z}·Φ({z})", meaning="Φ(z) = ½(1 + erf(z/√2))"),
        CaseFormula("Φ({z}) + {z}·e^(−{z}²/2)/√(2π)"),
        value=lambda z: z * _normal(z),
        slope=lambda z: _normal(z) + z * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi),
        value_at=lambda z: 0.5 * z * math.erfc(-z / math.sqrt(2.0)),
        slope_at=lambda z: 0.5 * math.erfc(-z / math.sqrt(2.0)) + z * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi),
        low=-0.16997120747990369,  # at z = −0.7517915246935645, where the slope is 0
        steepest=1.128904145185155,  # at z = √2
    )


@ACTIVATIONS.add("silu")
def silu() -> Activation:
    """φ(z) = z / (1 + e⁻ᶻ), also called swish (Elfwing et al. 2017)."""
    return Activation(
        "silu",
        CaseFormula("{z} / (1 + e^(−{z}))"),
        CaseFormula("{s}·(1 + {z}·(1 − {s}))", meaning="s = 1 / (1 + e^(−{z}))"),
        value=lambda z: z * _sigmoid(z),
        slope=lambda z: _sigmoid(z) * (1.0 + z * _sigmoid(-z)),
        value_at=lambda z: z * _sigmoid_at(z),
        slope_at=lambda z: _sigmoid_at(z) + z * _sigmoid_at(z) * _sigmoid_at(-z),
        low=-0.2784645427610738,  # at z = −1.2784645427610738, where the slope is 0
        steepest=1.099839320128867,  # at z = 2.3993572805
        slope_from=lambda z, s: s * (1.0 + z * (1.0 - s)),
        letter=_sigmoid_at,
    )


def _sigmoid(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ) without overflow: the exponent is never positive."""
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def _sigmoid_at(z: float) -> float:
    small = math.exp(-abs(z))
    return (1.0 if z >= 0 else small) / (1.0 + small)


def _normal(z: Array) -> Array:
    """The normal distribution function ½·erfc(−z/√2); NumPy has no erf, so it is `math`'s, number by number."""
    erfc = np.frompyfunc(math.erfc, 1, 1)
    return 0.5 * np.asarray(erfc(-z / math.sqrt(2.0)), dtype=np.float64)
