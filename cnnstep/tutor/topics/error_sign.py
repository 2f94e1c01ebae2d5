"""The sign of the error: both conventions side by side, down to the same new filter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.scenario import ERROR_SIGNS
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.blocks import beside, corner, grid_of
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.variants import first_of

SAME = 1e-12


def _numbers(example: Example) -> tuple[Block, ...]:
    return _both_ways(example, ("error", "delta", "gradient", "update"))


def _in_network(example: Example) -> tuple[Block, ...]:
    """The error, what the last layer sends back, and the first trained layer's gradient and update."""
    at = example.lesson.trained[0]
    back = next(step.name for step in example.lesson.steps if step.role == "input_gradient")
    return _both_ways(example, ("error", back, at.gradient, at.update))


def _both_ways(example: Example, names: tuple[str, ...]) -> tuple[Block, ...]:
    turns = [first_of(replace(example.scenario, error=sign)) for sign in ERROR_SIGNS]
    rows: list[tuple[str | float, ...]] = []
    blocks: list[Block] = []
    for name in names:
        steps = [turn.lesson.step(name) for turn in turns]
        rows.append((name, *(step.formula for step in steps)))
        groups = [
            [corner(block) for block in grid_of(f"{step.symbol}, {sign}", step.quantity, turn.values[name])[:1]]
            for step, turn, sign in zip(steps, turns, ERROR_SIGNS, strict=True)
        ]
        if name != names[1]:
            blocks.append(beside(*groups))
    one, other = (turn.values[names[-1]] for turn in turns)
    apart = float(np.abs(one - other).max())
    verdict = "The new weights are equal." if apart <= SAME else f"The new weights differ by {example.text(apart)}."
    return (Table(("step", *ERROR_SIGNS), tuple(rows)), *blocks, Paragraph(verdict, "good"))


PAGES = (
    Topic(
        name="error-sign",
        title="The sign of the error",
        summary="output − target or target − output: both are right",
        group="conventions",
        paragraphs=(
            "Some books write e = a − t, others e = t − a. The loss is the same, because it squares e. "
            "But everything that follows changes its sign.",
            "With e = a − t you get ∂L/∂W, which points uphill, and subtract it. With e = t − a you get −∂L/∂W, "
            "which points downhill, and add it. The two signs cancel: the new filter is the same.",
        ),
        formula="W ← W − η·∂L/∂W",
        formula_words="the same as W ← W + η·(−∂L/∂W)",
        numbers=_numbers,
        network=_in_network,
        layers=TRAINED,
        goes_wrong=(
            "The two are mixed: e = t − a, and then subtracted. That walks uphill, and the loss grows however small "
            "the learning rate is. That is how you tell it from a step that is too long."
        ),
        next=Command("cnnstep run target-minus-output", "a lesson with the other sign"),
        see_also=("error", "update", "loss-scale", "learning-rate"),
    ),
)
