"""Formulas with the numbers put in: the case that holds at this z, and each letter's number."""

from __future__ import annotations

from cnnstep.engine.activations import Activation
from cnnstep.engine.step import Put


def put_value(phi: Activation, z: float, label: str) -> Put:
    """φ(z) with the number put in: `relu({z}) = max(0, {z})`; `label` is what z is called there."""
    formula, words = phi.formula.at_number(z, label)
    text = f"{phi.name}({{z}})"
    if formula != f"{phi.name} {{z}}":
        text += f" = {formula}"
    return Put(text, {"z": z}, lambda numbers: phi.value_at(numbers["z"]), words)


def put_slope(phi: Activation, z: float, label: str) -> Put:
    """φ′(z) with the numbers put in: `sigmoid′({z}) = {a}·(1 − {a})`, where a is sigmoid(z)."""
    formula, words = phi.slope_formula.at_number(z, label)
    text = f"{phi.name}′({{z}}) = {formula}"
    if phi.slope_from is None:
        words = words or phi.formula.meaning
        return Put(text, {"z": z}, lambda numbers: phi.slope_at(numbers["z"]), words)
    letter = "s" if phi.letter else "a"
    numbers = {"z": z, letter: (phi.letter or phi.value_at)(z)}
    words = f"{words} = {{s}}" if phi.letter else f"a = {phi.name}({{z}}) = {{a}}"
    slope_from = phi.slope_from
    return Put(text, numbers, lambda given: slope_from(given["z"], given[letter]), words)
