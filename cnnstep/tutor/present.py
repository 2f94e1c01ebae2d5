"""From an iteration to a document: the question, one card a step, the findings."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.step import Step
from cnnstep.engine.trace import GRADIENT_ROLES, Iteration
from cnnstep.tutor.document import Beside, Block, Heading, Mark, Matrix, Note, Paragraph, Tone
from cnnstep.tutor.network.one_sample import one_sample
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.select import Selection, selected
from cnnstep.tutor.sentences import title_of, words_of

MOST_PLANES = 4
"""So many matrices of one quantity are shown unless all are asked for."""
MOST_SQUARES = 6
"""So many squares are written out in the loss's line."""

DEAD = Mark("✝", "inactive: the slope is 0, nothing passes back", "quiet")
BLOCKED = Mark("✝!", "inactive, with an error left that it can't learn from", "bad")


def planes(
    quantity: Quantity,
    shown: Array,
    marks: Mapping[Cell, Mark] | None = None,
    *,
    title: str = "",
    all_of_them: bool = False,
    part: Cell = (),
) -> tuple[Block, ...]:
    """A quantity as matrices: one for each sample, filter and channel that the learner sees.

    `part` are leading indices: only what lies under them is shown.
    """
    names, title = quantity.layout.visible, title or quantity.symbol
    within = shown[part]
    leading = within.shape[:-2]
    blocks: list[Block] = []
    for rest in np.ndindex(*leading):
        if len(blocks) == MOST_PLANES and not all_of_them:
            blocks.append(_more(quantity, int(np.prod(leading)) - MOST_PLANES))
            break
        index = (*part, *rest)
        where = ", ".join(f"{axis} {i}" for axis, i in zip(names, index, strict=False))
        plane = within[rest].reshape(-1, within.shape[-1] if within.ndim else 1)
        blocks.append(
            Matrix(tuple(map(tuple, plane.tolist())), f"{title}, {where}" if where else title, _under(marks, index))
        )
    return tuple(blocks)


def _under(marks: Mapping[Cell, Mark] | None, index: Cell) -> dict[tuple[int, int], Mark]:
    """The marks of the matrix that lies under these leading indices, by row and column."""
    found = {}
    for cell, mark in (marks or {}).items():
        if cell[: len(index)] == index:
            row, column = (0, 0, *cell[len(index) :])[-2:]
            found[row, column] = mark
    return found


def _more(quantity: Quantity, count: int) -> Paragraph:
    """How many matrices are left out, and how to see them."""
    rest = counted(count, "more matrix", "more matrices")
    how = f"{quantity.name}[{MOST_PLANES}] names one" if "." in quantity.name else f"--only {quantity.name} shows all"
    return Paragraph(f"… and {rest} of {quantity.symbol}; {how}.", "quiet")


def question(iteration: Iteration, sample: int | None = None) -> tuple[Block, ...]:
    """What the iteration starts from: input, filter, bias and target, next to each other; of a batch, one sample's."""
    if iteration.lesson.scenario.is_network:
        from cnnstep.tutor.network.cards import network_question

        return network_question(iteration, sample)
    view = one_sample(iteration, sample)
    return (Beside(tuple(block for leaf in given(view) for block in _leaf(view, leaf))),)


def given(iteration: Iteration) -> tuple[Quantity, ...]:
    """The leaves that a learner knows of: an optimizer's memory and the iteration's number are not among them."""
    leaves = iteration.lesson.leaves
    return tuple(leaf for leaf in leaves if leaf.kind != "memory")


def _leaf(iteration: Iteration, leaf: Quantity) -> tuple[Block, ...]:
    return planes(leaf, iteration.matrix(leaf.name), title=f"{leaf.name.capitalize()} {leaf.symbol}")


