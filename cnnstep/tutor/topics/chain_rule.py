"""The chain rule: from the loss back to one weight, three slopes multiplied, one product for each output cell."""

from __future__ import annotations

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.trace import Iteration, trace
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import SMALLEST
from cnnstep.tutor.topics.blocks import grids, number, peak
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import TRAINED, Topic
from cnnstep.tutor.topics.trail import trail, trail_table

MOST_CELLS = 9


def _numbers(example: Example) -> tuple[Block, ...]:
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


def _in_network(example: Example) -> tuple[Block, ...]:
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
        *number(step, iteration.values, last.cell, example.style),
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


PAGES = (
    Topic(
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
        numbers=_numbers,
        network=_in_network,
        layers=TRAINED,
        goes_wrong=(
            "A link is left out, most often the slope φ′(z), or used twice. Or only one of the paths is counted. "
            "To see which factor your number lacks, divide the right number by yours."
        ),
        next=Command("cnnstep step {scenario} --interactive", "go back link by link"),
        see_also=("network", "delta", "gradient", "gradient-check"),
    ),
)
