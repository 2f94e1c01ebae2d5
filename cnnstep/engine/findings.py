"""What is worth saying about an iteration: cells that learn nothing, targets out of reach, a loss that rose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import overload

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.activations import Activation
from cnnstep.engine.keys import expected
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.quantity import Array, Cell, Layout, norm
from cnnstep.engine.status import diverged, floor, gone
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration

SATURATED_BELOW = 0.01
"""A slope under this share of the activation's steepest one lets next to nothing back through."""
MUCH_SMALLER = 100.0
"""∂L/∂output that is this many times shorter at a network's first layer than at its last has vanished."""
MANY = 4
"""A unit of a layer that is dead in so many places at least, and in all of them, is no mere zero of one example."""


@dataclass(frozen=True)
class Finding:
    """Something worth saying: its code, the step it shows at, the cells (as a learner counts them), a sentence.

    `blocked` are those of the cells with an error left that can't be learned there.
    """

    code: str
    step: str
    message: str
    cells: Sequence[Cell] = ()
    blocked: Sequence[Cell] = ()

    @property
    def harmless(self) -> bool:
        """Whether nothing is lost by it."""
        return self.code in ("converged", "at-kink") or (self.code in ("dead-relu", "all-dead") and not self.blocked)


class Cells(Sequence[Cell]):
    """The cells where a mask holds, as a learner counts them: of a million none is written out before it is asked for.

    It is equal to a tuple of the same cells in the same order.
    """

    def __init__(self, layout: Layout, where: NDArray[np.bool_]) -> None:
        self._where = where.reshape(
            [size for size, axis in zip(where.shape, layout.axes, strict=True) if axis not in layout.hidden]
        )
        self._count = int(np.count_nonzero(where))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Cell]:
        if self._where.ndim < 2:
            yield from map(tuple, np.argwhere(self._where).tolist())
            return
        for index in np.ndindex(*self._where.shape[:-1]):
            yield from ((*index, at) for at in np.flatnonzero(self._where[index]).tolist())

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Cell]: ...
    def __getitem__(self, index: int | slice) -> Cell | Sequence[Cell]:
        if isinstance(index, slice) and index.start is None and index.step is None and (index.stop or 0) >= 0:
            return tuple(islice(self, index.stop))
        return tuple(self)[index]

    def __contains__(self, cell: object) -> bool:
        shape = self._where.shape
        if not isinstance(cell, tuple) or len(cell) != len(shape):
            return False
        return all(0 <= at < size for at, size in zip(cell, shape, strict=True)) and bool(self._where[cell])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def findings(iteration: Iteration) -> list[Finding]:
    """Everything worth saying about one iteration, in the order of `LOOKS`; `InputError` of anything else.

    >>> first = next(cnnstep.trace(cnnstep.scenario("first-filter")))
    >>> [found.code for found in cnnstep.findings(first)]
    ['dead-relu', 'at-kink']
    """
    iteration = expected(Iteration, iteration, "an iteration", "cnnstep.trace(scenario) gives them, one after another")
    return [finding for look in LOOKS for finding in look(iteration)]


@dataclass(frozen=True)
class _Neuron:
    """An activation layer at work: what went in, what went back, and what would have without its slope."""

    phi: Activation
    step: Step
    layout: Layout
    z: Array
    upstream: Array
    slope_cancels: bool

    def shown(self, where: NDArray[np.bool_]) -> Cells:
        """The cells where a mask holds, as a learner counts them."""
        return Cells(self.layout, where)

    @property
    def dead(self) -> NDArray[np.bool_]:
        """Where a flat activation's slope is exactly 0."""
        return self.phi.slope(self.z) == 0 if self.phi.flat else np.zeros(self.z.shape, dtype=bool)


def _neurons(iteration: Iteration) -> Iterator[_Neuron]:
    for step in iteration.lesson.called("delta"):
        if isinstance(step.part, ActivationLayer):
            z, upstream = step.inputs[-1], step.inputs[0]
            values = iteration.values
            yield _Neuron(step.part.phi, step, z.layout, values[z.name], values[upstream.name], step.part.slope_cancels)


