"""The search for the fewest causes that give a learner's numbers.

From one given step to the next, the steps between are carried out in every way that a budget of causes
allows: rightly, by another convention, with mistakes. Causes, and cells left over as slips, count one each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.check.line import Cause, Line, codes_of
from cnnstep.tutor.check.options import scaled_roles
from cnnstep.tutor.check.rounding import rounding, slack
from cnnstep.tutor.check.sheet import Written, as_shown
from cnnstep.tutor.mistakes import Case
from cnnstep.tutor.typed import EXACT

DEEPEST = 3
"""So many causes between two given steps are tried; the third can only be a convention."""
MOST_MISTAKES = 2
"""So many of them may be mistakes, and then no convention is assumed beside them."""
MOST_COST = 4
"""Causes and slips together; beyond that nothing is explained."""
LONG = 9
"""Over more steps than this one mistake is looked for, not two: a network has too many pairs."""
MOST_KEPT = 8
"""So many ways are followed on from one step; the best come first."""
FURTHEST_ROUNDED = 100
"""Beyond so many times the sheet's precision nothing is excused as rounding."""
HARDLY = 3
"""Half a unit of the last digit is 1: so far off is a last digit that is one off."""


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
    given: str = ""
    equals: tuple[tuple[Cause, ...], ...] = ()

    @property
    def new(self) -> tuple[Cause, ...]:
        """The causes that were assumed since the last given step."""
        return self.line.causes[len(self.line.causes) - self.causes :]

    @cached_property
    def slips(self) -> int:
        """How many cells are left over."""
        return int(self.wrong.sum())

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The mistakes that were assumed since the last given step, each once."""
        return codes_of(self.new)

    @property
    def mistakes(self) -> int:
        """How many those are."""
        return len(self.codes)

    @property
    def seen(self) -> bool:
        """Whether its mistakes were all made in the step that was given, where they can be seen."""
        return all(cause.step == self.given for cause in self.new if cause.mistake)

    @cached_property
    def fresh(self) -> frozenset[str]:
        """The causes that had not been assumed before: a misconception that shows again is no other one."""
        before = self.line.causes[: len(self.line.causes) - self.causes]
        return frozenset(cause.name for cause in self.new) - {cause.name for cause in before}

    @property
    def cost(self) -> int:
        """Mistakes and slips: a convention is right, so it costs nothing, nor does what was counted before."""
        return sum(1 for code in self.codes if code in self.fresh) + self.slips

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Fewest wrongs first, then a name before a slip, then the fewest conventions, then the fewest steps."""
        return self.cost, self.slips, len(self.fresh), self.causes


def explain(line: Line, between: list[Step], given: Step, mine: Written, grain: float) -> list[Candidate]:
    """The cheapest ways from a line to a learner's matrix, best first; those that cost one more may win later.

    None where nothing that can be assumed gives it. Whatever can be named comes before rounding on the way,
    and that before slips. Only a last digit that is one off, after steps that were not written down, is
    rounding rather than a mistake that happens to give it.
    """
    tried: list[Candidate] = []
    best: list[Candidate] = []
    steps = [*between, given]
    for budget in range(DEEPEST + 1):
        most_mistakes = min(budget, MOST_MISTAKES if len(steps) <= LONG else 1) if budget <= MOST_MISTAKES else 0
        tried.extend(_reach(line, steps, budget, most_mistakes, mine, len(line.causes)))
        best = _cheapest(tried)
        if best and not best[0].slips:
            break
    if not best or best[0].slips:
        best = _cheapest(_rounded(tried, steps, mine, grain, FURTHEST_ROUNDED)) or best
    elif best[0].mistakes and between:
        best = _rounded([one for one in tried if not one.mistakes], steps, mine, grain, HARDLY) + best
    return [replace(one, equals=_equals(one, tried)) for one in best[:MOST_KEPT]]


