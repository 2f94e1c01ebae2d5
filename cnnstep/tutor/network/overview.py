"""A network in one table: each layer's shape and weights, and how long its output, ∂L/∂output and gradient are."""

from __future__ import annotations

import math

import numpy as np

from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.quantity import Array, Quantity, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.numbers import counted

BIG = 256
"""An array of more numbers than this is summed up; parts of it are shown on request."""
LEGEND = "‖ ‖ is a length: the root of the sum of the squares, over {samples}. a is the layer's output."


def size_of(quantity: Quantity, array: Array) -> str:
    """`8×6×6`: the shape of one sample's part, or of the weights."""
    shape = [n for n, axis in zip(array.shape, quantity.layout.axes, strict=True) if axis != "sample"]
    return "×".join(str(n) for n in shape)


def is_small(scenario: Scenario) -> bool:
    """Whether every array of one sample is small enough to be read as a whole."""
    size = scenario.inputs.shape[1:]
    largest = math.prod(size)
    for layer in scenario.layers:
        size = layer.output_size(size)
        weights = layer.weights.size if isinstance(layer, WithWeights) else 0
        largest = max(largest, math.prod(size), weights)
    return largest <= BIG


def overview(iteration: Iteration) -> tuple[Block, ...]:
    """The table, and what its columns mean."""
    lesson, values = iteration.lesson, iteration.values
    source = lesson.leaves[0]
    rows: list[tuple[str | float, ...]] = [
        ("input", "", size_of(source, values[source.name]), "", norm(values[source.name]), "", "")
    ]
    for at in lesson.layers:
        output = at.forward.quantity
        weights: str | float = sum(values[leaf.name].size for leaf in at.leaves) or ""
        back: str | float = "" if at.upstream is None else norm(values[at.upstream.name])
        steep: str | float = at.steepness(values) if at.gradients else ""
        shape = size_of(output, values[output.name])
        rows.append((at.name, at.layer.kind, shape, weights, norm(values[output.name]), back, steep))
    samples = len(values[source.name])
    words = LEGEND.format(samples="all numbers" if samples == 1 else f"all {samples} samples")
    total = sum(values[leaf.name].size for at in lesson.layers for leaf in at.leaves)
    table = Table(("layer", "type", "output", "weights", "‖a‖", "‖∂L/∂a‖", "‖gradient‖"), tuple(rows), "The network")
    return table, Paragraph(f"{words} {counted(total, 'number')} {'is' if total == 1 else 'are'} trained.", "quiet")


def summary(quantity: Quantity, array: Array) -> Table:
    """A big array in a line: shape, smallest, mean, largest, length, share of zeros."""
    with np.errstate(all="ignore"):
        numbers = (float(array.min()), _mean(array), float(array.max()), norm(array))
    zeros = f"{100 * float((array == 0).mean()):.0f} %"
    shape = "×".join(str(n) for n in quantity.layout.show(array).shape)
    return Table(("", "shape", "min", "mean", "max", "‖ ‖", "zeros"), ((quantity.symbol, shape, *numbers, zeros),))


def _mean(array: Array) -> float:
    """Σx / n; 0 where the x cancel out but for their rounding, whose digits differ from processor to processor."""
    mean, size = float(array.mean()), float(np.abs(array).mean())
    return 0.0 if abs(mean) <= array.size * np.finfo(float).eps * size else mean


def summary_data(array: Array) -> dict[str, object]:
    """The same line as plain data."""
    with np.errstate(all="ignore"):
        found = {"min": array.min(), "mean": _mean(array), "max": array.max(), "norm": norm(array)}
    data: dict[str, object] = {"shape": list(array.shape)}
    data |= {key: float(value) if math.isfinite(value) else None for key, value in found.items()}
    return data | {"zeros": int((array == 0).sum())}
