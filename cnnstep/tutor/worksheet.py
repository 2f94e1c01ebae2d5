"""Sheets to work by hand: what is given, the formula with its symbols, empty boxes; and the same worked out in full.

A solution shows every number as its sum of products, and for each mistake that would show the numbers it gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnnstep.engine.build import size_text
from cnnstep.engine.quantity import Quantity
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.tutor.cards import lesson_for, view_of
from cnnstep.tutor.document import Block, Formula, Heading, Matrix, Paragraph, Room, Sum, Table
from cnnstep.tutor.mistakes import MISTAKES
from cnnstep.tutor.numbers import Numbers, bracketed_factor, capital, enough
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.questions.step_screen import facts
from cnnstep.tutor.practice.skills import SKILLS
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import meaning_of, title_of
from cnnstep.tutor.typed import ended
from cnnstep.tutor.why import arithmetic

MOST_ASKED = 100
"""Nobody works out a larger matrix by hand."""
MOST_PRODUCTS = 30
"""Of a longer sum the first products are written out."""
NAME = "Name:  ____________________________      Date:  ______________"


@dataclass(frozen=True)
class Worksheet:
    """A scenario with the steps that are asked for: those named, else all that can be worked by hand."""

    scenario: Scenario
    name: str
    hide: tuple[str, ...] = ()

    def questions(self) -> tuple[StepQuestion, ...]:
        """A question for each step that is asked for; `InputError` where there is no such step, or it is too large."""
        lesson = lesson_for(self.scenario, self.hide)
        asked = [lesson.step(name).name for name in self.hide]
        questions = [StepQuestion(self.scenario, step.name) for step in lesson.steps if not asked or step.name in asked]
        large = [one.step.name for one in questions if one.right.size > MOST_ASKED]
        if asked and large:
            what = f"{large[0]} has more than {MOST_ASKED} numbers, too many to be worked by hand"
            raise InputError(Fault("too-large", what, "ask for other steps"))
        found = tuple(one for one in questions if one.step.name not in large)
        if not found:
            hint = did_you_mean("", lesson.names) or "take a smaller scenario"
            raise InputError(Fault("too-large", "every step has too many numbers to be worked by hand", hint))
        return found

    def exercises(self) -> tuple[Exercise, ...]:
        """The questions as exercises of a course of this scenario's name."""
        title = self.scenario.title or self.name
        return tuple(
            Exercise("", 1, number, question, f"{number} {title_of(question.step)}", title)
            for number, question in enumerate(self.questions(), 1)
        )

    def blocks(self, solution: bool, style: Numbers) -> tuple[Block, ...]:
        """The sheet, or its solution."""
        questions = self.questions()
        iteration, title = first_iteration(lesson_for(self.scenario, self.hide)), self.scenario.title or self.name
        asked = {one.step.name: one for one in questions}
        head = [Heading(title, 1, "solution" if solution else "worksheet")]
        blocks: list[Block] = [*head, *(() if solution else (Paragraph(NAME),)), Heading("Given")]
        blocks += view_of(self.scenario).question(iteration, None)
        blocks.append(Paragraph(f"Learning rate η = {style.text(self.scenario.learning_rate)}."))
        for number, step in enumerate(iteration.lesson.steps, 1):
            if step.name in asked:
                blocks += _asked(asked[step.name], number, solution, style)
            elif any(step.quantity in other.step.inputs for other in questions):
                shown = iteration.matrix(step.name)
                blocks += [Heading(f"{number} {title_of(step)}"), *planes(step.quantity, shown, all_of_them=True)]
        return tuple(blocks)


def _asked(question: StepQuestion, number: int, solution: bool, style: Numbers) -> Iterator[Block]:
    """One step: what it means, its formula and what the symbols are, and its boxes, or its numbers and their sums."""
    step = question.step
    yield Heading(f"{number} {title_of(step)}")
    yield Paragraph(ended(capital(meaning_of(step))))
    yield Formula(step.formula)
    yield Table(("symbol", "what it is", "size"), tuple(_symbols(question)))
    told = tuple(facts(question.iteration, step))
    if told:
        yield Paragraph(" ".join(told))
    if solution:
        yield from planes(step.quantity, question.right, title=f"{step.symbol}, right", all_of_them=True)
        yield _workings(question, style)
        yield from _mistakes(question)
    else:
        yield Paragraph(question.task, "strong")
        yield from (_emptied(block) for block in planes(step.quantity, question.right, all_of_them=True))
        yield Room(4)


