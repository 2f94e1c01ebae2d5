"""A question for the numbers of one step: all of its matrix, or one cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, takewhile

import numpy as np

from cnnstep.engine.build import size_text
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.lesson import Lesson, lesson_with
from cnnstep.engine.optimizers import COUNT, Slot
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.tutor.document import Block
from cnnstep.tutor.mistakes import MISTAKES, MistakeWords, remembering
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.history import Kind
from cnnstep.tutor.practice.questions import step_marks
from cnnstep.tutor.practice.questions.fit import (
    MOST_CELLS,
    MOST_TERMS,
    SMALLEST,
    are_short,
    is_proved,
    shows_something,
    terms,
)
from cnnstep.tutor.practice.questions.question import Marked, Wrong
from cnnstep.tutor.practice.questions.step_screen import hint, sheet, worked_out
from cnnstep.tutor.present import planes
from cnnstep.tutor.why import why


@dataclass(frozen=True)
class StepQuestion:
    """The step's matrix, or one `cell` of it, from what it is made of; `hidden` steps on the way are not given.

    `tells` are the mistakes that it has to tell apart. `number` is the iteration that it is about, the first one 0.
    """

    scenario: Scenario
    name: str
    cell: Cell | None = None
    hidden: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    given_hints: tuple[str, ...] = field(default=(), repr=False)
    number: int = 0

    @cached_property
    def lesson(self) -> Lesson:
        """The lesson, with ∂L/∂X where that is asked for, and from iteration 1 on with the gradients before it."""
        lesson = lesson_with(self.scenario, self.name)
        return remembering(lesson) if self.number else lesson

    @cached_property
    def iteration(self) -> Iteration:
        """The iteration that it is about, carried out rightly."""
        one = first_iteration(self.lesson)
        for _ in range(self.number):
            one = one.next()
        return one

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
    def task(self) -> str:
        """`Work out all of z, 2×3.`"""
        symbol, shape = self.step.symbol, _matrix_of(self.right.shape)
        if self.cell is not None:
            *_, row, column = (0, *self.cell)
            label = self.step.quantity.label(self.step.quantity.layout.full_cell(self.cell))
            return f"Work out {label}, the number in row {row}, column {column}."
        if not shape:
            return f"Work out {symbol}, one number."
        counted = (axis for axis, n in zip(self.step.quantity.layout.visible, self.right.shape, strict=True) if n != 1)
        axis = next(counted, "")
        after = f", {axis} after {axis}"
        size = f"{shape[0]} numbers" if len(shape) == 1 else size_text(shape)
        return f"Work out all of {symbol}, {size}{after if len(shape) > 2 else ''}."

    @property
    def worked(self) -> tuple[Step, ...]:
        """The steps that the learner has to carry out: those that are hidden, and the one asked for."""
        names = (*self.hidden, self.step.name)
        return tuple(step for step in self.lesson.steps if step.name in names)

    @property
    def before(self) -> tuple[Step, ...]:
        """The steps before it."""
        return self.lesson.steps[: self.lesson.names.index(self.step.name)]

    @property
    def operands(self) -> tuple[Quantity, ...]:
        """What the answer is made of, each once, in the order of the lesson.

        Beside a gradient stands the one of the iteration before, for the learner to leave where it is.
        """
        made = {step.name for step in self.worked}
        needed = {quantity.name for step in self.worked for quantity in step.inputs} - made - {COUNT.name}
        needed |= {f"{step.name}_before" for step in self.worked if step.is_gradient}
        every = (*self.lesson.leaves, *(step.quantity for step in self.lesson.steps))
        return tuple(quantity for quantity in every if quantity.name in needed)

    def asked(self, everything: bool = False) -> tuple[Block, ...]:
        """The formula, what has to be known, and what the answer is made of."""
        return sheet(self, everything)

    def mark(self, text: str, style: Numbers) -> Marked:
        """The answer cell by cell, with the mistake that gives these numbers."""
        return step_marks.mark(self, text, style)

    def hint(self, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
        """Where to look, the idea, a cell worked out."""
        return hint(self, number, focus, style)

    def solution(self, style: Numbers) -> tuple[Block, ...]:
        """The right matrix; of one number, what it is the sum of."""
        if self.cell is not None:
            return worked_out(self, self.cell, style)
        return planes(self.step.quantity, self.right, title=f"{self.step.symbol}, right", all_of_them=True)

    def explained(self, cell: Cell, style: Numbers) -> tuple[Block, ...]:
        """The products that a number is the sum of; without a cell, the one that was asked for."""
        return why(self.iteration, self.step, cell or self.cell or (), style)

    @cached_property
    def by_mistake(self) -> dict[str, tuple[Array, ...]]:
        """What each misconception gives, where it differs from what is right, by its code."""
        return step_marks.by_mistake(self)

    def text_of(self, result: Array) -> str | None:
        """A result as it would be typed; None where it has no such cell."""
        if self.cell is None:
            return as_typed(result)
        inside = result.ndim == len(self.cell) and all(i < n for i, n in zip(self.cell, result.shape, strict=True))
        return as_typed(result[self.cell]) if inside else None

    def words(self, code: str) -> MistakeWords:
        """What there is to say of a mistake, made in the first step to be carried out that gives occasion for it."""
        mistake = MISTAKES[code]
        return mistake.words(self.lesson, next(step for step in self.worked if mistake.fits(self.lesson, step)))

    def wrongs(self) -> tuple[Wrong, ...]:
        """Each mistake's answer; of several that give the same, the first."""
        return step_marks.wrongs(self)

    def blurred(self, most: int, first: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Those of `tells` that don't have an answer of their own, or are not told by it; `most` of them are enough."""
        return tuple(islice(step_marks.blurred(self, first), most))

    def fits(self, level: int) -> bool:
        """Whether it shows every mistake that it is about, is worked in the minutes of its level, and is proved."""
        answer = self.right if self.cell is None else self.right[self.cell]
        if not shows_something(answer) or answer.size > MOST_CELLS[level]:
            return False
        if not self._is_by_hand(answer, level) or self._leaves_a_convention_open():
            return False
        return all(step_marks.shows(self, code) for code in self.tells) and is_proved(self.iteration, self.worked)

    def _leaves_a_convention_open(self) -> bool:
        """Whether a slope that is a convention goes into a step that is not shown: it can't be told from a mistake."""
        return any(_at_a_kink(self.iteration, step) for step in self.worked if self.hidden)

    def _is_by_hand(self, answer: Array, level: int) -> bool:
        """Short numbers and few products; what comes out of a smooth function may have endless decimals."""
        steps = (*self.before, self.step)
        exact = tuple(takewhile(lambda step: not _is_smooth(step), steps))
        if not all(are_short(self.iteration.values[step.name]) for step in exact):
            return False
        if len(exact) < len(steps):
            return bool(np.abs(answer).min() >= SMALLEST)
        return self.cell is not None or terms(self.iteration, self.worked) <= MOST_TERMS[level]


def _at_a_kink(iteration: Iteration, step: Step) -> bool:
    kinks = step.part.phi.kinks if isinstance(step.part, ActivationLayer) and step.word == "delta" else ()
    z = iteration.values[step.inputs[-1].name]
    return any(bool((z == kink).any()) for kink in kinks)


def _is_smooth(step: Step) -> bool:
    """Whether its numbers may have endless decimals: a softmax, a curved activation, a division by a root."""
    part = step.part
    if isinstance(part, Slot):
        return step.role == "update" and COUNT in step.inputs
    return isinstance(part, Softmax) or (isinstance(part, ActivationLayer) and part.phi.open_range)


def _matrix_of(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without leading axes that hold one matrix only."""
    return (*(size for size in shape[:-2] if size != 1), *shape[-2:])


def as_typed(array: Array | float) -> str:
    """`3 0; -2 1`: a matrix as one types it, with the digits that show what it is."""
    rows = np.asarray(array, dtype=float)
    fine = Numbers(6)
    if rows.ndim == 0:
        return fine.text(float(rows))
    return "; ".join(" ".join(fine.text(float(value)) for value in row) for row in rows.reshape(-1, rows.shape[-1]))
