"""Pages on the way back: the chain rule from the loss to a weight, ∂L/∂X, and how to check a gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.layers.conv import correlate, input_gradient, input_gradient_by_correlation
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Cell, Quantity, bracketed
from cnnstep.engine.step import Step, Term
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import Numbers, counted, listed
from cnnstep.tutor.sentences import told_of
from cnnstep.tutor.topics.blocks import SMALLEST, beside, grid_of, grids, on_last_conv, one_number, peak, turned, worked
from cnnstep.tutor.topics.topic import TRAINED, Example, Topic


@dataclass(frozen=True)
class Crossing:
    """One step of the way: its cell and that cell's label, by what the number was multiplied, what that gives."""

    step: Step
    cell: Cell
    label: str
    slope: float
    product: float


def trail(iteration: Iteration) -> tuple[Crossing, ...]:
    """From the loss to the steepest weight of the first trained layer.

    The first crossing is the loss itself with the step behind it: its `product` is the number it sends back.
    """
    first = [step for step in iteration.lesson.steps if step.role == "gradient"][-1]
    array = np.abs(iteration.values[first.name])
    cell = tuple(int(i) for i in np.unravel_index(int(array.argmax()), array.shape))
    backwards = list(_back(iteration, first, cell))
    crossings: list[Crossing] = []
    carried = 1.0
    for step, at, slope in reversed(backwards):
        carried *= slope
        crossings.append(Crossing(step, at, step.quantity.label(at), slope, carried))
    return tuple(crossings)


def _back(iteration: Iteration, step: Step, cell: Cell) -> Iterator[tuple[Step, Cell, float]]:
    """Each step's factor from this cell on towards the loss; the last one is a whole number that begins there."""
    while True:
        terms = step.working(iteration.values, cell).terms
        term = max(terms, key=lambda one: abs(one.value), default=Term(()))
        source = next((f for f in term.factors if _came_back(iteration, f.source)), None)
        if source is None or source.source is None:
            yield step, cell, float(iteration.values[step.name][cell])
            return
        yield step, cell, math.prod(f.value for f in term.factors if f is not source)
        step, cell = iteration.lesson.step(source.source), source.cell


def _came_back(iteration: Iteration, name: str | None) -> bool:
    """Whether this quantity is the number that a later layer sent back."""
    return any(step.name == name and step.role in ("input_gradient", "error") for step in iteration.lesson.steps)


def trail_table(crossings: tuple[Crossing, ...], title: str) -> Table:
    """A row for each crossing: what it is multiplied by, and what is carried on."""
    rows: list[tuple[str | float, ...]] = []
    for number, one in enumerate(crossings):
        told = told_of(one.step)
        words = "where it starts" if number == 0 else told.times if told else ""
        slope: str | float = one.slope if number else "—"
        rows.append((one.step.layer or one.step.name, one.label, slope, words, one.product))
    return Table(("layer", "number", "times", "which is", "product so far"), tuple(rows), title)


MOST_CELLS = 9


def _chain_rule_numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    shown = peak(iteration, "gradient")
    gradient = iteration.lesson.quantity("gradient")
    cell = gradient.layout.full_cell(shown)
    label = iteration.lesson.quantity("filter").label(cell)
    rows, left = _links(iteration, shown)
    total = float(iteration.values["gradient"][cell])
    rest = (Paragraph(f"… and {counted(left, 'more cell')}.", "quiet"),) if left else ()
    deeper = next(trace(lesson_of(example.load(SMALLEST), input_gradient=True), 1))
    return (
        Paragraph(f"How does the weight {label} reach the loss? Through every output cell, each time by three links:"),
        *grids(iteration, "input", "forward", "error", most=1),
        Table(("cell", "∂L/∂a", "∂a/∂z", "∂z/∂w", "product"), rows, f"The links from L back to {label}"),
        *rest,
        Paragraph(
            f"All products together: {gradient.label(cell)} = {example.text(total)}. The first two links together "
            f"are δ, which every weight shares; only the last one differs from weight to weight."
        ),
        Paragraph(f"Several layers mean more links, one per layer. In {SMALLEST}, along its strongest path:"),
        trail_table(trail(deeper), ""),
    )


