"""What many pages are made of: scenarios made of another, matrices side by side, one number worked out, runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.lesson import LayerSteps, lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Array, Cell, Quantity, Values, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.cards import view_of
from cnnstep.tutor.document import Beside, Block, Curve, Heading, Line, Mark, Matrix, Paragraph, Series, Sum, Table
from cnnstep.tutor.numbers import Numbers, counted
from cnnstep.tutor.present import planes
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.run import STATUS
from cnnstep.tutor.topics.topic import Example
from cnnstep.tutor.why import as_sum, why


def first_of(scenario: Scenario) -> Iteration:
    """The first iteration, the input gradient among its steps."""
    return next(trace(lesson_of(scenario, input_gradient=True), 1))


def with_activation(scenario: Scenario, name: str) -> Scenario:
    """Another activation; a loss that does not go with it gives way to ½Σe²."""
    phi = ACTIVATIONS[name]()
    if scenario.loss.only_with not in (None, name):
        scenario = replace(scenario, loss=LOSSES["half_squared_error"])
    return replace(scenario, layers=(scenario.conv, ActivationLayer(phi, scenario.loss.only_with == name)))


def with_loss(scenario: Scenario, name: str) -> Scenario:
    """Another loss, and the activation that it needs as the last layer."""
    loss, (*before, last) = LOSSES[name], scenario.layers
    if loss.only_with:
        last = ActivationLayer(ACTIVATIONS[loss.only_with](), slope_cancels=True)
    elif isinstance(last, ActivationLayer):
        last = replace(last, slope_cancels=False)
    return replace(scenario, loss=loss, layers=(*before, last))


def with_bias(scenario: Scenario, bias: float) -> Scenario:
    """A bias of this size for every filter."""
    filters = scenario.conv.weights.shape[0]
    return scenario.with_weights(scenario.conv.weights, np.full(filters, bias))


def with_rate(scenario: Scenario, rate: float) -> Scenario:
    """Another learning rate."""
    return replace(scenario, learning_rate=rate)


def turned(array: Array) -> Array:
    """The last two axes rotated by 180°."""
    return array[..., ::-1, ::-1]


def mirrored(array: Array) -> Array:
    """Left for right."""
    return array[..., ::-1]


def with_two_samples(scenario: Scenario) -> Scenario:
    """The first sample, and its mirror image as a second one."""
    inputs, targets = scenario.inputs[:1], scenario.targets[:1]
    return replace(
        scenario,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)])),
        targets=frozen(np.concatenate([targets, mirrored(targets)])),
        hidden=scenario.hidden - {"sample"},
    )


def with_mirror_image(network: Scenario) -> Scenario:
    """A network's first sample, and its mirror image with the same target."""
    inputs, targets = network.inputs[:1], network.targets[:1]
    return replace(
        network,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)])),
        targets=frozen(np.concatenate([targets, targets])),
        hidden=network.hidden - {"sample"},
    )


def with_two_channels(scenario: Scenario) -> Scenario:
    """The input with its mirror image as a second channel, and the filter with itself rotated by 180°."""
    inputs, weights = scenario.inputs[:, :1], scenario.conv.weights[:, :1]
    doubled = replace(
        scenario,
        inputs=frozen(np.concatenate([inputs, mirrored(inputs)], axis=1)),
        hidden=scenario.hidden - {"channel"},
    )
    return doubled.with_weights(np.concatenate([weights, turned(weights)], axis=1))


Pages = Callable[[Example], tuple[Block, ...]]

SMALLEST = "smallest-network"
"""The network that most pages about networks are worked on."""


def layer_of(iteration: Iteration, *kinds: str) -> LayerSteps:
    """The first layer of one of these types."""
    return next(one for one in iteration.lesson.layers if one.layer.kind in kinds)


def received(steps: LayerSteps) -> str:
    """The name of ∂L/∂ of the layer's output: on a page something comes back to every layer."""
    return steps.upstream.name if steps.upstream else "error"


def way_back(iteration: Iteration, steps: LayerSteps) -> Step:
    """The step that sends ∂L/∂ of the layer's input on."""
    return next(s for s in iteration.lesson.steps if s.layer == steps.name and s.role == "input_gradient")


def with_layer(scenario: Scenario, old: str, new: str, make: Callable[[Layer], Layer]) -> Scenario:
    """Layers of the type `old` remade, and the program's own names of them with the new type."""
    pairs = list(zip(scenario.layers, scenario.names, strict=True))
    layers = tuple(make(layer) if layer.kind == old else layer for layer, _ in pairs)
    names = tuple(name.replace(old, new) if layer.kind == old else name for layer, name in pairs)
    return replace(scenario, layers=layers, names=names)


