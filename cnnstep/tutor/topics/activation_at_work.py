"""An activation on a scenario's own pre-activations, whichever activation the scenario has."""

from __future__ import annotations

import numpy as np

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.quantity import bracketed
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.topics.at_layer import layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids, worked
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.variants import first_of, with_activation

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
    """The same at the first layer of this type in a network."""
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
