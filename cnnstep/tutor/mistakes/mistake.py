"""A mistake is a step carried out wrongly: it computes the matrix that the misconception would give.

A misconception changes what goes into a step, how the step is worked, or what is written down at its end.
Two of them in one step can be carried out together as long as only one changes how it is worked, and none puts
something else in the step's place.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, TypeVar, cast

import numpy as np

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.losses import Loss
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array, Quantity, Values, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.registry import Registry


@dataclass(frozen=True)
class Setting:
    """A step of a lesson, and what stands around it."""

    lesson: Lesson
    step: Step

    @property
    def scenario(self) -> Scenario:
        """The question that the lesson answers."""
        return self.lesson.scenario

    @property
    def loss(self) -> Loss:
        """The scenario's loss."""
        return self.lesson.scenario.loss

    @property
    def phi(self) -> Activation | None:
        """The activation that the step belongs to, if it belongs to one."""
        part = self.step.part
        return part.phi if isinstance(part, ActivationLayer) else None

    @property
    def conv(self) -> Conv:
        """The convolution layer that the step belongs to."""
        return cast("Conv", self.step.part)

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return len(self.scenario.inputs)

    @property
    def parameter(self) -> str:
        """The name of the weights or the bias that the step is the gradient of."""
        return next(one.leaf.name for one in self.lesson.trained if one.gradient == self.step.name)

    @property
    def upstream(self) -> str:
        """What ∂L/∂a is called where it enters the step."""
        return self.scenario.vocabulary.upstream

    @property
    def right_line(self) -> str:
        """The step's formula as a sentence."""
        return f"{self.step.formula}."

    def made_by(self, name: str) -> Step:
        """The step that computes the quantity of this name."""
        return self.lesson.step(name)

    def fed_by(self, word: str) -> Step | None:
        """The step of this word whose result goes into this one, if there is one."""
        made = (self.made_by(quantity.name) for quantity in self.step.inputs if quantity.kind == "result")
        return next((step for step in made if step.word == word), None)


@dataclass(frozen=True)
class StepContext(Setting):
    """A step about to be carried out wrongly, with the values that stand before it (every axis present)."""

    values: Values = field(repr=False)

    def input(self, position: int) -> Array:
        """The step's input at this position of `step.inputs`."""
        return self.values[self.step.inputs[position].name]

    def changed(self, values: Values) -> StepContext:
        """The step with these values in the place of those of their names; whoever watches the others still does."""
        layers = (cast("dict[str, Array]", one) for one in (values, self.values))  # read, and never written
        return StepContext(self.lesson, self.step, ChainMap(*layers))

    @property
    def right(self) -> Array:
        """What the step gives when it is carried out rightly."""
        return self.step.compute(self.values)

    @property
    def image_size(self) -> tuple[int, int]:
        """The rows and columns of what the layer read on the way forward."""
        rows, columns = self.right.shape[-2:]
        return rows, columns

    def windows(self, image: Array) -> Array:
        """The image's patches as the layer's filter meets them: [N, C, oh, ow, kh, kw]."""
        return patches(image, self.conv.window, self.conv.geometry)


def turned(array: Array) -> Array:
    """Turned by 180° in its last two axes."""
    return np.ascontiguousarray(array[..., ::-1, ::-1])


def transposed(array: Array) -> Array:
    """Rows and columns exchanged in the last two axes."""
    return np.ascontiguousarray(array.swapaxes(-1, -2))


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


class MistakeWords(NamedTuple):
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

    def words(self, lesson: Lesson, step: Step) -> MistakeWords:
        """The words for the step that it was made in."""
        setting = Setting(lesson, step)
        return MistakeWords(*(text if isinstance(text, str) else text(setting) for text in self.texts))


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


def carry_out(context: StepContext, *mistakes: Mistake) -> tuple[Array, ...]:
    """The results of a step carried out with one mistake, or with several at once; () where that can't be done."""
    if not all(one.fits(context.lesson, context.step) for one in mistakes):
        return ()
    alterations = [one.alterations[context.step.word] for one in mistakes]
    if not together(alterations):
        return ()
    cases = [context]
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


def _rightly(context: StepContext) -> Array:
    return context.right


def _ways(found: Ways[T]) -> tuple[T, ...]:
    if found is None:
        return ()
    return found if isinstance(found, tuple) else (found,)


def by_activation(otherwise: str, **texts: str) -> Text:
    """The text for the activation at hand, by its name."""

    def text(at: Setting) -> str:
        return texts.get(at.phi.name, otherwise) if at.phi else otherwise

    return text


def by_optimizer(**texts: str) -> Text:
    """The text for the optimizer at hand, by its name."""
    return lambda at: texts[at.scenario.optimizer.name]


def by_step(**texts: str) -> Text:
    """The text for the step at hand, by its word."""
    return lambda at: texts[at.step.word]


def mistaken(lesson: Lesson, *mistakes: Mistake) -> Lesson:
    """The lesson with these mistakes in the steps that they belong to.

    `InputError` where a mistake gives a matrix of another size, with which nobody could go on.
    """
    remembers = remembering(lesson)
    steps = tuple(_wrong(lesson, step, mistakes) for step in lesson.steps)
    return replace(remembers, steps=steps)


def remembering(lesson: Lesson) -> Lesson:
    """The lesson with the gradients of the iteration before among what an iteration begins with, zeros at first."""
    remembered = [step for step in lesson.steps if step.is_gradient]
    before = {f"{step.name}_before": frozen(np.zeros_like(_gradient_like(lesson, step))) for step in remembered}
    leaves = tuple(Quantity(f"{s.name}_before", f"{s.symbol} before", s.quantity.layout, "memory") for s in remembered)
    start: Mapping[str, Array] = MappingProxyType({**lesson.start, **before})
    carried = (*lesson.carried, *((f"{step.name}_before", step.name) for step in remembered))
    return replace(lesson, leaves=(*lesson.leaves, *leaves), start=start, carried=carried)


def _gradient_like(lesson: Lesson, step: Step) -> Array:
    return first_iteration(lesson).values[step.name]


def _made_before(mistake: Mistake, step: Step) -> bool:
    """Whether it is made in the very step that it could pass over here: what follows from that is right."""
    return mistake.alterations[step.word].against in mistake.alterations


def _wrong(lesson: Lesson, step: Step, mistakes: tuple[Mistake, ...]) -> Step:
    here = [one for one in mistakes if one.fits(lesson, step) and not _made_before(one, step)]
    if not here:
        return step

    def compute(values: Values) -> Array:
        right = step.compute(values)
        results = carry_out(StepContext(lesson, step, values), *here)
        if not results:
            return right
        fitting = [result for result in results if result.shape == right.shape]
        if not fitting:
            sizes = " and ".join("×".join(str(n) for n in array.shape[-2:]) for array in (results[0], right))
            what = f"{here[0].code} gives matrices of another size ({sizes}), and nothing fits after that"
            raise InputError(Fault("shape", what, f"see cnnstep explain {here[0].code}"))
        return fitting[0]

    return replace(step, compute=compute, sums=None)
