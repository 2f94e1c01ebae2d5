"""A step of a network as a card: its arrays, big ones summed up, and two ways to one number side by side."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from cnnstep.engine.findings import Finding
from cnnstep.engine.layers.conv import Conv, input_gradient, input_gradient_by_correlation
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.step import Step, Working
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Mark, Matrix, Paragraph
from cnnstep.tutor.network.overview import BIG, is_small, overview, summary
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import Part, given, loss_line, marks_of, note, one_sample, planes
from cnnstep.tutor.sentences import won

AGREE = 1e-12
"""Two ways that differ by no more, relative to the largest number, differ by rounding."""
MOST_UNITS = 10
"""A Jacobian of so many rows can still be read."""


def verdict(one: Array, other: Array, what: str, numbers: Numbers) -> str:
    """Whether the two ways give the same numbers."""
    apart = float(np.abs(one - other).max())
    if apart <= AGREE * max(1.0, float(np.abs(one).max())):
        return f"{what} are equal{', cell by cell' if one.size > 1 else ''}."
    return f"{what} differ by {numbers.text(apart)}."


def input_gradient_both_ways(iteration: Iteration, step: Step, numbers: Numbers) -> tuple[Block, ...]:
    """∂L/∂ of a convolution's input: each δ × the filter added to its patch; or the rotated filter over a padded δ."""
    conv, (signal, *_, weights) = cast("Conv", step.part), step.inputs
    delta, w = iteration.values[signal.name], iteration.values[weights.name]
    size = cast("tuple[int, int]", iteration.values[step.name].shape[2:])
    scattered = input_gradient(delta, w, size, conv.geometry)
    correlated = input_gradient_by_correlation(delta, w, size, conv.geometry)
    words = (
        f"Two ways lead here. Scatter: each {signal.symbol}, times its whole filter, is added to the patch that it "
        f"came from. Full correlation: {signal.symbol} is surrounded by zeros, and the filter, rotated by 180°, slides "
        "over it. "
    )
    equal = verdict(scattered, correlated, "The two", numbers)
    if scattered.size > BIG or w.size > BIG:
        return (Paragraph(words + equal),)
    rotated = planes(weights, weights.layout.show(w[:, :, ::-1, ::-1]), title=f"{weights.symbol} rotated")
    # what stands in it now are other cells than its rows and columns say
    turned = [replace(block, quantity="") for block in rotated if isinstance(block, Matrix)]
    one, other = (
        planes(step.quantity, step.quantity.layout.show(array), title=f"{step.symbol}, {way}")
        for array, way in ((scattered, "scattered"), (correlated, "by correlation"))
    )
    return Paragraph(words), Beside((*turned[:2], *one[:1], *other[:1])), Paragraph(equal)


def softmax_both_ways(iteration: Iteration, step: Step, numbers: Numbers) -> tuple[Block, ...]:
    """∂L/∂z = ∂L/∂p · (diag(p) − pᵀp), worked out whole, next to its short form p − y where there is one."""
    signal, p = step.inputs[0], step.inputs[-1]
    shares, upstream = iteration.values[p.name], iteration.values[signal.name]
    if len(shares) > 1:
        return ()
    table = jacobian(shares[0])
    passed = upstream[0] @ table
    blocks: list[Block] = []
    if len(table) <= MOST_UNITS:
        blocks += [
            Matrix(
                tuple(map(tuple, table.tolist())),
                f"∂{p.symbol}/∂z: row i, column j is p[i]·(1 − p[i]) where i is j, else −p[i]·p[j]",
            ),
            Paragraph(f"{signal.symbol} × this matrix, row by row, gives {step.symbol}: {_row(passed, numbers)}."),
        ]
    if step.short:
        short = iteration.values[step.name][0]
        words = f"The short form, {step.short.formula}: {_row(short, numbers)}. {_same(passed, short, numbers)}"
        blocks.append(Paragraph(words))
    return tuple(blocks)


def short_form(iteration: Iteration, step: Step, cell: Cell, value: float, numbers: Numbers) -> tuple[Block, ...]:
    """The other way to one number of ∂L/∂z, where there is one: p − y; p·Σy − y where the targets add up to no 1."""
    if step.short is None:
        return ()
    short = Working(step.short.terms(iteration.values, cell))
    # one of the two terms is taken from the other: a factor −1 says which, and is not written
    terms = sorted(short.terms, key=lambda term: any(factor.label in ("−1", "-1") for factor in term.factors))
    parts = [[factor for factor in term.factors if factor.label not in ("1", "−1", "-1")] for term in terms]
    labels = ["·".join(factor.label for factor in each) for each in parts]
    written = ["·".join(numbers.factor(factor.value) for factor in each) for each in parts]
    equal = verdict(np.array([value]), np.array([short.value]), "The two", numbers)
    sums = " = ".join(" − ".join(two) for two in (labels, written))
    return (Paragraph(f"The short form: {sums} = {numbers.text(short.value)}. {equal}"),)


