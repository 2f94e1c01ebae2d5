"""The ways a step can have been carried out: rightly, by another convention, with one mistake or with two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeAlias

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.rebuild import with_keys
from cnnstep.engine.scenario import ERROR_SIGNS, OUTPUT_MINUS_TARGET, Scenario
from cnnstep.engine.step import Step
from cnnstep.tutor.mistakes import MISTAKES, Case, Mistake, carry_out, together

SLOPES_AT_ZERO = (0.0, 0.5, 1.0)
"""The values of ReLU′(0) that anybody uses."""


@dataclass(frozen=True)
class Convention:
    """Another value for a key of the scenario. `times` multiplies the step's result; `negate` turns its sign.

    `also` names other values that say exactly the same here.
    """

    key: str
    value: str | float
    times: float = 1.0
    negate: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One way to carry out a step: with these mistakes, under these conventions.

    `given_up` are the codes of mistakes that were made before, would show here, and are not made.
    """

    mistakes: tuple[Mistake, ...] = ()
    conventions: tuple[Convention, ...] = ()
    given_up: frozenset[str] = frozenset()


RIGHT = Option()


Sets: TypeAlias = tuple[tuple[Mistake, ...], ...]
"""Mistakes that can be made in one step, by themselves or together."""


def options(
    sets: Callable[[int], Sets],
    conventions: tuple[Convention, ...],
    cost: int,
    mistakes: int,
    again: tuple[Mistake, ...] = (),
) -> Iterator[Option]:
    """All ways to carry out a step that assume so much, with so many mistakes at most.

    `sets` gives the mistakes that can be made in it, so many at a time; `conventions` are those still open, one value
    of each key at a time. Mistakes that can be made `again` cost nothing: a misconception is one cause, however many
    steps it shows in.
    """
    known = frozenset(one.code for one in again)
    for wrongs in range(min(cost, mistakes) + 1):
        new = [each for each in sets(wrongs) if known.isdisjoint(one.code for one in each)]
        for chosen in combinations(conventions, cost - wrongs):
            if len({one.key for one in chosen}) == len(chosen):
                yield from (Option(each, chosen, known) for each in new)
                yield from (Option((*again, *each), chosen) for each in new if again)


@dataclass(frozen=True)
class Lessons:
    """The lessons of one scenario under other conventions, and their right results: each worked out once.

    `signed`: the sheet shows a number whose sign depends on that of the error. `sizes` are the right sizes of
    all quantities; `error` is the sign that the scenario gives the error.
    """

    error: str = OUTPUT_MINUS_TARGET

    input_gradient: bool = False
    signed: bool = True
    sizes: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)
    _made: dict[tuple[str, float], Lesson] = field(default_factory=dict, repr=False)
    _right: dict[tuple[object, ...], Array] = field(default_factory=dict, repr=False)
    _results: dict[tuple[object, ...], tuple[Values, tuple[Array, ...]]] = field(default_factory=dict, repr=False)
    _sets: dict[tuple[str, int], Sets] = field(default_factory=dict, repr=False)

    def sets(self, lesson: Lesson, step: Step, count: int, known: frozenset[str]) -> Sets:
        """The sets of so many mistakes that this step can hold and that can be made together.

        One that passes over a step can be told from a mistake in that step only where it is `known`.
        """
        key = (step.name, count)
        if key not in self._sets:
            fitting = (one for one in MISTAKES.values() if one.fits(lesson, step))
            here = [one for one in fitting if (over := one.passes_over(lesson, step)) is None or over in known]
            sets = combinations(here, count)
            self._sets[key] = tuple(each for each in sets if together([one.slants[step.role] for one in each]))
        return self._sets[key]

    def right(self, case: Case) -> Array:
        """What a step gives when it is carried out rightly."""
        scenario = case.lesson.scenario
        inputs = [case.values[quantity.name] for quantity in case.step.inputs]
        key: tuple[object, ...] = (case.step.name, scenario.error, scenario.relu_slope_at_zero)
        key += tuple((array.shape, array.tobytes()) for array in inputs)
        if key not in self._right:
            self._right[key] = case.right
        return self._right[key]

    def results(self, case: Case, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        """What a step gives with these mistakes, each of which must change it by itself; without any, what is right.

        () where they can't be made, change nothing, or the numbers so far have shapes that the step can't take.
        """
        scenario = case.lesson.scenario
        codes = tuple(one.code for one in mistakes)
        key = (id(case.values), case.step.name, scenario.error, scenario.relu_slope_at_zero, codes)
        if key not in self._results:
            try:
                found = self._wrong(case, mistakes) if mistakes else (self.right(case),)
            except ValueError:
                found = ()
            self._results[key] = case.values, found  # the values are kept, so that no others can have their id
        return self._results[key][1]

    def _wrong(self, case: Case, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        if len(mistakes) > 1 and not all(self.results(case, (one,)) for one in mistakes):
            return ()
        right = self.right(case)
        found = carry_out(case, *mistakes)
        return tuple(one for one in found if one.shape != right.shape or not (one == right).all())

    def of(self, scenario: Scenario) -> Lesson:
        """The lesson of a scenario that differs from the others in its conventions only."""
        key = (scenario.error, scenario.relu_slope_at_zero)
        if key not in self._made:
            self._made[key] = lesson_of(scenario, input_gradient=self.input_gradient)
        return self._made[key]

    def under(self, lesson: Lesson, convention: Convention) -> Lesson:
        """The lesson as it reads with another value for a key; a loss's number changes no line of it."""
        if convention.key == "loss" or convention.negate:
            return lesson
        if convention.key == "error":
            return self.of(replace(lesson.scenario, error=str(convention.value)))
        known = (lesson.scenario.error, float(convention.value))
        return self._made.get(known) or self.of(with_keys(lesson.scenario, **{convention.key: known[1]}))


def sign_of_error(scenario: Scenario) -> Convention:
    """e = t − a for e = a − t, or the other way round."""
    return Convention("error", next(sign for sign in ERROR_SIGNS if sign != scenario.error))


def scaled_roles(scenario: Scenario) -> tuple[str, ...]:
    """The steps at which a learner may put in the number that their loss brings with it."""
    return ("error",) if scenario.is_network else ("error", "delta", "gradient")


def loss_scales(scenario: Scenario) -> tuple[Convention, ...]:
    """The other losses that differ from the scenario's by a number, one entry for each such number."""
    factor, count = scenario.loss.factor, scenario.targets.size
    if factor is None:
        return ()
    by_number: dict[float, list[str]] = {}
    for name, loss in LOSSES.items():
        if loss.factor is not None:
            by_number.setdefault(loss.factor(count) / factor(count), []).append(name)
    return tuple(
        Convention("loss", names[0], number, also=tuple(names[1:]))
        for number, names in by_number.items()
        if number != 1
    )


def slopes_at_zero(scenario: Scenario) -> tuple[Convention, ...]:
    """The other values of ReLU′(0)."""
    if not any(layer.kind == "relu" for layer in scenario.layers):
        return ()
    return tuple(Convention("relu_slope_at_zero", c) for c in SLOPES_AT_ZERO if c != scenario.relu_slope_at_zero)
