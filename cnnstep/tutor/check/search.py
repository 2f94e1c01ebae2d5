"""The search for the fewest causes that give a learner's numbers.

From one given step to the next, the steps between are carried out in every way that a budget of causes
allows: rightly, by another convention, with mistakes. Causes, and cells left over as slips, count one each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.check.line import Cause, Line
from cnnstep.tutor.check.sheet import Written, as_shown
from cnnstep.tutor.typed import EXACT

DEEPEST = 2
"""So many causes between two given steps are tried."""
MOST_COST = 4
"""Causes and slips together; beyond that nothing is explained."""


@dataclass(frozen=True)
class Candidate:
    """One way to have come to a given step: the line before its value, the exact result, the cells that differ.

    `causes` counts the causes that were assumed since the last given step; `equals` are other causes, equally
    many, that give exactly the same result.
    """

    line: Line
    result: Array = field(repr=False)
    wrong: NDArray[np.bool_] = field(repr=False)
    causes: int
    equals: tuple[tuple[Cause, ...], ...] = ()

    @property
    def new(self) -> tuple[Cause, ...]:
        """The causes that were assumed since the last given step."""
        return self.line.causes[len(self.line.causes) - self.causes :]

    @property
    def slips(self) -> int:
        """How many cells are left over."""
        return int(self.wrong.sum())

    @property
    def mistakes(self) -> int:
        """How many mistakes were assumed since the last given step."""
        return sum(1 for cause in self.new if cause.mistake)

    @property
    def cost(self) -> int:
        """Mistakes and slips: a convention is right, so it costs nothing."""
        return self.mistakes + self.slips

    @property
    def rank(self) -> tuple[int, int, int]:
        """Fewest wrongs first, then a name before a slip, then the fewest conventions."""
        return self.cost, self.slips, self.causes


def explain(line: Line, between: list[Step], given: Step, mine: Written) -> list[Candidate]:
    """The cheapest ways from a line to a learner's matrix, best first; those that cost one more may win later.

    None where nothing that can be assumed gives it.
    """
    tried: list[Candidate] = []
    for budget in range(DEEPEST + 1):
        tried.extend(_reach(line, [*between, given], budget, mine, len(line.causes)))
        best = _cheapest(tried)
        if best and not best[0].slips:
            break
    return [replace(one, equals=_equals(one, tried)) for one in best]


def _reach(line: Line, steps: list[Step], budget: int, mine: Written, before: int) -> Iterator[Candidate]:
    """Every way through these steps that spends exactly this budget, compared with the learner's matrix."""
    step, rest = steps[0], steps[1:]
    if rest:
        for cost in range(budget + 1):
            for after, result in line.ways(step, cost):
                yield from _reach(after.with_value(step, result), rest, budget - cost, mine, before)
        return
    for after, result in line.ways(step, budget):
        wrong = mine.wrong(as_shown(step, result))
        if wrong is not None:
            yield Candidate(after, result, wrong, len(after.causes) - before)


def _cheapest(tried: list[Candidate]) -> list[Candidate]:
    allowed = [one for one in tried if one.cost <= MOST_COST and _believable(one, tried)]
    least = min((one.cost for one in allowed), default=0)
    return sorted((one for one in allowed if one.cost <= least + 1), key=lambda one: one.rank)


def _equals(one: Candidate, tried: list[Candidate]) -> tuple[tuple[Cause, ...], ...]:
    """The other ways with as many causes, a mistake among them, that lead to the same numbers."""
    found: dict[tuple[str, ...], tuple[Cause, ...]] = {}
    for other in tried if one.causes else ():
        codes = tuple(cause.mistake.code for cause in other.new if cause.mistake)
        alike = other.causes == one.causes and other.result.shape == one.result.shape
        if codes and alike and np.allclose(other.result, one.result, rtol=EXACT, atol=EXACT):
            found.setdefault(codes, other.new)
    found.pop(tuple(cause.mistake.code for cause in one.new if cause.mistake), None)
    return tuple(found.values())


def _believable(one: Candidate, tried: list[Candidate]) -> bool:
    """Whether a way explains more than it leaves open.

    Slips are single cells, less than half of the matrix; half of it only where nothing else was assumed. With
    a mistake beside them, the mistake must account for more cells than it leaves over. Two mistakes at once
    need at least two cells that show them.
    """
    cells = one.wrong.size
    right = next((other for other in tried if not other.causes), None)
    shown = int((right.wrong & ~one.wrong).sum()) if right and right.wrong.shape == one.wrong.shape else cells
    if not one.slips:
        return one.mistakes < 2 or shown >= 2
    if one.mistakes:
        return one.slips <= (cells - 1) // 2 and shown > one.slips
    return one.slips <= max(1, cells // 2)
