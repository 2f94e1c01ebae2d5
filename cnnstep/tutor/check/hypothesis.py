"""A hypothesis: one way in which the learner may have come to the numbers seen so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.step import Role, Step
from cnnstep.tutor.check.lessons import OTHER, STAGES, UNREAD, Convention, Lessons, Option, Reading, options, other_sign
from cnnstep.tutor.mistakes import Mistake, StepContext

OPTIMIZER_ROLES: tuple[Role, ...] = ("memory", "update")
"""The steps that follow the gradients; they go by the sign that the gradient has."""
SQUARED = "second_moment"
"""The memory that carries the square of the loss's number; the others carry the number, and the error's sign."""

CHANGE = 0.25
"""What it costs to go on with rounded numbers after exact ones, or the other way round, in bits."""


@dataclass(frozen=True)
class Cause:
    """Something that a hypothesis assumes at a step: a mistake or a convention."""

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


def codes_of(causes: Iterable[Cause]) -> tuple[str, ...]:
    """The codes of the mistakes among these causes, each once: made again it is the same misconception."""
    return tuple(dict.fromkeys(cause.mistake.code for cause in causes if cause.mistake))


@dataclass(frozen=True)
class Hypothesis:
    """The values as this hypothesis has them, and what it assumed on the way.

    `lesson` is the lesson under the conventions assumed so far, `reading` the rest of them; `ratio` says of each
    quantity on the way back what multiple of the scenario's own it is. `tainted` are the quantities that are not
    what they should be. `known` are the steps that the learner gave, up to here; `intended` those of them where the
    hypothesis goes on with what they should be, `rounded` those that had more digits than were written. `given_up` are
    mistakes that were not made again at the next occasion: they do not come back. `exact` says with which numbers it
    goes on, where they differ; `doubt` is how unlikely the conventions and the changes of that so far are, in bits.
    """

    lesson: Lesson
    values: Values = field(repr=False)
    lessons: Lessons = field(repr=False, compare=False)
    causes: tuple[Cause, ...] = ()
    reading: Reading = UNREAD
    ratio: Mapping[str, float] = field(default_factory=dict, repr=False)
    tainted: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    intended: frozenset[str] = frozenset()
    rounded: frozenset[str] = frozenset()
    given_up: frozenset[str] = frozenset()
    exact: bool | None = None
    doubt: float = 0.0

    @property
    def conventions(self) -> tuple[Convention, ...]:
        """The conventions assumed so far."""
        return tuple(cause.convention for cause in self.causes if cause.convention)

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """The mistakes assumed so far, each once."""
        return tuple({cause.mistake.code: cause.mistake for cause in self.causes if cause.mistake}.values())

    def changed(self, **changes: Any) -> Hypothesis:
        """`dataclasses.replace` at a tenth of its cost: a search makes thousands."""
        hypothesis = object.__new__(Hypothesis)
        hypothesis.__dict__.update(self.__dict__, **changes)
        return hypothesis

    def going_on(self, *, exact: bool) -> Hypothesis:
        """The hypothesis that goes on with exact numbers, or with rounded ones; few change from one to the other."""
        change = CHANGE if self.exact is not None and self.exact != exact else 0.0
        return self.changed(exact=exact, doubt=self.doubt + change)

    def spoiled(self, step: Step) -> bool:
        """Whether the step starts from a number that is not what it should be."""
        return any(quantity.name in self.tainted for quantity in step.inputs)

    def at(self, step: Step) -> StepContext:
        """The step as it is to be carried out now: under its conventions, with its values."""
        lesson = self.lesson
        if self.reading.minus and step.role in OPTIMIZER_ROLES:
            lesson = self.lessons.of(other_sign(lesson.scenario.error), lesson.scenario.relu_slope_at_zero)
        return StepContext(lesson, lesson.step(step.name), self._with_memory(step))

    def _with_memory(self, step: Step) -> Values:
        """The values, with what is remembered of the iteration before in the sign and scale of this one."""
        if not self.lessons.remembered:
            return self.values
        scale = 1.0 if self.lesson.scenario.error == self.lessons.scenario.error else -1.0
        if step.role in OPTIMIZER_ROLES:
            scale *= self.reading.before("gradient") / self.lessons.rules.number if self.reading.place else 1.0
        else:
            scale *= self.ratio_in(step)
        if scale == 1.0:
            return self.values
        left = self.lessons.remembered.items()
        scales = {name: scale * scale if step.word == SQUARED else scale for name, step in left}
        return {**self.values, **{name: times * self.values[name] for name, times in scales.items()}}

    def ways(self, step: Step, mistakes: int, *, widely: bool) -> Iterator[tuple[Hypothesis, Array]]:
        """The hypotheses that go on from here by carrying out the step with so many new mistakes, and the result.

        What was assumed before may show again. With `widely` each sign of the error and each ReLU′(0) is tried.
        """
        if not all(self._fits(quantity.name) for quantity in step.inputs):
            return
        for hypothesis in self._under_each_lesson(step) if widely else (self,):
            context = hypothesis.at(step)
            for option in options(self.lessons.sets(step, mistakes, self.known), hypothesis._again(context)):
                for result in self.lessons.results(context, option.mistakes):
                    yield hypothesis._with_option(step, option), result

    def _under_each_lesson(self, step: Step) -> Iterator[Hypothesis]:
        """This one, and the others that another convention for the error's sign or ReLU′(0) makes of it."""
        yield self
        scenario = self.lesson.scenario
        if step.role == "error" and self.lessons.signed:
            turned = Convention("error", other_sign(scenario.error))
            yield self._assuming(step, turned, self.lessons.of(str(turned.value), scenario.relu_slope_at_zero))
        if step.word == "delta" and self._at_zero(step) and not self._chose("relu_slope_at_zero"):
            for slope in self.lessons.slopes_at_zero[1:]:
                yield self._assuming(
                    step, Convention("relu_slope_at_zero", slope), self.lessons.of(scenario.error, slope)
                )

    def _chose(self, key: str) -> bool:
        return any(one.key == key for one in self.conventions)

    def _assuming(self, step: Step, convention: Convention, lesson: Lesson) -> Hypothesis:
        causes = (*self.causes, Cause(step.name, convention=convention))
        return self.changed(lesson=lesson, causes=causes, doubt=self.doubt + OTHER)

    def _at_zero(self, step: Step) -> bool:
        """Whether ReLU′(0) matters: a cell with an error whose z is exactly 0."""
        z, error = self.values[step.inputs[-1].name], self.values[step.inputs[0].name]
        return z.shape == error.shape and bool(((z == 0) & (error != 0)).any())

    def _again(self, context: StepContext) -> tuple[Mistake, ...]:
        """The mistakes made so far, and never given up, that would show in this step too."""
        lesson, step = self.lesson, context.step
        held = (one for one in self.mistakes if one.fits(lesson, step) and one.code not in self.given_up)
        shown = (one for one in held if not one.passes_over(lesson, step))
        return tuple(one for one in shown if self.lessons.results(context, (one,)))

    def _fits(self, name: str) -> bool:
        """Whether there is a value of the right size; one of another size fits nothing, though it may broadcast."""
        return name in self.values and self.values[name].shape == self.lessons.sizes[name]

    def _with_option(self, step: Step, option: Option) -> Hypothesis:
        spoils = bool(option.mistakes) or self.spoiled(step)
        if not option.mistakes and not spoils and not option.given_up:
            return self
        causes = tuple(Cause(step.name, mistake=one) for one in option.mistakes)
        return self.changed(
            causes=(*self.causes, *causes),
            tainted=self.tainted | {step.name} if spoils else self.tainted,
            given_up=self.given_up | option.given_up,
        )

    def stage(self, step: Step) -> str:
        """Where on the way back the step stands: at the error, behind it, at a gradient; "" if it is not on it."""
        if step.role == "error" or step.is_gradient:
            return "error" if step.role == "error" else "gradient"
        on_it = step.role not in OPTIMIZER_ROLES and any(quantity.name in self.ratio for quantity in step.inputs)
        return "delta" if on_it else ""

    def ratio_in(self, step: Step) -> float:
        """The ratio of what comes back to this step."""
        return next((self.ratio[quantity.name] for quantity in step.inputs if quantity.name in self.ratio), 1.0)

    def readings(self, step: Step, *, given: bool, early: bool = False) -> list[tuple[Reading, float]]:
        """What can be read into the step's numbers, and by how much it multiplies the result; the likeliest first.

        Where the step was not given nothing is decided yet, but what goes into an update at the gradient; `early`
        it is, since it is not all the same once numbers are rounded.
        """
        stage, rules = self.stage(step), self.lessons.rules
        if not stage:
            return [(self.reading, 1.0)]
        before = self.ratio_in(step)
        if not given and stage != "gradient" and not (early and self.reading.number is None):
            put_in = self.reading.number is not None
            return [(self.reading, self.reading.before(stage) / rules.engine(stage) / before if put_in else 1.0)]
        scenario = self.lessons.scenario
        weighed = not scenario.vocabulary.shows_difference  # the loss's number is in the error already
        remembers = bool(scenario.optimizer.memory)  # whose numbers show what was put in before them
        seen = {self.stage(self.lesson.step(name)) for name in self.known}
        known = not seen.isdisjoint(STAGES[:-1]) or weighed
        stages = [stage, "gradient"] if step.word == "input_gradient" and not weighed else [stage]
        unseen = self._unseen(seen) if weighed and stage == "gradient" else ""
        found: dict[object, tuple[Reading, float]] = {}
        for place in stages:
            signed = (given or remembers) and known and stage not in seen
            for reading in rules.readings(self.reading, place, unseen, signed=signed):
                times = reading.before(place) / rules.engine(place) / before
                found.setdefault(reading if weighed else times, (reading, times))
        return list(found.values())

    @staticmethod
    def _unseen(seen: set[str]) -> str:
        """The first place where the loss's number may have come in though no number of that stage was given."""
        if "delta" in seen:
            return ""
        return "delta" if "error" in seen else "error"

    def reads(self, step: Step, reading: Reading, times: float) -> Hypothesis:
        """The hypothesis once this is read into the step's numbers."""
        stage = self.stage(step)
        if not stage:
            return self
        rules = self.lessons.rules
        new = tuple(Cause(step.name, convention=one) for one in rules.assumed(self.reading, reading))
        return self.changed(
            reading=reading,
            ratio={**self.ratio, step.name: times * self.ratio_in(step)},
            causes=(*self.causes, *new),
            doubt=self.doubt + rules.cost(self.reading, reading, stage),
        )

    def with_value(self, step: Step, value: Array, *, tainted: bool | None = None) -> Hypothesis:
        """The hypothesis with the step's value as it goes on from here."""
        names = self.tainted
        if tainted is not None:
            names = names | {step.name} if tainted else names - {step.name}
        return self.changed(values={**self.values, step.name: value}, tainted=names)

    def rightly(self, steps: Iterable[Step], values: Values) -> Mapping[str, Array]:
        """These values and what the steps make of them, each carried out rightly under these conventions."""
        hypothesis = self.changed(values=values)
        for step in steps:
            context = hypothesis.at(step)
            ((reading, times), *_) = hypothesis.readings(step, given=False)
            if step.name in self.ratio:
                times = self.ratio[step.name] / hypothesis.ratio_in(step)
            right = hypothesis.lessons.right(context)
            hypothesis = hypothesis.reads(step, reading, times).with_value(
                step, right if times == 1.0 else times * right
            )
        return hypothesis.values
