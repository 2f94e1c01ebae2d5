"""A network as a whole: its layers in one table, and what a run has made of it.

Accuracy, filters, what is still misread, how far its weights have moved.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Quantity, mean, norm, number, numbers
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import has_classes, test_output, tests_of
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Curve, Heading, Paragraph, Picture, Series, Table
from cnnstep.tutor.numbers import counted
from cnnstep.tutor.present import one_sample, planes

if TYPE_CHECKING:
    from cnnstep.tutor.record import Record

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
        numbers = (float(array.min()), mean(array), float(array.max()), norm(array))
    zeros = f"{100 * float((array == 0).mean()):.0f} %"
    shape = "×".join(str(n) for n in quantity.layout.show(array).shape)
    return Table(("", "shape", "min", "mean", "max", "‖ ‖", "zeros"), ((quantity.symbol, shape, *numbers, zeros),))


@dataclass(frozen=True)
class Misread:
    """A sample that was read as another class: its number, its input, its class, what it was read as, how surely."""

    sample: int
    image: Array
    is_class: int
    read_as: int
    surely: float


def misread(lesson: Lesson, values: Mapping[str, Array], most: int) -> tuple[list[Misread], int, int]:
    """The samples read most surely as another class, how many were misread, and out of how many.

    The samples are those held back from training, where there are any.
    """
    held_back = tests_of(lesson.scenario)
    inputs, targets = held_back or (values["input"], values["target"])
    output = test_output(lesson, values, inputs) if held_back else values[lesson.output.name]
    read, true = output.argmax(axis=-1), targets.argmax(axis=-1)
    wrong = np.flatnonzero(read != true)
    surest = wrong[np.argsort(-output[wrong, read[wrong]], kind="stable")][:most]
    found = [Misread(int(n), inputs[n], int(true[n]), int(read[n]), float(output[n, read[n]])) for n in surest]
    return found, len(wrong), len(output)


MOST_FILTERS = 12
"""At most this many of the first layer's filters are drawn."""
MOST_MISREAD = 6
"""At most this many samples that were read as another class are drawn."""
MOST_WEIGHTS = 10_000
"""An outcome with more weights than this leaves them out of its JSON."""


def one_shown(iteration: Iteration, sample: int | None) -> tuple[Block, ...]:
    """One sample of a large network: its picture, and what it is read as where there are classes."""
    view = one_sample(iteration, sample)
    picture = Picture(_rows(view.values["input"][0, 0]), "Input X" if sample is None else f"Input X, sample {sample}")
    if not has_classes(iteration.lesson.scenario):
        return (picture,)
    shares, target = view.values[view.lesson.output.name][0], view.values["target"][0]
    read, true = int(shares.argmax()), int(target.argmax())
    words = f"Its class is {true}. The network says {read}, with p = {shares[read]:.3f}"
    words += "." if read == true else f"; p of class {true} is {shares[true]:.3f}."
    return picture, Paragraph(words, "good" if read == true else "warn")


def accuracy_curve(record: Record) -> tuple[Block, ...]:
    """How many are classified correctly, as it went: of the samples trained with, and of those held back."""
    if len(record.lesson.scenario.inputs) == 1 or len({*record.accuracy, *record.test_accuracy}) < 2:
        return ()  # one sample is read or not, and a level line shows nothing
    series = [Series("training samples", record.accuracy, "•")]
    if record.test_accuracy:
        series.append(Series("samples held back", record.test_accuracy, "x"))
    return (Curve("Accuracy", tuple(series), "iteration", 0, record.iterations),)


def learned(record: Record) -> tuple[Block, ...]:
    """What a run of several iterations has learned: accuracy in words, filters, samples still misread."""
    return (*_accuracy_words(record), *_filters(record), *_misread(record))


def _accuracy_words(record: Record) -> tuple[Block, ...]:
    if not record.accuracy:
        return ()
    samples = counted(len(record.lesson.scenario.inputs), "training sample")
    words = f"Correct: {_percent(record.accuracy[-1])} of {samples}"
    if record.test_accuracy and record.lesson.scenario.test_inputs is not None:
        count = len(record.lesson.scenario.test_inputs)
        words += f", and {_percent(record.test_accuracy[-1])} of {counted(count, 'sample')} held back from training"
    return (Paragraph(f"{words}.", "strong"),)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %".replace(".0 %", " %")


def _filters(record: Record) -> tuple[Block, ...]:
    """The first convolution's filters as small pictures: dark where an input makes the output grow."""
    scenario = record.lesson.scenario
    conv = next((k for k, layer in enumerate(scenario.layers) if isinstance(layer, Conv)), None)
    if conv is None or record.iterations < 2:
        return ()
    name = f"{scenario.names[conv]}.weights"
    weights = record.outcome.values[name]
    pictures = tuple(
        Picture(_rows(weights[f, c]), f"filter {f}" + (f", channel {c}" if weights.shape[1] > 1 else ""))
        for f, c in list(np.ndindex(*weights.shape[:2]))[:MOST_FILTERS]
    )
    words = "+ and # raise the output, - and = lower it; the second sign of each pair is the stronger one."
    return (
        Heading(f"What {scenario.names[conv]} has learned to look for"),
        Paragraph(words, "quiet"),
        Beside(pictures),
    )


def _rows(image: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, image.tolist()))


def _misread(record: Record) -> tuple[Block, ...]:
    """Some samples that the trained network reads as another class."""
    if not record.accuracy or record.iterations < 2:
        return ()
    found, wrong, out_of = misread(record.lesson, record.outcome.values, MOST_MISREAD)
    kind = "held back" if record.test_accuracy else "trained with"
    if not wrong:
        return (Paragraph(f"None of the {counted(out_of, 'sample')} {kind} is misclassified.", "good"),)
    pictures = tuple(
        Picture(_rows(one.image[0]), f"sample {one.sample}: {one.is_class}, taken for {one.read_as}") for one in found
    )
    surest = "" if wrong == len(found) else "; the ones it was surest of"
    return (
        Heading("Misclassified", note=f"{wrong} of {counted(out_of, 'sample')} {kind}{surest}"),
        Beside(pictures),
    )


def changes(record: Record) -> tuple[Block, ...]:
    """What the run has made of the weights: a small network's in full, else how far they have moved."""
    lesson, end = record.lesson, record.outcome
    leaves = [one.leaf for one in lesson.trained]
    if is_small(lesson.scenario):
        blocks = [block for leaf in leaves for block in planes(leaf, end.matrix(leaf.name), title=f"{leaf.name}")]
        return (Beside(tuple(blocks)),)
    rows = []
    for leaf in leaves:
        before, after = record.first.values[leaf.name], end.values[leaf.name]
        with np.errstate(all="ignore"):
            rows.append((leaf.name, float(after.size), norm(before), norm(after), norm(after - before)))
    return (Table(("weights", "numbers", "‖before‖", "‖after‖", "‖moved‖"), tuple(rows)),)


def outcome_data(record: Record) -> dict[str, Any]:
    """A network's outcome besides status and loss: weights where they are few, accuracy where there are classes."""
    leaves = [one.leaf.name for one in record.lesson.trained]
    data: dict[str, Any] = {}
    if sum(math.prod(record.outcome.values[leaf].shape) for leaf in leaves) <= MOST_WEIGHTS:
        data["weights"] = {leaf: numbers(record.outcome.matrix(leaf)) for leaf in leaves}
    if record.accuracy:
        data["accuracy"] = number(record.accuracy[-1])
    if record.test_accuracy:
        data["test_accuracy"] = number(record.test_accuracy[-1])
    return data
