"""The gradient check: nudge each weight, watch the loss, compare the slope with the gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.layers.conv import correlate
from cnnstep.engine.quantity import Cell, Quantity
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
DECIMALS = 11
"""The losses are written with so many, and what is measured is worked out from what is written."""
TINY = 1e-6
"""Two slopes that differ by less differ by rounding."""


def loss_with(iteration: Iteration, leaf: str, cell: Cell, value: float) -> float:
    """The loss with one number of a leaf, such as the filter, replaced."""
    lesson = iteration.lesson
    begin = {name: iteration.values[name] for name in lesson.start}
    changed = begin[leaf].copy()
    changed[cell] = value
    begin[leaf] = changed
    with np.errstate(all="ignore"):
        return lesson.scenario.loss.value(lesson.output_of(begin), begin["target"])


@dataclass
class _Comparison:
    """The rows of the table, and which numbers are off, or have a kink too near to tell."""

    iteration: Iteration
    fine: Numbers
    rows: list[tuple[str | float, ...]] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    bent: list[str] = field(default_factory=list)
    furthest: float = 0.0

    def add(self, leaf: Quantity, gradient: str, cell: Cell, *, crosses_kink: bool | None = None) -> None:
        """Nudges one number of a leaf; where it is not known whether a kink is crossed, the loss's bend tells."""
        iteration, label = self.iteration, leaf.label(cell)
        at = float(iteration.values[leaf.name][cell])
        slope = iteration.lesson.scenario.sign * float(iteration.values[gradient][cell])
        below, here, above = (
            round(loss_with(iteration, leaf.name, cell, at + h), DECIMALS) for h in (-NUDGE, 0.0, NUDGE)
        )
        measured = (above - below) / (2 * NUDGE)
        apart, bend = abs(measured - slope), abs(above - 2 * here + below) / NUDGE
        if crosses_kink if crosses_kink is not None else bend > BENT * max(1.0, abs(slope)):
            self.bent.append(label)
        else:
            self.furthest = max(self.furthest, apart)
            self.off += [label] if apart > CLOSE * max(1.0, abs(slope)) else []
        told: str | float = f"< {TINY:g}" if 0 < apart < TINY else apart
        self.rows.append((label, self.fine.text(below), self.fine.text(above), measured, slope, told))

    def blocks(self, first: str, example: Example) -> tuple[Block, ...]:
        """The table and what it proves."""
        return (
            Table((first, "L below", "L above", "measured", "gradient", "apart"), tuple(self.rows)),
            Paragraph(_verdict(self.off, self.furthest, example)),
            *((Paragraph(_kink(self.bent)),) if self.bent else ()),
        )


def _compare(example: Example) -> _Comparison:
    return _Comparison(example.first, Numbers(max(example.style.precision, DECIMALS)))


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, weights, found = example.first, example.first.values["filter"], _compare(example)
    for cell in list(np.ndindex(*weights.shape))[:MOST_WEIGHTS]:
        crosses = _crosses_kink(iteration, cell)
        found.add(iteration.lesson.quantity("filter"), "gradient", cell, crosses_kink=crosses)
    left = weights.size - len(found.rows)
    table, *rest = found.blocks("weight", example)
    nudge = example.text(NUDGE)
    return (
        Paragraph(
            f"Each weight is moved down and up by h = {nudge}, all others stay. Measured: (L above − L below) / 2h."
        ),
        table,
        *((Paragraph(f"… and {left} more weights.", "quiet"),) if left else ()),
        *rest,
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    """The steepest number of everything that is trained: nudged down and up."""
    iteration, found = example.first, _compare(example)
    for leaf, step in list(_trained(iteration))[:MOST_WEIGHTS]:
        slopes = np.abs(iteration.values[step.name])
        cell = tuple(int(i) for i in np.unravel_index(int(slopes.argmax()), slopes.shape))
        found.add(leaf, step.name, cell)
    nudge = example.text(NUDGE)
    return (
        Paragraph(
            f"In every layer the weight and the bias with the largest gradient are moved down and up by h = {nudge}, "
            "and the loss of the whole network is worked out again. Measured: (L above − L below) / 2h."
        ),
        *found.blocks("number", example),
    )


def _trained(iteration: Iteration) -> Iterator[tuple[Quantity, Step]]:
    """Each trained quantity with the step of its gradient."""
    for one in iteration.lesson.layers:
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
    apart = f"less than {TINY:g}" if furthest < TINY else f"{example.text(furthest)} at most"
    return f"The two differ by {apart} where no kink is near: the gradient is right."


def _kink(bent: list[str]) -> str:
    return (
        f"At {listed(bent)} the nudge moves some z across a kink of the activation, where its slope jumps. "
        "What is measured there is a mix of both slopes; the gradient takes one of them."
    )


PAGES = (
    Topic(
        name="gradient-check",
        title="Gradient check",
        summary="nudge a weight, watch the loss, compare the slopes",
        group="ideas",
        paragraphs=(
            "The gradient predicts how fast the loss changes as a weight grows. That can be tested: move the weight "
            "down a little, then up a little, work out the loss each time, and divide the difference by the distance. "
            "This is called a finite difference.",
            "It uses the loss alone and no chain rule, so a mistake in the chain rule can't hide from it.",
        ),
        formula="∂L/∂w ≈ (L(w + h) − L(w − h)) / 2h",
        formula_words="h is the nudge",
        numbers=_numbers,
        network=_in_network,
        goes_wrong=(
            "Near a kink (relu at 0) the nudge sees both slopes, and the numbers differ though the gradient is right: "
            "look for a z close to 0. Too small a nudge drowns in rounding errors. And that the loss fell is no check: "
            "wrong gradients can lower it too."
        ),
        next=Command("cnnstep analyze {scenario}", "the check of every weight, with a verdict"),
        see_also=("gradient", "chain-rule", "slope-at-zero", "loss"),
    ),
)