def on_conv(numbers: Pages, best: Callable[[Conv], bool] = lambda conv: True) -> Pages:
    """A page about one filter, worked on the first filter of a network's conv layer: the first of the `best` ones."""

    def on_filter(example: Example) -> tuple[Block, ...]:
        found = _convs(example.first)
        steps = next((one for one in found if isinstance(one.layer, Conv) and best(one.layer)), found[0])
        return _by_itself(example, steps, slice(0, 1), numbers)

    return on_filter


def on_last_conv(numbers: Pages) -> Pages:
    """A page about one filter, worked on all filters of a network's last conv layer."""
    return lambda example: _by_itself(example, _convs(example.first)[-1], slice(None), numbers)


def _convs(iteration: Iteration) -> list[LayerSteps]:
    return [one for one in iteration.lesson.layers if isinstance(one.layer, Conv)]


def _by_itself(example: Example, steps: LayerSteps, filters: slice, numbers: Pages) -> tuple[Block, ...]:
    after = _activation_after(example.scenario, steps.name)
    alone = _alone(example.first, steps, filters)
    several = len(alone.conv.weights) < len(example.first.values[steps.leaves[0].name])
    together = ("filter 0 of " if several else "") + steps.name + (f" with {after[0]}" if after else "")
    words = (
        f"Here {together} is taken by itself. X is what it reads, z is {steps.forward.symbol}, and the upstream "
        "gradient, ∂L/∂ of its output, takes the place of the error e: the loss here is ½ Σ e², not the network's."
    )
    return (Paragraph(words), *numbers(Example(lambda name: alone, example.name, True, example.style)))


def _activation_after(scenario: Scenario, name: str) -> tuple[str, ActivationLayer] | None:
    """The name and the layer that come next, where that is an activation."""
    at = scenario.names.index(name) + 1
    layer = scenario.layers[at] if at < len(scenario.layers) else None
    return (scenario.names[at], layer) if isinstance(layer, ActivationLayer) else None


def _alone(iteration: Iteration, steps: LayerSteps, filters: slice) -> Scenario:
    """One layer whose first iteration has the network's numbers: ½Σe² with t = a − ∂L/∂a makes e that slope."""
    scenario, values, conv = iteration.lesson.scenario, iteration.values, cast("Conv", steps.layer)
    after = _activation_after(scenario, steps.name)
    last = steps if after is None else next(s for s in iteration.lesson.layers if s.name == after[0])
    inputs, output = values[steps.forward.inputs[0].name], values[last.forward.name][:, filters]
    slope = scenario.sign * values[received(last)][:, filters]
    bias = None if conv.bias is None else frozen(conv.bias[filters])
    single = {"channel": inputs.shape[1], "filter": output.shape[1]}
    return Scenario(
        inputs=frozen(inputs),
        targets=frozen(output - slope),
        layers=(
            replace(conv, weights=frozen(conv.weights[filters]), bias=bias),
            ActivationLayer(ACTIVATIONS["linear"]() if after is None else after[1].phi),
        ),
        learning_rate=scenario.learning_rate,
        loss=LOSSES["half_squared_error"],
        error=scenario.error,
        optimizer=scenario.optimizer,
        hidden=(scenario.hidden & {"sample"}) | {axis for axis, size in single.items() if size == 1},
    )


MOST_LINES = 9
"""At most this many products of a sum are written out, the largest; the rest is added up."""
MOST_SIDE = 8
"""A network's matrices are shown up to so many rows and columns."""
MOST_MATRICES = 4
"""At most this many matrices of one quantity are shown on a page."""


def grids(iteration: Iteration, *names: str, most: int = MOST_MATRICES) -> tuple[Block, ...]:
    """These quantities as matrices, next to each other."""
    view = view_of(iteration.lesson.scenario)
    blocks: list[Block] = []
    left = 0
    for name in names:
        quantity = iteration.lesson.quantity(name)
        title = f"{_titled(quantity.name)} {quantity.symbol}"
        shown = planes(quantity, iteration.matrix(name), title=title, all_of_them=True)
        blocks += [corner(block, view.most_side) for block in shown[:most]]
        left += len(shown[most:])
    rest = (Paragraph(f"… and {counted(left, 'more matrix', 'more matrices')}.", "quiet"),) if left else ()
    return (Beside(tuple(blocks)) if len(blocks) > 1 else blocks[0], *rest)


def corner(block: Block, most: int | None = MOST_SIDE) -> Block:
    """A large matrix's corner of `most` rows and columns, None for all: the first numbers show how all come about."""
    if not isinstance(block, Matrix) or most is None:
        return block
    rows, columns = len(block.rows), max(map(len, block.rows))
    if rows <= most and columns <= most:
        return block
    kept = tuple(row[:most] for row in block.rows[:most])
    return replace(block, rows=kept, title=f"{block.title}, a corner of {rows}×{columns}")


