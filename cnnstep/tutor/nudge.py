"""A number moved both ways, and what becomes of the loss: the slope that it shows must be the gradient."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Paragraph
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.sentences import won

NUDGE = 1e-3
"""How far a weight is moved to watch the loss follow; small enough for four digits, large enough to see."""
DECIMALS = 9
"""The losses are written with so many, and the slope is worked out from what is written: anyone can check it."""
NEAR = 1e-3
"""A slope this near to the gradient agrees with it: the nudge is not infinitely small."""
LARGEST = 1e9
"""A loss above it has too few digits left for a difference of `NUDGE`."""


def nudge(iteration: Iteration, step: Step, cell: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """Moves what the step is the gradient of both ways and watches the loss; nothing for other steps."""
    moved = _moved(iteration.lesson, step)
    if moved is None:
        return ()
    lesson, fine = iteration.lesson, Numbers(max(numbers.precision, 6))
    at = float(iteration.values[moved.name][cell])
    with np.errstate(all="ignore"):
        ends = [_forward_with(lesson, iteration.values, moved.name, cell, at + h) for h in (-NUDGE, NUDGE)]
        below, above = (round(lesson.loss(values), DECIMALS) for values in ends)
    if not all(abs(number) <= LARGEST for number in (at, below, above)):
        return (Paragraph("Nudge it? The numbers here are too large for so small a nudge to show in the loss."),)
    slope, gradient = (above - below) / (2 * NUDGE), float(iteration.values[step.name][cell])
    text = (
        f"Nudge it: {moved.label(cell)} from {fine.text(at - NUDGE)} to {fine.text(at + NUDGE)} takes the loss from "
        f"{_written(below)} to {_written(above)}: slope {numbers.text(slope)}."
    )
    return (Paragraph(f"{text} {_compared(iteration, ends, slope, gradient, numbers)}"),)


def _written(loss: float) -> str:
    return f"{loss:.{DECIMALS}f}".rstrip("0").rstrip(".")


def _compared(iteration: Iteration, ends: list[Values], slope: float, gradient: float, numbers: Numbers) -> str:
    """Whether the slope seen is the gradient, and if not, why."""
    lesson = iteration.lesson
    sign = "" if lesson.scenario.sign > 0 else f"With {_minus(lesson)} the gradient has the other sign. "
    expected = lesson.scenario.sign * gradient
    if numbers.text(slope) == numbers.text(expected):
        return f"{sign}The numbers agree."
    told = f"The gradient is {numbers.text(gradient)}"
    if abs(slope - expected) <= NEAR * max(1.0, abs(gradient)):
        return f"{told}. {sign}They agree, as closely as a nudge of this size can show."
    return f"{told}. {sign}{_why_not(lesson, ends)}"


def slope_shown(iteration: Iteration, step: Step, cell: Cell) -> float | None:
    """The slope of the loss that a nudge shows for a number of this step; None for a step that is no gradient."""
    lesson, values = iteration.lesson, iteration.values
    moved = step.inputs[-1] if step.word == "delta" else _moved(lesson, step)
    if moved is None:
        return None
    at = float(values[moved.name][cell])
    ends = (_forward_with(lesson, values, moved.name, cell, at + h) for h in (-NUDGE, NUDGE))
    below, above = (float(lesson.loss(end)) for end in ends)
    return (above - below) / (2 * NUDGE)


def _minus(lesson: Lesson) -> str:
    return "e = t − a" if lesson.scenario.vocabulary.shows_difference else "target − output"


def _moved(lesson: Lesson, step: Step) -> Quantity | None:
    """The quantity that the step holds the gradient of."""
    if step.is_gradient:
        return next(one.leaf for one in lesson.trained if one.gradient == step.name)
    if step.role == "error" and not lesson.scenario.vocabulary.shows_difference:
        return lesson.output
    if not step.layer:
        return lesson.quantity("input") if step.word == "input_gradient" else None
    return next(s for s in lesson.steps if s.layer == step.layer).inputs[0] if step.role == "input_gradient" else None


def _why_not(lesson: Lesson, ends: list[Values]) -> str:
    """Why a nudge shows another slope than the gradient."""
    if any(_winners_differ(step, ends) for step in lesson.called("pool")):
        return "The two differ because the nudge changes which number wins a pooling window."
    if any(_crosses_a_kink(step, ends) for step in lesson.called("activation")):
        return "The two differ because a pre-activation is so near a kink that the nudge reaches across it."
    return "The two differ because the loss bends so much here that even this nudge is too long."


def _winners_differ(pooling: Step, ends: list[Values]) -> bool:
    if not isinstance(pooling.part, MaxPool):
        return False
    winners = [won(pooling.part, values[pooling.inputs[0].name])[0] for values in ends]
    return winners[0] != winners[1]


def _crosses_a_kink(activation: Step, ends: list[Values]) -> bool:
    kinks = activation.part.phi.kinks if isinstance(activation.part, ActivationLayer) else ()
    below, above = (values[activation.inputs[0].name] for values in ends)
    return any(bool(((below > kink) != (above > kink)).any()) for kink in kinks)


def _forward_with(lesson: Lesson, values: Values, name: str, cell: Cell, value: float) -> Values:
    """The forward pass with one number of a leaf, or of a layer's output, at another value."""
    moved = values[name].copy()
    moved[cell] = value
    return _forward(lesson, {leaf: values[leaf] for leaf in lesson.start} | {name: moved})


def _forward(lesson: Lesson, begin: Mapping[str, Array]) -> Values:
    """The forward pass from these values; a layer whose output is among them is not worked out again."""
    values = dict(begin)
    for step in lesson.steps:
        if step.name not in values:
            values[step.name] = step.compute(values)
        if step.name == lesson.output.name:
            break
    return values
