"""One way from the loss back to one weight: the largest product at every step, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Cell
from cnnstep.engine.step import Step, Term
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Table
from cnnstep.tutor.words import told_of


@dataclass(frozen=True)
class Crossing:
    """One step of the way: its cell and that cell's label, by what the number was multiplied, what that gives."""

    step: Step
    cell: Cell
    label: str
    slope: float
    product: float


def trail(iteration: Iteration) -> tuple[Crossing, ...]:
    """From the loss to the steepest weight of the first trained layer.

    The first crossing is the loss itself with the step behind it: its `product` is the number it sends back.
    """
    first = [step for step in iteration.lesson.steps if step.role == "gradient"][-1]
    array = np.abs(iteration.values[first.name])
    cell = tuple(int(i) for i in np.unravel_index(int(array.argmax()), array.shape))
    backwards = list(_back(iteration, first, cell))
    crossings: list[Crossing] = []
    carried = 1.0
    for step, at, slope in reversed(backwards):
        carried *= slope
        crossings.append(Crossing(step, at, step.quantity.label(at), slope, carried))
    return tuple(crossings)


def _back(iteration: Iteration, step: Step, cell: Cell) -> Iterator[tuple[Step, Cell, float]]:
    """Each step's factor from this cell on towards the loss; the last one is a whole number that begins there."""
    while True:
        terms = step.working(iteration.values, cell).terms
        term = max(terms, key=lambda one: abs(one.value), default=Term(()))
        source = next((f for f in term.factors if _came_back(iteration, f.source)), None)
        if source is None or source.source is None:
            yield step, cell, float(iteration.values[step.name][cell])
            return
        yield step, cell, math.prod(f.value for f in term.factors if f is not source)
        step, cell = iteration.lesson.step(source.source), source.cell


def _came_back(iteration: Iteration, name: str | None) -> bool:
    """Whether this quantity is the number that a later layer sent back."""
    return any(step.name == name and step.role in ("input_gradient", "error") for step in iteration.lesson.steps)


def trail_table(crossings: tuple[Crossing, ...], title: str) -> Table:
    """A row for each crossing: what it is multiplied by, and what is carried on."""
    rows: list[tuple[str | float, ...]] = []
    for number, one in enumerate(crossings):
        told = told_of(one.step)
        words = "where it starts" if number == 0 else told.times if told else ""
        slope: str | float = one.slope if number else "—"
        rows.append((one.step.layer or one.step.name, one.label, slope, words, one.product))
    return Table(("layer", "number", "times", "which is", "product so far"), tuple(rows), title)
