"""The steps carried out: one iteration after another, each with all its values; of one filter by blocks of iterations.

In a block what adds up goes one by one, the rest for the whole block at once. A step that adds nothing up, such as
a = φ(z), e = a − t or w − η·G, works cell by cell: its own `compute` takes the values of n iterations, [n, …], as it
takes those of one. What does add up, z and the gradients, is left behind by `Descent` in vectors, in place:
z = P·w, δ = c·(φ(z) − t) ⊙ φ′(z), w ← w − η·Pᵀ·δ. Every number is, to the last bit, the one that the steps give one
after another: its sums are those of the lesson's steps as long as a batch has fewer than `patches.BATCH` samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice, repeat
from types import MappingProxyType

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.optimizers import COUNT
from cnnstep.engine.patches import BATCH, patch_matrix
from cnnstep.engine.quantity import Array, Values, is_whole
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Working
from cnnstep.errors import Fault, InputError

LARGEST_MATRIX = 2**18
"""Patch matrices of more numbers than this (2 MiB) no longer stay in the cache: then tiles are faster."""


def is_straight(scenario: Scenario) -> bool:
    """Whether an iteration of this convolution is w ← w − η·c·Pᵀ·((a − t) ⊙ φ′(z)), φ′ 0 or 1, with P in the cache."""
    phi, conv = scenario.activation, scenario.conv
    size = scenario.targets[:, 0].size * (conv.weights[0].size + (conv.bias is not None))
    on_or_off = phi.plain_relu or phi.name == "linear"
    plain = scenario.optimizer.name == "sgd" and scenario.loss.factor is not None
    return plain and on_or_off and size <= LARGEST_MATRIX


@dataclass(frozen=True)
class Trail:
    """What a descent leaves behind, a row an iteration: w and ∂L/∂w [n, K], the bias last; z [n, M]."""

    weights: Array
    outputs: Array
    gradients: Array

    def keep(self, iteration: int, weights: Array, z: Array, gradient: Array) -> None:
        """An iteration's row."""
        self.weights[iteration], self.outputs[iteration], self.gradients[iteration] = weights, z, gradient


@dataclass(frozen=True)
class Descent:
    """Patches P [M, K], the bias apart, and targets t [M] of one filter; φ is ReLU or nothing; L = scale·Σe²."""

    patches: Array
    targets: Array
    relu: bool
    factor: float
    scale: float

    @staticmethod
    def of(scenario: Scenario, patches: Array) -> Descent:
        """From the patch matrix [M, K] of a scenario of one filter for which `is_straight` holds."""
        count, loss = scenario.targets.size, scenario.loss
        assert loss.factor is not None
        relu = scenario.activation.plain_relu
        return Descent(patches, scenario.targets.reshape(-1), relu, loss.factor(count), loss.scale(count))

    def trail(self, weights: Array, rate: float, iterations: int) -> Trail:
        """`iterations` steps of w [K], its bias last, in place; and what they leave behind."""
        rows, size = (iterations, weights.size), (iterations, len(self.targets))
        trail = Trail(np.empty(rows), np.empty(size), np.empty(rows))
        self.go(weights, rate, iterations, trail=trail)
        return trail

    def go(
        self,
        weights: Array,
        rate: float | Array,
        iterations: int,
        *,
        losses: Array | None = None,
        trail: Trail | None = None,
    ) -> None:
        """`iterations` steps of w [K], its bias last, in place; `losses`, where given, takes L before each update."""
        P, t = self.patches, self.targets
        w, b = weights[: P.shape[1]], weights[P.shape[1] :]  # b is empty where there is no bias
        z, a, e, slope = (np.empty(len(P)) for _ in range(4))
        gradient = np.empty_like(weights)
        products, total = gradient[: len(w)], gradient[len(w) :]
        forward, backward, squares = P.dot, e.dot, e.dot
        relu, factor, scale, biased = self.relu, self.factor, self.scale, b.size > 0
        zero, c, eta = np.array(0.0), np.array(factor), np.array(rate).reshape(())
        maximum, subtract, multiply, sign = np.maximum, np.subtract, np.multiply, np.sign
        for iteration in range(iterations):
            forward(w, z)
            if biased:
                np.add(z, b, out=z)
            if relu:
                maximum(z, zero, out=a)
                subtract(a, t, out=e)
            else:
                subtract(z, t, out=e)
            if losses is not None:
                losses[iteration] = scale * squares(e)
            if factor != 1:
                multiply(e, c, out=e)
            if relu:
                multiply(e, sign(a, out=slope), out=e)  # max(0, z) is positive exactly where relu′ is 1
            backward(P, products)
            if biased:
                total[0] = e.sum()
            if trail is not None:
                trail.keep(iteration, weights, z, gradient)
            multiply(gradient, eta, out=gradient)
            subtract(weights, gradient, out=weights)


FIRST, LONGEST = 8, 256
"""The shortest block that pays, for by itself one costs as much as six iterations of it; and the longest."""
MOST_NUMBERS = 2**16
"""What a block may hold: half a MiB. From some 1500 cells on, fresh memory costs more than a block of them saves."""


