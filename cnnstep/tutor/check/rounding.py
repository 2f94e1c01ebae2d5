"""How far rounding on the way can have moved a result: an excuse that is made after every named mistake."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.check.line import Line

MOST_CELLS = 400
"""Larger arrays are not moved cell by cell; nobody rounds those by hand."""


def rounding(line: Line, steps: list[Step], grain: float) -> dict[str, Array]:
    """For each of these steps the largest change of its cells if every number before it was rounded.

    First order: each cell that enters is moved by its tolerance, up and down, and the larger changes add up.
    Each step's own result counts as rounded to `grain` for those that read it.
    """
    tolerances = dict(line.tolerances)
    for step in steps:
        here = line.lesson.step(step.name)
        moved = np.zeros_like(line.values[step.name])
        for quantity in here.inputs:
            tolerance = tolerances.get(quantity.name)
            if tolerance is not None and tolerance.any() and tolerance.size <= MOST_CELLS:
                change = _moved(line, here, quantity.name, tolerance)
                moved = moved + change if change.shape == moved.shape else moved
        tolerances[step.name] = moved + grain
    return tolerances


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
