"""The loss: one number for all errors, and how it changes when one weight is moved."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series
from cnnstep.tutor.present import loss_line
from cnnstep.tutor.topics.blocks import grids, peak
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.gradient_check import loss_with
from cnnstep.tutor.topics.topic import Topic

REACH = 2.0
"""How far the weight is moved to either side."""
POINTS = 61


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration, style = example.first, example.style
    shown = peak(iteration, "gradient")
    cell = iteration.lesson.quantity("gradient").layout.full_cell(shown)
    at = float(iteration.values["filter"][cell])
    slope = iteration.lesson.scenario.sign * float(iteration.values["gradient"][cell])
    label = iteration.lesson.quantity("filter").label(cell)
    moves = [REACH * (2 * i / (POINTS - 1) - 1) for i in range(POINTS)]
    losses = tuple(loss_with(iteration, "filter", cell, at + move) for move in moves)
    lowest = min(range(POINTS), key=losses.__getitem__)
    return (
        *grids(iteration, "activation", "target", "error", most=2),
        Paragraph(loss_line(iteration, style)),
        Curve(f"Loss, when only {label} moves", (Series("loss", losses),), label, at - REACH, at + REACH),
        Paragraph(
            f"{label} is {style.text(at)} now, and the slope there is {style.text(slope)}: that is its gradient. "
            f"Of the places drawn, the lowest is at {style.text(at + moves[lowest])}, "
            f"with a loss of {style.text(losses[lowest])}."
        ),
    )


PAGES = (
    Topic(
        name="loss",
        title="Loss",
        summary="one number for how wrong all outputs are together",
        group="ideas",
        paragraphs=(
            "Every output has an error of its own. To say whether one filter is better than another, one number is "
            "needed: the loss L. It is 0 where every output is its target, and grows with the errors.",
            "Squares make every error count, too high or too low, and large ones most.",
        ),
        formula="L = ½ Σ (a − t)²",
        formula_words="the usual loss here; others differ by a factor or a formula",
        numbers=_numbers,
        goes_wrong=(
            "A lower loss proves nothing about a gradient: some wrong gradients lower it more than the right one. "
            "And a loss that stays above 0 can have two reasons: not enough steps, or a target that can't be met."
        ),
        next=Command("cnnstep run {scenario} --iterations 20", "watch it fall, or not"),
        see_also=("half_squared_error", "error", "loss-scale", "gradient"),
    ),
)
