"""A number moved both ways, and what becomes of the loss: the slope that it shows must be the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.naming import BACKWARD
from cnnstep.engine.quantity import Array, Cell, Quantity, Values
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Paragraph
from cnnstep.tutor.network.words import ties
from cnnstep.tutor.numbers import Numbers

NUDGE = 1e-3
"""How far a weight is moved to watch the loss follow; small enough for four digits, large enough to see."""
LARGEST = 1e9
"""A loss above it has too few digits left for a difference of `NUDGE`."""
LEAVES = {
    "gradient": ("filter", "weights"),
    "dense_gradient": ("", "weights"),
    "bias_gradient": ("bias", "bias"),
    "dense_bias_gradient": ("", "bias"),
}
"""What each gradient is the gradient of: one filter's leaf, and a layer's in a network."""


def nudge(iteration: Iteration, step: Step, cell: Cell, numbers: Numbers) -> tuple[Block, ...]:
    """Moves what the step is the gradient of both ways and watches the loss; nothing for other steps."""
    moved = _moved(iteration.lesson, step)
    if moved is None:
        return ()
    lesson, fine = iteration.lesson, Numbers(max(numbers.precision, 6))
    at = float(iteration.values[moved.name][cell])
    below, above = (_loss_at(lesson, iteration.values, moved.name, cell, at + h) for h in (-NUDGE, NUDGE))
    slope, gradient = (above - below) / (2 * NUDGE), float(iteration.values[step.name][cell])
    label = moved.label(cell)
    text = (
        f"Nudge it: {label} from {fine.text(at - NUDGE)} to {fine.text(at + NUDGE)} takes the loss from "
        f"{fine.text(below)} to {fine.text(above)}: slope {numbers.text(slope)}."
    )
    if abs(slope - lesson.scenario.sign * gradient) <= 1e-3 * max(1.0, abs(gradient)):
        sign = "" if lesson.scenario.sign > 0 else f" With {_minus(lesson)} the gradient has the other sign."
        return (Paragraph(f"{text}{sign} The numbers agree."),)
    return (Paragraph(f"{text} The gradient says {numbers.text(gradient)}. {_why_not(iteration, slope)}"),)


def _minus(lesson: Lesson) -> str:
    return "target − output" if lesson.scenario.is_network else "e = t − a"


def _moved(lesson: Lesson, step: Step) -> Quantity | None:
    """The quantity that the step holds the gradient of."""
    if step.role in LEAVES:
        one_filter, in_network = LEAVES[step.role]
        return lesson.quantity(f"{step.layer}.{in_network}" if step.layer else one_filter)
    if step.role == "error" and lesson.scenario.is_network:
        return lesson.output
    if not step.layer:
        return lesson.quantity("input") if step.role == "input_gradient" else None
    return next(s for s in lesson.steps if s.layer == step.layer).inputs[0] if step.role in BACKWARD else None


def _why_not(iteration: Iteration, slope: float) -> str:
    """Why a nudge shows another slope than the gradient."""
    if not np.isfinite(slope) or iteration.loss > LARGEST:
        return "The numbers are too large for so small a nudge to show."
    pools = [step for step in iteration.lesson.of_role("pool") if isinstance(step.part, MaxPool)]
    if any(ties(cast("MaxPool", step.part), iteration.values[step.inputs[0].name]).any() for step in pools):
        return "Where numbers of a pooling window are equally large, a nudge changes which one wins, so the two differ."
    if any(step.part.phi.kinks for step in iteration.lesson.of_role("delta") if isinstance(step.part, ActivationLayer)):
        return "A pre-activation lies so near a kink that the nudge crosses it, so the two differ."
    return "The loss bends so much here that even this nudge is too long, so the two differ."


def _loss_at(lesson: Lesson, values: Values, name: str, cell: Cell, value: float) -> float:
    """The loss with one number of a leaf, or of a layer's output, at another value."""
    moved = values[name].copy()
    moved[cell] = value
    with np.errstate(all="ignore"):
        return lesson.loss(_forward(lesson, {leaf: values[leaf] for leaf in lesson.start} | {name: moved}))


def _forward(lesson: Lesson, begin: Mapping[str, Array]) -> Values:
    """The forward pass from these values; a layer whose output is among them is not worked out again."""
    values = dict(begin)
    for step in lesson.steps:
        if step.name not in values:
            values[step.name] = step.compute(values)
        if step.name == lesson.output.name:
            break
    return values
