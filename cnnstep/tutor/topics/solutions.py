"""More than one solution: different filters without any loss, and why the target can't tell them apart."""

from __future__ import annotations

import math

import numpy as np

from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import gradients, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.topics.blocks import beside, grid_of
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import turned, with_rate

ITERATIONS = 400
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


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario = with_rate(example.scenario, example.scenario.learning_rate / PART)
    runs = {
        name: record(trace(scenario.with_weights(start), ITERATIONS))
        for name, start in _starts(scenario.conv.weights).items()
    }
    first = runs["its own filter"].losses[0]
    found = {name: r for name, r in runs.items() if r.outcome.loss <= SMALL * first}
    different = _different(found)
    rows = tuple((name, r.losses[0], r.outcome.loss, r.outcome.status) for name, r in runs.items())
    columns = ("start", "first loss", f"after {ITERATIONS}", "status")
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


PAGES = (
    Topic(
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
        numbers=_numbers,
        goes_wrong=(
            "The filter is compared with the expected one, and the difference is taken for a bug. "
            "Compare the outputs with the target instead: if the loss is gone, the filter is right. "
            "For a unique answer, have more different patches, or linear as the activation."
        ),
        next=Command("cnnstep analyze {scenario}", "whether there is one filter, many or none"),
        see_also=("relu", "linear", "loss", "learning-rate"),
    ),
)
