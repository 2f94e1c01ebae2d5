"""A network in one table, and one sample of its batch alone: what belongs to it, and what is added up over all."""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.quantity import Array, Layout, Quantity, norm
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.numbers import counted

SAMPLE = "sample"


def is_batch(iteration: Iteration) -> bool:
    """Whether the learner sees several samples, and so chooses one."""
    return SAMPLE not in iteration.lesson.scenario.hidden


def checked_sample(iteration: Iteration, sample: int) -> int:
    """The sample, where there is one of this number."""
    count = len(iteration.lesson.scenario.inputs)
    if not is_batch(iteration):
        raise InputError(Fault(SAMPLE, "this scenario has one sample only", "leave the sample out"))
    if not 0 <= sample < count:
        what = f"there is no sample {sample}: the batch has {counted(count, SAMPLE)}"
        raise InputError(Fault(SAMPLE, what, f"samples are counted from 0 to {count - 1}"))
    return sample


def one_sample(iteration: Iteration, sample: int | None) -> Iteration:
    """The iteration as this sample sees it: its own part of every array that has a part a sample.

    Weights and their gradients stay as they are, added up over the batch. It is made to be shown: a working of a
    gradient must be asked of the whole iteration.
    """
    if sample is None or not is_batch(iteration):
        return iteration
    lesson = iteration.lesson
    seen: dict[str, Quantity] = {}

    def alone(quantity: Quantity) -> Quantity:
        if quantity.name not in seen:
            layout = Layout(quantity.layout.axes, quantity.layout.hidden | {SAMPLE} & set(quantity.layout.axes))
            seen[quantity.name] = replace(quantity, layout=layout)
        return seen[quantity.name]

    def part(name: str) -> slice:
        return slice(sample, sample + 1) if SAMPLE in seen[name].layout.axes else slice(None)

    steps = tuple(
        replace(step, quantity=alone(step.quantity), inputs=tuple(map(alone, step.inputs))) for step in lesson.steps
    )
    leaves = tuple(map(alone, lesson.leaves))
    narrowed = replace(lesson, steps=steps, leaves=leaves, output=alone(lesson.output))
    values = {
        name: array[part(name)] if array.ndim else array for name, array in iteration.values.items() if name in seen
    }
    return replace(iteration, lesson=narrowed, values=MappingProxyType(values))


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
