"""The receptive field: what one output can see, and how many outputs see each input number."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.layers.pool import Pool
from cnnstep.engine.layers.transposed_conv import TransposedConv
from cnnstep.engine.patches import patches, scatter
from cnnstep.engine.quantity import Cell
from cnnstep.tutor.document import Beside, Block, Command, Mark, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.at_layer import SMALLEST
from cnnstep.tutor.topics.blocks import plain
from cnnstep.tutor.topics.example import Example
from cnnstep.tutor.topics.topic import Topic

SEEN = Mark("*", "in the receptive field", "strong")


def _numbers(example: Example) -> tuple[Block, ...]:
    scenario, lesson = example.scenario, example.lesson
    geometry, window = scenario.conv.geometry, scenario.conv.window
    height, width = scenario.inputs.shape[2:]
    windows = patches(np.ones((1, 1, height, width)), window, geometry)
    uses = scatter(np.ones_like(windows), (height, width), geometry)[0, 0]
    i, j = (size // 2 for size in windows.shape[2:4])
    seen = [geometry.met((i, j), tap) for tap in np.ndindex(*window)]
    marks = {(r, c): SEEN for r, c in seen if 0 <= r < height and 0 <= c < width}
    outside = len(seen) - len(marks)
    spans = "×".join(map(str, geometry.reach(window)))
    label = lesson.quantity("forward").label((0, 0, i, j))
    rim = f" {counted(outside, 'of its cells lies', 'of its cells lie')} in the padding." if outside else ""
    untouched = int((uses == 0).sum())
    left = (
        f" {counted(untouched, 'input number is', 'input numbers are')} seen by no output at all." if untouched else ""
    )
    return (
        Beside(
            (
                plain(f"Input X, as {label} sees it", scenario.inputs[0, 0], marks),
                plain("How many outputs see it", uses),
            )
        ),
        Paragraph(f"The filter spans {spans} input cells, and {label} sees {counted(len(marks), 'number')}.{rim}"),
        Paragraph(
            f"An input number is seen by {example.text(uses.min())} to {example.text(uses.max())} outputs, "
            f"and has that many terms in its input gradient.{left}"
        ),
        Paragraph(f"In a network it grows with every filter and window of more than one cell. In {SMALLEST}:"),
        _in_network(Example(example.load, SMALLEST, False, example.style))[0],
    )


def _in_network(example: Example) -> tuple[Block, ...]:
    """What the middle output of every layer sees of the input, layer after layer."""
    scenario, steps = example.scenario, example.lesson.layers
    sizes = [scenario.inputs.shape[1:], *(example.first.values[one.forward.name].shape[1:] for one in steps)]
    maps = sum(len(size) == 3 for size in sizes) - 1
    rows: list[tuple[str | float, ...]] = []
    seen: set[Cell] = {(0, 0)}
    for depth, (one, size) in enumerate(zip(steps, sizes[1:], strict=True), 1):
        shape = "×".join(str(n) for n in size)
        if depth > maps:
            rows.append((one.name, shape, "everything", str(prod(sizes[0][1:]))))
            continue
        seen = _seen([s.layer for s in steps[:depth]], sizes, (size[1] // 2, size[2] // 2))
        rows.append((one.name, shape, "×".join(_span(seen)), str(len(seen))))
    name = steps[maps - 1].name if maps else "the input"
    middle = example.first.matrix("input")
    shown = middle[(0,) * (middle.ndim - 2)]
    return (
        Table(("layer", "gives", "an output sees", "input numbers"), tuple(rows), "The middle output of each layer"),
        plain(f"Input X, as the middle output of {name} sees it", shown, dict.fromkeys(_pairs(seen), SEEN)),
        Paragraph(
            "A filter or a window of more than one cell widens what one output sees; an activation does not. "
            "After a stride of more than 1 each further layer widens it more. "
            "After a dense layer every output sees all that any output before it sees."
        ),
    )


def _seen(layers: list[Layer], sizes: list[tuple[int, ...]], output: Cell) -> set[Cell]:
    """The input cells that an output of the last of these layers depends on."""
    cells = {output}
    for layer, size in zip(reversed(layers), reversed(sizes[: len(layers)]), strict=True):
        cells = {before for cell in cells for before in _before(layer, size, cell)}
    return cells


def _before(layer: Layer, size: tuple[int, ...], cell: Cell) -> Iterator[Cell]:
    """The cells of the layer's input, (row, column), that one cell of its output reads."""
    if isinstance(layer, Pool):
        yield from layer.window.cells(cell, size)
    elif isinstance(layer, Conv):
        for u, v in np.ndindex(*layer.window):
            row, column = layer.geometry.met((cell[0], cell[1]), (u, v))
            if 0 <= row < size[1] and 0 <= column < size[2]:
                yield row, column
    elif isinstance(layer, TransposedConv):
        yield from dict.fromkeys(source for source, _ in layer.carried(size, (cell[0], cell[1])))
    else:
        yield cell


def _span(cells: set[Cell]) -> tuple[str, str]:
    """Rows and columns from the first to the last."""
    spans = [max(cell[axis] for cell in cells) - min(cell[axis] for cell in cells) + 1 for axis in (0, 1)]
    return str(spans[0]), str(spans[1])


def _pairs(cells: set[Cell]) -> list[tuple[int, int]]:
    return [(row, column) for row, column in cells]


PAGES = (
    Topic(
        name="receptive-field",
        title="Receptive field",
        summary="the part of the input that one output depends on",
        group="ideas",
        paragraphs=(
            "The receptive field of an output is everything in the input that it depends on. "
            "With one filter that is its patch. Change a number outside it, and this output stays the same.",
            "Dilation spreads it out. In a network it grows with every layer whose filter or window covers more than "
            "one cell; an activation leaves it as it is.",
        ),
        formula="span = dilation · (taps − 1) + 1",
        formula_words="taps is the filter's number of rows, or of columns",
        numbers=_numbers,
        network=_in_network,
        goes_wrong=(
            "Numbers at the edge are seen by fewer outputs than those in the middle, so the filter learns less from "
            "them. Padding makes up for that in part, or in full where it is span − 1. A stride larger than the span "
            "can leave some numbers unseen."
        ),
        next=Command("cnnstep explain dilation", "how to see further with the same weights"),
        see_also=("patch", "max_pool", "dilation", "input_gradient"),
    ),
)
