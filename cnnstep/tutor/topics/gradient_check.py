"""The gradient check: nudge each weight, watch the loss, compare the slope with the gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.quantity import Cell, Quantity
from cnnstep.engine.stations import stations
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import Numbers, listed
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

NUDGE = 1e-4
"""Small enough that the loss is straight, large enough that its digits tell."""
MOST_WEIGHTS = 9
CLOSE = 1e-4
BENT = 1e-2
"""Slopes to the left and the right that are further apart than this have a kink between them."""
FINE = 8
"""The decimals in which two losses so near each other can be told apart."""


def loss_with(iteration: Iteration, leaf: str, cell: Cell, value: float) -> float:
    """The loss with one number of a leaf, such as the filter, replaced."""
    lesson = iteration.lesson
    begin = {name: iteration.values[name] for name in lesson.start}
    changed = begin[leaf].copy()
    changed[cell] = value
    begin[leaf] = changed
    with np.errstate(all="ignore"):
        return lesson.scenario.loss.value(lesson.output_of(begin), begin["target"])


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    sign = iteration.lesson.scenario.sign
    weights, gradient = iteration.values["filter"], sign * iteration.values["gradient"]
    quantity, fine = iteration.lesson.quantity("filter"), Numbers(max(example.style.precision, FINE))
    rows: list[tuple[str | float, ...]] = []
    furthest, off, bent = 0.0, list[str](), list[str]()
    for cell in list(np.ndindex(*weights.shape))[:MOST_WEIGHTS]:
        at, slope = float(weights[cell]), float(gradient[cell])
        below, above = (loss_with(iteration, "filter", cell, at + h) for h in (-NUDGE, NUDGE))
        measured = (above - below) / (2 * NUDGE)
        apart = abs(measured - slope)
        if _crosses_kink(iteration, cell):
            bent.append(quantity.label(cell))
        else:
            furthest = max(furthest, apart)
            off += [quantity.label(cell)] if apart > CLOSE * max(1.0, abs(slope)) else []
        rows.append((quantity.label(cell), fine.text(below), fine.text(above), measured, slope, apart))
    columns = ("weight", "L below", "L above", "measured", "gradient", "apart")
    left = weights.size - len(rows)
    rest = (Paragraph(f"… and {left} more weights.", "quiet"),) if left else ()
    nudge = example.text(NUDGE)
    return (
        Paragraph(f"Each weight is moved down and up by {nudge}, all others stay. Measured is (above − below) / 2h."),
        Table(columns, tuple(rows)),
        *rest,
        Paragraph(_verdict(off, furthest, example)),
        *((Paragraph(_kink(bent)),) if bent else ()),
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    """The steepest number of everything that is trained: nudged down and up."""
    iteration, fine = example.first, Numbers(max(example.style.precision, FINE))
    sign, rows, off, bent, furthest = iteration.lesson.scenario.sign, [], list[str](), list[str](), 0.0
    for leaf, step in list(_trained(iteration))[:MOST_WEIGHTS]:
        slopes = sign * iteration.values[step.name]
        cell = tuple(int(i) for i in np.unravel_index(int(np.abs(slopes).argmax()), slopes.shape))
        at, slope, label = float(iteration.values[leaf.name][cell]), float(slopes[cell]), leaf.label(cell)
        below, here, above = (loss_with(iteration, leaf.name, cell, at + h) for h in (-NUDGE, 0.0, NUDGE))
        measured = (above - below) / (2 * NUDGE)
        apart = abs(measured - slope)
        if abs(above - 2 * here + below) / NUDGE > BENT * max(1.0, abs(slope)):
            bent.append(label)
        else:
            furthest = max(furthest, apart)
            off += [label] if apart > CLOSE * max(1.0, abs(slope)) else []
        rows.append((label, fine.text(below), fine.text(above), measured, slope, apart))
    nudge = example.text(NUDGE)
    return (
        Paragraph(
            f"In every layer the weight and the bias with the largest gradient are moved down and up by {nudge}, and "
            "the whole network is worked out again each time. Measured is (above − below) / 2h."
        ),
        Table(("number", "L below", "L above", "measured", "gradient", "apart"), tuple(rows)),
        Paragraph(_verdict(off, furthest, example)),
        *((Paragraph(_kink(bent)),) if bent else ()),
    )


def _trained(iteration: Iteration) -> Iterator[tuple[Quantity, Step]]:
    """Each trained quantity with the step of its gradient."""
    for one in stations(iteration.lesson):
        yield from zip(one.leaves, one.gradients, strict=True)


def _crosses_kink(iteration: Iteration, cell: Cell) -> bool:
    """Whether some z reaches or crosses a place where φ′ jumps while this weight is nudged."""
    scenario, weights = iteration.lesson.scenario, iteration.values["filter"]
    ends = []
    for nudge in (-NUDGE, NUDGE):
        moved = weights.copy()
        moved[cell] += nudge
        ends.append(correlate(scenario.inputs, moved, iteration.values.get("bias"), scenario.conv.geometry))
    low, high = np.minimum(*ends), np.maximum(*ends)
    return any(bool(((low <= kink) & (kink <= high) & (low < high)).any()) for kink in scenario.activation.kinks)


def _verdict(off: list[str], furthest: float, example: Example) -> str:
    if off:
        return f"They differ at {listed(off)}, by more than rounding explains."
    return f"The two differ by {example.text(furthest)} at most where no kink is near: the gradient is right."


def _kink(bent: list[str]) -> str:
    return (
        f"At {listed(bent)} the nudge moves some z over a kink of the activation, where its slope jumps. "
        "Measured is then a bit of both slopes, and the gradient is the one on its side."
    )


PAGES = (
    Topic(
        name="gradient-check",
        title="Gradient check",
        summary="nudge a weight, watch the loss, compare the slopes",
        group="ideas",
        paragraphs=(
            "The gradient claims: if this weight grows a little, the loss changes by so much. That can be tried. "
            "Move the weight down a little, then up a little, work out the loss each time, and divide the difference "
            "by the way between. This is called a finite difference.",
            "It needs no chain rule at all, so it catches every mistake in one.",
        ),
        formula="∂L/∂w ≈ (L(w + h) − L(w − h)) / 2h",
        formula_words="h is the nudge",
        numbers=_numbers,
        network=_in_network,
        goes_wrong=(
            "Near a kink (relu at 0) the nudge sees both slopes, and the numbers differ though the gradient is right: "
            "look for a z close to 0. Too small a nudge drowns in rounding. And comparing whether the loss fell "
            "is no check: wrong gradients can lower it too."
        ),
        next=Command("cnnstep analyze {scenario}", "the check of every weight, with a verdict"),
        see_also=("gradient", "chain-rule", "slope-at-zero", "loss"),
    ),
)
