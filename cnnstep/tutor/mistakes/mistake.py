"""A mistake is a step carried out wrongly: it computes the matrix that the misconception would give.

A misconception changes what goes into a step, how the step is worked, or what is written down at its end.
Two of them in one step can be carried out together as long as only one changes how it is worked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.step import Step
from cnnstep.registry import Registry


@dataclass(frozen=True)
class Case:
    """A step about to be carried out wrongly, with the values that stand before it (every axis present)."""

    lesson: Lesson
    step: Step
    values: Values

    def input(self, position: int) -> Array:
        """The step's input at this position of `step.inputs`."""
        return self.values[self.step.inputs[position].name]

    @property
    def conv(self) -> Conv:
        """The convolution layer that the step belongs to."""
        return cast("Conv", self.step.part)

    @property
    def activation(self) -> ActivationLayer:
        """The activation layer that the step belongs to."""
        return cast("ActivationLayer", self.step.part)

    @property
    def right(self) -> Array:
        """What the step gives when it is carried out rightly."""
        return self.step.compute(self.values)

    @property
    def image_size(self) -> tuple[int, int]:
        """The rows and columns of what the layer read on the way forward."""
        rows, columns = self.right.shape[-2:]
        return rows, columns

    def made_by(self, name: str) -> Step:
        """The step that computes the quantity of this name."""
        return self.lesson.step(name)

    def windows(self, image: Array) -> Array:
        """The image's patches as the layer's filter meets them: [N, C, oh, ow, kh, kw]."""
        return patches(image, self.conv.window, self.conv.geometry)


Wrong = Callable[[Case], Array | None]
"""A wrong result; None where the misconception does not apply or has no result."""


@dataclass(frozen=True)
class Slant:
    """What a misconception changes in a step of one role: its inputs, its working, or its result.

    `inputs` gives the changed values by name; `working` replaces the computation; `result` is applied to what
    was computed. `results` gives several variants where learners do it in more than one way.
    """

    inputs: Callable[[Case], Mapping[str, Array] | None] | None = None
    working: Wrong | None = None
    result: Callable[[Case, Array], Array | None] | None = None
    results: Callable[[Case, Array], tuple[Array, ...]] | None = None


@dataclass(frozen=True)
class Mistake:
    """A misconception under the code that users see and type.

    `title` is what went wrong in half a sentence, `does` what the learner does, `hurts` why it is wrong,
    `fix` what to do instead. `slants` says what it changes, by the role of the step; `shown_on` is a
    shipped scenario where it shows. `remembers`: it is about what the iteration before has left behind. `skill` is
    the skill of `practice` that it belongs to, where that is not the one of its first step.
    """

    code: str
    title: str
    does: str
    hurts: str
    fix: str
    slants: Mapping[str, Slant] = field(repr=False)
    shown_on: str = "first-filter"
    remembers: bool = False
    skill: str = ""

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of the steps that it can be made in."""
        return tuple(self.slants)


MISTAKES: Registry[Mistake] = Registry("mistake")


def mistake(
    code: str,
    title: str,
    does: str,
    hurts: str,
    fix: str,
    shown_on: str = "first-filter",
    remembers: bool = False,
    skill: str = "",
    **slants: Slant,
) -> None:
    """Enters a mistake; the last keywords are roles."""
    MISTAKES.add(code)(Mistake(code, title, does, hurts, fix, slants, shown_on, remembers, skill))


def carry_out(case: Case, *mistakes: Mistake) -> tuple[Array, ...]:
    """The results of a step carried out with one mistake, or with several at once; () where that can't be done."""
    slants = [one.slants[case.step.role] for one in mistakes]
    workings = [slant.working for slant in slants if slant.working]
    if len(workings) > 1:
        return ()
    values = dict(case.values)
    for slant in slants:
        if slant.inputs:
            changed = slant.inputs(Case(case.lesson, case.step, values))
            if changed is None:
                return ()
            values |= changed
    changed_case = Case(case.lesson, case.step, values)
    result = workings[0](changed_case) if workings else case.step.compute(values)
    results: tuple[Array, ...] = () if result is None else (result,)
    for slant in slants:
        results = tuple(_written(changed_case, slant, results))
    return results


def _written(case: Case, slant: Slant, results: tuple[Array, ...]) -> list[Array]:
    written: list[Array] = []
    for result in results:
        if slant.results:
            written.extend(slant.results(case, result))
        elif slant.result:
            changed = slant.result(case, result)
            written.extend(() if changed is None else (changed,))
        else:
            written.append(result)
    return written


def turned(array: Array) -> Array:
    """Turned by 180° in its last two axes."""
    return np.ascontiguousarray(array[..., ::-1, ::-1])


def transposed(array: Array) -> Array:
    """Rows and columns exchanged in the last two axes."""
    return np.ascontiguousarray(array.swapaxes(-1, -2))
