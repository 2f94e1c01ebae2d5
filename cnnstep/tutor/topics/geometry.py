"""Pages on which cells meet: stride, padding, dilation, and the receptive field."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from math import prod

import numpy as np

from cnnstep.engine.keys import Faults
from cnnstep.engine.layers.conv import Conv, correlate
from cnnstep.engine.layers.layer import Layer
from cnnstep.engine.layers.pool import Pool
from cnnstep.engine.layers.transposed_conv import TransposedConv
from cnnstep.engine.patches import Geometry, patches, read_geometry, scatter
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Beside, Block, Command, Mark, Paragraph, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.topics.blocks import SMALLEST, beside, grid_of, grids, on_conv, plain, worked
from cnnstep.tutor.topics.topic import Example, Topic

Value = int | str | list[int]
"""What can stand after a setting's key."""


def try_out(example: Example, setting: str, values: Sequence[Value]) -> tuple[Block, ...]:
    """What the scenario has, what the other values would give, and one of them beside it."""
    scenario, lesson = example.scenario, example.lesson
    has: Value = scenario.conv.geometry.written[setting]
    rows, fitting = _sizes(scenario, setting, [*values, *([] if has in values else [has])])
    z = lesson.quantity("forward")
    others = [value for value in fitting if value != has]
    usual = values[0]
    other = usual if has != usual and usual in others else next(iter(others), None)
    groups = [grid_of(f"z, {setting} {has}", z, example.first.values["forward"])[:2]]
    if other is not None:
        groups.append(grid_of(f"z, {setting} {other}", z, _forward(scenario, setting, other))[:2])
    word = f"This scenario has {setting} {has}."
    if other is None:
        word += " No other value fits its input and filter."
    elif has == usual:
        word += f" Next to it, the same with {setting} {other}."
    return (
        Paragraph(word),
        *grids(example.first, "input", "filter", most=2),
        Table((setting, "filter spans", "output", "fits"), tuple(rows), "What each value would give"),
        beside(*groups),
        *worked(example.first, "forward", example.style),
    )


def _sizes(scenario: Scenario, setting: str, values: list[Value]) -> tuple[list[tuple[str | float, ...]], list[Value]]:
    """A row a value: size of the output, or why there is none; and the values that fit."""
    rows: list[tuple[str | float, ...]] = []
    fitting: list[Value] = []
    for value in sorted(values, key=lambda value: (value if isinstance(value, int) else math.inf, str(value))):
        faults = Faults()
        geometry = _geometry(scenario, setting, value, faults)
        why = "; ".join(fault.what for fault in faults.found) or _misfit(scenario, geometry)
        image, window = (scenario.inputs.shape[2], scenario.inputs.shape[3]), scenario.conv.window
        size = "none" if why else "×".join(map(str, geometry.outputs(image, window)))
        left = max(geometry.left_over(image, window))
        fits = f"no: {why}" if why else f"yes, {left} left out" if left else "yes"
        rows.append((str(value), "×".join(map(str, geometry.reach(window))), size, fits))
        if not why:
            fitting.append(value)
    return rows, fitting


def _misfit(scenario: Scenario, geometry: Geometry) -> str:
    """Why a filter that moves like this gives no output; "" where it gives one."""
    image, window = (scenario.inputs.shape[2], scenario.inputs.shape[3]), scenario.conv.window
    if min(geometry.room(image, window)) < 0:
        return "the filter is larger than the input"
    left = max(geometry.left_over(image, window))
    return f"{left} left over" if left and not geometry.drops else ""


def _geometry(scenario: Scenario, setting: str, value: Value, faults: Faults) -> Geometry:
    conv = scenario.conv
    return read_geometry(faults, conv.geometry.written | {setting: value}, conv.window)


def _forward(scenario: Scenario, setting: str, value: Value) -> Array:
    geometry = _geometry(scenario, setting, value, Faults())
    return correlate(scenario.inputs, scenario.conv.weights, scenario.conv.bias, geometry)


