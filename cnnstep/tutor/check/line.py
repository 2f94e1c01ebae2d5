"""A line of thought: one way in which the learner may have come to the numbers seen so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.naming import GRADIENT_ROLES
from cnnstep.engine.quantity import Array, Cell, Values
from cnnstep.engine.scenario import ERROR_SIGNS
from cnnstep.engine.step import Step, Working
from cnnstep.tutor.check.options import (
    Convention,
    Lessons,
    Option,
    Sets,
    loss_scales,
    options,
    scaled_roles,
    sign_of_error,
    slopes_at_zero,
)
from cnnstep.tutor.check.sheet import Written
from cnnstep.tutor.mistakes import Case, Mistake

Verdict: TypeAlias = Literal["correct", "follows", "mistake", "slip", "unexplained", "missing"]


@dataclass(frozen=True)
class Cause:
    """Something that a line assumes at a step: a mistake or a convention."""

    step: str
    mistake: Mistake | None = None
    convention: Convention | None = None

    @property
    def name(self) -> str:
        """The mistake's code, or the convention's key and value."""
        if self.mistake:
            return self.mistake.code
        assert self.convention is not None
        return f"{self.convention.key}={self.convention.value}"


def codes_of(causes: tuple[Cause, ...]) -> tuple[str, ...]:
    """The codes of the mistakes among these causes, each once: made again it is the same misconception."""
    return tuple(dict.fromkeys(cause.mistake.code for cause in causes if cause.mistake))


@dataclass(frozen=True)
class Slip:
    """A cell (as a learner counts them), what stands there, what should, and what explains the difference."""

    cell: Cell
    yours: float
    expected: float
    reason: str = ""
    working: Working | None = None


@dataclass(frozen=True)
class StepMark:
    """What became of one step: its verdict, what was assumed there, the cells that slipped.

    `right` is right for the scenario under the sheet's conventions; `expected` is what follows from the learner's
    earlier numbers when this step, and those before it that were not given, are carried out rightly; `mine` is what
    they wrote, all as shown. `line` is the line of thought just before the step.
    """

    step: Step
    verdict: Verdict
    causes: tuple[Cause, ...] = ()
    slips: tuple[Slip, ...] = ()
    alternatives: tuple[tuple[str, ...], ...] = ()
    right: Array | None = field(default=None, repr=False)
    expected: Array | None = field(default=None, repr=False)
    mine: Written | None = field(default=None, repr=False)
    line: Line | None = field(default=None, repr=False)
    from_intended: bool = False

    @property
    def mistakes(self) -> tuple[str, ...]:
        """The codes of the mistakes assumed here, each once."""
        return codes_of(self.causes)


@dataclass(frozen=True)
class Line:
    """The values as this line of thought has them, and what it assumed on the way.

    `lesson` is the lesson under the conventions assumed so far. `tainted` are the quantities that are not
    what they should be. `known` are the steps that the learner gave, up to here; `intended` those of them where
    the line goes on with what they should be; `tolerances` how exactly the given numbers were written. `given_up`
    are mistakes that were not made again at the next occasion: they do not come back.
    """

    lesson: Lesson
    values: Values = field(repr=False)
    lessons: Lessons = field(repr=False, compare=False)
    causes: tuple[Cause, ...] = ()
    tainted: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    negated: bool = False
    scaled_at: str = ""
    intended: frozenset[str] = frozenset()
    given_up: frozenset[str] = frozenset()
    tolerances: Mapping[str, Array] = field(default_factory=dict, repr=False, compare=False)
    marks: tuple[StepMark, ...] = field(default=(), repr=False, compare=False)

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """The conventions assumed so far."""
        return tuple(cause.convention for cause in self.causes if cause.convention)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes assumed so far, each once."""
        return tuple({cause.mistake.code: cause.mistake for cause in self.causes if cause.mistake}.values())

    def spoiled(self, step: Step) -> bool:
        """Whether the step starts from a number that is not what it should be."""
        return any(quantity.name in self.tainted for quantity in step.inputs)

    def open_conventions(self, step: Step, *, scale: bool) -> tuple[Convention, ...]:
        """The conventions that can still be chosen at this step; the loss's number only with `scale`."""
        taken = {convention.key for convention in self.conventions}
        scenario = self.lesson.scenario
        found: list[Convention] = []
        if step.role == "error" and "error" not in taken and self.lessons.signed:
            found.append(sign_of_error(scenario))
        if self._may_negate(step):
            found.append(Convention("error", scenario.error, negate=True))
        if scale and step.role in scaled_roles(scenario) and "loss" not in taken:
            found.extend(loss_scales(scenario))
        if step.role == "delta" and "relu_slope_at_zero" not in taken and self._at_zero(step):
            found.extend(slopes_at_zero(scenario))
        return tuple(found)

    def _may_negate(self, step: Step) -> bool:
        """Whether the minus can stand in the filter's gradient: once the sign of the error is known."""
        one_filter = not self.lesson.scenario.is_network
        return one_filter and step.role == "gradient" and not self.negated and bool(self.known & _signed(self.lesson))

    def _at_zero(self, step: Step) -> bool:
        """Whether ReLU′(0) matters: a cell with an error whose z is exactly 0."""
        z, error = self.values[step.inputs[-1].name], self.values[step.inputs[0].name]
        return z.shape == error.shape and bool(((z == 0) & (error != 0)).any())

    def ways(self, step: Step, cost: int, mistakes: int = 0, *, scale: bool = True) -> Iterator[tuple[Line, Array]]:
        """The lines that go on from here by carrying out the step, with the result.

        Each assumes exactly `cost` causes more, at most so many of them mistakes; one that was assumed before may
        show again. Without `scale` the loss's number comes in later.
        """
        if not all(self._fits(quantity.name) for quantity in step.inputs):
            return
        conventions = self.open_conventions(step, scale=scale) if cost else ()

        def sets(count: int) -> Sets:
            return self.lessons.sets(self.lesson, step, count, self.known)

        for option in options(sets, conventions, cost, mistakes, self._again(step)):
            yield from self._by(step, option)

    def _again(self, step: Step) -> tuple[Mistake, ...]:
        """The mistakes made so far, and never given up, that would show in this step too."""
        held = [
            one
            for one in self.mistakes
            if one.fits(self.lesson, step) and one.code not in self.given_up and not one.passes_over(self.lesson, step)
        ]
        return tuple(one for one in held if any(True for _ in self._by(step, Option((one,)))))

    def _fits(self, name: str) -> bool:
        """Whether there is a value of the right size; one of another size fits nothing, though it may broadcast."""
        return name in self.values and self.values[name].shape == self.lessons.sizes[name]

    def _by(self, step: Step, option: Option) -> Iterator[tuple[Line, Array]]:
        lesson = self.lesson
        for convention in option.conventions:
            lesson = self.lessons.under(lesson, convention)
        case = Case(lesson, lesson.step(step.name), self.values)
        for result in self.lessons.results(case, option.mistakes):
            after = self._assuming(step, option, lesson)
            factor = after.factor(step, option.conventions)
            yield after, result if factor == 1 else result * factor

    def _assuming(self, step: Step, option: Option, lesson: Lesson) -> Line:
        spoils = bool(option.mistakes) or self.spoiled(step)
        if not option.mistakes and not option.conventions and not spoils and not option.given_up:
            return self
        causes = [Cause(step.name, mistake=one) for one in option.mistakes]
        causes += [Cause(step.name, convention=one) for one in option.conventions]
        return self.changed(
            lesson=lesson,
            values=self._reading(lesson),
            causes=(*self.causes, *causes),
            tainted=self.tainted | {step.name} if spoils else self.tainted,
            given_up=self.given_up | option.given_up,
            negated=self.negated or any(one.negate for one in option.conventions),
            scaled_at=step.role if any(one.key == "loss" for one in option.conventions) else self.scaled_at,
        )

    def changed(self, **changes: object) -> Line:
        """`dataclasses.replace` at a tenth of its cost: a search makes thousands of lines."""
        line = object.__new__(Line)
        line.__dict__.update(self.__dict__, **changes)
        return line

    def _reading(self, lesson: Lesson) -> Values:
        """The values under another lesson; where the error's sign differs, so does that of what was remembered."""
        if lesson.scenario.error == self.lesson.scenario.error:
            return self.values
        return {name: -value if name.endswith(REMEMBERED) else value for name, value in self.values.items()}

    def factor(self, step: Step, conventions: tuple[Convention, ...]) -> float:
        """The number, with its sign, that the line's conventions put before the step's result.

        A number or a sign that came in at the filter's gradient belongs before the bias's too.
        """
        factor = 1.0
        for convention in conventions:
            factor *= -convention.times if convention.negate else convention.times
        if step.role == "bias_gradient":
            factor *= -1.0 if self.negated else 1.0
            if self.scaled_at == "gradient":
                factor *= next(one.times for one in self.conventions if one.key == "loss")
        return factor

    def with_value(self, step: Step, value: Array, *, tainted: bool | None = None) -> Line:
        """The line with the step's value as it goes on from here."""
        lesson, values = self.lesson, self.values
        if self.negated and step.name == self._last_gradient():
            lesson = self.lessons.under(lesson, sign_of_error(lesson.scenario))
            values = self._reading(lesson)
        names = self.tainted
        if tainted is not None:
            names = names | {step.name} if tainted else names - {step.name}
        return self.changed(lesson=lesson, values={**values, step.name: value}, tainted=names)

    def rightly(self, steps: Iterable[Step], values: Values) -> dict[str, Array]:
        """These values and what the steps make of them, each carried out rightly under the line's conventions."""
        onward, scenario = dict(values), self.lesson.scenario
        turned = any(one.key == "error" and not one.negate for one in self.conventions)
        signs = (self.lessons.error, next(sign for sign in ERROR_SIGNS if sign != self.lessons.error))
        for step in steps:
            chosen = tuple(c.convention for c in self.causes if c.convention and c.step == step.name)
            updates = step.role in UPDATE_ROLES
            sign = signs[turned ^ (self.negated and updates)]
            lesson = self.lessons.of(replace(scenario, error=sign))
            onward[step.name] = self.factor(step, chosen) * lesson.step(step.name).compute(onward)
        return onward

    def _last_gradient(self) -> str:
        """The step after which the updates begin: from there on, the other sign is the lesson's own."""
        return [step.name for step in self.lesson.steps if step.role in GRADIENT_ROLES][-1]


UPDATE_ROLES = ("update", "velocity", "first_moment", "second_moment")
"""The optimizer's steps, which follow the gradients."""
REMEMBERED = ("velocity_before", "first_moment_before", "gradient_before")
"""The memories that carry the error's sign."""


def _signed(lesson: Lesson) -> frozenset[str]:
    """The steps whose numbers show which sign the error was given."""
    return frozenset(step.name for role in ("error", "delta") for step in lesson.of_role(role))
