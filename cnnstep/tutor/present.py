"""What every page draws an iteration with: matrices with their marks, findings as notes, the line of the loss.

And one sample of a batch alone: what belongs to it, and what is added up over all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from cnnstep.engine.findings import Finding
from cnnstep.engine.losses import Loss
from cnnstep.engine.quantity import Array, Cell, Layout, Quantity, bracketed
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import MOST_READ, Block, Mark, Matrix, Note, Paragraph, Tone, cut
from cnnstep.tutor.numbers import Numbers, counted

Window = tuple[range, range]
"""The rows and the columns of a matrix that are wanted."""
Part = tuple[Cell, Window | None]
"""Leading indices of a quantity, and what is wanted of the matrix under them."""
MOST_PLANES = 4
"""At most this many matrices of one quantity are shown unless all are asked for."""
MOST_SQUARES = 6
"""At most this many squares are written out in the loss's line."""

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
    window: Window | None = None,
) -> tuple[Block, ...]:
    """A quantity as matrices: one for each sample, filter and channel that the learner sees.

    `part` are leading indices: only what lies under them is shown, and of that the rows and columns of the `window`.
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
        matrix = Matrix(
            tuple(map(tuple, plane.tolist())) if plane.size <= MOST_READ else plane,
            f"{title}, {where}" if where else title,
            under(marks or {}, index, shown.ndim, plane.size),
            name=f"{quantity.name}{bracketed(index)}" if quantity.kind == "result" and shown.ndim > 1 else "",
            quantity=quantity.name,
            part=index,
            axes=min(shown.ndim - len(index), 2),
        )
        blocks.append(matrix if window is None else cut(matrix, *window))
    return tuple(blocks)


def under(marks: Mapping[Cell, Mark], index: Cell, ndim: int, size: int) -> Mapping[tuple[int, int], Mark]:
    """The marks of the matrix of `size` numbers that lies under these leading indices, by row and column."""
    if size > MOST_READ:
        return _Under(marks, index, ndim)
    found = {}
    for cell, mark in marks.items():
        if cell[: len(index)] == index:
            row, column = (0, 0, *cell[len(index) :])[-2:]
            found[row, column] = mark
    return found


@dataclass(frozen=True)
class _Under(Mapping[tuple[int, int], Mark]):
    """The same, looked up cell by cell."""

    marks: Mapping[Cell, Mark]
    index: Cell
    ndim: int

    def __getitem__(self, at: tuple[int, int]) -> Mark:
        return self.marks[(*self.index, *at[max(len(self.index) + 2 - self.ndim, 0) :])]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for cell in self.marks:
            if cell[: len(self.index)] == self.index:
                row, column = (0, 0, *cell[len(self.index) :])[-2:]
                yield row, column

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _more(quantity: Quantity, count: int) -> Paragraph:
    """How many matrices are left out, and how to see them."""
    rest = counted(count, "more matrix", "more matrices")
    how = f"{quantity.name}[{MOST_PLANES}] names one" if "." in quantity.name else f"--only {quantity.name} shows all"
    return Paragraph(f"… and {rest} of {quantity.symbol}; {how}.", "quiet")


def given(iteration: Iteration) -> tuple[Quantity, ...]:
    """The leaves that a learner knows of: an optimizer's memory and the iteration's number are not among them."""
    leaves = iteration.lesson.leaves
    return tuple(leaf for leaf in leaves if leaf.kind != "memory")


def marks_of(step: Step, found: list[Finding]) -> Mapping[Cell, Mark]:
    """The signs that a step's findings put into its matrix."""
    dead = next((finding for finding in found if finding.code == "dead-relu"), None)
    if dead is None:
        return {}
    return _Dead(dead) if len(dead.cells) > MOST_READ else dict(_Dead(dead))


@dataclass(frozen=True)
class _Dead(Mapping[Cell, Mark]):
    """The marks of inactive cells, looked up one by one: there may be millions."""

    finding: Finding

    def __getitem__(self, cell: Cell) -> Mark:
        if cell in self.finding.blocked:
            return BLOCKED
        if cell in self.finding.cells:
            return DEAD
        raise KeyError(cell)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.finding.cells)

    def __len__(self) -> int:
        return len(self.finding.cells)


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
    if not scenario.vocabulary.shows_difference:
        return _loss_of_output(iteration, numbers)
    if not scenario.loss.squares or error.size > MOST_SQUARES:
        return f"Loss  L = {formula} = {total}"
    return f"Loss  L = {formula} = {written_out(scenario.loss, error, numbers)} = {total}"


