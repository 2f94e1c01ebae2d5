"""The forecast: the run itself, carried on until its status is final or its patience ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.outcome import Status, judge
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace

LIMIT, SHORTEST, WORK = 3000, 50, 10**10
"""A run that is not decided by then is told as it stands; a large layer's sooner, after so many products."""
FINAL: tuple[Status, ...] = ("converged", "settled", "stuck", "diverged")
HOLD = 100
"""An optimizer with a memory can leave a standstill again: its status must hold so many iterations to be final."""
OFTEN = 0.1
"""A loss that rises in more than this share of the last half of a run jumps, and does not merely stumble."""


@dataclass(frozen=True)
class Forecast:
    """`status` holds from `iteration` on; `losses` has one entry an iteration, from 0 to the last that was run.

    `revived` has, for cells that are dead at first, the iteration at which they pass something back again.
    """

    status: Status
    iteration: int
    lesson: Lesson
    values: Mapping[str, Array] = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)
    revived: Mapping[Cell, int]

    @property
    def loss(self) -> float:
        """L where the forecast ends."""
        return self.losses[-1]

    @property
    def iterations(self) -> int:
        """How many updates were run."""
        return len(self.losses) - 1

    @property
    def final(self) -> bool:
        """Whether nothing more can happen."""
        return self.status in FINAL

    @property
    def rises(self) -> tuple[int, ...]:
        """The iterations whose update made the loss larger, beyond rounding."""
        return tuple(k for k, (before, after) in enumerate(pairwise(self.losses)) if after > before * (1 + 1e-9))

    @property
    def oscillates(self) -> bool:
        """Whether the loss rises and falls again and again, to the end of what was run."""
        half = self.iterations // 2
        late = sum(1 for k in self.rises if k >= half)
        often = max(OFTEN * (self.iterations - half), 2)
        return not self.final and often < late < self.iterations - half - often

    def matrix(self, name: str) -> Array:
        """A leaf's array at the end, such as the filter, with the axes that a learner sees."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])


def patience(scenario: Scenario) -> int:
    """How many iterations a forecast takes at most, unless told."""
    conv = scenario.conv
    products = 3 * scenario.targets.size * (conv.weights.size // len(conv.weights))
    return min(max(WORK // products, SHORTEST), LIMIT)


def forecast(scenario: Scenario, limit: int, done: Callable[[int], None] = lambda number: None) -> Forecast:
    """What becomes of the scenario in at most `limit` iterations; `done` hears the number of each."""
    lesson = lesson_of(scenario)
    hold = HOLD if scenario.optimizer.memory else 1
    status: Status = "improving"
    since, losses, first, gone = 0, list[float](), None, None
    revived: dict[Cell, int] = {}
    for iteration in _walk(lesson, limit):
        first = first or iteration
        losses.append(iteration.loss)
        _note_revived(first, iteration, revived)
        now = judge(lesson, iteration.values, iteration.loss, first)
        status, since = (now, iteration.number) if now != status else (status, since)
        gone = iteration.number if status == "converged" and gone is None else gone
        done(iteration.number)
        if status == "diverged" or (status in FINAL and iteration.number - since + 1 >= hold):
            break
    # on its way to rest a momentum may carry the loss past nothing and back: gone is gone from the first time on
    holds = gone if status == "converged" and gone is not None else since
    return Forecast(status, holds, lesson, iteration.values, tuple(losses), revived)


def _walk(lesson: Lesson, limit: int) -> Iterator[Iteration]:
    """The iterations from 0 to `limit`. The one place to put a faster way that keeps no record."""
    return trace(lesson, limit + 1)


def _note_revived(first: Iteration, iteration: Iteration, revived: dict[Cell, int]) -> None:
    """Notes the cells that were dead at first and now pass something back."""
    phi, layout = first.lesson.scenario.activation, first.lesson.quantity("forward").layout
    if not phi.flat:
        return
    back = (phi.slope(first.values["forward"]) == 0) & (phi.slope(iteration.values["forward"]) != 0)
    for cell in zip(*back.nonzero(), strict=True):
        revived.setdefault(layout.shown_cell(tuple(int(i) for i in cell)), iteration.number)