def goes_in_blocks(lesson: Lesson, values: Values) -> bool:
    """Plain descent of one small filter by its own steps, of which z and the gradients alone add anything up."""
    scenario = lesson.scenario
    match scenario.layers:
        case (Conv() as conv, ActivationLayer()) if len(conv.weights) == 1 and len(scenario.inputs) < BATCH:
            sent_back = any(step.role == "input_gradient" for step in lesson.steps if step.part is conv)
            return not (lesson.altered or sent_back) and is_straight(scenario) and _room(values) >= FIRST
    return False


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
    """The lengths of the blocks: as long as they may be; growing, where the number of iterations is not known."""
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
    count, done = len(trail.outputs), 0
    rows = {lesson.steps[0].name: trail.outputs, COUNT.name: before[COUNT.name] + np.arange(1, count + 1)}
    for one in lesson.trained:
        part = slice(done, done := done + before[one.leaf.name].size)
        rows[one.leaf.name] = trail.weights[:, part]
        rows[one.gradient] = lesson.scenario.sign * trail.gradients[:, part]
    kept = {name: array.reshape(count, *before[name].shape) for name, array in rows.items()}
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


@dataclass(frozen=True)
class Iteration:
    """One iteration: every quantity's values (all axes, read-only), and those of the next one, after its update.

    `loss` is L before the update, `loss_after` the one after it, `first_loss` the one that the run began with.
    """

    lesson: Lesson
    number: int
    values: Mapping[str, Array] = field(repr=False)
    following: Mapping[str, Array] = field(repr=False)
    loss: float
    loss_after: float
    first_loss: float

    def matrix(self, name: str) -> Array:
        """A step's or leaf's array with the axes that a learner sees; `InputError` where there is neither."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])

    def working(self, name: str, *cell: int) -> Working:
        """How one number of a step comes about; `cell` as a learner writes it: row, column.

        `InputError` where there is no such step, or no such cell in it.
        """
        step = self.lesson.step(name)
        return step.working(self.values, step.quantity.cell(cell, self.values[step.name]))

    def next(self) -> Iteration:
        """The iteration that this one's update leads to."""
        following, loss_after = _quietly(self.lesson, self.lesson.next_begin(self.following))
        number, values, loss = self.number + 1, self.following, self.loss_after
        return Iteration(self.lesson, number, values, following, loss, loss_after, self.first_loss)


def gradients(lesson: Lesson, values: Mapping[str, Array]) -> list[Array]:
    """∂L/∂w of everything that is trained, in the order of the steps: from the last layer to the first."""
    return [values[step.name] for step in lesson.steps if step.is_gradient]


def first_iteration(lesson: Lesson) -> Iteration:
    """Iteration 0: what the scenario's own weights give."""
    values, loss = _quietly(lesson, lesson.start)
    following, loss_after = _quietly(lesson, lesson.next_begin(values))
    return Iteration(lesson, 0, values, following, loss, loss_after, loss)


def trace(lesson: Lesson | Scenario, iterations: int | None = None) -> Iterator[Iteration]:
    """The iterations of a lesson, the first one numbered 0; without a number of them, for ever.

    `InputError` where the number is no whole one, 0 or more.

    >>> first = next(cnnstep.trace(cnnstep.scenario("first-filter")))
    >>> first.matrix("gradient").tolist(), first.loss, first.loss_after
    ([[2.0, -2.0], [0.0, 2.0]], 2.0, 1.5)
    """
    if iterations is not None and not (is_whole(iterations) and iterations >= 0):
        what = f"iterations must be a whole number, 0 or more, not {iterations!r}"
        raise InputError(Fault("value", what, "say how many, or leave it out"))
    return _trace(lesson if isinstance(lesson, Lesson) else lesson_of(lesson), iterations)


def _trace(lesson: Lesson, iterations: int | None) -> Iterator[Iteration]:
    first = first_iteration(lesson)
    on = _in_blocks(first, iterations) if goes_in_blocks(first.lesson, first.values) else _step_by_step(first)
    yield from islice(on, iterations)


def _step_by_step(iteration: Iteration) -> Iterator[Iteration]:
    while True:
        yield iteration
        iteration = iteration.next()


def _in_blocks(iteration: Iteration, iterations: int | None) -> Iterator[Iteration]:
    yield iteration
    lesson, first_loss = iteration.lesson, iteration.first_loss
    values, loss = iteration.following, iteration.loss_after
    more = None if iterations is None else iterations - 1
    for number, (following, loss_after) in enumerate(in_blocks(lesson, values, more), 1):
        yield Iteration(lesson, number, values, following, loss, loss_after, first_loss)
        values, loss = following, loss_after


def _quietly(lesson: Lesson, begin: Values) -> tuple[Mapping[str, Array], float]:
    """One iteration's values and loss. Overflow is no error: the numbers become infinite, and the findings say so."""
    with np.errstate(all="ignore"):
        values = lesson.carry_out(begin)
        return values, lesson.loss(values)