def _dead(iteration: Iteration) -> Iterator[Finding]:
    """Cells of a flat activation whose slope is exactly 0."""
    for neuron in _neurons(iteration):
        dead = neuron.dead
        if not dead.any():
            continue
        cells, blocked = neuron.shown(dead), neuron.shown(dead & (neuron.upstream != 0))
        lost = _lost if iteration.lesson.scenario.vocabulary.shows_difference else _lost_upstream
        flat = "z ≤ 0" if neuron.phi.slope_at(0.0) == 0 else "z < 0"
        words = f"{_cells(cells, 'inactive ')}: {flat}, so the slope is 0 and nothing passes back. "
        words += f"{lost(cells, blocked)}."
        yield Finding("dead-relu", neuron.step.name, words, cells, blocked)
        if dead.all():
            yield Finding("all-dead", neuron.step.name, f"{_all_dead(iteration, neuron, blocked)}.", cells, blocked)


def _all_dead(iteration: Iteration, neuron: _Neuron, blocked: Sequence[Cell]) -> str:
    """What it means that every cell is inactive: with a memory of earlier gradients the filter may still move."""
    if neuron.step.layer:
        return f"every cell of {neuron.step.layer} is inactive: the layers before it receive 0 and learn nothing"
    words = "every cell is inactive: all gradients are 0"
    if not blocked:
        return f"{words}, and no error is left"
    values = iteration.values
    moves = any(not np.array_equal(values[leaf], values[step]) for leaf, step in iteration.lesson.carried)
    return f"{words}, " + (
        "only the optimizer's memory still moves the filter" if moves else "so the filter will never change again"
    )


def _lost(cells: Sequence[Cell], blocked: Sequence[Cell]) -> str:
    """What inactive cells cost where the error stands at the cells themselves."""
    if not blocked:
        return "No error is lost: " + ("it is right already" if len(cells) == 1 else "they are right already")
    who = f"{len(blocked)} of them" if len(blocked) < len(cells) else "It" if len(cells) == 1 else "They"
    return f"{who} {'has' if len(blocked) == 1 else 'have'} an error left that nothing is learned from"


def _lost_upstream(cells: Sequence[Cell], blocked: Sequence[Cell]) -> str:
    """What inactive cells cost where an error reaches a cell through the layers after it."""
    if not blocked:
        return f"Nothing is lost: no error reaches {'it' if len(cells) == 1 else 'them'}"
    if len(cells) == 1:
        return "The error that reaches it ends here"
    return f"An error reaches {len(blocked)} of them, and ends there"


def _dying(iteration: Iteration) -> Iterator[Finding]:
    """Units of a named layer that are dead wherever they are used, where they are half of it or more, but not all."""
    for neuron in _neurons(iteration):
        where = dead_units(neuron.dead) if neuron.step.layer else None
        if where is None or not where.size / 2 <= where.sum() < where.size:
            continue
        kind = "maps" if neuron.z.ndim == 4 else "units"
        words = (
            f"{int(where.sum())} of {where.size} {kind} of {neuron.step.layer} are inactive everywhere: "
            "the weights that feed them learn nothing."
        )
        yield Finding("dying-layer", neuron.step.name, words, tuple((int(u),) for u in np.flatnonzero(where)))


def dead_units(dead: NDArray[np.bool_], least: int = MANY) -> NDArray[np.bool_] | None:
    """[N, C, …] → [C]: which maps or units are dead in every sample and place; None where these are too few to tell."""
    others = (0, *range(2, dead.ndim))
    if dead.size < least * dead.shape[1]:
        return None
    return np.asarray(dead.all(axis=others))


def gradient_lengths(iteration: Iteration) -> Iterator[Finding]:
    """∂L/∂output that shrinks, or grows, from named layer to named layer on its way back."""
    found = [(at.name, at.upstream) for at in iteration.lesson.layers if at.name and at.upstream is not None]
    last = iteration.lesson.scenario.layers[-1]
    if last.kind == "softmax" or (isinstance(last, ActivationLayer) and last.slope_cancels):
        found = found[:-1]  # 1/p and the slope undo each other: what goes back is p − y
    if len(found) < 2:
        return
    (first, early), (final, late) = found[0], found[-1]
    ours, theirs = norm(iteration.values[early.name]), norm(iteration.values[late.name])
    if not 0 < ours < math.inf or not 0 < theirs < math.inf:
        return
    words = f"‖{late.symbol}‖ is {theirs:.3g} at {final}, ‖{early.symbol}‖ {ours:.3g} at {first}"
    if theirs > MUCH_SMALLER * ours:
        words += f": {theirs / ours:.3g} times smaller on the way back. The first layers learn next to nothing."
        yield Finding("vanishing-gradient", early.name, words)
    elif ours > MUCH_SMALLER * theirs:
        words += (
            f": {ours / theirs:.3g} times larger on the way back. A step that suits the last layer is too long here."
        )
        yield Finding("exploding-gradient", early.name, words)


