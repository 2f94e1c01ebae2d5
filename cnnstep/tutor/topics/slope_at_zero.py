"""The slope of relu at exactly 0: a choice, and the cells that it touches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.numbers import listed
from cnnstep.tutor.topics.blocks import beside, grid_of
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_activation

CHOICES = (0.0, 0.5, 1.0)
LONGEST = 50
"""So many iterations are searched for a z of exactly 0."""
MOST_CELLS = 6


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if scenario.activation.name != "relu":
        blocks.append(Paragraph(f"This scenario has {scenario.activation.name}. Here relu takes its place."))
        scenario = with_activation(scenario, "relu")
    turn = _at_zero(scenario)
    if turn is None:
        words = f"In its first {LONGEST} iterations no z is exactly 0, so here the choice changes nothing."
        return (*blocks, Paragraph(words), *_choices(first_of(scenario), example))
    layout = turn.lesson.quantity("forward").layout
    cells = [bracketed(layout.shown_cell(tuple(int(i) for i in c))) for c in np.argwhere(turn.values["forward"] == 0)]
    more = f" and {len(cells) - MOST_CELLS} more" if len(cells) > MOST_CELLS else ""
    words = f"In iteration {turn.number} z is exactly 0 at {listed(cells[:MOST_CELLS], ',' if more else 'and')}{more}."
    return (*blocks, Paragraph(words), *_choices(turn, example))


def _at_zero(scenario: Scenario) -> Iteration | None:
    """The first iteration with a z of exactly 0 and an error there; else the first with such a z."""
    harmless = None
    for turn in trace(scenario, LONGEST):
        at = turn.values["forward"] == 0
        if (at & (turn.values["error"] != 0)).any():
            return turn
        if at.any() and harmless is None:
            harmless = turn
    return harmless


def _choices(turn: Iteration, example: Example) -> tuple[Block, ...]:
    """δ and gradient of this very filter for each choice of slope."""
    scenario = turn.lesson.scenario.with_weights(turn.values["filter"], turn.values.get("bias"))
    turns = {choice: first_of(_choosing(scenario, choice)) for choice in CHOICES}
    quantity = turn.lesson.quantity
    gradients = [one.values["gradient"] for one in turns.values()]
    same = all(np.array_equal(gradients[0], other) for other in gradients[1:])
    verdict = (
        "All three gradients are the same: no cell at 0 has an error."
        if same
        else "The gradients differ, and all of them are right: which slope to take at a corner is a choice."
    )
    return (
        beside(
            grid_of("z", quantity("forward"), turn.values["forward"])[:1],
            grid_of("e", quantity("error"), turn.values["error"])[:1],
        ),
        beside(*(grid_of(f"δ with {c:g}", quantity("delta"), t.values["delta"])[:1] for c, t in turns.items())),
        beside(
            *(grid_of(f"∂L/∂W with {c:g}", quantity("gradient"), t.values["gradient"])[:1] for c, t in turns.items())
        ),
        Paragraph(verdict),
    )


def _choosing(scenario: Scenario, slope: float) -> Scenario:
    layer = ActivationLayer(ACTIVATIONS["relu"](slope))
    return replace(scenario, layers=(scenario.conv, layer), relu_slope_at_zero=slope)


PAGES = (
    Topic(
        name="slope-at-zero",
        title="The slope of relu at 0",
        summary="relu has a corner at 0: its slope there is a choice",
        group="conventions",
        paragraphs=(
            "Left of 0 relu is flat, right of 0 it climbs with slope 1. At exactly 0 it has a corner, and no slope of "
            "its own. Every number from 0 to 1 is a fair choice (a subgradient).",
            "Most libraries take 0, and so does this program unless the scenario says relu_slope_at_zero. "
            "It matters only where z is exactly 0, which happens with small whole numbers and hardly ever otherwise.",
        ),
        formula="relu′(0) = 0, or any number up to 1",
        formula_words="in a scenario: relu_slope_at_zero: 1",
        numbers=_numbers,
        goes_wrong=(
            "Two people get different gradients and both are right. Look for a z of exactly 0. "
            "A mask of a ≥ 0 is something else (mask-not-strict): after relu that holds everywhere, "
            "so nothing is ever stopped."
        ),
        next=Command("cnnstep run at-the-kink", "a lesson that starts at the corner"),
        see_also=("relu", "delta", "dead-relu", "gradient-check"),
        scenario="at-the-kink",
    ),
)
