"""The chain rule: from the loss back to one weight, three slopes multiplied, one product for each output cell."""

from __future__ import annotations

from cnnstep.engine.quantity import bracketed
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import grids, peak
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

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
    return (
        Paragraph(
            f"How does the loss hear of the weight {label}? Through every output cell, and each has three links:"
        ),
        *grids(iteration, "input", "forward", "error", most=1),
        Table(("cell", "∂L/∂a", "∂a/∂z", "∂z/∂w", "product"), rows, f"The links from L back to {label}"),
        *rest,
        Paragraph(
            f"All products together: {gradient.label(cell)} = {example.text(total)}. The first two links together "
            f"are δ, which every weight shares; only the last one differs from weight to weight."
        ),
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
        summary="multiply along each way back, add up all the ways",
        group="ideas",
        paragraphs=(
            "A weight changes z, z changes a, and a changes the loss. If each of these is a slope, then the slope of "
            "the whole way is the three multiplied: that is the chain rule. Where several ways lead from the weight to "
            "the loss, they are added up.",
            "Backpropagation is this, done from the loss backwards: what many weights share is worked out once.",
        ),
        formula="∂L/∂w = Σ ∂L/∂a · ∂a/∂z · ∂z/∂w",
        formula_words="∂L/∂a is the error (times the loss's factor), ∂a/∂z is φ′(z), ∂z/∂w is the input it met",
        numbers=_numbers,
        goes_wrong=(
            "A link is left out, most often the slope φ′(z), or taken twice. Or only one of the ways is counted. "
            "Look at which factor your number lacks: divide the right one by yours."
        ),
        next=Command("cnnstep step {scenario} --interactive", "go back link by link"),
        see_also=("delta", "gradient", "error", "gradient-check"),
    ),
)