def _cells(cells: Sequence[Cell], kind: str = "") -> str:
    return f"{len(cells)} {kind}{'cell' if len(cells) == 1 else 'cells'}"


def _at_kink(iteration: Iteration) -> Iterator[Finding]:
    """Cells whose z is exactly where the slope jumps."""
    for neuron in _neurons(iteration):
        phi = neuron.phi
        at = np.isin(neuron.z, phi.kinks)
        if at.any():
            cells = neuron.shown(at)
            words = (
                f"z is exactly 0 in {_cells(cells)}, where {phi.name} has a kink: "
                f"the slope there is a convention, here {phi.slope_at(phi.kinks[0]):g}."
            )
            yield Finding("at-kink", neuron.step.name, words, cells)


def _saturated(iteration: Iteration) -> Iterator[Finding]:
    """Cells of a curved activation whose slope is next to nothing, though not exactly 0 by construction."""
    for neuron in _neurons(iteration):
        phi = neuron.phi
        if (phi.kinks and phi.low == -math.inf) or neuron.slope_cancels:
            continue  # straight pieces are as steep as they were made; cross-entropy makes up for a flat sigmoid
        slope = np.abs(phi.slope(neuron.z))
        low = (slope < SATURATED_BELOW * phi.steepest) & np.isfinite(neuron.z)
        if phi.flat:
            low &= slope > 0
        if low.any():
            cells, blocked = neuron.shown(low), neuron.shown(low & (neuron.upstream != 0))
            words = f"{phi.name} is almost flat in {_cells(cells)}: next to nothing passes back."
            yield Finding("saturated", neuron.step.name, words, cells, blocked)


def _infinite(iteration: Iteration) -> Iterator[Finding]:
    """Outputs that are exactly 0 or 1 where the target is not: −ln 0."""
    if iteration.loss != math.inf:
        return
    lesson, values = iteration.lesson, iteration.values
    with np.errstate(all="ignore"):
        beyond = np.isinf(lesson.scenario.loss.cells(values[lesson.output.name], values["target"]))
    if beyond.any():
        cells = Cells(lesson.output.layout, beyond)
        words = (
            f"the loss is infinite: the output is 0 or 1 to the last digit in {_cells(cells)}, and the target is not. "
            "The error still goes back."
        )
        yield Finding("saturated", "error", words, cells)


def _unreachable(iteration: Iteration) -> Iterator[Finding]:
    lesson = iteration.lesson
    last = next((step.part for step in lesson.steps if step.quantity is lesson.output), None)
    if not isinstance(last, ActivationLayer):
        return
    target, phi = iteration.values["target"], last.phi
    beyond = (target < phi.low) | (target > phi.high)
    if beyond.any():
        cells = Cells(lesson.output.layout, beyond)
        sides = [f"above {phi.high:g}"] if (target > phi.high).any() else []
        sides += [f"below {phi.low:g}"] if (target < phi.low).any() else []
        words = (
            f"{phi.name} never gives a number {' or '.join(sides)}, so {_cells(cells, 'target ')} can't be met. "
            f"The loss can't fall below {floor(lesson):.4g}."
        )
        yield Finding("unreachable-target", "error", words, cells, cells)


def run_code(iteration: Iteration) -> str:
    """What the loss says, in a code: out of bounds, gone, or higher after the update than before it; else ""."""
    if diverged(iteration.loss_after, iteration.first_loss):
        return "diverged"
    if gone(iteration.lesson, iteration.loss, iteration.first_loss):
        return "converged"
    return "overshoot" if iteration.loss_after > iteration.loss else ""


def run_findings(iteration: Iteration) -> Iterator[Finding]:
    """What the loss says, in words."""
    code = run_code(iteration)
    update = next((step.name for step in iteration.lesson.called("update")), "error")
    if code == "diverged":
        words = "the loss has exploded: it is no longer finite, or more than a million times the first one."
        yield Finding(code, update, words)
    elif code == "converged":
        yield Finding(code, "error", "the loss is gone: what is left of it is negligible.")
    elif code == "overshoot":
        rose = f"the loss rose from {iteration.loss:.4g} to {iteration.loss_after:.4g}"
        yield Finding(code, update, f"{rose}: if the gradient is right, the step was too long.")


LOOKS: tuple[Callable[[Iteration], Iterator[Finding]], ...] = (
    _unreachable,
    _dead,
    _at_kink,
    _saturated,
    _infinite,
    run_findings,
    _dying,
    gradient_lengths,
)
"""One entry a kind of finding."""