def _titled(name: str) -> str:
    """`Bias gradient`; a layer's own name stays as it was given."""
    return name if "." in name else name.replace("_", " ").capitalize()


def grid_of(
    title: str, quantity: Quantity, array: Array, marks: Mapping[Cell, Mark] | None = None
) -> tuple[Block, ...]:
    """An array that has every axis, laid out as this quantity's, under a title of its own."""
    shown = planes(quantity, quantity.layout.show(array), marks, title=title, all_of_them=True)
    return shown[:MOST_MATRICES]


def beside(*groups: Iterable[Block]) -> Beside:
    """All these blocks next to each other."""
    return Beside(tuple(block for group in groups for block in group))


def plain(title: str, array: Array, marks: Mapping[tuple[int, int], Mark] | None = None) -> Matrix:
    """One two-dimensional array."""
    return Matrix(tuple(tuple(float(value) for value in row) for row in array), title, marks or {})


def peak(iteration: Iteration, name: str) -> Cell:
    """The cell, as a learner counts it, whose number is furthest from 0."""
    shown = np.abs(iteration.matrix(name))
    return tuple(int(i) for i in np.unravel_index(int(np.nanargmax(shown)), shown.shape))


def worked(
    iteration: Iteration, name: str, style: Numbers, cell: Cell | None = None, *, source: bool = True
) -> tuple[Block, ...]:
    """How one number of a step comes about: the given one, or the largest; `source` shows where it was read from."""
    step = iteration.lesson.step(name)
    at = peak(iteration, step.name) if cell is None else cell
    if not view_of(iteration.lesson.scenario).sources:
        return one_number(step, iteration.values, step.quantity.layout.full_cell(at), style)
    blocks = why(iteration, step, at, style)
    kept = (block for block in blocks if source or not isinstance(block, Matrix))
    return tuple(replace(short(block), title="") if isinstance(block, Sum) else block for block in kept)


def one_number(step: Step, values: Values, cell: Cell, style: Numbers) -> tuple[Block, ...]:
    """One number of any step as a sum of products; the cell with every axis."""
    working = step.working(values, cell)
    return (
        Heading(f"{step.quantity.label(cell)} = {style.text(working.value)}", note=step.formula),
        short(as_sum("", working, step, cell)),
    )


def short(block: Sum) -> Sum:
    """The sum with its largest products, and what the others come to."""
    if len(block.lines) <= MOST_LINES:
        return block
    order = sorted(range(len(block.lines)), key=lambda i: -abs(block.lines[i].value))
    kept = sorted(order[: MOST_LINES - 1])
    others = [block.lines[i] for i in order[MOST_LINES - 1 :]]
    rest = sum(line.value for line in others)
    last = Line((f"the other {len(others)}",), (rest,), rest, "added up")
    return replace(block, lines=(*(block.lines[i] for i in kept), last))


SIGNS = ("•", "+", "x")
SPAN = 1e3
"""Losses further apart than this are drawn on a logarithmic axis."""


def run(scenario: Scenario, iterations: int) -> Record:
    """The run, recorded; it ends early where its numbers are no longer finite."""
    return record(trace(scenario, iterations))


def ending(recorded: Record) -> str:
    """How it ended, in a word."""
    return STATUS[recorded.outcome.status][0].partition(":")[0]


def curves(title: str, runs: dict[str, Record]) -> tuple[Block, ...]:
    """The losses of the runs over the iterations that all of them have; nothing where there is nothing to draw."""
    length = min(_drawable(recorded) for recorded in runs.values())
    if length < 2:
        return ()
    series = tuple(
        Series(label, recorded.losses[:length], sign)
        for (label, recorded), sign in zip(runs.items(), SIGNS, strict=False)
    )
    values = [value for one in series for value in one.values]
    log = min(values) > 0 and max(values) > SPAN * min(values)
    return (Curve(title, series, "iteration", 0, length - 1, log),)


def _drawable(recorded: Record) -> int:
    """How many losses come before the first that is not finite or has run away."""
    first = recorded.losses[0]
    for number, loss in enumerate(recorded.losses):
        if not math.isfinite(loss) or loss > 1e6 * max(first, 1.0):
            return number
    return len(recorded.losses)


def side_by_side(runs: dict[str, Record], at: tuple[int, ...], first: str) -> Table:
    """A row a run: its loss at these iterations, and how it ended."""
    columns = (first, *(f"loss at {number}" for number in at), "in the end")
    return Table(
        columns,
        tuple(
            (label, *(r.losses[n] if n < len(r.losses) else "—" for n in at), ending(r)) for label, r in runs.items()
        ),
    )
