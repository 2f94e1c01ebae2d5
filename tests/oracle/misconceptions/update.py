"""Mistakes in the optimizer's memory and in the last line."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, sqrt, trunc

from tests.oracle.cells import Cells, each
from tests.oracle.misconceptions.entry import entry
from tests.oracle.one_filter import FilterWork
from tests.oracle.optimizers import BETA1, BETA2, EPSILON, MOMENTUM


def _moved_by(w: FilterWork, prefix: str, change: Callable[[float, float], float]) -> Cells:
    """The old weights plus a changed step; `change(step, old)`."""
    return each(lambda old, new: old + change(new - old, old), w.old(prefix), w.right(f"{prefix}update"))


def _rounded_step(w: FilterWork, prefix: str, whole: Callable[[float], int]) -> Cells:
    return _moved_by(w, prefix, lambda step, old: whole(step))


def _rounded_weights(w: FilterWork, prefix: str, whole: Callable[[float], int]) -> Cells:
    return each(whole, w.right(f"{prefix}update"))


def _momentum_only(w: FilterWork, formula: Callable[[], Cells]) -> Cells | None:
    return formula() if w.question.optimizer == "momentum" else None


def _old_velocity(w: FilterWork, prefix: str) -> Cells | None:
    return _momentum_only(w, lambda: w.along(prefix, w.memory(f"{prefix}velocity")))


def _velocity_with(w: FilterWork, prefix: str, kept: float, added: float) -> Cells | None:
    if w.question.optimizer not in ("momentum", "nesterov"):
        return None
    return each(lambda v, g: kept * v + added * g, w.memory(f"{prefix}velocity"), w[f"{prefix}gradient"])


def _adam_step(w: FilterWork, prefix: str, change: Callable[[float, float, int], float]) -> Cells | None:
    """The old weights moved by η·change(m, s, how many updates)."""
    if w.question.optimizer != "adam":
        return None
    m, s, turns = w[f"{prefix}first_moment"], w[f"{prefix}second_moment"], w.number_of_updates
    return w.along(prefix, each(lambda m, s: change(m, s, turns), m, s))


def _corrected(m: float, s: float, turns: int) -> tuple[float, float]:
    return m / (1.0 - BETA1**turns), s / (1.0 - BETA2**turns)


def _without_root(m: float, s: float, turns: int) -> float:
    first, second = _corrected(m, s, turns)
    return first / (second + EPSILON)


def _one_turn_late(m: float, s: float, turns: int) -> float:
    first, second = _corrected(m, s, turns + 1)
    return first / (sqrt(second) + EPSILON)


def _moment_with(w: FilterWork, prefix: str, role: str, formula: Callable[[float, float], float]) -> Cells | None:
    if w.question.optimizer != "adam":
        return None
    return each(formula, w.memory(f"{prefix}{role}"), w[f"{prefix}gradient"])


BOTH = "update bias_update"
entry("uphill-update", BOTH, lambda w, b: _moved_by(w, b, lambda step, old: -step))
entry("rate-forgotten", BOTH, lambda w, b: _moved_by(w, b, lambda step, old: step / w.question.rate))
entry("rate-twice", BOTH, lambda w, b: _moved_by(w, b, lambda step, old: step * w.question.rate))
entry("old-filter-forgotten", BOTH, lambda w, b: _moved_by(w, b, lambda step, old: step - old))
entry("not-updated", BOTH, lambda w, b: dict(w.old(b)))
entry("rounded-to-integers", BOTH, lambda w, b: _rounded_weights(w, b, round))
entry("rounded-to-integers", BOTH, lambda w, b: _rounded_weights(w, b, trunc))
entry("rounded-to-integers", BOTH, lambda w, b: _rounded_step(w, b, round))
entry("rounded-to-integers", BOTH, lambda w, b: _rounded_step(w, b, trunc))
entry("rounded-down", BOTH, lambda w, b: _rounded_weights(w, b, floor))
entry("velocity-forgotten", BOTH, lambda w, b: _momentum_only(w, lambda: w.along(b, w[f"{b}gradient"])))
entry("old-velocity", BOTH, _old_velocity)
entry("momentum-not-multiplied", "velocity bias_velocity", lambda w, b: _velocity_with(w, b, 1.0, 1.0))
entry("averaged-velocity", "velocity bias_velocity", lambda w, b: _velocity_with(w, b, MOMENTUM, 1.0 - MOMENTUM))
entry(
    "nesterov-as-momentum",
    BOTH,
    lambda w, b: w.along(b, w[f"{b}velocity"]) if w.question.optimizer == "nesterov" else None,
)
entry("adam-uncorrected", BOTH, lambda w, b: _adam_step(w, b, lambda m, s, _: m / (sqrt(s) + EPSILON)))
entry("adam-root-forgotten", BOTH, lambda w, b: _adam_step(w, b, _without_root))
entry("adam-step-off-by-one", BOTH, lambda w, b: _adam_step(w, b, _one_turn_late))
entry(
    "adam-squared-forgotten",
    "second_moment bias_second_moment",
    lambda w, b: _moment_with(w, b, "second_moment", lambda s, g: BETA2 * s + (1.0 - BETA2) * g),
)
entry(
    "adam-average-forgotten",
    "first_moment bias_first_moment",
    lambda w, b: _moment_with(w, b, "first_moment", lambda m, g: BETA1 * m + g),
)
