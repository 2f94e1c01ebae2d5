"""Pages on where descent ends: targets out of reach, and more than one solution."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import floor
from cnnstep.engine.trace import gradients, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import note, planes
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.topics.blocks import (
    beside,
    curves,
    ending,
    first_of,
    grid_of,
    grids,
    run,
    turned,
    with_activation,
    with_rate,
)
from cnnstep.tutor.topics.topic import Example, Topic

UNREACHABLE_TARGET_ITERATIONS = 200
BEYOND = 1.0
"""How far outside the range a target is set where no target of the scenario is out of reach."""


def _unreachable_target_numbers(example: Example) -> tuple[Block, ...]:
    scenario, words = _with_unreachable(example.scenario, example)
    iteration = first_of(scenario)
    found = [f for f in findings(iteration) if f.code == "unreachable-target"]
    recorded = run(scenario, UNREACHABLE_TARGET_ITERATIONS)
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


UNREACHABLE_TARGET = Topic(
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
    numbers=_unreachable_target_numbers,
    goes_wrong=(
        "People look for a bug in the gradient because the loss won't go to 0. Compare it with the floor. "
        "Such a target also pushes its z towards the end of the range: with relu until the cell is inactive, with "
        "sigmoid until it is saturated. Change the target, or use an activation that reaches it."
    ),
    next=Command("cnnstep run unreachable-target --iterations 100", "a lesson where it happens"),
    see_also=("loss", "relu", "leaky_relu", "dead-relu"),
    scenario="unreachable-target",
)


SOLUTIONS_ITERATIONS = 400
PART = 5
SMALL = 1e-6
"""A loss below this share of the first is gone but for rounding and patience."""
APART = 0.01
"""Filters that differ by more are two."""


def _starts(weights: Array) -> dict[str, Array]:
    """Where to begin: the scenario's own filter, a single 1 in the corner, the filter turned."""
    corner = np.zeros_like(weights)
    corner[..., 0, 0] = 1.0
    return {
        "its own filter": weights,
        "a single 1 in the corner": corner,
        "its filter rotated by 180°": turned(weights),
    }


def _solutions_numbers(example: Example) -> tuple[Block, ...]:
    scenario = with_rate(example.scenario, example.scenario.learning_rate / PART)
    runs = {
        name: record(trace(scenario.with_weights(start), SOLUTIONS_ITERATIONS))
        for name, start in _starts(scenario.conv.weights).items()
    }
    first = runs["its own filter"].losses[0]
    found = {name: r for name, r in runs.items() if r.outcome.loss <= SMALL * first}
    different = _different(found)
    rows = tuple((name, r.losses[0], r.outcome.loss, r.outcome.status) for name, r in runs.items())
    columns = ("start", "first loss", f"after {SOLUTIONS_ITERATIONS}", "status")
    title = f"Learning rate {example.text(scenario.learning_rate)}"
    return (
        Table(columns, rows, title),
        Paragraph(_verdict(different, len(found))),
        *((_filters(different),) if different else ()),
        *_equations(*next(iter(different.items()), ("its own filter", runs["its own filter"]))),
    )


def _different(found: dict[str, Record]) -> dict[str, Record]:
    """The first run of each filter that was found."""
    kept: dict[str, Record] = {}
    for name, recorded in found.items():
        filter_ = recorded.outcome.values["filter"]
        if all(np.abs(filter_ - other.outcome.values["filter"]).max() > APART for other in kept.values()):
            kept[name] = recorded
    return kept


def _verdict(different: dict[str, Record], found: int) -> str:
    if len(different) > 1:
        return f"{counted(len(different), 'different filter')}, none with a loss left. Each is a right answer:"
    if found > 1:
        return f"{counted(found, 'start')} lead to the same filter, so it may be the only one:"
    if found == 1:
        return "From only one start the loss was gone in that time, so this does not tell how many solutions there are:"
    return (
        "From no start the loss was gone in that time. Where some loss has to stay, several filters can have the least."
    )


def _filters(different: dict[str, Record]) -> Block:
    groups = []
    for name, recorded in different.items():
        quantity = recorded.lesson.quantity("filter")
        groups.append(grid_of(f"from {name}", quantity, recorded.outcome.values["filter"])[:1])
    return beside(*groups)


def _equations(start: str, recorded: Record) -> tuple[Block, ...]:
    """How many independent equations the active cells give for how many weights."""
    scenario: Scenario = recorded.lesson.scenario
    end, phi = recorded.outcome.values, scenario.activation
    if not all(np.isfinite(slope).all() for slope in gradients(recorded.lesson, end)):
        return ()
    conv = scenario.conv
    windows = patches(scenario.inputs, conv.window, conv.geometry)
    active = (phi.slope(end["forward"]) != 0).any(axis=1)
    rows = np.moveaxis(windows, 1, 3)[active]
    weights = math.prod(conv.weights.shape[1:])
    rank = int(np.linalg.matrix_rank(rows.reshape(len(rows), -1))) if len(rows) else 0
    free = weights - rank
    more = (
        f"{counted(free, 'weight')} of the {weights} can still be chosen freely, as long as no inactive cell becomes "
        "active."
        if free
        else "That leaves no weight free."
    )
    alive = f"{counted(int(active.sum()), 'cell')} of {active.size} {'is' if active.sum() == 1 else 'are'} active"
    equations = f"{counted(rank, 'independent equation')} for {counted(weights, 'weight')}"
    return (Paragraph(f"At the end of the run from {start}, {alive}. Their patches give {equations}. {more}"),)


SOLUTIONS = Topic(
    name="more-than-one-solution",
    title="More than one solution",
    summary="several filters meet the target: each is right",
    group="ideas",
    paragraphs=(
        "A target asks for outputs, not for a filter. Each output that it asks for is one equation for the "
        "weights. With fewer independent equations than weights, many filters meet the target if one does.",
        "relu makes this common: a target of 0 is met by every z of 0 or less, which asks for very little. "
        "Which filter is found depends on the weights that training starts from.",
    ),
    formula="P · w = t   for the active cells",
    formula_words="P has a patch in each row; unique only if it has as many independent rows as there are weights",
    numbers=_solutions_numbers,
    goes_wrong=(
        "The filter is compared with the expected one, and the difference is taken for a bug. "
        "Compare the outputs with the target instead: if the loss is gone, the filter is right. "
        "For a unique answer, have more different patches, or linear as the activation."
    ),
    next=Command("cnnstep analyze {scenario}", "whether there is one filter, many or none"),
    see_also=("relu", "linear", "loss", "learning-rate"),
)


PAGES = (UNREACHABLE_TARGET, SOLUTIONS)
