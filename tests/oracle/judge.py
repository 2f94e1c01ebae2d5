"""Whether a typed number can be right: how far it is from what every convention gives, in half-units of its digits.

A step may start from the exact numbers, from those that were typed before it, or from numbers that were rounded
on the way; it is right if any of these gives it. Nothing else is allowed for: no slack, no bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tests.oracle.cells import Cells, apart, times
from tests.oracle.question import SQUARES, UNSIGNED, Manner, Question, Work, Wrong, factor, work
from tests.oracle.sheet import EXACT, Page

RIGHTLY: Mapping[str, Wrong] = {}
NEAR = 1e-6
"""Exact numbers that are so close are the same."""


def wrongness(page: Page, step: str, wrong: Mapping[str, Wrong] = RIGHTLY, *, turned: bool = False) -> float:
    """How far a step's numbers are from the nearest right ones, in half-units of their last digit.

    With steps that are `wrong`: from the nearest that somebody gets who carries those out so, and who put a minus in
    at the gradient if it is `turned`.
    """
    cells, digits = page.numbers[step], page.digits[step]
    unit = NEAR if digits >= EXACT else 0.5 * 10.0**-digits
    return min(apart(cells, right) / unit for right in right_ones(page, step, wrong, turned))


def right_ones(page: Page, step: str, wrong: Mapping[str, Wrong] = RIGHTLY, turned: bool = False) -> Iterator[Cells]:
    """What the step is under each convention, from the exact numbers or from the learner's."""
    given = list(page.numbers)
    earlier = {name: page.numbers[name] for name in given[: given.index(step)]}
    digits = page.digits[step] if page.digits[step] < EXACT else None
    for manner in manners(page.question):
        for rounding in {None, digits}:
            for typed in ({}, earlier) if earlier else ({},):
                done = work(page.question, replace(manner, digits=rounding, turned=turned), wrong, typed, until=step)
                if step in done.steps:
                    yield from _as_somebody_writes_it(done, step, page.question.count)


def manners(question: Question) -> Iterator[Manner]:
    """Every convention that changes more than a sign."""
    own = Manner.of(question)
    losses = SQUARES if question.loss in SQUARES else (question.loss,)
    slopes = {question.at_zero, 0.0, 0.5, 1.0} if question.has_relu else {question.at_zero}
    return (replace(own, loss=loss, at_zero=slope) for loss in losses for slope in sorted(slopes))


def _as_somebody_writes_it(done: Work, step: str, count: int) -> Iterator[Cells]:
    """The step's numbers; with the other sign where the error's shows; with the loss's number in the error."""
    number = factor(done.manner.loss, count) if step == "error" and done.manner.at != "error" else 1.0
    for one in {1.0, number}:
        yield times(one, done[step])
        if not step.endswith(UNSIGNED):
            yield times(-one, done[step])
