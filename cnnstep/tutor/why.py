"""Where one number comes from: its products, the patch they were read from, and for a gradient a nudge as proof."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Cell, Values, bracketed
from cnnstep.engine.step import Factor, Step, Term, Working
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Block, Heading, Line, Mark, Paragraph, Sum
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import planes
from cnnstep.tutor.sentences import WORDS

NUDGE = 1e-3
"""How far a weight is moved to watch the loss follow; small enough for four digits, large enough to see."""
LARGEST = 1e9
"""A loss above it has too few digits left for a difference of `NUDGE`."""
PART = Mark("*", "takes part", "strong")


def why(iteration: Iteration, step: Step, shown: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """How the number of a step at a cell comes about; the cell as a learner counts it."""
    cell = _full_cell(iteration, step, shown)
    working = step.working(iteration.values, cell)
    label = step.symbol.removesuffix(" new") + bracketed(shown) + (" new" if step.symbol.endswith(" new") else "")
    return (
        Heading(f"{label} = {numbers.text(float(iteration.values[step.name][cell]))}", note=step.formula),
        Paragraph(f"{label}: {WORDS[step.role].why}."),
        *_source(iteration, step, working),
        as_sum("", working, _dead(iteration)),
        *_nudge(iteration, step, cell, numbers),
    )


def as_sum(title: str, working: Working, dead: frozenset[tuple[str, Cell]] = frozenset()) -> Sum:
    """A working as lines of products; a factor among the `dead` cells says why its product is 0."""

    def word(term: Term) -> str:
        if any((factor.source, factor.cell) in dead for factor in term.factors):
            return "dead"
        return term.note or ("" if term.value or len(term.factors) < 2 else "adds nothing")

    lines = []
    for term in working.terms:
        labels = tuple(factor.label for factor in term.factors)
        lines.append(Line(labels, tuple(factor.value for factor in term.factors), term.value, word(term)))
    return Sum(title, tuple(lines), working.value)


def _dead(iteration: Iteration) -> frozenset[tuple[str, Cell]]:
    """The cells of δ that are 0 because their slope is, by the name of their step."""
    return frozenset(
        (finding.step, iteration.lesson.step(finding.step).quantity.layout.full_cell(cell))
        for finding in findings(iteration)
        if finding.code == "dead-relu"
        for cell in finding.cells
    )


def _full_cell(iteration: Iteration, step: Step, shown: Cell) -> Cell:
    """The cell with every axis; a cell outside the matrix is a fault that says how large it is."""
    layout = step.quantity.layout
    shape = layout.show(iteration.values[step.name]).shape
    if len(shown) != len(shape):
        axes = " ".join(axis.upper() for axis in layout.visible) or "no index"
        what = f"a number of {step.name} is named by {len(shape)} indices, not {len(shown)}"
        raise InputError(Fault("cell", what, f"type: why {step.name} {axes}"))
    for index, size, axis in zip(shown, shape, layout.visible, strict=True):
        if not 0 <= index < size:
            what = f"{step.name} has no {axis} {index}"
            raise InputError(Fault("cell", what, f"its {axis}s are counted from 0 to {size - 1}"))
    return layout.full_cell(shown)


def _source(iteration: Iteration, step: Step, working: Working) -> tuple[Block, ...]:
    """The matrix that the number was read from, with the cells that take part marked."""
    if step.role not in ("forward", "gradient", "input_gradient"):
        return ()
    source = step.inputs[0]
    taking: list[Factor] = [f for term in working.terms for f in term.factors if f.source == source.name]
    cells = {source.layout.shown_cell(factor.cell) for factor in taking}
    leading = {cell[:-2] for cell in cells}
    shown = iteration.matrix(source.name)
    title = f"{source.name.replace('_', ' ').capitalize()} {source.symbol}"
    marked = planes(source, shown, dict.fromkeys(cells, PART), title=title, all_of_them=True)
    wanted = [i for i, index in enumerate(np.ndindex(*shown.shape[:-2])) if index in leading]
    return tuple(marked[i] for i in wanted[:2])


def _nudge(iteration: Iteration, step: Step, cell: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """Moves the weight both ways and watches the loss: the slope that it shows must be the gradient."""
    leaf = {"gradient": "filter", "bias_gradient": "bias", "input_gradient": "input"}.get(step.role)
    if leaf is None:
        return ()
    lesson, fine = iteration.lesson, Numbers(max(numbers.precision, 6))
    at = float(iteration.values[leaf][cell])
    below, above = (_loss_at(lesson, iteration.values, leaf, cell, at + h) for h in (-NUDGE, NUDGE))
    slope, gradient = (above - below) / (2 * NUDGE), float(iteration.values[step.name][cell])
    label = lesson.quantity(leaf).label(cell)
    text = (
        f"Nudge it: {label} from {fine.text(at - NUDGE)} to {fine.text(at + NUDGE)} takes the loss from "
        f"{fine.text(below)} to {fine.text(above)}: slope {numbers.text(slope)}."
    )
    if abs(slope - lesson.scenario.sign * gradient) <= 1e-3 * max(1.0, abs(gradient)):
        sign = "" if lesson.scenario.sign > 0 else " With e = t − a the gradient has the other sign."
        return (Paragraph(f"{text}{sign} The numbers agree."),)
    return (Paragraph(f"{text} The gradient says {numbers.text(gradient)}. {_why_not(iteration, slope)}"),)


def _why_not(iteration: Iteration, slope: float) -> str:
    """Why a nudge shows another slope than the gradient."""
    if not np.isfinite(slope) or iteration.loss > LARGEST:
        return "The numbers are too large for so small a nudge to show."
    if any(step.part.phi.kinks for step in iteration.lesson.of_role("delta") if isinstance(step.part, ActivationLayer)):
        return "A pre-activation lies so near a kink that the nudge crosses it, so the two differ."
    return "The loss bends so much here that even this nudge is too long, so the two differ."


def _loss_at(lesson: Lesson, values: Values, leaf: str, cell: Cell, value: float) -> float:
    begin = {name: values[name] for name in lesson.start}
    moved = begin[leaf].copy()
    moved[cell] = value
    begin[leaf] = moved
    with np.errstate(all="ignore"):
        return lesson.scenario.loss.value(lesson.output_of(begin), values["target"])
