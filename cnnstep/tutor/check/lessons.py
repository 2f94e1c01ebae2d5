"""The lessons of one scenario under its conventions, and what their steps give, rightly or with mistakes, each once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, islice
from typing import TypeAlias

import numpy as np

from cnnstep.engine.build import with_keys
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import trace
from cnnstep.tutor.check.conventions import SLOPES_AT_ZERO, Rules
from cnnstep.tutor.mistakes import MISTAKES, Mistake, StepContext, carry_out, together
from cnnstep.tutor.mistakes.delta import BY_SEVERAL_ROUTES, routes
from cnnstep.tutor.typed import EXACT

NOTHING = 1e-12
"""A sum that comes to less than this share of its largest number is 0: by hand it would be, floats miss it."""

MANY = 4_000
"""Nobody writes down a matrix of more numbers: what is made of it is not kept for every way to come to it."""
KEPT = 24
"""So many results of steps with such matrices are kept, those that were asked for last."""

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
    return tuple(each for each in combinations(here, count) if together([one.alterations[step.word] for one in each]))


def options(sets: Sets, again: tuple[Mistake, ...] = ()) -> Iterator[Option]:
    """All ways to carry out a step with one of these sets of new mistakes.

    Those that can be made `again` are no new ones: a misconception is one cause, however many steps it shows in.
    """
    known = frozenset(one.code for one in again)
    new = [each for each in sets if known.isdisjoint(one.code for one in each)]
    yield from (Option(each, known) for each in new)
    if again:
        yield from (Option((*again, *each)) for each in new)


@dataclass(frozen=True)
class Lessons:
    """A scenario's lessons by the sign of the error and ReLU′(0), for one iteration.

    `signed`: the sheet shows a number whose sign depends on that of the error.
    """

    scenario: Scenario
    iteration: int = 0
    input_gradient: bool = False
    signed: bool = True
    _made: dict[tuple[str, float], Lesson] = field(default_factory=dict, repr=False)
    _sets: dict[tuple[str, int], Sets] = field(default_factory=dict, repr=False)
    _results: dict[tuple[object, ...], tuple[Array, ...]] = field(default_factory=dict, repr=False)
    _large: _Latest = field(default_factory=lambda: _Latest(), repr=False)
    _asked: dict[tuple[object, ...], set[str]] = field(default_factory=dict, repr=False)

    @cached_property
    def rules(self) -> Rules:
        """What the scenario leaves open."""
        return Rules(self.scenario)

    @cached_property
    def begin(self) -> dict[str, Array]:
        """The values that the iteration starts from, with the gradients of the one before it."""
        lesson = self.own
        if not self.iteration:
            return dict(lesson.start)
        before, at = islice(trace(lesson), self.iteration - 1, self.iteration + 1)
        begin = {name: at.values[name] for name in lesson.start}
        return begin | {f"{s.name}_before": before.values[s.name] for s in lesson.steps if s.is_gradient}

    @cached_property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """The right sizes of all quantities."""
        return {name: value.shape for name, value in self.own.carry_out(self.begin).items()}

    @cached_property
    def large(self) -> frozenset[str]:
        """The steps that read or give a matrix which nobody writes down."""
        many = {name for name, shape in self.sizes.items() if math.prod(shape) > MANY}
        touched = ((step.name, (step.name, *(one.name for one in step.inputs))) for step in self.own.steps)
        return frozenset(name for name, names in touched if not many.isdisjoint(names))

    @cached_property
    def remembered(self) -> Mapping[str, Step]:
        """What the iteration before has left behind, but for the weights, and the steps that made it."""
        lesson, begin = self.own, self.begin
        memory = {leaf: lesson.step(made_by) for leaf, made_by in lesson.carried}
        left = {leaf: step for leaf, step in memory.items() if step.role == "memory"}
        left |= {f"{step.name}_before": step for step in lesson.steps if step.is_gradient}
        return {name: step for name, step in left.items() if name in begin and begin[name].any()}

    @cached_property
    def slopes_at_zero(self) -> tuple[float, ...]:
        """The values of ReLU′(0), the scenario's own first; none where there is no ReLU."""
        if not any(layer.kind == "relu" for layer in self.scenario.layers):
            return ()
        own = self.scenario.relu_slope_at_zero
        return (own, *(slope for slope in SLOPES_AT_ZERO if slope != own))

    def of(self, error: str, slope: float) -> Lesson:
        """The lesson under this sign of the error and this ReLU′(0)."""
        if (error, slope) not in self._made:
            scenario = self.scenario
            if slope != scenario.relu_slope_at_zero:
                scenario = with_keys(scenario, relu_slope_at_zero=slope)
            scenario = replace(scenario, error=error)
            self._made[error, slope] = lesson_of(scenario, input_gradient=self.input_gradient)
        return self._made[error, slope]

    @property
    def own(self) -> Lesson:
        """The lesson as the scenario has it."""
        return self.of(self.scenario.error, self.scenario.relu_slope_at_zero)

    def sets(self, step: Step, count: int, known: frozenset[str]) -> Sets:
        """The sets of so many mistakes that this step can hold; `known` are the steps given before it."""
        if (step.name, count) not in self._sets:
            self._sets[step.name, count] = sets_of(self.own, step, count, known)
        return self._sets[step.name, count]

    def right(self, case: StepContext) -> Array:
        """What a step gives when it is carried out rightly."""
        scenario = case.lesson.scenario
        inputs = [case.values[quantity.name] for quantity in case.step.inputs]
        key: tuple[object, ...] = (case.step.name, scenario.error, scenario.relu_slope_at_zero)
        key += tuple(numbers_of(array) for array in inputs)
        kept = self._large if case.step.name in self.large else self._results
        if key not in kept:
            result = case.right
            kept[key] = (tidied(result) if case.step.word == "forward" else result,)
        return kept[key][0]

    def results(self, case: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        """What a step gives with these mistakes, each of which must change it by itself; without any, what is right.

        () where they can't be made, change nothing, or the numbers so far have shapes that the step can't take.
        Worked out once for the same numbers, whichever line of thought asks.
        """
        scenario = case.lesson.scenario
        codes = tuple(one.code for one in mistakes)
        what = case.step.name, scenario.error, scenario.relu_slope_at_zero, codes
        asked = self._asked.setdefault(what, set())
        kept = self._large if case.step.name in self.large else self._results
        key = what, _fingerprint(case.values, asked)
        if key not in kept:
            values = _Watched(case.values)
            try:
                found = self._worked_out(StepContext(case.lesson, case.step, values), mistakes)
            except ValueError:
                found = ()
            asked |= values.asked
            kept[what, _fingerprint(case.values, asked)] = found
            return found
        return kept[key]

    def _worked_out(self, case: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        return self._wrong(case, mistakes) if mistakes else self._rightly(case)

    def _rightly(self, case: StepContext) -> tuple[Array, ...]:
        """What the step gives by each right way; from exact numbers all come to the same."""
        found = [self.right(case)]
        for other in routes(case) if case.step.word in BY_SEVERAL_ROUTES else ():
            if np.isfinite(other).all() and not any(np.allclose(one, other, rtol=EXACT, atol=EXACT) for one in found):
                found.append(other)
        return tuple(found)

    def _wrong(self, case: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        if len(mistakes) > 1 and not all(self.results(case, (one,)) for one in mistakes):
            return ()
        right = self.right(case)
        found = carry_out(case, *mistakes)
        return tuple(one for one in found if one.shape != right.shape or not (one == right).all())


class _Watched(Mapping[str, Array]):
    """Values that remember which of them were asked for."""

    def __init__(self, values: Values) -> None:
        self.all, self.asked = values, set[str]()

    def __getitem__(self, name: str) -> Array:
        self.asked.add(name)
        return self.all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)


class _Latest(dict[tuple[object, ...], tuple[Array, ...]]):
    """The entries that were asked for last, `KEPT` of them."""

    def __getitem__(self, key: tuple[object, ...]) -> tuple[Array, ...]:
        found = self.pop(key)
        super().__setitem__(key, found)
        return found

    def __setitem__(self, key: tuple[object, ...], found: tuple[Array, ...]) -> None:
        super().__setitem__(key, found)
        if len(self) > KEPT:
            del self[next(iter(self))]


class _TheVery:
    """An array that is known by being itself: of a large one the numbers are neither copied nor compared."""

    def __init__(self, array: Array) -> None:
        self.array = array

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _TheVery) and self.array is other.array

    def __hash__(self) -> int:
        return id(self.array)


def numbers_of(array: Array) -> object:
    """What arrays of the same size and numbers have in common; of a large one, the array itself."""
    return (array.shape, array.tobytes()) if array.size <= MANY else _TheVery(array)


def _fingerprint(values: Values, names: set[str]) -> tuple[object, ...]:
    return tuple(numbers_of(values[name]) for name in sorted(names) if name in values)


def tidied(result: Array) -> Array:
    """The result with 0 where floats have left a hair: whether z is above 0 decides what passes back."""
    size = np.abs(result)
    hair = (size > 0) & (size < NOTHING * max(1.0, float(size.max(initial=0.0))))
    return np.where(hair, 0.0, result) if hair.any() else result
