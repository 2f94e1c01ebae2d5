"""How far rounding on the way can have moved a result: an excuse that is made after every named mistake."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.check.line import Line
from cnnstep.tutor.typed import EXACT

MOST_CELLS = 400
"""Larger arrays are not moved cell by cell; nobody rounds those by hand."""


def rounding(line: Line, steps: list[Step], grain: float) -> dict[str, Array]:
    """How far each number may be from the exact one if whoever worked these steps rounded each to `grain`.

    A number that needs no more digits than the sheet has is not moved by rounding it, so whole numbers stay
    exact until something that was rounded goes into them. Under another loss its number, such as 2/n, may have
    come in anywhere on the way, and then any of them may have been rounded.
    """
    tolerances = dict(line.tolerances)
    scaled = any(one.key == "loss" and one.times % 1 for one in line.conventions)
    for step in steps:
        moved = slack(line, step, tolerances)
        value = line.values[step.name]
        rounded = scaled | (moved > 0) | (np.abs(value - np.round(value / (2 * grain)) * 2 * grain) > EXACT)
        tolerances[step.name] = moved + np.where(rounded, grain, 0.0)
    return tolerances


def slack(line: Line, step: Step, tolerances: Mapping[str, Array]) -> Array:
    """The largest change of the step's cells if every number that goes in is off by its tolerance.

    First order: each cell that enters is moved up and down by its tolerance, and the larger changes add up.
    """
    here = line.lesson.step(step.name)
    total = np.zeros_like(line.values[step.name])
    for quantity in here.inputs:
        tolerance = tolerances.get(quantity.name)
        if tolerance is not None and tolerance.any() and tolerance.size <= MOST_CELLS:
            change = _moved(line, here, quantity.name, tolerance)
            total = total + change if change.shape == total.shape else total
    return total


def _moved(line: Line, step: Step, name: str, tolerance: Array) -> Array:
    """Σ over the cells of one input of the larger of the two changes that moving it makes."""
    at = step.compute(line.values)
    total = np.zeros_like(at)
    for cell in np.argwhere(tolerance > 0):
        index = tuple(int(i) for i in cell)
        changes = []
        for sign in (1.0, -1.0):
            array = line.values[name].copy()
            array[index] += sign * tolerance[index]
            changes.append(np.abs(step.compute({**line.values, name: array}) - at))
        total += np.maximum(*changes)
    return total
