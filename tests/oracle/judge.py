"""Whether a typed number can be right: how far it is from what every convention gives, in half-units of its digits.

A step may start from the exact numbers, from those that were typed before it, or from numbers that were rounded
on the way; it is right if any of these gives it. Nothing else is allowed for: no slack, no bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from math import inf

from tests.oracle.cells import Cells, apart, times
from tests.oracle.question import SQUARES, UNSIGNED, Manner, Work, Wrong, factor, work
from tests.oracle.sheet import EXACT, Page

LEAST = 2.0
"""So many half-units of the last digit from every convention: no rounding, and no matter of taste."""
RIGHTLY: Mapping[str, Wrong] = {}
NEAR = 1e-6
"""Exact numbers that are so close are the same."""


def wrongness(page: Page, step: str, wrong: Mapping[str, Wrong] = RIGHTLY, *, turned: bool = False) -> float:
    """How far a step's numbers are from the nearest right ones, in half-units of their last digit.

    With steps that are `wrong`: from the nearest that somebody gets who carries those out so, and who put a minus in
    at the gradient if it is `turned`.
    """
    earlier = _before(page, step)
    return min(_distances(page, step, ({}, earlier) if earlier else ({},), wrong, turned), default=inf)


def is_no_way_right(page: Page, step: str) -> bool:
    """Whether no right step gives these numbers, though wrong ones before it may have been put right or not.

    Nobody can tell where a wrong one was rounded when it was written down: it went on with more digits.
    """
    earlier = _before(page, step)
    wrong = [name for name in earlier if wrongness(page, name) > LEAST]
    if wrong and page.digits < EXACT:
        return False
    choices = [set(some) for count in range(len(wrong) + 1) for some in combinations(wrong, count)]
    typed = [{name: cells for name, cells in earlier.items() if name not in meant} for meant in choices]
    return all(min(_distances(page, step, ({}, *typed), RIGHTLY, turned)) > LEAST for turned in (False, True))


def _before(page: Page, step: str) -> dict[str, Cells]:
    """What was typed before a step."""
    given = list(page.numbers)
    return {name: page.numbers[name] for name in given[: given.index(step)]}


def rightly(page: Page, step: str) -> Iterator[Cells]:
    """What is right for the scenario, under each convention."""
    return _right_ones(page, step, ({},), RIGHTLY, False)


def _distances(
    page: Page, step: str, typed: tuple[Mapping[str, Cells], ...], wrong: Mapping[str, Wrong], turned: bool
) -> Iterator[float]:
    """How far the step is from each right one, in half-units."""
    return (apart(page.numbers[step], one) / _unit(page) for one in _right_ones(page, step, typed, wrong, turned))


def _unit(page: Page) -> float:
    return NEAR if page.digits >= EXACT else 0.5 * 10.0**-page.digits


def _right_ones(
    page: Page, step: str, typed: tuple[Mapping[str, Cells], ...], wrong: Mapping[str, Wrong], turned: bool
) -> Iterator[Cells]:
    """The step under each convention, from each of these numbers on, exactly and rounded on the way."""
    digits = page.digits if page.digits < EXACT else None
    for numbers in typed:
        for manner in manners(page, numbers, _unit(page)):
            for rounding in {None, digits}:
                done = work(page.question, replace(manner, digits=rounding, turned=turned), wrong, numbers, step)
                if step in done.steps:
                    yield from _as_somebody_writes_it(done, step, page.question.count)


def manners(page: Page, typed: Mapping[str, Cells], unit: float) -> Iterator[Manner]:
    """Every convention that can matter from these numbers on, but for the signs."""
    question, own = page.question, Manner.of(page.question)
    inputs = [(typed if name in typed else page.exact)[name] for name in question.into_relu]
    at_kink = any(abs(z) <= unit for cells in inputs for z in cells.values())
    for slope in sorted({own.at_zero, 0.0, 0.5, 1.0} if at_kink else {own.at_zero}):
        numbers: set[tuple[float, str]] = set()
        for loss in SQUARES if question.loss in SQUARES else (question.loss,):
            for at in (own.at, "gradient") if typed and own.at == "delta" else (own.at,):
                if (factor(loss, question.count), at) not in numbers:
                    numbers.add((factor(loss, question.count), at))
                    yield replace(own, loss=loss, at=at, at_zero=slope)


def _as_somebody_writes_it(done: Work, step: str, count: int) -> Iterator[Cells]:
    """The step's numbers; with the other sign where the error's shows; with the loss's number in the error."""
    number = factor(done.manner.loss, count) if step == "error" and done.manner.at != "error" else 1.0
    for one in {1.0, number}:
        yield times(one, done[step])
        if not step.endswith(UNSIGNED):
            yield times(-one, done[step])