def _symbols(question: StepQuestion) -> Iterator[tuple[str, str, str]]:
    """Each symbol of the formula: what it is called, and its size."""
    step, iteration = question.step, question.iteration
    for quantity in dict.fromkeys((step.quantity, *step.inputs)):
        shape = iteration.matrix(quantity.name).shape
        yield quantity.symbol, _called(question, quantity), size_text(shape) if shape else "one number"
    if "η" in step.formula:
        yield "η", "the learning rate", "one number"


def _called(question: StepQuestion, quantity: Quantity) -> str:
    made: Step | None = next((step for step in question.lesson.steps if step.name == quantity.name), None)
    name = title_of(made) if made else quantity.name.replace("_", " ").replace(".", "'s ")
    return name[:1].lower() + name[1:]


def _emptied(block: Block) -> Block:
    """The matrix as boxes."""
    if not isinstance(block, Matrix):
        return block
    return replace(block, rows=tuple(tuple(None for _ in row) for row in block.rows), marks={}, ask=True)


def _workings(question: StepQuestion, style: Numbers) -> Block:
    """A row for each number: the products that it is the sum of."""
    step, rows = question.step, []
    for cell in np.ndindex(*question.right.shape):
        full = step.quantity.layout.full_cell(cell)
        working = step.working(question.iteration.values, full)
        lines = [_in_a_line(block, style) for block in arithmetic(step, full, working, style)]
        rows.append((step.quantity.label(full), "; ".join(line for line in lines if line), style.text(working.value)))
    return Table(("number", "worked out", "value"), tuple(rows), "Every number worked out")


def _in_a_line(block: Block, style: Numbers) -> str:
    """`1·1 + (-1)·(-1) + 0·2`; of a formula with its numbers put in, the formula."""
    if isinstance(block, Formula):
        return block.text
    if not isinstance(block, Sum):
        return ""
    written = []
    for line in block.lines[:MOST_PRODUCTS]:
        factors = enough(style, line.numbers, lambda values: float(np.prod(values)))
        written.append("·".join(bracketed_factor(one) for one in factors))
    more = len(block.lines) - MOST_PRODUCTS
    return " + ".join([*written, *([f"… ({more} more)"] if more > 0 else [])]) or "nothing takes part"


def _mistakes(question: StepQuestion) -> Iterator[Block]:
    """The numbers that each mistake would give, where it shows; of the many ways to make one, the first."""
    first = {one.code: one for one in reversed(question.wrongs())}
    rows = tuple((one.text, MISTAKES[code].title, code) for code, one in reversed(first.items()))
    if rows:
        yield Table(
            ("if the numbers are", "then probably", "look up: cnnstep explain"), rows, "What mistakes would give"
        )


def exercise_sheet(
    exercises: Sequence[Exercise], title: str, solution: bool, style: Numbers, student: str = ""
) -> tuple[Block, ...]:
    """Made exercises, or those of a course, one below the other; for a student where one is named."""
    blocks: list[Block] = [Heading(title, 1, "solution" if solution else "worksheet")]
    blocks += (Paragraph(student, "strong"),) if student else () if solution else (Paragraph(NAME),)
    for number, one in enumerate(exercises, 1):
        worth = f"{one.points:g} point{'' if one.points == 1 else 's'}" if one.points is not None else ""
        blocks.append(Heading(f"{number} {one.title or SKILLS[one.skill].title}", 2, worth))
        blocks += [*((Paragraph(one.text),) if one.text else ()), *_exercise(one, solution, style)]
    return tuple(blocks)


def _exercise(one: Exercise, solution: bool, style: Numbers) -> Iterator[Block]:
    question = one.question
    yield from question.given if isinstance(question, ChoiceQuestion) else question.asked()
    yield Paragraph(question.task, "strong")
    if isinstance(question, ChoiceQuestion):
        rows = tuple((f"{number}", option.text) for number, option in enumerate(question.options, 1))
        yield Table(("", "answer"), rows)
        if solution:
            yield Paragraph(f"Right: {question.right}.", "strong")
        return
    if solution:
        yield from question.solution(style)
        if isinstance(question, StepQuestion) and question.cell is None:
            yield _workings(question, style)
        yield Paragraph(f"Right: {question.answer}", "strong")
        if isinstance(question, StepQuestion):
            yield from _mistakes(question)
        elif wrong := tuple((wrong.text, wrong.words) for wrong in question.wrongs()):
            yield Table(("if the answer is", "then probably"), wrong, "What mistakes would give")
        return
    *_, rows_, columns = (1, 1, *question.shape)
    yield Matrix(tuple((None,) * columns for _ in range(rows_)), "Your answer", ask=True)
    yield Room(4)


def steps_named(hide: str) -> tuple[str, ...]:
    """`delta, gradient` as names."""
    return tuple(name.strip() for name in hide.split(",") if name.strip())
