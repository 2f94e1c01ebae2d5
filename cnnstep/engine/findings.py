"""What is worth saying about an iteration: cells that learn nothing, targets out of reach, a loss that rose."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.activations import Activation
from cnnstep.engine.layers.activation import ActivationLayer, dead_cells
from cnnstep.engine.outcome import diverged, floor, gone
from cnnstep.engine.quantity import Array, Cell, Layout
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration

SATURATED_BELOW = 0.01
"""A slope under this share of the activation's steepest one lets next to nothing back through."""


@dataclass(frozen=True)
class Finding:
    """Something worth saying: its code, the step it shows at, the cells (as a learner counts them), a sentence.

    `blocked` are those of the cells with an error left that can't be learned there.
    """

    code: str
    step: str
    message: str
    cells: tuple[Cell, ...] = ()
    blocked: tuple[Cell, ...] = ()

    @property
    def harmless(self) -> bool:
        """Whether nothing is lost by it."""
        return self.code in ("converged", "at-kink") or (self.code in ("dead-relu", "all-dead") and not self.blocked)


def findings(iteration: Iteration) -> list[Finding]:
    """Everything worth saying about one iteration, in the order of its steps."""
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

    def shown(self, where: NDArray[np.bool_]) -> tuple[Cell, ...]:
        """The cells where a mask holds, as a learner counts them."""
        return tuple(self.layout.shown_cell(tuple(int(i) for i in cell)) for cell in np.argwhere(where))


def _neurons(iteration: Iteration) -> Iterator[_Neuron]:
    for step in iteration.lesson.of_role("delta"):
        if isinstance(step.part, ActivationLayer):
            z, upstream = step.inputs[-1], step.inputs[0]
            values = iteration.values
            yield _Neuron(step.part.phi, step, z.layout, values[z.name], values[upstream.name], step.part.slope_cancels)


def _dead(iteration: Iteration) -> Iterator[Finding]:
    """Cells of a flat activation whose slope is exactly 0."""
    for neuron in _neurons(iteration):
        dead = np.zeros(neuron.z.shape, dtype=bool)
        for cell in dead_cells(neuron.phi, neuron.z):
            dead[cell] = True
        if not dead.any():
            continue
        cells, blocked = neuron.shown(dead), neuron.shown(dead & (neuron.upstream != 0))
        yield Finding("dead-relu", neuron.step.name, _dead_words(cells, blocked), cells, blocked)
        if dead.all():
            words = "every cell is dead: all gradients are 0"
            words += ", so no update will ever change the filter" if blocked else ", and no error is left"
            yield Finding("all-dead", neuron.step.name, f"{words}.", cells, blocked)


def _dead_words(cells: tuple[Cell, ...], blocked: tuple[Cell, ...]) -> str:
    if not blocked:
        lost = "No error is lost: " + ("it is right already" if len(cells) == 1 else "they are right already")
    elif len(blocked) < len(cells):
        lost = f"{len(blocked)} of them {'has' if len(blocked) == 1 else 'have'} an error left that can't be learned"
    else:
        lost = f"{'It has' if len(cells) == 1 else 'They have'} an error left that can't be learned"
    return f"{_cells(cells, 'dead ')}: z ≤ 0, so the slope is 0 and nothing passes back. {lost}."


def _cells(cells: tuple[Cell, ...], kind: str = "") -> str:
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


def _unreachable(iteration: Iteration) -> Iterator[Finding]:
    lesson = iteration.lesson
    last = next((step.part for step in lesson.steps if step.quantity is lesson.output), None)
    if not isinstance(last, ActivationLayer):
        return
    target, phi = iteration.values["target"], last.phi
    beyond = (target < phi.low) | (target > phi.high)
    if beyond.any():
        cells = tuple(lesson.output.layout.shown_cell(tuple(int(i) for i in c)) for c in np.argwhere(beyond))
        bound = f"above {phi.high:g}" if (target > phi.high).any() else f"below {phi.low:g}"
        words = (
            f"{phi.name} never gives a number {bound}, so {_cells(cells, 'target ')} can't be met. "
            f"The loss can't fall below {floor(lesson):.4g}."
        )
        yield Finding("unreachable-target", "error", words, cells, cells)


def _loss(iteration: Iteration) -> Iterator[Finding]:
    """What the loss says: gone, out of bounds, or higher after the update than before it."""
    lesson, before, after = iteration.lesson, iteration.loss, iteration.loss_after
    update = next(lesson.of_role("update")).name
    if diverged(after, iteration.first_loss):
        words = "the numbers run away: the loss is no longer finite, or a million times the first one."
        yield Finding("diverged", update, words)
    elif gone(lesson, iteration.values, iteration.first_loss):
        yield Finding("converged", "error", "the loss is gone: every output is its target.")
    elif after > before:
        yield Finding("overshoot", update, f"the loss rose from {before:.4g} to {after:.4g}: the step was too long.")


LOOKS: tuple[Callable[[Iteration], Iterator[Finding]], ...] = (
    _unreachable,
    _dead,
    _at_kink,
    _saturated,
    _loss,
)
"""One entry a kind of finding."""
