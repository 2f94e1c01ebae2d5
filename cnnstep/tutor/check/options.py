"""The ways a step can have been carried out: rightly, with one mistake, or with two at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.step import Step
from cnnstep.tutor.mistakes import MISTAKES, Mistake, together

Sets: TypeAlias = tuple[tuple[Mistake, ...], ...]
"""Mistakes that can be made in one step, by themselves or together."""


@dataclass(frozen=True)
class Option:
    """One way to carry out a step: with these mistakes.

    `given_up` are the codes of mistakes that were made before, would show here, and are not made.
    """

    mistakes: tuple[Mistake, ...] = ()
    given_up: frozenset[str] = frozenset()


def sets_of(lesson: Lesson, step: Step, count: int, known: frozenset[str]) -> Sets:
    """The sets of so many mistakes that this step can hold and that can be made together.

    One that passes over a step can be told from a mistake in that step only where it is `known`.
    """
    fitting = (one for one in MISTAKES.values() if one.fits(lesson, step))
    here = [one for one in fitting if (over := one.passes_over(lesson, step)) is None or over in known]
    return tuple(each for each in combinations(here, count) if together([one.slants[step.word] for one in each]))


def options(sets: Sets, again: tuple[Mistake, ...] = ()) -> Iterator[Option]:
    """All ways to carry out a step with one of these sets of new mistakes.

    Those that can be made `again` are no new ones: a misconception is one cause, however many steps it shows in.
    """
    known = frozenset(one.code for one in again)
    new = [each for each in sets if known.isdisjoint(one.code for one in each)]
    yield from (Option(each, known) for each in new)
    if again:
        yield from (Option((*again, *each)) for each in new)
