"""A mistake is a step carried out wrongly: it computes the matrix that the misconception would give.

A misconception changes what goes into a step, how the step is worked, or what is written down at its end.
Two of them in one step can be carried out together as long as only one changes how it is worked, and none puts
something else in the step's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.registry import Registry
from cnnstep.tutor.mistakes.context import Setting, StepContext

T = TypeVar("T")
Ways: TypeAlias = T | tuple[T, ...] | None
"""The one way in which learners do it, or several; None where the misconception has no occasion or no result."""

Text: TypeAlias = str | Callable[[Setting], str]
"""Words, or how to find those that fit the activation, the layer and the loss at hand."""


@dataclass(frozen=True)
class Alteration:
    """What a misconception changes in a step of one word: its inputs, its working, or its result.

    `inputs` gives the changed values by name; `working` replaces the computation; `result` is applied to what
    was computed. `instead` is what is written in the step's place: nothing of the step is left, so that no other
    mistake in it could be seen. `against` is the word of an earlier step that the mistake passes over: it can be
    told from a mistake in that step only where that step was written down.
    """

    inputs: Callable[[StepContext], Ways[Mapping[str, Array]]] | None = None
    working: Callable[[StepContext], Ways[Array]] | None = None
    result: Callable[[StepContext, Array], Ways[Array]] | None = None
    instead: Callable[[StepContext], Ways[Array]] | None = None
    against: str = ""


class Words(NamedTuple):
    """What the learner does, why it is wrong, and the right line."""

    does: str
    hurts: str
    fix: str


def _always(at: Setting) -> bool:
    return True


@dataclass(frozen=True)
class Mistake:
    """A misconception under the code that users see and type.

    `title` is what went wrong in half a sentence; `texts` are the words that say more. `alterations` says what it
    changes, by the word of the step, and `when` in which of those steps it makes sense at all; `shown_on` is a
    shipped scenario where it shows. `remembers`: it is about what the iteration before has left behind. `skill` is
    the skill of `practice` that it belongs to, where that is not the one of its first step.
    """

    code: str
    title: str
    texts: tuple[Text, Text, Text] = field(repr=False)
    alterations: Mapping[str, Alteration] = field(repr=False)
    when: Callable[[Setting], bool] = field(default=_always, repr=False)
    shown_on: str = "first-filter"
    remembers: bool = False
    skill: str = ""

    @property
    def steps(self) -> tuple[str, ...]:
        """The words of the steps that it can be made in."""
        return tuple(self.alterations)

    def fits(self, lesson: Lesson, step: Step) -> bool:
        """Whether it can be made in this step of the lesson."""
        return step.word in self.alterations and self.when(Setting(lesson, step))

    def occasions(self, lesson: Lesson) -> tuple[Step, ...]:
        """The steps of a lesson that it can be made in."""
        return tuple(step for step in lesson.steps if self.fits(lesson, step))

    def passes_over(self, lesson: Lesson, step: Step) -> str | None:
        """The name of the earlier step that this mistake passes over in this one; None where there is no such step."""
        earlier = self.alterations[step.word].against
        over = Setting(lesson, step).fed_by(earlier) if earlier else None
        return over.name if over else None

    def words(self, lesson: Lesson, step: Step) -> Words:
        """The words for the step that it was made in."""
        setting = Setting(lesson, step)
        return Words(*(text if isinstance(text, str) else text(setting) for text in self.texts))


MISTAKES: Registry[Mistake] = Registry("mistake")


def mistake(
    code: str,
    title: str,
    does: Text,
    hurts: Text,
    fix: Text,
    when: Callable[[Setting], bool] = _always,
    shown_on: str = "first-filter",
    remembers: bool = False,
    skill: str = "",
    **alterations: Alteration,
) -> None:
    """Enters a mistake; the last keywords are the words of its steps."""
    MISTAKES.add(code)(Mistake(code, title, (does, hurts, fix), alterations, when, shown_on, remembers, skill))


def carry_out(case: StepContext, *mistakes: Mistake) -> tuple[Array, ...]:
    """The results of a step carried out with one mistake, or with several at once; () where that can't be done."""
    if not all(one.fits(case.lesson, case.step) for one in mistakes):
        return ()
    alterations = [one.alterations[case.step.word] for one in mistakes]
    if not together(alterations):
        return ()
    cases = [case]
    for alteration in alterations:
        if alteration.inputs:
            ways = ((one, changed) for one in cases for changed in _ways(alteration.inputs(one)))
            cases = [one.changed(changed) for one, changed in ways]
    works = (work for one in alterations for work in (one.working, one.instead) if work)
    work = next(works, _rightly)
    results = [(one, result) for one in cases for result in _ways(work(one))]
    for alteration in alterations:
        if alteration.result:
            results = [(one, changed) for one, result in results for changed in _ways(alteration.result(one, result))]
    return tuple(result for _, result in results)


def together(alterations: Sequence[Alteration]) -> bool:
    """Whether one step can be carried out with all of them."""
    if any(alteration.instead for alteration in alterations):
        return len(alterations) == 1
    return sum(1 for alteration in alterations if alteration.working) <= 1


def _rightly(case: StepContext) -> Array:
    return case.right


def _ways(found: Ways[T]) -> tuple[T, ...]:
    if found is None:
        return ()
    return found if isinstance(found, tuple) else (found,)