def _reach(
    line: Line, steps: list[Step], budget: int, mistakes: int, mine: Written, before: int
) -> Iterator[Candidate]:
    """Every way through these steps that assumes exactly so much, compared with the learner's matrix."""
    step, rest = steps[0], steps[1:]
    if rest:
        # between two given steps it is all the same where the loss's number comes in: at the last place
        later = scaled_roles(line.lesson.scenario)
        scale = not any(one.role in later for one in rest)
        for cost in range(budget + 1):
            for after, result in line.ways(step, cost, mistakes, scale=scale):
                made = len(after.mistakes) - len(line.mistakes)
                onward = after.with_value(step, result)
                yield from _reach(onward, rest, budget - cost, mistakes - made, mine, before)
        return
    for after, result in line.ways(step, budget, mistakes):
        wrong = mine.wrong(as_shown(step, result))
        if wrong is not None:
            yield Candidate(after, result, wrong, len(after.causes) - before, step.name)


def _rounded(
    tried: list[Candidate], steps: list[Step], mine: Written, grain: float, furthest: float
) -> list[Candidate]:
    """The ways that fit if the learner rounded on the way: right ones if there are any, else one mistake alone."""
    given, right = steps[-1], next((one for one in tried if not one.causes), None)
    for mistakes in (0, 1) if grain else ():
        found = []
        for one in tried:
            fitting = replace(one, wrong=np.zeros_like(one.wrong))
            plain = not mistakes or all(cause.mistake for cause in one.new)
            if (
                one.mistakes == mistakes
                and plain
                and _believable(fitting, right)
                and _nearly(one, given, mine, furthest * grain)
            ):
                line = one.line.with_value(given, one.result)
                loose = slack(line, given, rounding(line, steps[:-1], grain)) * _factor(one)
                wrong = mine.wrong(as_shown(given, one.result), as_shown(given, loose))
                if wrong is not None and not wrong.any():
                    found.append(fitting)
        if found:
            return found
    return []


def _nearly(one: Candidate, given: Step, mine: Written, furthest: float) -> bool:
    """Whether a way misses by so little that rounding can be the reason."""
    if one.result.shape != _size(one.line, given):
        return False
    return bool(np.abs(mine.values - as_shown(given, one.result)).max() <= furthest)


def _size(line: Line, step: Step) -> tuple[int, ...]:
    """The size of the step's right result."""
    return line.lessons.right(Case(line.lesson, line.lesson.step(step.name), line.values)).shape


def _factor(one: Candidate) -> float:
    """What the conventions assumed here multiply a result by, and so its rounding."""
    factors = [abs(cause.convention.times) for cause in one.new if cause.convention]
    return max([1.0, *factors])


def _cheapest(tried: list[Candidate]) -> list[Candidate]:
    right = next((one for one in tried if not one.causes), None)
    cheap = sorted((one for one in tried if one.cost <= MOST_COST), key=lambda one: one.rank)
    kept: list[Candidate] = []
    for one in cheap:
        if kept and one.cost > kept[0].cost + 1:
            break
        if _believable(one, right):
            kept.append(one)
    return kept


def _equals(one: Candidate, tried: list[Candidate]) -> tuple[tuple[Cause, ...], ...]:
    """The other ways with as many causes, a mistake among them, that lead to the same numbers."""
    found: dict[tuple[str, ...], tuple[Cause, ...]] = {}
    allowed = EXACT * np.maximum(1.0, np.abs(one.result))
    for other in tried if one.causes else ():
        alike = len(other.fresh) == len(one.fresh) and other.mistakes and other.result.shape == one.result.shape
        if alike and not (np.abs(other.result - one.result) > allowed).any():
            found.setdefault(other.codes, other.new)
    found.pop(one.codes, None)
    return tuple(found.values())


def _believable(one: Candidate, right: Candidate | None) -> bool:
    """Whether a way explains more than it leaves open.

    Slips are single cells: half of the matrix at most, and less beside a mistake, which must account for more
    cells than it leaves over. Two mistakes, or one in a step that was not given, must show in two cells at
    least: a single number has too many explanations.
    """
    cells = one.wrong.size
    shown = int((right.wrong & ~one.wrong).sum()) if right and right.wrong.shape == one.wrong.shape else cells
    if not one.mistakes:
        return one.slips <= max(1, cells // 2)
    if one.slips:
        return one.slips <= (cells - 1) // 2 and shown > one.slips
    return shown >= 2 or (one.mistakes == 1 and one.seen)
