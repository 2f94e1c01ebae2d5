"""The loss: one number for all errors, and how it changes when one weight is moved."""

from __future__ import annotations

from cnnstep.tutor.document import Block, Command, Curve, Paragraph, Series
from cnnstep.tutor.present import loss_line
from cnnstep.tutor.topics.blocks import grids, peak
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.gradient_check import loss_with
from cnnstep.tutor.topics.topic import TRAINED, Topic

REACH = 2.0
"""How far the weight is moved to either side."""
POINTS = 61


def _numbers(example: Example) -> tuple[Block, ...]:
    return (
        *grids(example.first, "activation", "target", "error", most=2),
        Paragraph(loss_line(example.first, example.style)),
        *_moved(example, "filter", "gradient"),
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    first = next(one for one in iteration.lesson.layers if one.gradients)
    loss = iteration.lesson.scenario.loss
    return (
        *grids(iteration, iteration.lesson.output.name, "target", "error", most=2),
        Paragraph(f"The loss of this network is {loss.name}: L = {loss.formula} = {example.text(iteration.loss)}."),
        *_moved(example, first.leaves[0].name, first.gradients[0].name),
    )


def _moved(example: Example, leaf: str, gradient: str) -> tuple[Block, ...]:
    """The loss while the steepest number of a leaf is moved."""
    iteration, style = example.first, example.style
    cell = iteration.lesson.quantity(gradient).layout.full_cell(peak(iteration, gradient))
    at = float(iteration.values[leaf][cell])
    slope = iteration.lesson.scenario.sign * float(iteration.values[gradient][cell])
    label = iteration.lesson.quantity(leaf).label(cell)
    moves = [REACH * (2 * i / (POINTS - 1) - 1) for i in range(POINTS)]
    losses = tuple(loss_with(iteration, leaf, cell, at + move) for move in moves)
    lowest = min(range(POINTS), key=losses.__getitem__)
    return (
        Curve(f"Loss, when only {label} moves", (Series("loss", losses),), label, at - REACH, at + REACH),
        Paragraph(
            f"{label} is {style.text(at)} now, and the slope there is {style.text(slope)}: that is its gradient. "
            f"Of the points drawn, the lowest is at {style.text(at + moves[lowest])}, "
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
            "needed: the loss L. It is smallest where every output equals its target, and grows with the errors.",
            "Squares make every error count, too high or too low, and large ones most.",
        ),
        formula="L = ½ Σ (a − t)²",
        formula_words="the usual loss here; others differ by a factor or a formula",
        numbers=_numbers,
        network=_in_network,
        layers=TRAINED,
        goes_wrong=(
            "A lower loss proves nothing about a gradient: some wrong gradients lower it more than the right one. "
            "And a loss that stays above 0 can have several causes: too few steps or too long ones, inactive cells, "
            "or a target that can't be met."
        ),
        next=Command("cnnstep run {scenario} --iterations 20", "watch it fall, or not"),
        see_also=("half_squared_error", "cross_entropy", "error", "loss-scale"),
    ),
)