def step_card(
    iteration: Iteration,
    step: Step,
    numbers: Numbers,
    *,
    all_of_them: bool = False,
    part: Cell = (),
    sample: int | None = None,
    found: list[Finding] | None = None,
    numbered: bool = True,
) -> tuple[Block, ...]:
    """One step: its number, title and formula, the sentence on what happened, its matrix, what is worth saying.

    `part` are leading indices of the matrices that are wanted; `sample` is the one of a batch that is looked at.
    `found` are the iteration's findings, where they are known already; a page that stands alone is not `numbered`.
    """
    position = iteration.lesson.names.index(step.name) + 1
    if step.role in SILENT:
        found = []
    found = [f for f in (findings(iteration) if found is None else found) if f.step == step.name]
    if sample is not None:
        iteration, found = _of_sample(iteration, sample, step.name, found)
        step = iteration.lesson.step(step.name)
    heading = Heading(f"{position} {title_of(step)}" if numbered else title_of(step), note=step.formula)
    happened = Paragraph(words_of(iteration, step).happened(iteration, step, numbers))
    if iteration.lesson.scenario.is_network:
        from cnnstep.tutor.network.cards import network_card

        return (heading, happened, *network_card(iteration, step, numbers, found, part))
    shown = iteration.matrix(step.name)
    matrix = planes(step.quantity, shown, marks_of(step, found), all_of_them=all_of_them, part=part)
    blocks: list[Block] = [heading, happened, *((Beside(matrix),) if len(matrix) > 1 else matrix)]
    if step.role == "error":
        blocks.append(Paragraph(loss_line(iteration, numbers)))
    blocks.extend(note(finding) for finding in found)
    return tuple(blocks)


SILENT = ("forward", "activation", "dense", "pool", "flatten", "softmax", *GRADIENT_ROLES)
"""Steps at which no finding ever stands: a large batch is not searched for them."""
CELL_BY_CELL = ("dead-relu", "at-kink", "saturated", "unreachable-target")
"""Findings that name cells, so that each sample has its own."""


def _of_sample(iteration: Iteration, sample: int, step: str, found: list[Finding]) -> tuple[Iteration, list[Finding]]:
    """The iteration as one sample sees it; of the batch's findings at a step, those about cells are its own."""
    own = one_sample(iteration, sample)
    if own is iteration:
        return iteration, found
    kept = [finding for finding in found if finding.code not in CELL_BY_CELL]
    return own, [*(f for f in findings(own) if f.step == step and f.code in CELL_BY_CELL), *kept]


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
    total, formula = numbers.text(iteration.loss), scenario.loss.formula
    if len(error) < len(scenario.inputs):
        return f"Loss  L = {formula} = {total} over all {len(scenario.inputs)} samples; {_own_part(iteration, numbers)}"
    if scenario.is_network:
        from cnnstep.tutor.network.cards import loss_of_network

        return loss_of_network(iteration, numbers)
    if "Σ e²" not in formula or error.size > MOST_SQUARES:
        return f"Loss  L = {formula} = {total}"
    return f"Loss  L = {formula} = {written_out(formula, error, numbers)} = {total}"


def _own_part(iteration: Iteration, numbers: Numbers) -> str:
    """What the sample that is looked at adds to the loss of its batch."""
    lesson, loss = iteration.lesson, iteration.lesson.scenario.loss
    with np.errstate(all="ignore"):
        cells = loss.cells(iteration.values[lesson.output.name], iteration.values["target"])
        own = loss.scale(lesson.scenario.targets.size) * float(np.sum(cells))
    return f"this sample adds {numbers.text(own)}."


def written_out(formula: str, error: Array, numbers: Numbers) -> str:
    """`½ (2² + 0²)`, or `(2² + 0²) / (2·2)`: a loss's formula with its numbers put in."""
    squares = " + ".join(f"{numbers.factor(float(e))}²" for e in error.ravel())
    count = str(error.size)
    return formula.replace("2n", f"2·{count}").replace("n", count).replace("Σ e²", f"({squares})")


def iteration_cards(
    iteration: Iteration, numbers: Numbers, only: tuple[str, ...] = (), sample: int | None = None
) -> tuple[Block, ...]:
    """Every step of an iteration, or only those named: `gradient`, `conv1.gradient[3]`, `conv1`."""
    view = one_sample(iteration, sample)
    chosen = selected(view, only) if only else tuple(Selection(step) for step in iteration.lesson.steps)
    found, whole = findings(iteration), bool(only)
    return tuple(
        block
        for one in chosen
        for block in step_card(
            iteration, one.step, numbers, all_of_them=whole, part=one.part, sample=sample, found=found
        )
    )
