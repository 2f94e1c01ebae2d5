"""Divergence: a learning rate at which every step lands further away than the last."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnstep.engine.optimizers import OPTIMIZERS
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.runs import curves, ending, run
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import with_activation, with_rate

ITERATIONS = 100
DOUBLINGS = 20
SHOWN = 7
PART = 5


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, changed = example.scenario, []
    if scenario.activation.name != "linear":
        changed.append(f"the activation is linear, not {scenario.activation.name}: nothing can become inactive")
        scenario = with_activation(scenario, "linear")
    if scenario.optimizer.name != "sgd":
        changed.append(f"the optimizer is sgd, not {scenario.optimizer.name}")
        scenario = replace(scenario, optimizer=OPTIMIZERS["sgd"]())
    wild = _diverging(scenario)
    if wild is None:
        return (Paragraph("None of the learning rates tried here makes it diverge: its gradient is 0."),)
    if wild.learning_rate != scenario.learning_rate:
        own = example.text(scenario.learning_rate)
        changed.append(f"the learning rate is {example.text(wild.learning_rate)}, since {own} does not diverge")
    calm = with_rate(wild, wild.learning_rate / PART)
    runs = {f"η = {example.text(one.learning_rate)}": run(one, ITERATIONS) for one in (wild, calm)}
    words = "; ".join(changed)
    intro = (Paragraph(f"Here {words}."),) if changed else ()
    ends = " ".join(f"{label}: {ending(recorded)}." for label, recorded in runs.items())
    return (
        *intro,
        _table(list(trace(wild, SHOWN))),
        Paragraph("Where it diverges, each loss ends up about the same number of times the one before."),
        *curves("Loss", runs),
        Paragraph(f"After {ITERATIONS} iterations at most: {ends}"),
    )


def _diverging(scenario: Scenario) -> Scenario | None:
    """The scenario at its own rate, doubled until it diverges."""
    for power in range(DOUBLINGS):
        tried = with_rate(scenario, scenario.learning_rate * 2**power)
        if run(tried, ITERATIONS).outcome.status == "diverged":
            return tried
    return None


def _table(turns: list[Iteration]) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for turn in turns:
        ratio = turn.loss_after / turn.loss if turn.loss else float("nan")
        largest = float(np.abs(turn.values["filter"]).max())
        rows.append((str(turn.number), turn.loss, largest, turn.loss_after, ratio))
    rate = turns[0].lesson.scenario.learning_rate
    return Table(("iteration", "loss", "largest weight", "next loss", "times"), tuple(rows), f"Learning rate {rate:g}")


PAGES = (
    Topic(
        name="divergence",
        scenario="first-filter-linear-fast",
        title="Divergence",
        summary="each step overshoots further, and the loss explodes",
        group="ideas",
        paragraphs=(
            "Think of a bowl. A step that is a little too long lands on the other side, lower than before. "
            "A step that is much too long lands on the other side, higher than before. There the slope is steeper, "
            "so the next step is longer still. That is divergence.",
            "The limit is the curvature: the more sharply the bowl bends, the smaller the learning rate must be.",
        ),
        formula="stable only for η < 2 / λmax",
        formula_words="λmax is the largest curvature of the loss",
        numbers=_numbers,
        goes_wrong=(
            "It is taken for a wrong gradient. Try a tenth of the learning rate: if the loss now falls steadily, the "
            "step was too long. In the end the numbers are too large for the computer and become inf; "
            "here that is reported."
        ),
        next=Command("cnnstep explain learning-rate", "what a smaller one does"),
        see_also=("learning-rate", "linear", "gradient-check", "error-sign"),
    ),
)
