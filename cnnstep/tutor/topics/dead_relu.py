"""Dead ReLU: a run watched until its last cell is inactive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer, dead_cells
from cnnstep.engine.quantity import norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, gradients, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import layer_of, received, way_back
from cnnstep.tutor.topics.blocks import beside, grid_of, grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic
from cnnstep.tutor.topics.variants import with_activation

LONGEST = 100
"""So many iterations are watched."""


@dataclass(frozen=True)
class _Course:
    """The iterations that were watched, and the first one in which every cell is inactive while an error is left."""

    turns: list[Iteration]
    death: int | None


def _watch(scenario: Scenario) -> _Course:
    turns: list[Iteration] = []
    for turn in trace(scenario, LONGEST):
        turns.append(turn)
        if _dead(turn) == turn.values["forward"].size and turn.loss > 0:
            return _Course(turns, turn.number)
        if not np.isfinite(turn.loss_after):
            break
    return _Course(turns, None)


def _dead(turn: Iteration) -> int:
    return len(dead_cells(turn.lesson.scenario.activation, turn.values["forward"]))


def _row(turn: Iteration) -> tuple[str | float, ...]:
    steepest = max(float(np.abs(slope).max()) for slope in gradients(turn.lesson, turn.values))
    of = turn.values["forward"].size
    return (str(turn.number), turn.loss, float(turn.values["forward"].max()), f"{_dead(turn)} of {of}", steepest)


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if not scenario.activation.flat:
        name = scenario.activation.name
        blocks.append(
            Paragraph(f"{name} is nowhere exactly flat, so no cell goes inactive. Here relu takes its place.")
        )
        scenario = with_activation(scenario, "relu")
    course = _watch(scenario)
    last = len(course.turns) - 1
    shown = sorted({n for n in (0, 1, 2, 3, last - 3, last - 2, last - 1, last) if 0 <= n <= last})
    rows = tuple(_row(course.turns[n]) for n in shown)
    columns = ("iteration", "loss", "largest z", "inactive", "steepest gradient")
    return (
        *blocks,
        Table(columns, rows, f"Learning rate {example.text(scenario.learning_rate)}"),
        Paragraph(_ending(course, example), "bad" if course.death is not None else "plain"),
        *_last(course),
    )


def _ending(course: _Course, example: Example) -> str:
    turn = course.turns[-1]
    if course.death is None:
        inactive = counted(_dead(turn), "cell is", "cells are")
        return f"It does not die in {counted(len(course.turns), 'iteration')}: at the end {inactive} inactive."
    words = f"At iteration {course.death} every z is 0 or less: no cell is active, and all gradients are 0"
    if turn.lesson.scenario.optimizer.memory:
        return f"{words}. Only the optimizer's memory still moves the filter. The loss is {example.text(turn.loss)}."
    return f"{words}. So the filter is dead: it stays as it is, and the loss stays {example.text(turn.loss)}."


def _last(course: _Course) -> tuple[Block, ...]:
    turn = course.turns[-1]
    quantity = turn.lesson.quantity
    return (
        beside(
            grid_of(f"Filter at {turn.number}", quantity("filter"), turn.values["filter"])[:1],
            grid_of("z", quantity("forward"), turn.values["forward"])[:1],
            grid_of("e", quantity("error"), turn.values["error"])[:1],
            grid_of("δ", quantity("delta"), turn.values["delta"])[:1],
        ),
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    """Each relu layer: how many cells are inactive, and how many of them have an error to learn from."""
    iteration = example.first
    rows: list[tuple[str | float, ...]] = []
    for one in iteration.lesson.layers:
        if isinstance(one.layer, ActivationLayer) and one.layer.phi.flat:
            z, back = iteration.values[one.forward.inputs[0].name], iteration.values[received(one)]
            dead = dead_cells(one.layer.phi, z)
            blocked = sum(bool(back[cell]) for cell in dead)
            sent = norm(back), norm(iteration.values[way_back(iteration, one).name])
            rows.append((one.name, f"{len(dead)} of {z.size}", str(blocked), float(z.max()), *sent))
    steps = layer_of(iteration, "relu")
    return (
        Table(
            ("layer", "inactive", "with ∂L/∂a left", "largest z", "‖∂L/∂a‖", "‖∂L/∂z‖"), tuple(rows), "Before training"
        ),
        Paragraph(
            "a is the layer's output, z its input; ‖ ‖ is a length. A layer without an active cell sends back 0, "
            "and no layer before it learns."
        ),
        *grids(iteration, steps.forward.inputs[0].name, way_back(iteration, steps).name, most=2),
    )


PAGES = (
    Topic(
        name="dead-relu",
        title="Dead ReLU",
        summary="no z above 0: slope 0, nothing comes back, nothing learns",
        group="ideas",
        paragraphs=(
            "relu has slope 0 for every z of 0 or less. A cell with such a z is inactive for this input: it sends no "
            "error back, however wrong it is. That alone is normal. Other cells move the filter, and it may become "
            "active again.",
            "But if no cell is active, for any of the inputs, all gradients are 0. Then gradient descent does not move "
            "the filter any more: it is dead.",
        ),
        formula="z ≤ 0, so relu′(z) = 0, so δ = 0",
        numbers=_numbers,
        network=_in_network,
        layers=("relu",),
        goes_wrong=(
            "A step that is too long can push every z below 0. An inactive cell whose target is 0 does no harm: its "
            "output is right. Look at δ: a cell marked as inactive with an error left is one that hurts. "
            "A smaller learning rate or leaky_relu helps to avoid it."
        ),
        next=Command("cnnstep run {scenario} --iterations 40", "the whole story"),
        see_also=("relu", "leaky_relu", "learning-rate", "slope-at-zero"),
    ),
)
