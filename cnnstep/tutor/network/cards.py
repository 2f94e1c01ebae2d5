"""A step of a network as a card: its arrays, with what its kind of layer has to show, big ones summed up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from cnnstep.engine.findings import Finding
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.quantity import Array, Cell, Quantity
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Mark, Paragraph
from cnnstep.tutor.network.both_ways import input_gradient_both_ways, softmax_both_ways
from cnnstep.tutor.network.one_sample import one_sample
from cnnstep.tutor.network.overview import BIG, is_small, overview, summary
from cnnstep.tutor.network.words import won
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import Part, given, loss_line, marks_of, note, planes

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
