"""Mistakes at the activation on the way back."""

from __future__ import annotations

from collections.abc import Callable

from tests.oracle.cells import Cells, each, times
from tests.oracle.misconceptions.entry import entry
from tests.oracle.one_filter import FilterWork


def _upstream(w: FilterWork) -> Cells:
    """∂L/∂a with everything that the loss puts in: for binary cross-entropy e/(a(1 − a)), a probability."""
    if w.manner.loss == "binary_cross_entropy":
        if not all(0.0 < a < 1.0 for a in w["activation"].values()):
            raise ArithmeticError
        return each(lambda e, a: e / (a * (1.0 - a)), w["error"], w["activation"])
    return w.upstream


def _with_slope(w: FilterWork, errors: Cells) -> Cells:
    return each(lambda e, z: e * w.phi.slope(z), errors, w["forward"])


def _masked(w: FilterWork, passes: Callable[[float, float], bool]) -> Cells | None:
    """∂L/∂a where `passes(error, z)`; only where the slope is a mask."""
    if w.question.phi != "relu":
        return None
    return each(lambda g, e, z: g if passes(e, z) else 0.0, w.upstream, w["error"], w["forward"])


def _slope_of_z(w: FilterWork, _: str) -> Cells | None:
    """z put into a(1 − a), or into 1 − a²."""
    formula = {"sigmoid": lambda z: z * (1.0 - z), "tanh": lambda z: 1.0 - z * z}.get(w.question.phi)
    return None if formula is None else each(lambda g, z: g * formula(z), _upstream(w), w["forward"])


def _unsquared_slope(w: FilterWork, _: str) -> Cells | None:
    """1 − a for tanh's 1 − a²."""
    right = w.question.phi == "tanh"
    return each(lambda g, a: g * (1.0 - a), w.upstream, w["activation"]) if right else None


def _leak_alone(w: FilterWork, _: str) -> Cells | None:
    if w.question.phi != "leaky_relu":
        return None
    return each(lambda g, z: g if z > 0 else w.phi.slope(z), w.upstream, w["forward"])


def weighted(w: FilterWork, errors: Cells) -> Cells:
    """Other errors, with the loss's number and the slope; for binary cross-entropy the two cancel."""
    if w.manner.loss == "binary_cross_entropy":
        return errors
    return _with_slope(w, times(w.number("delta"), errors))


entry("slope-forgotten", "delta", lambda w, _: dict(_upstream(w)))
entry("slope-at-output", "delta", lambda w, _: each(lambda g, a: g * w.phi.slope(a), _upstream(w), w["activation"]))
entry("mask-not-strict", "delta", lambda w, _: _masked(w, lambda e, z: max(z, 0.0) >= 0))
entry("mask-inverted", "delta", lambda w, _: _masked(w, lambda e, z: z <= 0))
entry("mask-on-error", "delta", lambda w, _: _masked(w, lambda e, z: e > 0))
entry("mask-alone", "delta", lambda w, _: each(w.phi.slope, w["forward"]))
entry("slope-twice", "delta", lambda w, _: _with_slope(w, w.right("delta")))
entry("slope-of-z", "delta", _slope_of_z)
entry("slope-of-z", "delta", _unsquared_slope)
entry("slope-without-error", "delta", _leak_alone)
entry("squared-error", "delta", lambda w, _: weighted(w, each(lambda e: e * e, w["error"])))
entry("absolute-error", "delta", lambda w, _: weighted(w, each(abs, w["error"])))
