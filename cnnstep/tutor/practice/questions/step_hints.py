"""Hints to a step's question in three strengths: where to look, the idea, a cell worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnstep.engine.quantity import Cell, Quantity
from cnnstep.engine.step import Step, Working
from cnnstep.tutor.document import Beside, Block, Mark, Paragraph
from cnnstep.tutor.numbers import Numbers, listed
from cnnstep.tutor.practice.questions.step_words import idea
from cnnstep.tutor.present import planes
from cnnstep.tutor.why import products

if TYPE_CHECKING:
    from cnnstep.tutor.practice.questions.step import StepQuestion

PART = Mark("*", "takes part", "strong")


def hint(question: StepQuestion, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
    """The hint of this strength; from the third on a cell each, beginning with the one in focus."""
    first = focus if focus is not None and question.cell is None else first_cell(question)
    if number <= len(question.given_hints):
        written: tuple[Block, ...] = (Paragraph(question.given_hints[number - 1]),)
        return written if number < 3 else (*written, *worked_out(question, first, style))
    if number == 1:
        return _where(question, first)
    if number == 2:
        return _idea(question)
    if question.cell is not None:
        return worked_out(question, first, style)
    cells = [tuple(cell) for cell in np.ndindex(*question.right.shape)]
    return worked_out(question, cells[(cells.index(first) + number - 3) % len(cells)], style)


def first_cell(question: StepQuestion) -> Cell:
    """The cell that is asked for, or the first that something goes into: one without a product shows nothing."""
    if question.cell is not None:
        return question.cell
    step, values = question.step, question.iteration.values
    cells = [tuple(cell) for cell in np.ndindex(*question.right.shape)]
    workings = ((cell, step.working(values, step.quantity.layout.full_cell(cell))) for cell in cells)
    return next((cell for cell, working in workings if any(term.value for term in working.terms)), cells[0])


def _where(question: StepQuestion, cell: Cell) -> tuple[Block, ...]:
    """The cell to begin with, and the numbers that it is made of, marked where they stand."""
    step = question.worked[0]
    at = cell if step is question.step else (0,) * len(step.quantity.layout.visible)
    full = step.quantity.layout.full_cell(at)
    sources = _sources(question, step, step.working(question.iteration.values, full))
    label = step.quantity.label(full)
    if not sources:
        return _in_the_image(question, step, label, at)
    named = listed([f"the marked {_cells(len(cells))} of {source.symbol}" for source, cells in sources.items()])
    blocks = tuple(block for source, cells in sources.items() for block in _marked(question, source, cells))
    return (Paragraph(f"Begin with {label}. It is made of {named}."), Beside(blocks))


def _cells(count: int) -> str:
    return "cell" if count == 1 else "cells"


def _sources(question: StepQuestion, step: Step, working: Working) -> dict[Quantity, set[Cell]]:
    """The matrices that a number is made of, with the cells that take part; those read through a slope too."""
    found: dict[Quantity, set[Cell]] = {}
    for factor in (factor for term in working.terms for factor in term.factors):
        if factor.source is not None:
            source = question.lesson.quantity(factor.source)
            found.setdefault(source, set()).add(source.layout.shown_cell(factor.cell))
    return found


def _in_the_image(question: StepQuestion, step: Step, label: str, cell: Cell) -> tuple[Block, ...]:
    """Where a number is made of nothing, for it won no window: the cell that it belongs to, and the question."""
    image = step.inputs[-1]
    words = f"Begin with {label}. It belongs to the marked cell of {image.symbol}: did that win one of its windows?"
    return (Paragraph(words), Beside(_marked(question, image, {cell})))


def _marked(question: StepQuestion, source: Quantity, cells: set[Cell]) -> tuple[Block, ...]:
    shown = question.iteration.matrix(source.name)
    return planes(source, shown, dict.fromkeys(cells, PART), title=source.symbol, all_of_them=True)


def _idea(question: StepQuestion) -> tuple[Block, ...]:
    """How each step is carried out, as a formula and in words."""
    return tuple(Paragraph(idea(question.iteration, step)) for step in question.worked)


def worked_out(question: StepQuestion, cell: Cell, style: Numbers) -> tuple[Block, ...]:
    """One number as its sum of products; before it, the numbers of a hidden step that it needs."""
    step = question.step
    full = step.quantity.layout.full_cell(cell)
    hidden = tuple(
        block
        for name in question.hidden
        for block in planes(question.lesson.quantity(name), question.iteration.matrix(name), all_of_them=True)
    )
    working = step.working(question.iteration.values, full)
    told = Paragraph(f"{step.quantity.label(full)} = {style.text(working.value)}:", "strong")
    return (*hidden, told, *products(question.iteration, step, full, working, style))
