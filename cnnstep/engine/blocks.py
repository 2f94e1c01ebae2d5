"""Iterations by blocks, each with all its values: what adds up goes one by one, the rest for a whole block at once.

A step that adds nothing up, such as a = φ(z), e = a − t or w − η·G, works cell by cell: its own `compute` takes the
values of n iterations, [n, …], as it takes those of one. What does add up, z and the gradients, is left behind by
the descent without a record (`descent.py`). Every number is, to the last bit, the one that the steps give one after
another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from types import MappingProxyType

import numpy as np

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.optimizers import COUNT
from cnnstep.engine.patches import BATCH, patch_matrix
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.training.vectors import Descent, Trail, is_straight

FIRST, LONGEST = 8, 256
"""The shortest block that pays, for by itself one costs as much as six iterations of it; and the longest."""
MOST_NUMBERS = 2**16
"""What a block may hold: half a MiB. From some 1500 cells on, fresh memory costs more than a block of them saves."""


def goes_in_blocks(lesson: Lesson, values: Values) -> bool:
    """Plain descent of one small filter by its own steps, of which z and the gradients alone add anything up."""
    scenario = lesson.scenario
    if "filter" not in values or lesson.altered or "input_gradient" in lesson.names:
        return False
    one_filter = len(scenario.conv.weights) == 1 and len(scenario.inputs) < BATCH
    return one_filter and is_straight(scenario) and _room(values) >= FIRST


def _room(values: Values) -> int:
    """How many iterations with as many values a block may hold."""
    return min(LONGEST, MOST_NUMBERS // sum(array.size for array in values.values()))


def in_blocks(lesson: Lesson, values: Values, iterations: int | None = None) -> Iterator[tuple[Values, float]]:
    """The values (read-only) and the loss of the iterations that follow the one of these values."""
    scenario = lesson.scenario
    conv = scenario.conv
    descent = Descent.of(scenario, patch_matrix(scenario.inputs, conv.window, conv.geometry))
    weights = np.concatenate([values[source].reshape(-1) for _, source in lesson.carried])
    for length in _lengths(iterations, _room(values)):
        with np.errstate(all="ignore"):
            trail = descent.trail(weights, scenario.learning_rate, length)
            together, losses = _carried_out(lesson, values, trail)
        for values, loss in zip(_one_by_one(together), losses, strict=True):
            yield values, loss


def _lengths(iterations: int | None, room: int) -> Iterator[int]:
    """One block after another: each as long as it may be; where nobody says how many iterations are wanted, growing."""
    if iterations is not None:
        yield from repeat(room, iterations // room)
        if rest := iterations % room:
            yield rest
        return
    length = FIRST
    while True:
        yield length
        length = min(4 * length, room)  # so little is made for nothing


def _carried_out(lesson: Lesson, before: Values, trail: Trail) -> tuple[dict[str, Array], list[float]]:
    """The values of a block, all but the input and the target with a first axis more; and their losses."""
    sign, size, count = lesson.scenario.sign, before["filter"].size, len(trail.outputs)
    rows = {
        "filter": trail.weights[:, :size],
        "bias": trail.weights[:, size:],
        "forward": trail.outputs,
        "gradient": sign * trail.gradients[:, :size],
        "bias_gradient": sign * trail.gradients[:, size:],
        COUNT.name: before[COUNT.name] + np.arange(1, count + 1),
    }
    kept = {name: array.reshape(count, *before[name].shape) for name, array in rows.items() if name in before}
    values = {**before, **kept}
    for step in lesson.steps:
        if step.name not in kept:
            values[step.name] = step.compute(values)
    return values, lesson.scenario.loss.each(values[lesson.output.name], values["target"]).tolist()


def _one_by_one(together: Mapping[str, Array]) -> Iterator[Values]:
    """Each iteration's values, as parts of the block's."""
    for array in together.values():
        array.setflags(write=False)
    # the input and the target are every iteration's
    columns = [repeat(array) if name in ("input", "target") else _parts(array) for name, array in together.items()]
    for row in zip(*columns, strict=False):
        yield MappingProxyType(dict(zip(together, row, strict=True)))


def _parts(block: Array) -> list[Array]:
    """block[0], block[1], …: arrays, even where each is a single number."""
    return list(block) if block.ndim > 1 else [block[number, ...] for number in range(len(block))]
