"""Flatten: maps in one row, and back in their maps; nothing is computed."""

from __future__ import annotations

from math import prod

import numpy as np

from cnnstep.engine.quantity import bracketed
from cnnstep.tutor.document import Block, Command, Paragraph, Table
from cnnstep.tutor.topics.at_layer import SMALLEST, layer_of, received, way_back
from cnnstep.tutor.topics.blocks import grids
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

MOST_ROWS = 8


def _numbers(example: Example) -> tuple[Block, ...]:
    iteration = example.first
    steps = layer_of(iteration, "flatten")
    x, v, back = steps.forward.inputs[0], steps.forward.quantity, way_back(iteration, steps)
    size = iteration.values[x.name].shape[1:]
    rows: list[tuple[str | float, ...]] = []
    for unit, place in list(enumerate(np.ndindex(*size)))[:MOST_ROWS]:
        forward, backward = (iteration.values[name][0, unit] for name in (v.name, received(steps)))
        rows.append((x.symbol + bracketed(place), v.symbol + bracketed((unit,)), float(forward), float(backward)))
    maps, total = "×".join(str(n) for n in size), prod(size)
    title = f"The first {len(rows)} of {total}" if total > len(rows) else "Where each number goes"
    return (
        *grids(iteration, x.name, v.name, most=2),
        Table(("in the maps", "in the row", "the number", "what comes back"), tuple(rows), title),
        Paragraph(f"The {maps} numbers stand in reading order: map after map, row after row. Back in their places:"),
        *grids(iteration, received(steps), back.name, most=2),
    )


PAGES = (
    Topic(
        name="flatten",
        scenario=SMALLEST,
        title="Flatten",
        summary="all maps in one row, for the dense layer",
        group="layers",
        paragraphs=(
            "A conv layer gives maps, a dense layer takes one row of numbers. flatten puts the maps into a row, "
            "in reading order. No number changes, and there is nothing to train.",
            "On the way back the row of ∂L/∂ is put back into maps, each number where it came from.",
        ),
        formula="v[(c·rows + i)·columns + j] = x[c,i,j]",
        formula_words="c is the map, i its row, j its column",
        numbers=None,
        network=_numbers,
        layers=("flatten",),
        goes_wrong=(
            "The way back uses another order than the way forward, such as columns before rows. All shapes fit, but "
            "the gradients before this layer end up in the wrong cells. Follow one number in both directions."
        ),
        next=Command("cnnstep step {scenario} --interactive", "forward through it, and back"),
        see_also=("dense", "max_pool", "network"),
    ),
)
