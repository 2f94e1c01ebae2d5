"""The sign of the error: both conventions side by side, down to the same new filter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.scenario import ERROR_SIGNS
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.blocks import beside, grid_of
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of

STEPS = ("error", "delta", "gradient", "update")
SAME = 1e-12


def _numbers(example: Example) -> tuple[Block, ...]:
    turns = [first_of(replace(example.scenario, error=sign)) for sign in ERROR_SIGNS]
    rows: list[tuple[str | float, ...]] = []
    blocks: list[Block] = []
    for name in STEPS:
        steps = [turn.lesson.step(name) for turn in turns]
        rows.append((name, *(step.formula for step in steps)))
        groups = [
            grid_of(f"{step.symbol}, {sign}", step.quantity, turn.values[name])[:1]
            for step, turn, sign in zip(steps, turns, ERROR_SIGNS, strict=True)
        ]
        if name != "delta":
            blocks.append(beside(*groups))
    one, other = (turn.values["update"] for turn in turns)
    apart = float(np.abs(one - other).max())
    verdict = "The new filters are equal." if apart <= SAME else f"The new filters differ by {example.text(apart)}."
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
            "With e = a − t you carry ∂L/∂W, which points uphill, and subtract it. With e = t − a you carry −∂L/∂W, "
            "which points downhill, and add it. Two changes of sign, one filter.",
        ),
        formula="W ← W − η·∂L/∂W",
        formula_words="the same as W ← W + η·(−∂L/∂W)",
        numbers=_numbers,
        goes_wrong=(
            "The two are mixed: e = t − a, and then subtracted. That walks uphill, and the loss grows at every "
            "learning rate, however small. That is how you tell it from a step that was too long."
        ),
        next=Command("cnnstep run target-minus-output", "a lesson with the other sign"),
        see_also=("error", "update", "loss-scale", "learning-rate"),
    ),
)
