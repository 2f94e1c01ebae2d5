"""Activations at work in a scenario, and where no gradient passes: dead ReLUs, saturation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.findings import SATURATED_BELOW, findings
from cnnstep.engine.layers.activation import ActivationLayer, dead_cells
from cnnstep.engine.quantity import Array, bracketed, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, gradients, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import note
from cnnstep.tutor.topics.blocks import (
    beside,
    first_of,
    grid_of,
    grids,
    layer_of,
    received,
    way_back,
    with_activation,
    worked,
)
from cnnstep.tutor.topics.topic import Example, Topic

MOST_CELLS = 9


def at_work(example: Example, name: str) -> tuple[Block, ...]:
    """z put through the activation cell by cell, and the errors that come back through its slope."""
    own = example.scenario.activation.name == name
    iteration = example.first if own else first_of(with_activation(example.scenario, name))
    said: tuple[Block, ...] = ()
    if not own:
        words = f"This scenario has {example.scenario.activation.name}. Here {name} takes its place."
        said = (Paragraph(words),)
    phi = iteration.lesson.scenario.activation
    return (
        *said,
        *_cell_by_cell(iteration, phi, ("forward", "activation", "error", "delta"), "e"),
        *worked(iteration, "delta", example.style),
        *grids(iteration, "forward", "activation", "delta"),
    )


def in_network(example: Example, name: str) -> tuple[Block, ...]:
    """The activation at work in the first layer of this type in a network."""
    iteration = example.first
    steps = layer_of(iteration, name)
    if not isinstance(steps.layer, ActivationLayer):
        raise TypeError(f"{steps.name} is no activation")
    back = way_back(iteration, steps).name
    names = (steps.forward.inputs[0].name, steps.forward.name, received(steps), back)
    signal, delta = (iteration.lesson.quantity(name).symbol for name in names[2:])
    return (
        Paragraph(
            f"In {steps.name}, {signal} comes back from the layer after it, and {delta} goes on to the layer before."
        ),
        *_cell_by_cell(iteration, steps.layer.phi, names, signal),
        *worked(iteration, back, example.style),
        *grids(iteration, names[0], names[1], back, most=1),
    )


def _cell_by_cell(
    iteration: Iteration, phi: Activation, names: tuple[str, str, str, str], error: str
) -> tuple[Block, ...]:
    z, a, e, delta = (iteration.values[name] for name in names)
    cells, layout = list(np.ndindex(*z.shape)), iteration.lesson.quantity(names[1]).layout
    rows = tuple(
        (
            bracketed(layout.shown_cell(cell)),
            float(z[cell]),
            float(a[cell]),
            phi.slope_at(float(z[cell])),
            float(e[cell]),
            float(delta[cell]),
        )
        for cell in cells[:MOST_CELLS]
    )
    table = Table(("cell", "z", "φ(z)", "φ′(z)", error, "δ"), rows, "Cell by cell")
    left = len(cells) - MOST_CELLS
    return (table, Paragraph(f"… and {left} more cells.", "quiet")) if left > 0 else (table,)


LONGEST = 100
"""At most this many iterations are watched."""


@dataclass(frozen=True)
class _WatchedRun:
    """The iterations that were watched, and the first one in which every cell is inactive while an error is left."""

    turns: list[Iteration]
    death: int | None


def _watch(scenario: Scenario) -> _WatchedRun:
    turns: list[Iteration] = []
    for turn in trace(scenario, LONGEST):
        turns.append(turn)
        if _dead(turn) == turn.values["forward"].size and turn.loss > 0:
            return _WatchedRun(turns, turn.number)
        if not np.isfinite(turn.loss_after):
            break
    return _WatchedRun(turns, None)


def _dead(turn: Iteration) -> int:
    return len(dead_cells(turn.lesson.scenario.activation, turn.values["forward"]))


def _row(turn: Iteration) -> tuple[str | float, ...]:
    steepest = max(float(np.abs(slope).max()) for slope in gradients(turn.lesson, turn.values))
    of = turn.values["forward"].size
    return (str(turn.number), turn.loss, float(turn.values["forward"].max()), f"{_dead(turn)} of {of}", steepest)


def _dead_relu_numbers(example: Example) -> tuple[Block, ...]:
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


def _ending(course: _WatchedRun, example: Example) -> str:
    turn = course.turns[-1]
    if course.death is None:
        inactive = counted(_dead(turn), "cell is", "cells are")
        return f"It does not die in {counted(len(course.turns), 'iteration')}: at the end {inactive} inactive."
    words = f"At iteration {course.death} every z is 0 or less: no cell is active, and all gradients are 0"
    if turn.lesson.scenario.optimizer.memory:
        return f"{words}. Only the optimizer's memory still moves the filter. The loss is {example.text(turn.loss)}."
    return f"{words}. So the filter is dead: it stays as it is, and the loss stays {example.text(turn.loss)}."


def _last(course: _WatchedRun) -> tuple[Block, ...]:
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


def _dead_relu_in_network(example: Example) -> tuple[Block, ...]:
    """For each relu layer: how many cells are inactive, and how many of them have an error to learn from."""
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


DEAD_RELU = Topic(
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
    numbers=_dead_relu_numbers,
    network=_dead_relu_in_network,
    layers=("relu",),
    goes_wrong=(
        "A step that is too long can push every z below 0. An inactive cell whose target is 0 does no harm: its "
        "output is right. Look at δ: a cell marked as inactive with an error left is one that hurts. "
        "A smaller learning rate or leaky_relu helps to avoid it."
    ),
    next=Command("cnnstep run {scenario} --iterations 40", "the whole story"),
    see_also=("relu", "leaky_relu", "learning-rate", "slope-at-zero"),
)


PLACES = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0)
SCALES = (1.0, 2.0, 4.0, 8.0)
USUAL = "sigmoid"


def _curved(phi: Activation) -> bool:
    """Whether the activation levels out somewhere without being made of straight pieces."""
    return not phi.flat and (phi.low > -np.inf or phi.high < np.inf)


def _saturation_numbers(example: Example) -> tuple[Block, ...]:
    scenario, blocks = example.scenario, list[Block]()
    if not _curved(scenario.activation):
        words = f"{scenario.activation.name} does not level out slowly. Here {USUAL} takes its place."
        blocks.append(Paragraph(words))
        scenario = with_activation(scenario, USUAL)
    iteration = first_of(scenario)
    found = [note(finding) for finding in findings(iteration) if finding.code == "saturated"]
    phi = scenario.activation
    return (
        *blocks,
        _slopes(phi, example),
        *grids(iteration, "forward", "error", "delta", most=1),
        *found,
        Paragraph("The same with all weights of the filter multiplied:"),
        _scaled(scenario),
        *_at_zero(iteration.values["forward"], scenario, example),
        Paragraph(
            f"A cell is called saturated here where its slope is below {example.text(100 * SATURATED_BELOW)} % of the "
            f"steepest, which for {phi.name} is {example.text(phi.steepest)}."
        ),
    )


def _slopes(phi: Activation, example: Example) -> Table:
    places = sorted({-z for z in PLACES} if phi.high == np.inf else set(PLACES), key=abs)
    rows = tuple(
        (z, phi.value_at(z), phi.slope_at(z), _percent(phi.slope_at(z) / phi.steepest, example)) for z in places
    )
    return Table(("z", "φ(z)", "φ′(z)", "of the steepest"), rows, f"{phi.name}, further and further from 0")


def _percent(share: float, example: Example) -> str:
    return f"{example.text(round(100 * share, 2))} %"


def _at_zero(z: Array, scenario: Scenario, example: Example) -> tuple[Block, ...]:
    """What keeps the gradient from vanishing: cells that multiplying the filter leaves where they are."""
    cells = int((z == 0).sum()) if scenario.conv.bias is None else 0
    if not cells:
        return ()
    slope = example.text(scenario.activation.slope_at(0.0))
    at_zero = f"{counted(cells, 'cell has', 'cells have')} z = 0, which stays 0 and keeps its slope of {slope}"
    return (Paragraph(f"{at_zero}: in the end all that is left of the gradient comes from there."),)


def _scaled(scenario: Scenario) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for scale in SCALES:
        turn = first_of(scenario.with_weights(scale * scenario.conv.weights))
        slopes = turn.lesson.scenario.activation.slope(turn.values["forward"])
        largest = [float(np.abs(turn.values[name]).max()) for name in ("forward", "error", "gradient")]
        rows.append((f"{scale:g}", largest[0], float(np.abs(slopes).mean()), *largest[1:]))
    return Table(("filter times", "largest z", "mean slope", "largest error", "largest gradient"), tuple(rows))


CURVED = tuple(name for name, make in ACTIVATIONS.items() if _curved(make()))


def _saturation_in_network(example: Example) -> tuple[Block, ...]:
    """Each curved layer: how far out its z lie, and what is left of ∂L/∂ behind it."""
    iteration = example.first
    rows: list[tuple[str | float, ...]] = []
    for one in iteration.lesson.layers:
        if isinstance(one.layer, ActivationLayer) and _curved(one.layer.phi):
            phi, z = one.layer.phi, iteration.values[one.forward.inputs[0].name]
            share = float(phi.slope(z).mean()) / phi.steepest
            back = iteration.values[received(one)], iteration.values[way_back(iteration, one).name]
            rows.append((one.name, float(np.abs(z).max()), _percent(share, example), *(norm(one) for one in back)))
    first = layer_of(iteration, *CURVED).layer
    return (
        *((_slopes(first.phi, example),) if isinstance(first, ActivationLayer) else ()),
        Table(("layer", "largest z", "mean slope, of the steepest", "‖∂L/∂a‖", "‖∂L/∂z‖"), tuple(rows)),
        Paragraph("a is the layer's output, z its input; ‖ ‖ is a length."),
    )


SATURATION = Topic(
    name="saturation",
    title="Saturation",
    summary="far from 0 φ is almost flat, and learning almost stops",
    group="ideas",
    paragraphs=(
        "sigmoid and tanh level out on both sides, elu, softplus and others on one. "
        "A cell whose z lies far out there is saturated: its slope is close to 0, so almost nothing of its error "
        "comes back.",
        "Unlike an inactive ReLU it still learns, but it may take thousands of steps. In a network of many such "
        "layers the small slopes multiply: that is the vanishing gradient.",
    ),
    formula="δ = e · φ′(z)",
    formula_words="φ′(z) approaches 0 where φ levels out",
    numbers=_saturation_numbers,
    network=_saturation_in_network,
    layers=CURVED,
    goes_wrong=(
        "Large starting weights or large inputs can saturate most cells before learning begins. "
        "The loss then falls so slowly that it looks settled. Smaller weights help; for yes-or-no targets with "
        "sigmoid, so does binary_cross_entropy, a loss that cancels the slope."
    ),
    next=Command("cnnstep explain binary_cross_entropy", "the loss that cancels the slope"),
    see_also=("vanishing-gradient", "sigmoid", "tanh", "dead-relu"),
    scenario="sigmoid",
)


PAGES = (DEAD_RELU, SATURATION)
