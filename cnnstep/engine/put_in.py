"""Formulas with the numbers put in: the case that holds at this z, and each letter's number."""

from __future__ import annotations

import re

from cnnstep.engine.activations import Activation
from cnnstep.engine.step import Put

_CASES = re.compile(r"(?:(?P<part>.+?) if z (?P<sign>[>=]) 0|else (?P<rest>.+))(?:, |$)")


def put_value(phi: Activation, z: float, label: str) -> Put:
    """φ(z) with the number put in: `relu({z}) = max(0, {z})`; `label` is what z is called there."""
    formula, words = _case(phi, phi.formula, z, label)
    text = f"{phi.name}({{z}})"
    if formula != f"{phi.name} z":
        text += f" = {with_places(formula, 'z')}"
    return Put(text, {"z": z}, lambda numbers: phi.value_at(numbers["z"]), words)


def put_slope(phi: Activation, z: float, label: str) -> Put:
    """φ′(z) with the numbers put in: `sigmoid′({z}) = {a}·(1 − {a})`, where a is sigmoid(z)."""
    formula, words = _case(phi, phi.slope_formula, z, label)
    text = f"{phi.name}′({{z}}) = "
    if phi.slope_from is None:
        return Put(text + with_places(formula, "z"), {"z": z}, lambda numbers: phi.slope_at(numbers["z"]), words)
    letter = "s" if phi.letter else "a"
    numbers = {"z": z, letter: (phi.letter or phi.value_at)(z)}
    words = f"{with_places(words, 'z')} = {{s}}" if phi.letter else f"a = {phi.name}({{z}}) = {{a}}"
    slope_from = phi.slope_from
    return Put(
        text + with_places(formula, "z", letter), numbers, lambda given: slope_from(given["z"], given[letter]), words
    )


def with_places(formula: str, *letters: str) -> str:
    """The formula with a place for a number wherever one of the letters stands alone: `e^z` is `e^{z}`."""
    return re.sub(rf"(?<![A-Za-z])({'|'.join(letters)})(?![A-Za-z′])", r"{\1}", formula)


def _case(phi: Activation, formula: str, z: float, label: str) -> tuple[str, str]:
    """The part of a formula that holds at z, and in words why, or what a sign in it means."""
    in_cases = list(_CASES.finditer(formula))
    for found in in_cases:
        if found["rest"]:
            return found["rest"], f"{label} = {{z}}, {'below 0' if len(in_cases) > 2 else 'not above 0'}"
        if found["sign"] == ">" and z > 0:
            return found["part"], f"{label} = {{z}}, above 0"
        if found["sign"] == "=" and z == 0:
            return found["part"], f"{label} = {{z}}, exactly 0"
    main = formula.partition(", ")[0] if " = " in formula else formula
    meanings = (one.partition(", ")[2] for one in (formula, phi.formula) if " = " in one)
    return main, next((meaning for meaning in meanings if meaning[0] in main), "")
