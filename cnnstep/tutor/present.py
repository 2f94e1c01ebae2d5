"""From an iteration to a document: the question, one card a step, the findings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Heading, Mark, Matrix, Note, Paragraph, Tone
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.sentences import WORDS, title_of

MOST_PLANES = 4
"""So many matrices of one quantity are shown unless all are asked for."""
MOST_SQUARES = 6
"""So many squares are written out in the loss's line."""

DEAD = Mark("✝", "dead: the slope is 0, nothing passes", "quiet")
BLOCKED = Mark("✝!", "dead, with an error left that can't be learned here", "bad")


def planes(
    quantity: Quantity,
    shown: Array,
    marks: Mapping[Cell, Mark] | None = None,
    *,
    title: str = "",
    all_of_them: bool = False,
) -> tuple[Block, ...]:
    """A quantity as matrices: one for each sample, filter and channel that the learner sees."""
    if shown.ndim < 2:
        leading: tuple[int, ...] = ()
        marks = {(0, *cell)[-2:]: mark for cell, mark in (marks or {}).items()}
        shown = shown.reshape(1, -1)
    else:
        leading = shown.shape[:-2]
    names, title = quantity.layout.visible, title or quantity.symbol
    blocks: list[Block] = []
    for index in np.ndindex(*leading):
        if len(blocks) == MOST_PLANES and not all_of_them:
            rest = counted(int(np.prod(leading)) - MOST_PLANES, "more matrix", "more matrices")
            blocks.append(Paragraph(f"… and {rest} of {quantity.symbol}; --only {quantity.name} shows all.", "quiet"))
            break
        where = ", ".join(f"{axis} {i}" for axis, i in zip(names, index, strict=False))
        rows = tuple(tuple(float(value) for value in row) for row in shown[index])
        inside = {(cell[-2], cell[-1]): mark for cell, mark in (marks or {}).items() if cell[:-2] == index}
        blocks.append(Matrix(rows, f"{title}, {where}" if where else title, inside))
    return tuple(blocks)


def question(iteration: Iteration) -> tuple[Block, ...]:
    """What the iteration starts from: input, filter, bias and target, next to each other."""
    blocks: list[Block] = []
    for quantity in iteration.lesson.leaves:
        if quantity.name.endswith("_before") or quantity.name == "iteration":
            continue
        title = f"{quantity.name.capitalize()} {quantity.symbol}"
        blocks.extend(planes(quantity, iteration.matrix(quantity.name), title=title))
    return (Beside(tuple(blocks)),)


def step_card(iteration: Iteration, step: Step, numbers: Numbers, *, all_of_them: bool = False) -> tuple[Block, ...]:
    """One step: its number, title and formula, the sentence on what happened, its matrix, what is worth saying."""
    position = iteration.lesson.steps.index(step) + 1
    found = [finding for finding in findings(iteration) if finding.step == step.name]
    matrix = planes(step.quantity, iteration.matrix(step.name), marks_of(step, found), all_of_them=all_of_them)
    blocks: list[Block] = [
        Heading(f"{position} {title_of(step)}", note=step.formula),
        Paragraph(WORDS[step.role].happened(iteration, step, numbers)),
        *((Beside(matrix),) if len(matrix) > 1 else matrix),
    ]
    if step.role == "error":
        blocks.append(Paragraph(loss_line(iteration, numbers)))
    blocks.extend(note(finding) for finding in found)
    return tuple(blocks)


def marks_of(step: Step, found: list[Finding]) -> dict[Cell, Mark]:
    """The signs that a step's findings put into its matrix."""
    marks: dict[Cell, Mark] = {}
    for finding in found:
        if finding.code == "dead-relu":
            marks |= {cell: BLOCKED if cell in finding.blocked else DEAD for cell in finding.cells}
    return marks


def note(finding: Finding) -> Note:
    """A finding as a block; what does no harm is quiet."""
    tone: Tone = "good" if finding.code == "converged" else "quiet" if finding.harmless else "warn"
    return Note(finding.code, finding.message, tone)


def loss_line(iteration: Iteration, numbers: Numbers) -> str:
    """`L = ½ Σ e² = ½ (2² + 0² + 0² + 0²) = 2`: written out where there are few cells."""
    scenario, error = iteration.lesson.scenario, iteration.values["error"]
    total = numbers.text(iteration.loss)
    formula = scenario.loss.formula
    if "Σ e²" not in formula or error.size > MOST_SQUARES:
        return f"Loss  L = {formula} = {total}"
    squares = " + ".join(f"{numbers.factor(float(e))}²" for e in error.ravel())
    return f"Loss  L = {formula} = {formula.replace('Σ e²', f'({squares})').replace('n', str(error.size))} = {total}"


def iteration_cards(iteration: Iteration, numbers: Numbers, only: tuple[str, ...] = ()) -> tuple[Block, ...]:
    """Every step of an iteration, or only those named."""
    chosen = [iteration.lesson.step(name) for name in only] or iteration.lesson.steps
    return tuple(block for step in chosen for block in step_card(iteration, step, numbers, all_of_them=bool(only)))