def _chain_rule_in_network(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    crossings = trail(iteration)
    last = crossings[-1]
    step = iteration.lesson.step(last.step.name)
    whole = float(iteration.values[step.name][last.cell])
    return (
        Paragraph(
            f"How does the weight of {last.label} reach the loss? By one link per layer; along the strongest path:"
        ),
        trail_table(crossings, "From the loss back"),
        Paragraph(
            f"Multiplied, this path gives {example.text(last.product)}. Every other path gives a product of its own, "
            f"and all of them together are {last.label} = {example.text(whole)}. The last step, with all its terms:"
        ),
        *one_number(step, iteration.values, last.cell, example.style),
    )


def _links(iteration: Iteration, shown: tuple[int, ...]) -> tuple[tuple[tuple[str | float, ...], ...], int]:
    """A row for each output cell: error with its loss factor, slope, the input that the weight met, their product."""
    lesson, scenario = iteration.lesson, iteration.lesson.scenario
    outputs, z = iteration.values["activation"], iteration.values["forward"]
    working = iteration.working("gradient", *shown)
    layout = lesson.quantity("delta").layout
    rows: list[tuple[str | float, ...]] = []
    terms = sorted(working.terms, key=lambda term: -abs(term.value))[:MOST_CELLS]
    for term in (term for term in working.terms if term in terms):
        at = term.factors[0].cell
        error = float(iteration.values["error"][at])
        upstream = scenario.loss.weight_at(float(outputs[at]), outputs.size) * error
        slope = scenario.activation.slope_at(float(z[at]))
        rows.append((bracketed(layout.shown_cell(at)), upstream, slope, term.factors[1].value, term.value))
        if len(rows) == MOST_CELLS:
            break
    return tuple(rows), len(working.terms) - len(rows)


CHAIN_RULE = Topic(
    name="chain-rule",
    title="Chain rule and backpropagation",
    summary="multiply along each path back, add up all the paths",
    group="ideas",
    paragraphs=(
        "A weight changes z, z changes a, and a changes the loss. Each of these links has a slope, and the slope "
        "from the weight to the loss is their product: that is the chain rule. Where several paths lead from the "
        "weight to the loss, their products are added up.",
        "Backpropagation does this from the loss backwards: what many weights share is worked out once.",
    ),
    formula="∂L/∂w = Σ ∂L/∂a · ∂a/∂z · ∂z/∂w",
    formula_words="∂L/∂a is the error (times the loss's factor), ∂a/∂z is φ′(z), ∂z/∂w is the input it met",
    numbers=_chain_rule_numbers,
    network=_chain_rule_in_network,
    layers=TRAINED,
    goes_wrong=(
        "A link is left out, most often the slope φ′(z), or used twice. Or only one of the paths is counted. "
        "To see which factor your number lacks, divide the right number by yours."
    ),
    next=Command("cnnstep step {scenario} --interactive", "go back link by link"),
    see_also=("network", "delta", "gradient", "gradient-check"),
)


def _input_gradient_numbers(example: Example) -> tuple[Block, ...]:
    iteration, conv = example.first, example.scenario.conv
    delta, weights = iteration.values["delta"], iteration.values["filter"]
    size = (example.scenario.inputs.shape[2], example.scenario.inputs.shape[3])
    scattered = input_gradient(delta, weights, size, conv.geometry)
    correlated = input_gradient_by_correlation(delta, weights, size, conv.geometry)
    quantity, filter_ = iteration.lesson.quantity("input_gradient"), iteration.lesson.quantity("filter")
    apart = float(np.abs(scattered - correlated).max())
    if apart <= 1e-12 * max(1.0, float(np.abs(scattered).max())):
        verdict = "The two are equal, cell by cell."
    else:
        verdict = f"The two differ by {example.text(apart)}."
    return (
        beside(
            grid_of("Delta δ", iteration.lesson.quantity("delta"), delta)[:2],
            grid_of("Filter W", filter_, weights)[:2],
            grid_of("W rotated by 180°", filter_, turned(weights))[:2],
        ),
        Paragraph(
            "First way, scatter: each δ, times the whole filter, is added to the patch that it came from. "
            "Second way, full correlation: δ is surrounded by zeros, and the rotated filter slides over it."
        ),
        beside(
            grid_of(f"{quantity.symbol}, scattered", quantity, scattered)[:2],
            grid_of(f"{quantity.symbol}, by correlation", quantity, correlated)[:2],
        ),
        Paragraph(verdict),
        *worked(iteration, "input_gradient", example.style, _centre(quantity.layout.show(scattered).shape)),
    )


def _centre(shape: tuple[int, ...]) -> Cell:
    """The cell in the middle, which the most patches cover."""
    return (*(0 for _ in shape[:-2]), *(size // 2 for size in shape[-2:]))


INPUT_GRADIENT = Topic(
    name="input_gradient",
    title="Input gradient",
    summary="how the loss changes with each input number",
    group="steps",
    paragraphs=(
        "An input number takes part in every patch that covers it, each time with another weight. "
        "So its gradient is a sum: the δ of each of those outputs, times the weight that met it there.",
        "A single filter does not need it. In a network it is the upstream gradient of the layer before.",
    ),
    formula="∂L/∂X[r,c] = Σ δ[i,j] · W[r−i, c−j]",
    formula_words="over the outputs [i,j] whose patch covers [r,c]; shown for stride 1, no padding",
    numbers=_input_gradient_numbers,
    network=on_last_conv(_input_gradient_numbers),
    layers=("conv",),
    goes_wrong=(
        "The filter is not rotated by 180° (filter-not-rotated): without padding the sum over all cells still "
        "comes out right, and a check of the mean misses it. Without the zeros around δ the result is too small a "
        "matrix (valid-not-full). And where patches overlap, numbers are added, not overwritten "
        "(overwritten-not-added)."
    ),
    next=Command("cnnstep run {scenario} --only delta,input_gradient", "the step itself"),
    see_also=("network", "cross-correlation", "receptive-field"),
)


NUDGE = 1e-4
"""Small enough that the loss is straight, large enough that its digits tell."""
MOST_WEIGHTS = 9
CLOSE = 1e-4
BENT = 1e-2
"""Slopes to the left and the right that are further apart than this have a kink between them."""
DECIMALS = 11
"""The losses are written with so many, and what is measured is worked out from what is written."""
TINY = 1e-6
"""Two slopes that differ by less differ by rounding."""


def loss_with(iteration: Iteration, leaf: str, cell: Cell, value: float) -> float:
    """The loss with one number of a leaf, such as the filter, replaced."""
    lesson = iteration.lesson
    begin = {name: iteration.values[name] for name in lesson.start}
    changed = begin[leaf].copy()
    changed[cell] = value
    begin[leaf] = changed
    with np.errstate(all="ignore"):
        return lesson.scenario.loss.value(lesson.output_of(begin), begin["target"])


@dataclass
class _Comparison:
    """The rows of the table, and which numbers are off, or have a kink too near to tell."""

    iteration: Iteration
    fine: Numbers
    rows: list[tuple[str | float, ...]] = field(default_factory=list)
    off: list[str] = field(default_factory=list)
    bent: list[str] = field(default_factory=list)
    furthest: float = 0.0

    def add(self, leaf: Quantity, gradient: str, cell: Cell, *, crosses_kink: bool | None = None) -> None:
        """Nudges one number of a leaf; where it is not known whether a kink is crossed, the loss's bend tells."""
        iteration, label = self.iteration, leaf.label(cell)
        at = float(iteration.values[leaf.name][cell])
        slope = iteration.lesson.scenario.sign * float(iteration.values[gradient][cell])
        below, here, above = (
            round(loss_with(iteration, leaf.name, cell, at + h), DECIMALS) for h in (-NUDGE, 0.0, NUDGE)
        )
        measured = (above - below) / (2 * NUDGE)
        apart, bend = abs(measured - slope), abs(above - 2 * here + below) / NUDGE
        if crosses_kink if crosses_kink is not None else bend > BENT * max(1.0, abs(slope)):
            self.bent.append(label)
        else:
            self.furthest = max(self.furthest, apart)
            self.off += [label] if apart > CLOSE * max(1.0, abs(slope)) else []
        told: str | float = f"< {TINY:g}" if 0 < apart < TINY else apart
        self.rows.append((label, self.fine.text(below), self.fine.text(above), measured, slope, told))

    def blocks(self, first: str, example: Example) -> tuple[Block, ...]:
        """The table and what it proves."""
        return (
            Table((first, "L below", "L above", "measured", "gradient", "apart"), tuple(self.rows)),
            Paragraph(_verdict(self.off, self.furthest, example)),
            *((Paragraph(_kink(self.bent)),) if self.bent else ()),
        )


def _compare(example: Example) -> _Comparison:
    return _Comparison(example.first, Numbers(max(example.style.precision, DECIMALS)))


def _gradient_check_numbers(example: Example) -> tuple[Block, ...]:
    iteration, weights, found = example.first, example.first.values["filter"], _compare(example)
    for cell in list(np.ndindex(*weights.shape))[:MOST_WEIGHTS]:
        crosses = _crosses_kink(iteration, cell)
        found.add(iteration.lesson.quantity("filter"), "gradient", cell, crosses_kink=crosses)
    left = weights.size - len(found.rows)
    table, *rest = found.blocks("weight", example)
    nudge = example.text(NUDGE)
    return (
        Paragraph(
            f"Each weight is moved down and up by h = {nudge}, all others stay. Measured: (L above − L below) / 2h."
        ),
        table,
        *((Paragraph(f"… and {left} more weights.", "quiet"),) if left else ()),
        *rest,
    )


def _gradient_check_in_network(example: Example) -> tuple[Block, ...]:
    """The steepest number of everything that is trained: nudged down and up."""
    iteration, found = example.first, _compare(example)
    for leaf, step in list(_trained(iteration))[:MOST_WEIGHTS]:
        slopes = np.abs(iteration.values[step.name])
        cell = tuple(int(i) for i in np.unravel_index(int(slopes.argmax()), slopes.shape))
        found.add(leaf, step.name, cell)
    nudge = example.text(NUDGE)
    return (
        Paragraph(
            f"In every layer the weight and the bias with the largest gradient are moved down and up by h = {nudge}, "
            "and the loss of the whole network is worked out again. Measured: (L above − L below) / 2h."
        ),
        *found.blocks("number", example),
    )


def _trained(iteration: Iteration) -> Iterator[tuple[Quantity, Step]]:
    """Each trained quantity with the step of its gradient."""
    for one in iteration.lesson.layers:
        yield from zip(one.leaves, one.gradients, strict=True)


def _crosses_kink(iteration: Iteration, cell: Cell) -> bool:
    """Whether some z reaches or crosses a place where φ′ jumps while this weight is nudged."""
    scenario, weights = iteration.lesson.scenario, iteration.values["filter"]
    ends = []
    for nudge in (-NUDGE, NUDGE):
        moved = weights.copy()
        moved[cell] += nudge
        ends.append(correlate(scenario.inputs, moved, iteration.values.get("bias"), scenario.conv.geometry))
    low, high = np.minimum(*ends), np.maximum(*ends)
    return any(bool(((low <= kink) & (kink <= high) & (low < high)).any()) for kink in scenario.activation.kinks)


def _verdict(off: list[str], furthest: float, example: Example) -> str:
    if off:
        return f"They differ at {listed(off)}, by more than rounding explains."
    apart = f"less than {TINY:g}" if furthest < TINY else f"{example.text(furthest)} at most"
    return f"The two differ by {apart} where no kink is near: the gradient is right."


def _kink(bent: list[str]) -> str:
    return (
        f"At {listed(bent)} the nudge moves some z across a kink of the activation, where its slope jumps. "
        "What is measured there is a mix of both slopes; the gradient takes one of them."
    )


GRADIENT_CHECK = Topic(
    name="gradient-check",
    title="Gradient check",
    summary="nudge a weight, watch the loss, compare the slopes",
    group="ideas",
    paragraphs=(
        "The gradient predicts how fast the loss changes as a weight grows. That can be tested: move the weight "
        "down a little, then up a little, work out the loss each time, and divide the difference by the distance. "
        "This is called a finite difference.",
        "It uses the loss alone and no chain rule, so a mistake in the chain rule can't hide from it.",
    ),
    formula="∂L/∂w ≈ (L(w + h) − L(w − h)) / 2h",
    formula_words="h is the nudge",
    numbers=_gradient_check_numbers,
    network=_gradient_check_in_network,
    goes_wrong=(
        "Near a kink (relu at 0) the nudge sees both slopes, and the numbers differ though the gradient is right: "
        "look for a z close to 0. Too small a nudge drowns in rounding errors. And that the loss fell is no check: "
        "wrong gradients can lower it too."
    ),
    next=Command("cnnstep analyze {scenario}", "the check of every weight, with a verdict"),
    see_also=("gradient", "chain-rule", "slope-at-zero", "loss"),
)


PAGES = (CHAIN_RULE, INPUT_GRADIENT, GRADIENT_CHECK)
