"""Blocks that many pages are made of: matrices side by side, one number worked out, runs next to each other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Beside, Block, Curve, Heading, Line, Mark, Matrix, Paragraph, Series, Sum, Table
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import planes
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.run import STATUS
from cnnstep.tutor.views import view_of
from cnnstep.tutor.why import as_sum, why

MOST_LINES = 9
"""So many products of a sum are written out, the largest ones; the rest is added up."""
MOST_SIDE = 8
"""A network's matrices are shown up to so many rows and columns."""
MOST_MATRICES = 4
"""So many matrices of one quantity are shown on a page."""


def grids(iteration: Iteration, *names: str, most: int = MOST_MATRICES) -> tuple[Block, ...]:
    """These quantities as matrices, next to each other."""
    view = view_of(iteration.lesson.scenario)
    blocks: list[Block] = []
    left = 0
    for name in names:
        quantity = iteration.lesson.quantity(name)
        title = f"{_titled(quantity.name)} {quantity.symbol}"
        shown = planes(replace(quantity, symbol=title), iteration.matrix(name), all_of_them=True)
        blocks += [corner(block, view.most_side) for block in shown[:most]]
        left += len(shown[most:])
    rest = (Paragraph(f"… and {counted(left, 'more matrix', 'more matrices')}.", "quiet"),) if left else ()
    return (Beside(tuple(blocks)) if len(blocks) > 1 else blocks[0], *rest)


def corner(block: Block, most: int | None = MOST_SIDE) -> Block:
    """A large matrix's corner of so many rows and columns, None for all: the first numbers tell how all come about."""
    if not isinstance(block, Matrix) or most is None:
        return block
    rows, columns = len(block.rows), max(map(len, block.rows))
    if rows <= most and columns <= most:
        return block
    kept = tuple(row[:most] for row in block.rows[:most])
    return replace(block, rows=kept, title=f"{block.title}, a corner of {rows}×{columns}")


def _titled(name: str) -> str:
    """`Bias gradient`; a layer's own name stays as it was given."""
    return name if "." in name else name.replace("_", " ").capitalize()


def grid_of(
    title: str, quantity: Quantity, array: Array, marks: Mapping[Cell, Mark] | None = None
) -> tuple[Block, ...]:
    """An array that has every axis, laid out as this quantity's, under a title of its own."""
    shown = planes(replace(quantity, symbol=title), quantity.layout.show(array), marks, all_of_them=True)
    return shown[:MOST_MATRICES]


def beside(*groups: Iterable[Block]) -> Beside:
    """All these blocks next to each other."""
    return Beside(tuple(block for group in groups for block in group))


def plain(title: str, array: Array, marks: Mapping[tuple[int, int], Mark] | None = None) -> Matrix:
    """One two-dimensional array."""
    return Matrix(tuple(tuple(float(value) for value in row) for row in array), title, marks or {})


def peak(iteration: Iteration, name: str) -> Cell:
    """The cell, as a learner counts it, whose number is furthest from 0."""
    shown = np.abs(iteration.matrix(name))
    return tuple(int(i) for i in np.unravel_index(int(np.nanargmax(shown)), shown.shape))


def worked(
    iteration: Iteration, name: str, style: Numbers, cell: Cell | None = None, *, source: bool = True
) -> tuple[Block, ...]:
    """How one number of a step comes about: the given one, or the largest; `source` shows where it was read from."""
    step = iteration.lesson.step(name)
    at = peak(iteration, step.name) if cell is None else cell
    if not view_of(iteration.lesson.scenario).sources:
        return one_number(step, iteration.values, step.quantity.layout.full_cell(at), style)
    blocks = why(iteration, step, at, style)
    kept = (block for block in blocks if source or not isinstance(block, Matrix))
    return tuple(replace(short(block), title="") if isinstance(block, Sum) else block for block in kept)


def one_number(step: Step, values: Values, cell: Cell, style: Numbers) -> tuple[Block, ...]:
    """One number of any step as a sum of products; the cell with every axis."""
    working = step.working(values, cell)
    return (
        Heading(f"{step.quantity.label(cell)} = {style.text(working.value)}", note=step.formula),
        short(as_sum("", working)),
    )


def short(block: Sum) -> Sum:
    """The sum with its largest products, and what the others come to."""
    if len(block.lines) <= MOST_LINES:
        return block
    order = sorted(range(len(block.lines)), key=lambda i: -abs(block.lines[i].value))
    kept = sorted(order[: MOST_LINES - 1])
    others = [block.lines[i] for i in order[MOST_LINES - 1 :]]
    rest = sum(line.value for line in others)
    last = Line((f"the other {len(others)}",), (rest,), rest, "added up")
    return replace(block, lines=(*(block.lines[i] for i in kept), last))


SIGNS = ("•", "+", "x")
SPAN = 1e3
"""Losses further apart than this are drawn on a logarithmic axis."""


def run(scenario: Scenario, iterations: int) -> Record:
    """The run, recorded; it ends early where its numbers are no longer finite."""
    return record(trace(scenario, iterations))


def ending(recorded: Record) -> str:
    """How it ended, in a word."""
    return STATUS[recorded.outcome.status][0].partition(":")[0]


def curves(title: str, runs: dict[str, Record]) -> tuple[Block, ...]:
    """The losses of the runs over the iterations that all of them have; nothing where there is nothing to draw."""
    length = min(_drawable(recorded) for recorded in runs.values())
    if length < 2:
        return ()
    series = tuple(
        Series(label, recorded.losses[:length], sign)
        for (label, recorded), sign in zip(runs.items(), SIGNS, strict=False)
    )
    values = [value for one in series for value in one.values]
    log = min(values) > 0 and max(values) > SPAN * min(values)
    return (Curve(title, series, "iteration", 0, length - 1, log),)


def _drawable(recorded: Record) -> int:
    """How many losses come before the first that is not finite or has run away."""
    first = recorded.losses[0]
    for number, loss in enumerate(recorded.losses):
        if not math.isfinite(loss) or loss > 1e6 * max(first, 1.0):
            return number
    return len(recorded.losses)


def side_by_side(runs: dict[str, Record], at: tuple[int, ...], first: str) -> Table:
    """A row a run: its loss at these iterations, and how it ended."""
    columns = (first, *(f"loss at {number}" for number in at), "in the end")
    return Table(
        columns,
        tuple(
            (label, *(r.losses[n] if n < len(r.losses) else "—" for n in at), ending(r)) for label, r in runs.items()
        ),
    )