def _loss_of_output(iteration: Iteration, numbers: Numbers) -> str:
    """`L = −Σ y·ln p = −ln 0.25 = 1.3863`: written out where there are few cells."""
    lesson, loss = iteration.lesson, iteration.lesson.scenario.loss
    output, target = iteration.values[lesson.output.name], iteration.values["target"]
    total = f"Loss  L = {loss.formula} = "
    if loss.pull is not None and np.count_nonzero(target) <= MOST_SQUARES:
        terms = [
            ("" if y == 1 else f"{numbers.text(float(y))}·") + f"ln {numbers.text(float(p))}"
            for y, p in zip(target[target != 0], output[target != 0], strict=True)
        ]
        inside = terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"
        return f"{total}−{inside} = {numbers.text(iteration.loss)}"
    if loss.squares and output.size <= MOST_SQUARES:
        written = written_out(loss, output - target, numbers)
        return f"{total}{written} = {numbers.text(iteration.loss)}, with e = {lesson.output.symbol} − t"
    return f"{total}{numbers.text(iteration.loss)}"


def _own_part(iteration: Iteration, numbers: Numbers) -> str:
    """What the sample that is looked at adds to the loss of its batch."""
    lesson, loss = iteration.lesson, iteration.lesson.scenario.loss
    with np.errstate(all="ignore"):
        cells = loss.cells(iteration.values[lesson.output.name], iteration.values["target"])
        own = loss.scale(lesson.scenario.targets.size) * float(np.sum(cells))
    return f"this sample adds {numbers.text(own)}."


def written_out(loss: Loss, error: Array, numbers: Numbers) -> str:
    """`½ (2² + 0²)`, or `(2² + 0²) / (2·2)`: a loss's formula with its numbers put in."""
    squares = " + ".join(f"{numbers.factor(float(e))}²" for e in error.ravel())
    return loss.squares.format(squares=f"({squares})", n=error.size)


SAMPLE = "sample"


def is_batch(iteration: Iteration) -> bool:
    """Whether the learner sees several samples, and so chooses one."""
    return SAMPLE not in iteration.lesson.scenario.hidden


def checked_sample(iteration: Iteration, sample: int) -> int:
    """The sample, where there is one of this number."""
    count = len(iteration.lesson.scenario.inputs)
    if not is_batch(iteration):
        raise InputError(Fault(SAMPLE, "this scenario has one sample only", "leave the sample out"))
    if not 0 <= sample < count:
        what = f"there is no sample {sample}: the batch has {counted(count, SAMPLE)}"
        raise InputError(Fault(SAMPLE, what, f"samples are counted from 0 to {count - 1}"))
    return sample


def one_sample(iteration: Iteration, sample: int | None) -> Iteration:
    """The iteration as this sample sees it: its own part of every array that has a part a sample.

    Weights and their gradients stay as they are, added up over the batch. It is made to be shown: a working of a
    gradient must be asked of the whole iteration.
    """
    if sample is None or not is_batch(iteration):
        return iteration
    lesson = iteration.lesson
    seen: dict[str, Quantity] = {}

    def alone(quantity: Quantity) -> Quantity:
        if quantity.name not in seen:
            layout = Layout(quantity.layout.axes, quantity.layout.hidden | {SAMPLE} & set(quantity.layout.axes))
            seen[quantity.name] = replace(quantity, layout=layout)
        return seen[quantity.name]

    def part(name: str) -> slice:
        return slice(sample, sample + 1) if SAMPLE in seen[name].layout.axes else slice(None)

    steps = tuple(
        replace(step, quantity=alone(step.quantity), inputs=tuple(map(alone, step.inputs))) for step in lesson.steps
    )
    leaves = tuple(map(alone, lesson.leaves))
    narrowed = replace(lesson, steps=steps, leaves=leaves, output=alone(lesson.output))
    values = {
        name: array[part(name)] if array.ndim else array for name, array in iteration.values.items() if name in seen
    }
    return replace(iteration, lesson=narrowed, values=MappingProxyType(values))
