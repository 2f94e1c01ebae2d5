"""An activation on a scenario's own pre-activations, whichever activation the scenario has."""

from __future__ import annotations

from cnnstep.engine.quantity import bracketed
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.topics.blocks import grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.variants import first_of, with_activation

MOST_CELLS = 9


def at_work(example: Example, name: str) -> tuple[Block, ...]:
    """z put through the activation cell by cell, and the errors that come back through its slope."""
    own = example.scenario.activation.name == name
    iteration = example.first if own else first_of(with_activation(example.scenario, name))
    blocks: list[Block] = []
    if not own:
        words = f"This scenario has {example.scenario.activation.name}. Here {name} takes its place."
        blocks.append(Paragraph(words))
    z, a = iteration.matrix("forward"), iteration.matrix("activation")
    phi, delta = iteration.lesson.scenario.activation, iteration.matrix("delta")
    error = iteration.matrix("error")
    cells = list(zip(*(axis.tolist() for axis in (z == z).nonzero()), strict=True))
    rows = tuple(
        (
            bracketed(cell),
            float(z[cell]),
            float(a[cell]),
            phi.slope_at(float(z[cell])),
            float(error[cell]),
            float(delta[cell]),
        )
        for cell in cells[:MOST_CELLS]
    )
    blocks.append(Table(("cell", "z", "φ(z)", "φ′(z)", "e", "δ"), rows, "Cell by cell"))
    if len(cells) > MOST_CELLS:
        blocks.append(Paragraph(f"… and {len(cells) - MOST_CELLS} more cells.", "quiet"))
    return (*blocks, *worked(iteration, "delta", example.style), *grids(iteration, "forward", "activation", "delta"))
