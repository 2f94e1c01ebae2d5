"""Random questions of the size that is worked by hand."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from tests.oracle.cells import Cell, Cells, indices
from tests.oracle.layers import ACTIVATIONS, Geometry, correlate
from tests.oracle.one_filter import OneFilter
from tests.oracle.optimizers import MEMORY
from tests.oracle.question import SQUARES, work

LARGEST, NEAREST = 30.0, 1e-9
"""A question is set again where its numbers grow larger, or miss a kink only because floats are no real numbers."""


def draw(random: Random, **fixed: Any) -> OneFilter:
    """A question with these keys as given, the others at random."""
    while True:
        question = _any(random, fixed)
        try:
            done = work(question)
        except OverflowError:  # rounds of ELU's e^z
            continue
        numbers = [value for cells in done.steps.values() for value in cells.values()]
        kinks = [abs(z) for z in done["forward"].values()]
        if max(map(abs, numbers)) < LARGEST * 10 and not any(0 < z < NEAREST for z in kinks):
            return question


def _any(random: Random, fixed: dict[str, Any]) -> OneFilter:
    window = random.choice((2, 2, 3)), random.choice((2, 2, 3))
    geometry, size = _fitting(random, window)
    samples, filters, channels = (random.choice((1, 1, 1, 1, 2)) for _ in range(3))
    phi = random.choice((*ACTIVATIONS, "relu", "relu", "relu"))
    loss = random.choice((SQUARES[0], *SQUARES))
    loss = "binary_cross_entropy" if phi == "sigmoid" and random.random() < 0.4 else loss
    question = OneFilter(
        image={cell: float(random.randint(-3, 3)) for cell in indices(samples, channels, *size)},
        filter={cell: float(random.randint(-2, 2)) for cell in indices(filters, channels, *window)},
        bias={(f,): float(random.randint(-2, 2)) for f in range(filters)} if random.random() < 0.5 else None,
        target={},
        phi=phi,
        rate=random.choice((0.5, 0.1, 0.05, 0.2, 0.25, 0.01)),
        geometry=geometry,
        loss=loss,
        error=random.choice((1, 1, -1)),
        at_zero=random.choice((0.0, 0.0, 0.5, 1.0)) if phi == "relu" else 0.0,
        optimizer=random.choice(("sgd", "sgd", *MEMORY)),
        iteration=random.choice((0, 0, 0, 0, 1, 2)),
        hides=frozenset(_unwritten(samples, filters, channels)),
    )
    question = replace(question, **fixed)
    return replace(question, target=_targets(random, question)) if "target" not in fixed else question


def _fitting(random: Random, window: Cell) -> tuple[Geometry, Cell]:
    """A way to move the filter, and an input that it just fits."""
    outputs = random.choice((2, 2, 3)), random.choice((2, 2, 3))
    while True:
        geometry = Geometry(*(_pair(random, often) for often in ((1, 1, 1, 2), (0, 0, 0, 1), (1, 1, 1, 1, 2))))
        size = tuple(
            (outputs[axis] - 1) * geometry.stride[axis]
            + (window[axis] - 1) * geometry.dilation[axis]
            + 1
            - 2 * geometry.padding[axis]
            for axis in (0, 1)
        )
        if min(size) > 0:
            return geometry, size


def _pair(random: Random, often: tuple[int, ...]) -> Cell:
    """One number for both axes, and now and then one for each."""
    down, across = random.choice(often), random.choice(often)
    return (down, across) if random.random() < 0.1 else (down, down)


def _unwritten(samples: int, filters: int, channels: int) -> set[str]:
    """The axes that an author leaves out where there is one of a kind."""
    hidden = {"sample"} if samples == 1 else set()
    if filters == 1:
        hidden |= {"filter"} | ({"channel"} if channels == 1 else set())
    return hidden


def _targets(random: Random, question: OneFilter) -> Cells:
    low, high = (0, 1) if question.loss == "binary_cross_entropy" else (-1, 3)
    maps = correlate(question.image, question.filter, question.bias, question.geometry)
    return {cell: float(random.randint(low, high)) for cell in maps}