_stride_numbers = partial(try_out, setting="stride", values=range(1, 5))
STRIDE = Topic(
    name="stride",
    scenario="stride",
    title="Stride",
    summary="how far the filter moves from one patch to the next",
    group="ideas",
    paragraphs=(
        "The stride is the number of cells that the filter moves on from one patch to the next. "
        "Stride 2 leaves out every second place, so the output has about half as many rows and columns.",
        "On the way back the cells of δ are spread out again, as far apart as the filter's steps were. "
        "The stride, the padding and the dilation may differ for rows and columns: stride: [2, 1] moves on by two "
        "rows and by one column.",
    ),
    formula="output = (input + 2·padding − span) / stride + 1",
    formula_words="for rows and columns each; span is dilation · (taps − 1) + 1; rounded down with leftover: drop",
    numbers=_stride_numbers,
    network=on_conv(_stride_numbers, lambda conv: conv.geometry.stride != (1, 1)),
    layers=("conv",),
    goes_wrong=(
        "The stride is used on the way forward and forgotten on the way back: then X meets the wrong δ, or the "
        "gradient gets the wrong shape. A stride that leaves rows or columns over is refused unless the scenario "
        "says leftover: drop, because those numbers would never be seen."
    ),
    next=Command("cnnstep run {scenario} --only forward,gradient", "both directions"),
    see_also=("patch", "padding", "dilation", "gradient"),
)


_padding_numbers = partial(try_out, setting="padding", values=(*range(4), "same"))
PADDING = Topic(
    name="padding",
    scenario="padding",
    title="Padding",
    summary="a border of zeros around the input",
    group="ideas",
    paragraphs=(
        "Padding puts a border of zeros around the input before the filter slides over it. Without it the output "
        "of a filter larger than 1×1 is smaller than the input, and numbers at the edge lie in fewer patches.",
        "The zeros are not data. They add nothing to z, and nothing to the gradient of the weights that meet them. "
        "padding: same means as many zeros as keep the input's size at stride 1: span − 1 along each axis, half of "
        "them on either side. For a filter that spans an even number of cells, the odd one goes below and to the "
        "right, as in PyTorch.",
    ),
    formula="output = (input + 2·padding − span) / stride + 1",
    formula_words="for rows and columns each; span is dilation · (taps − 1) + 1",
    numbers=_padding_numbers,
    network=on_conv(_padding_numbers, lambda conv: conv.geometry.padded),
    layers=("conv",),
    goes_wrong=(
        "The gradient is worked out on the input without its border: then δ meets the wrong inputs, or the shape "
        "is wrong. And the input gradient has the size of the input itself, so the border is cut off again."
    ),
    next=Command("cnnstep run {scenario} --only forward,gradient", "both directions"),
    see_also=("stride", "receptive-field", "input_gradient", "forward"),
)


_dilation_numbers = partial(try_out, setting="dilation", values=range(1, 5))
DILATION = Topic(
    name="dilation",
    scenario="dilation",
    title="Dilation",
    summary="gaps between the weights: the filter sees further",
    group="ideas",
    paragraphs=(
        "Dilation pulls the weights of the filter apart. With dilation 2 there is one cell between neighbours "
        "that no weight meets. The filter spans more of the input with the same number of weights.",
        "The gradient keeps the filter's shape: one number for each weight.",
    ),
    formula="span = dilation · (taps − 1) + 1",
    formula_words="taps is the filter's number of rows, or of columns",
    numbers=_dilation_numbers,
    network=on_conv(_dilation_numbers, lambda conv: conv.geometry.dilation != (1, 1)),
    layers=("conv",),
    goes_wrong=(
        "The gaps are forgotten on the way back: δ then meets inputs that the weight never met. "
        "Or the gaps are filled with zeros and those zeros are trained too; they are not weights."
    ),
    next=Command("cnnstep explain receptive-field", "what one output sees"),
    see_also=("receptive-field", "stride", "padding", "patch"),
)


SEEN = Mark("*", "in the receptive field", "strong")


def _receptive_field_numbers(example: Example) -> tuple[Block, ...]:
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


RECEPTIVE_FIELD = Topic(
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
    numbers=_receptive_field_numbers,
    network=_in_network,
    goes_wrong=(
        "Numbers at the edge are seen by fewer outputs than those in the middle, so the filter learns less from "
        "them. Padding makes up for that in part, or in full where it is span − 1. A stride larger than the span "
        "can leave some numbers unseen."
    ),
    next=Command("cnnstep explain dilation", "how to see further with the same weights"),
    see_also=("patch", "max_pool", "dilation", "input_gradient"),
)


PAGES = (STRIDE, PADDING, DILATION, RECEPTIVE_FIELD)
