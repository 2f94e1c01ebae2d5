"""A scenario's lessons under every convention, and what their steps give, rightly or with mistakes, each once.

A convention is what everybody may choose as they like, and then has to keep to: the sign of the error, a minus put in
on the way back, the loss whose number multiplies the error and where it is put in. Together they are one reading of a
sheet. Each step back reads it, for the weights and the bias alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, combinations, islice
from typing import TypeAlias

import numpy as np

from cnnstep.engine.build import with_keys
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import trace
from cnnstep.tutor.check.kinks import NOTHING, sides
from cnnstep.tutor.mistakes import MISTAKES, Mistake, StepContext, carry_out, together
from cnnstep.tutor.mistakes.delta import BY_SEVERAL_ROUTES, routes
from cnnstep.tutor.typed import EXACT

STAGES = ("error", "delta", "gradient")
"""Where a minus or the loss's number can come in, in the order of the way back."""
SLOPES_AT_ZERO = (0.0, 0.5, 1.0)
"""The values of ReLU′(0) that anybody uses."""


@dataclass(frozen=True)
class Convention:
    """Another value for a key of the scenario; `also` names others that say exactly the same here.

    `negate`: it is the minus that was put in on the way back, whatever the error's own sign.
    """

    key: str
    value: str | float
    negate: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Where a minus was put in, where the loss's number was and which; "" and None while neither has been seen."""

    minus: str = ""
    place: str = ""
    number: float | None = None

    def before(self, stage: str) -> float:
        """What stands before the plain a − t in the numbers of this stage, but for the error's own sign."""
        sign = -1.0 if self.minus and _reached(self.minus, stage) else 1.0
        return sign * self.number if self.number is not None and _reached(self.place, stage) else sign


UNREAD = Reading()
"""Nothing is known yet."""


def _reached(place: str, stage: str) -> bool:
    return STAGES.index(place) <= STAGES.index(stage)


@dataclass(frozen=True)
class Rules:
    """Which readings a scenario's sheets can have. `number` is the one that its own loss puts before the error."""

    scenario: Scenario

    @cached_property
    def number(self) -> float:
        """2, 1, 1/n or 2/n; 1 for a loss that multiplies each error by another number."""
        factor = self.scenario.loss.factor
        return 1.0 if factor is None else factor(self.scenario.targets.size)

    @cached_property
    def losses(self) -> Mapping[float, tuple[str, ...]]:
        """The losses that a learner may have in mind, by the number that each puts before the error."""
        if self.scenario.loss.factor is None:
            return {1.0: (self.scenario.loss.name,)}
        found: dict[float, tuple[str, ...]] = {}
        for name, loss in LOSSES.items():
            if loss.factor is not None:
                number = loss.factor(self.scenario.targets.size)
                found[number] = (*found.get(number, ()), name)
        return found

    def engine(self, stage: str) -> float:
        """What stands before a − t in the engine's own numbers of this stage: an error that is shown as e is plain."""
        return 1.0 if stage == "error" and self.scenario.vocabulary.shows_difference else self.number

    def readings(self, so_far: Reading, stage: str, unseen: str, *, signed: bool) -> tuple[Reading, ...]:
        """What the numbers of this stage can show, the scenario's own first.

        `unseen` is where a number may have come in before without having been written down, "" if nowhere.
        `signed`: a minus that comes in here shows.
        """
        places = dict.fromkeys(place for place in (stage, unseen) if place)
        found = [so_far]
        if so_far.number is None:
            last = stage == STAGES[-1]
            numbers = [n for n in self.losses if last or n != 1.0]
            found = [replace(so_far, place=place, number=number) for number in numbers for place in places]
            found += [] if last else [so_far]
        if signed and not so_far.minus and stage != STAGES[0]:
            found += [replace(one, minus=stage) for one in found]
        return tuple(sorted(found, key=lambda one: self.cost(so_far, one, stage)))

    def cost(self, before: Reading, after: Reading, stage: str) -> float:
        """How far a reading goes beyond the one before, in bits: what the scenario itself does costs nothing."""
        if after == before:
            own = after.number is not None or self.engine(stage) == 1.0
            return 0.0 if own else ELSEWHERE
        cost = OTHER if after.minus != before.minus else 0.0
        if after.number != before.number:
            usual = self.engine(stage) != 1.0 or after.number == 1.0
            cost += (OTHER if after.number != self.number else 0.0) + (0.0 if usual else ELSEWHERE)
        return cost

    def assumed(self, before: Reading, after: Reading) -> tuple[Convention, ...]:
        """The conventions that a reading adds to the one before."""
        found: list[Convention] = []
        if after.minus != before.minus:
            found.append(Convention("error", self.scenario.error, negate=True))
        if after.number != before.number and after.number is not None:
            found += self.loss(after.number)
        return tuple(found)

    def loss(self, number: float) -> tuple[Convention, ...]:
        """The loss that has this number, if it is another one than the scenario's."""
        if number == self.number:
            return ()
        first, *others = self.losses[number]
        return (Convention("loss", first, also=tuple(others)),)