def jacobian(p: Array) -> Array:
    """∂p_i/∂z_j = p_i (δ_ij − p_j)."""
    return np.asarray(np.diag(p) - np.outer(p, p))


def _same(passed: Array, short: Array, numbers: Numbers) -> str:
    return verdict(passed, short, "The two", numbers)


def _row(array: Array, numbers: Numbers) -> str:
    return f"[{', '.join(numbers.text(float(value)) for value in array)}]"


WON = Mark("*", "won its window", "strong")
TIED = Mark("=", "as large as the winner, but later in reading order: it gets nothing", "quiet")
ALIKE = Mark("=", "as large as the winner: it gets an equal part", "strong")
MOST_IN_A_PLANE = 128
"""A matrix of more numbers is not shown unless it is asked for."""


def network_question(iteration: Iteration, sample: int | None = None) -> tuple[Block, ...]:
    """The network as a table; then what it starts from, where that can be read as a whole, else input and target."""
    view = one_sample(iteration, sample)
    leaves = given(view) if is_small(view.lesson.scenario) else view.lesson.leaves[:2]
    shown = [
        block
        for leaf in leaves
        for block in arrays(leaf, view.matrix(leaf.name), title=f"{_capital(leaf.name)} {leaf.symbol}")
    ]
    return (*overview(iteration), Beside(tuple(shown)))


def _capital(name: str) -> str:
    return name if "." in name else name.capitalize()


def network_card(
    iteration: Iteration, step: Step, numbers: Numbers, found: list[Finding], part: Part
) -> tuple[Block, ...]:
    """What stands below a step's title and sentence."""
    marks = _winners(iteration, step) or marks_of(step, found)
    index, window = part
    if window:
        shown = planes(step.quantity, iteration.matrix(step.name), marks, part=index, window=window)
        return (*shown, *(note(finding) for finding in found))
    shown = arrays(step.quantity, iteration.matrix(step.name), marks, part=index)
    source = _pooled(iteration, step, index)
    blocks: list[Block] = [Beside((*source, *shown))] if source or len(shown) > 1 else [*shown]
    if step.is_gradient:
        blocks += _added_up(iteration)
    if step.role == "error":
        blocks.append(Paragraph(loss_line(iteration, numbers)))
    if step.word in MORE and not index:
        blocks += MORE[step.word](iteration, step, numbers)
    return (*blocks, *(note(finding) for finding in found))


MORE: dict[str, Callable[[Iteration, Step, Numbers], tuple[Block, ...]]] = {
    "input_gradient": input_gradient_both_ways,
    "softmax_gradient": softmax_both_ways,
}
"""What a step shows besides its array, by its word."""


def arrays(
    quantity: Quantity, shown: Array, marks: Mapping[Cell, Mark] | None = None, *, title: str = "", part: Cell = ()
) -> tuple[Block, ...]:
    """An array as matrices; a big one as a line that sums it up and its first matrices, if they can be read."""
    if part:
        return planes(quantity, shown, marks, title=title, part=part, all_of_them=True)
    if shown.size <= BIG:
        return planes(quantity, shown, marks, title=title)
    plane = math.prod(shown.shape[-2:])
    line = summary(quantity, quantity.layout.restore(shown))
    if plane <= MOST_IN_A_PLANE:
        return line, Beside(planes(quantity, shown, marks, title=title))
    axis = quantity.layout.visible[0]
    return line, Paragraph(f"Too many to read at once; {quantity.name}[0] names {axis} 0.", "quiet")


def _winners(iteration: Iteration, step: Step) -> dict[Cell, Mark]:
    """In ∂L/∂ of a max pooling's input: the cells that won, which alone get something."""
    if step.word != "pool_gradient" or not isinstance(step.part, MaxPool):
        return {}
    return _marked(iteration, step, step.inputs[-1])


def _marked(iteration: Iteration, step: Step, source: Quantity) -> dict[Cell, Mark]:
    image = iteration.values[source.name]
    if image.size > BIG or not isinstance(step.part, MaxPool):
        return {}
    winners, tied = won(step.part, image)
    cells = dict.fromkeys(winners, WON) | dict.fromkeys(tied, ALIKE if step.part.shares else TIED)
    return {source.layout.shown_cell(cell): mark for cell, mark in cells.items()}


def _pooled(iteration: Iteration, step: Step, part: Cell) -> tuple[Block, ...]:
    """What a pooling layer reads, with the winners marked, beside what it gives."""
    source = step.inputs[0]
    if step.word != "pool" or iteration.values[source.name].size > BIG:
        return ()
    return planes(source, iteration.matrix(source.name), _marked(iteration, step, source), part=part[:-2] or part[:1])


def _added_up(iteration: Iteration) -> list[Block]:
    samples = len(iteration.lesson.scenario.inputs)
    return [Paragraph(f"Added up over all {samples} samples.", "quiet")] if samples > 1 else []
