"""A question for the numbers of one step: all of its matrix, or one cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cnnstep.engine.build import size_text
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.document import Beside, Block, Paragraph
from cnnstep.tutor.mistakes import MISTAKES, Case, Mistake, Words, carry_out
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.practice.event import Kind
from cnnstep.tutor.practice.questions.effort import MOST_TERMS, SMALLEST, are_short, shows_something, terms
from cnnstep.tutor.practice.questions.question import Marked, Wrong
from cnnstep.tutor.practice.questions.step_hints import hint
from cnnstep.tutor.practice.questions.step_marks import mark
from cnnstep.tutor.practice.questions.step_words import facts
from cnnstep.tutor.present import given, planes
from cnnstep.tutor.sentences import title_of
from cnnstep.tutor.why import why

ALIKE = (("slope-forgotten", "mask-not-strict"),)
"""Mistakes that come to the same numbers everywhere."""


@dataclass(frozen=True)
class StepQuestion:
    """The step's matrix, or one `cell` of it; every step before it is given except those that are `hidden`.

    `tells` are the mistakes that it has to tell apart.
    """

    scenario: Scenario
    name: str
    cell: Cell | None = None
    hidden: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    given_hints: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def lesson(self) -> Lesson:
        """The lesson, with ∂L/∂X where that is asked for."""
        return lesson_of(self.scenario, input_gradient=self.name.endswith("input_gradient"))

    @cached_property
    def iteration(self) -> Iteration:
        """The first iteration, carried out rightly."""
        return first_iteration(self.lesson)

    @cached_property
    def step(self) -> Step:
        """The step that is asked for."""
        return self.lesson.step(self.name)

    @cached_property
    def right(self) -> Array:
        """The step's matrix as a learner sees it."""
        return self.iteration.matrix(self.step.name)

    @property
    def kind(self) -> Kind:
        """A cell, a matrix, or a number where the step has only one."""
        return "cell" if self.cell is not None else "matrix" if self.right.ndim else "number"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the matrix to type; () for one number."""
        return () if self.cell is not None else self.right.shape

    @property
    def answer(self) -> str:
        """The right answer as it would be typed."""
        return as_typed(self.right if self.cell is None else self.right[self.cell])

    @property
    def worked(self) -> tuple[Step, ...]:
        """The steps that the learner has to carry out: those that are hidden, and the one asked for."""
        names = (*self.hidden, self.step.name)
        return tuple(step for step in self.lesson.steps if step.name in names)

    @property
    def _steps_up_to_here(self) -> tuple[Step, ...]:
        return self.lesson.steps[: self.lesson.names.index(self.step.name) + 1]

    @property
    def before(self) -> tuple[Step, ...]:
        """The steps before it."""
        return self._steps_up_to_here[:-1]

    @property
    def shown(self) -> tuple[Step, ...]:
        """The steps that are given."""
        needed = {quantity.name for step in self.worked for quantity in step.inputs}
        network = self.scenario.is_network
        return tuple(s for s in self.before if s.name not in self.hidden and (not network or s.name in needed))

    def asked(self) -> tuple[Block, ...]:
        """The question, and everything that is given."""
        step = self.step
        shape = _matrix_of(self.right.shape)
        what = f"{'all of ' if shape else ''}{step.symbol}, which is {size_text(shape)}"
        if len(shape) > 2:
            what += f", {step.quantity.layout.visible[0]} after {step.quantity.layout.visible[0]}"
        if self.cell is not None:
            what = f"one number, {step.quantity.label(step.quantity.layout.full_cell(self.cell))}"
        words = [f"{title_of(step)}, {step.formula}: work out {what}."]
        for name in self.hidden:
            hidden = self.lesson.step(name)
            words.append(f"On the way you need {hidden.symbol}, which is not shown: {hidden.formula}.")
        words += dict.fromkeys(fact for one in self.worked for fact in facts(one))
        return (Paragraph(" ".join(words)), *self._sheet())

    def _sheet(self) -> tuple[Block, ...]:
        """The scenario's numbers and the steps that are given, next to each other."""
        steps = self.worked if self.scenario.is_network else self._steps_up_to_here
        needed = {quantity.name for step in steps for quantity in step.inputs}
        leaves = [leaf for leaf in given(self.iteration) if leaf.name in needed]
        blocks = [
            *(block for leaf in leaves for block in planes(leaf, self.iteration.matrix(leaf.name), title=_title(leaf))),
            *(
                block
                for step in self.shown
                for block in planes(
                    step.quantity, self.iteration.matrix(step.name), title=f"{title_of(step)} {step.symbol}"
                )
            ),
        ]
        rate = f"Learning rate η = {AS_USUAL.text(self.scenario.learning_rate)}."
        return (Beside(tuple(blocks)), *((Paragraph(rate),) if self.step.role == "update" else ()))

    def mark(self, text: str, style: Numbers) -> Marked:
        """The answer cell by cell, with the mistake that gives these numbers."""
        return mark(self, text, style)

    def hint(self, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
        """Where to look, the idea, a cell worked out."""
        return hint(self, number, focus, style)

    def solution(self, style: Numbers) -> tuple[Block, ...]:
        """The right matrix."""
        return planes(self.step.quantity, self.right, title=f"{self.step.symbol}, right", all_of_them=True)

    def explained(self, cell: Cell, style: Numbers) -> tuple[Block, ...]:
        """The products that a number is the sum of; without a cell, the one that was asked for."""
        return why(self.iteration, self.step, cell or self.cell or (), style)

    @cached_property
    def by_mistake(self) -> dict[str, tuple[Array, ...]]:
        """What each misconception gives, where it differs from what is right, by its code."""
        results = {code: tuple(self._carried_out(one)) for code, one in MISTAKES.items() if not one.remembers}
        return {code: found for code, found in results.items() if found}

    def _carried_out(self, mistake: Mistake) -> Iterator[Array]:
        """The step's matrix, as shown, with the mistake made at one of the steps to be carried out."""
        for position, step in enumerate(self.worked):
            if not mistake.fits(self.lesson, step):
                continue
            values = {**self.iteration.values}
            for earlier in self.worked[:position]:
                values[earlier.name] = earlier.compute(values)
            with np.errstate(all="ignore"):
                for result in self._results(step, values, mistake, self.worked[position + 1 :]):
                    if result.shape != self.right.shape or not np.allclose(result, self.right):
                        yield result

    def _results(self, step: Step, values: dict[str, Array], mistake: Mistake, later: tuple[Step, ...]) -> list[Array]:
        """The results of one step done wrongly, carried on rightly; none where that has no result."""
        found = []
        try:
            for result in carry_out(Case(self.lesson, step, values), mistake):
                onward = {**values, step.name: result}
                for one in later:
                    onward[one.name] = one.compute(onward)
                found.append(as_shown(self.step, onward[self.step.name]))
        except ValueError:  # a matrix of another size, with which nobody goes on
            return found
        return found

    def words(self, code: str) -> Words:
        """What there is to say of a mistake, made in the first step to be carried out that gives occasion for it."""
        mistake = MISTAKES[code]
        return mistake.words(self.lesson, next(step for step in self.worked if mistake.fits(self.lesson, step)))

    def wrongs(self) -> tuple[Wrong, ...]:
        """Each mistake's answer; of several that give the same, the first."""
        found: dict[str, Wrong] = {}
        for code, results in self.by_mistake.items():
            for result in results:
                text = self._text_of(result)
                if text is not None and text != self.answer:
                    words = self.words(code)
                    found.setdefault(text, Wrong(code, text, f"{words.does} {words.fix}"))
        return tuple(found.values())

    def _text_of(self, result: Array) -> str | None:
        """A result as it would be typed; None where it has no such cell."""
        if self.cell is None:
            return as_typed(result)
        return as_typed(result[self.cell]) if result.shape == self.right.shape else None

    def tells_apart(self) -> bool:
        """Whether each mistake of `tells` can be made here, gives numbers of its own, and is told by them."""
        return next(self.blurred(), None) is None

    def blurred(self) -> Iterator[str]:
        """Those of `tells` that change nothing here, give the numbers of another, or are not told by theirs."""
        seen: dict[str, str] = {}
        for code in self.tells:
            results = tuple(self._carried_out(MISTAKES[code]))
            texts = [self._text_of(result) for result in results]
            own = (
                text not in (None, self.answer) and seen.setdefault(str(text), code) in _alike(code) for text in texts
            )
            if not texts or not all(self._plain(result) for result in results) or not all(own):
                yield code
        yield from (code for text, code in seen.items() if not self._told(text, code))

    def by_hand(self) -> bool:
        """Whether it shows something and is worked in some five minutes; a smooth activation's numbers may be long."""
        answer = self.right if self.cell is None else self.right[self.cell]
        if not shows_something(answer):
            return False
        if any(isinstance(one.part, ActivationLayer) and one.part.phi.open_range for one in self.shown):
            return bool(np.abs(answer).min() >= SMALLEST)
        short = all(are_short(self.iteration.values[step.name]) for step in self._steps_up_to_here)
        return short and (self.cell is not None or terms(self.iteration, self.worked) <= MOST_TERMS)

    def _told(self, text: str, code: str) -> bool:
        """Whether this answer is called wrong, and this the mistake behind it."""
        try:
            marked = self.mark(text, AS_USUAL)
        except InputError:  # taken for no answer yet: too far rounded, or of another size and not known
            return False
        return not marked.right and code in (*marked.mistakes, *marked.others)

    def _plain(self, result: Array) -> bool:
        """Whether a wrong matrix is wrong in more than one cell: else it could as well be a slip."""
        if self.cell is not None or result.shape != self.right.shape or result.size < 2:
            return True
        return int((~np.isclose(result, self.right)).sum()) > 1


def _alike(code: str) -> tuple[str, ...]:
    return next((group for group in ALIKE if code in group), (code,))


def _matrix_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without leading axes that hold one matrix only."""
    return shape if any(size != 1 for size in shape[:-2]) else shape[-2:]


def _title(leaf: Quantity) -> str:
    return f"{leaf.name.capitalize()} {leaf.symbol}"


def as_typed(array: Array | float) -> str:
    """`3 0; -2 1`: a matrix as one types it, with the digits that show what it is."""
    rows = np.asarray(array, dtype=float)
    fine = Numbers(6)
    if rows.ndim == 0:
        return fine.text(float(rows))
    return "; ".join(" ".join(fine.text(float(value)) for value in row) for row in rows.reshape(-1, rows.shape[-1]))