OTHER, ELSEWHERE = 3.0, 0.25
"""What another convention costs, in bits, and the scenario's own in another place: nobody is wrong by either."""


def other_sign(error: str) -> str:
    """`target_minus_output` for `output_minus_target`, and the other way round."""
    return next(sign for sign in ERROR_SIGNS if sign != error)


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
    _sets: dict[tuple[str, int, frozenset[str]], Sets] = field(default_factory=dict, repr=False)
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
        key = step.name, count, known
        if key not in self._sets:
            self._sets[key] = sets_of(self.own, step, count, known)
        return self._sets[key]

    @property
    def kept(self) -> int:
        """How many results are remembered."""
        return len(self._results)

    def right(self, context: StepContext) -> Array:
        """What a step gives when it is carried out rightly."""
        scenario = context.lesson.scenario
        inputs = [context.values[quantity.name] for quantity in context.step.inputs]
        key: tuple[object, ...] = (context.step.name, scenario.error, scenario.relu_slope_at_zero)
        key += tuple(numbers_of(array) for array in inputs)
        kept = self._large if context.step.name in self.large else self._results
        if key not in kept:
            result = context.right
            kept[key] = (tidied(result) if context.step.word == "forward" else result,)
        return kept[key][0]

    def results(self, context: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        """What a step gives with these mistakes, each of which must change it by itself; without any, what is right.

        () where they can't be made, change nothing, or the numbers so far have shapes that the step can't take.
        Worked out once for the same numbers, whichever hypothesis asks.
        """
        scenario = context.lesson.scenario
        codes = tuple(one.code for one in mistakes)
        what = context.step.name, scenario.error, scenario.relu_slope_at_zero, codes
        asked = self._asked.setdefault(what, set())
        kept = self._large if context.step.name in self.large else self._results
        key = what, _fingerprint(context.values, asked)
        if key not in kept:
            values = _Watched(context.values)
            try:
                found = self._worked_out(StepContext(context.lesson, context.step, values), mistakes)
            except ValueError:
                found = ()
            asked |= values.asked
            kept[what, _fingerprint(context.values, asked)] = found
            return found
        return kept[key]

    def _worked_out(self, context: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        return self._wrong(context, mistakes) if mistakes else self._rightly(context)

    def _rightly(self, context: StepContext) -> tuple[Array, ...]:
        """What the step gives by each right way; from exact numbers, none of them at a kink, all come to the same."""
        found = [self.right(context)]
        others = chain(routes(context), sides(context)) if context.step.word in BY_SEVERAL_ROUTES else ()
        for other in others:
            if np.isfinite(other).all() and not any(np.allclose(one, other, rtol=EXACT, atol=EXACT) for one in found):
                found.append(other)
        return tuple(found)

    def _wrong(self, context: StepContext, mistakes: tuple[Mistake, ...]) -> tuple[Array, ...]:
        if len(mistakes) > 1 and not all(self.results(context, (one,)) for one in mistakes):
            return ()
        right = self.right(context)
        found = carry_out(context, *mistakes)
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
