"""Unreachable targets: what the activation can't give, and the loss that therefore always stays."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import floor
from cnnstep.tutor.document import Block, Command, Paragraph
from cnnstep.tutor.present import note, planes
from cnnstep.tutor.topics.blocks import beside, grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.runs import curves, ending, run
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import first_of, with_activation

ITERATIONS = 200
BEYOND = 1.0
"""So far outside the range a target is set where a scenario has none that is."""


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, words = _with_unreachable(example.scenario, example)
    iteration = first_of(scenario)
    found = [f for f in findings(iteration) if f.code == "unreachable-target"]
    recorded = run(scenario, ITERATIONS)
    least, end = floor(lesson_of(scenario)), recorded.outcome
    output = end.lesson.output
    return (
        *([Paragraph(words)] if words else []),
        *grids(iteration, "target", "activation", "error", most=1),
        *(note(finding) for finding in found),
        *curves("Loss", {scenario.activation.name: recorded}),
        Paragraph(
            f"After {recorded.iterations} iterations the loss is {example.text(end.loss)}; "
            f"it can't fall below {example.text(least)}. Status: {ending(recorded)}. The output then:"
        ),
        beside(planes(output, end.matrix(output.name))[:2]),
    )


def _with_unreachable(scenario: Scenario, example: Example) -> tuple[Scenario, str]:
    """The scenario, with a target out of reach where it has none, and a word on what was changed."""
    words, phi = "", scenario.activation
    if math.isinf(phi.low) and math.isinf(phi.high):
        words = f"{phi.name} reaches every number, so here relu takes its place. "
        scenario = with_activation(scenario, "relu")
        phi = scenario.activation
    beyond = (scenario.targets < phi.low) | (scenario.targets > phi.high)
    if beyond.any():
        return scenario, words
    if scenario.loss.only_with:  # its targets have to stay within the range
        scenario = with_activation(scenario, "relu")
        words, phi = f"{words}Here relu takes the place of {example.scenario.activation.name}. ", scenario.activation
    target = phi.low - BEYOND if not math.isinf(phi.low) else phi.high + BEYOND
    targets = scenario.targets.copy()
    cell = tuple(int(i) for i in np.unravel_index(int(targets.argmin()), targets.shape))
    targets[cell] = target
    label = lesson_of(scenario).quantity("target").label(cell)
    words += f"This scenario's targets can all be met. So here {label} becomes {example.text(target)}."
    return replace(scenario, targets=frozen(targets)), words


PAGES = (
    Topic(
        name="unreachable-target",
        title="Unreachable target",
        summary="a target that no filter can meet: some loss stays",
        group="ideas",
        paragraphs=(
            "Every activation has a range: relu gives nothing below 0, sigmoid nothing below 0 or above 1. "
            "A target outside it can't be met by any filter.",
            "The best that can be done is the nearest output in the range. The loss that is then left is the loss "
            "floor: no run ever gets below it, and a run that reaches it has settled.",
        ),
        formula="floor = L(nearest output, target)",
        formula_words="the loss when every output is as near to its target as the activation allows",
        numbers=_numbers,
        goes_wrong=(
            "People look for a bug in the gradient because the loss won't go to 0. Compare it with the floor. "
            "Such a target also pushes its z towards the end of the range: with relu until the cell is inactive, with "
            "sigmoid until it is saturated. Change the target, or use an activation that reaches it."
        ),
        next=Command("cnnstep run unreachable-target --iterations 100", "a lesson where it happens"),
        see_also=("loss", "relu", "leaky_relu", "dead-relu"),
        scenario="unreachable-target",
    ),
)
