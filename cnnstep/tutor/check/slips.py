"""A slip: one cell that is off by itself, and the one term that explains it where there is one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.step import Factor, Term, Working
from cnnstep.tutor.check.marks import Slip
from cnnstep.tutor.check.search import Candidate, Gap
from cnnstep.tutor.check.sheet import Written, as_shown
from cnnstep.tutor.mistakes import StepContext
from cnnstep.tutor.typed import EXACT


def slips_in(candidate: Candidate, gap: Gap) -> tuple[Slip, ...]:
    """The cells that a way to a step leaves over."""
    case = candidate.line.at(gap.given)
    expected = as_shown(gap.given, candidate.result)
    # where a mistake was made in this very step, its working is another one
    mistaken_here = any(cause.mistake and cause.step == gap.given.name for cause in candidate.new)
    large = gap.given.name in candidate.line.lessons.large  # of so many products each could be the one
    scale = None if mistaken_here or large else candidate.times
    return tuple(
        _slip(case, tuple(int(i) for i in cell), expected, gap.mine, scale) for cell in np.argwhere(candidate.wrong)
    )


def _slip(case: StepContext, cell: Cell, expected: Array, mine: Written, scale: float | None) -> Slip:
    yours, right = float(mine.values[cell]), float(expected[cell])
    allowed = float(mine.tolerance[cell]) + EXACT * max(1.0, abs(right))
    if right and abs(yours + right) <= allowed:
        return Slip(cell, yours, right, "its sign is turned")
    neighbour = _neighbour(expected, cell, yours, allowed)
    if scale is None:
        return Slip(cell, yours, right, neighbour)
    working = case.step.working(case.values, case.step.quantity.layout.full_cell(cell))
    for value, reason in _one_term_off(case.values, working):
        if abs(yours - scale * value) <= allowed:
            return Slip(cell, yours, right, reason, working)
    return Slip(cell, yours, right, neighbour, working)


def _one_term_off(values: Values, working: Working) -> Iterator[tuple[float, str]]:
    """The sums with one term wrong, and how it is wrong."""
    total = working.value
    for term in working.terms:
        if not term.value:
            continue
        yield total - 2 * term.value, f"as if {_name(term)} went in with its sign turned"
        yield total - term.value, f"as if {_name(term)} was left out"
        yield total + term.value, f"as if {_name(term)} was counted twice"
    for term in working.terms:
        for factor in term.factors:
            for other, where in _around(values, factor):
                rest = term.value / factor.value if factor.value else _rest(term, factor)
                yield total - term.value + rest * other, f"as if {factor.label} was taken from the cell {where}"


def _rest(term: Term, factor: Factor) -> float:
    product = 1.0
    for other in term.factors:
        if other is not factor:
            product *= other.value
    return product


def _name(term: Term) -> str:
    return " · ".join(factor.label for factor in term.factors)


def _around(values: Values, factor: Factor) -> Iterator[tuple[float, str]]:
    """The numbers next to the one that a factor was read from."""
    if factor.source is None or len(factor.cell) < 2 or factor.label.find("′") >= 0:
        return
    array = values[factor.source]
    for where, down, right in (("above", -1, 0), ("below", 1, 0), ("to the left", 0, -1), ("to the right", 0, 1)):
        row, column = factor.cell[-2] + down, factor.cell[-1] + right
        if 0 <= row < array.shape[-2] and 0 <= column < array.shape[-1]:
            yield float(array[(*factor.cell[:-2], row, column)]), where


def _neighbour(expected: Array, cell: Cell, yours: float, allowed: float) -> str:
    """The number that belongs to a cell next to it, if that is what was written."""
    if len(cell) < 2:
        return ""
    for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        row, column = cell[-2] + down, cell[-1] + right
        if 0 <= row < expected.shape[-2] and 0 <= column < expected.shape[-1]:
            other = float(expected[(*cell[:-2], row, column)])
            if abs(other - yours) <= allowed:
                return f"this is the number of [{row},{column}]"
    return ""
