"""The forecast: the run itself, carried on until its status is final or its patience ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import SMALLER, Status
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.engine.training.runs import run

LIMIT, SHORTEST, WORK = 3000, 20, 6 * 10**8
"""A run that is not decided by then is told as it stands; a large layer's sooner, after so many products."""
MOST_TRIED = 10**6
"""Products of an iteration beyond which a single run takes long enough, and no other is tried."""
FINAL: tuple[Status, ...] = ("converged", "settled", "stuck", "diverged")
OFTEN = 0.1
"""A loss that rises in more than this share of the last half of a run jumps, and does not merely stumble."""


@dataclass(frozen=True)
class Forecast:
    """`status` holds from `iteration` on; `losses` has one entry an iteration, from 0 to the last that was run.

    `values` are those of the filter at the end.
    """

    status: Status
    iteration: int
    lesson: Lesson
    values: Mapping[str, Array] = field(repr=False)
    losses: tuple[float, ...] = field(repr=False)

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
    def goes_nowhere(self) -> bool:
        """Whether the loss is still the first one, and was no larger on the way."""
        return self.status == "worse" and not self.rises

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
    return min(max(WORK // products(scenario), SHORTEST), LIMIT)


def products(scenario: Scenario) -> int:
    """The products of one iteration: forward, back, and the gradient."""
    weights = scenario.conv.weights
    return 3 * scenario.targets.size * (weights.size // len(weights))


def forecast(scenario: Scenario, limit: int) -> Forecast:
    """What becomes of the scenario in at most `limit` iterations."""
    trained = run(scenario, limit, losses=1)
    losses = tuple(float(loss) for loss in trained.losses)
    end = first_iteration(lesson_of(scenario.with_weights(trained.filters, trained.bias)))
    holds = trained.iteration if trained.status in FINAL else _since(losses)
    return Forecast(trained.status, holds, lesson_of(scenario), end.values, losses)


def _since(losses: tuple[float, ...]) -> int:
    """From where on the loss has been smaller than the first one, equal to it, or larger, as it is in the end."""
    side = [(loss < SMALLER * losses[0], loss > losses[0]) for loss in losses]
    return next((k + 1 for k in reversed(range(len(losses))) if side[k] != side[-1]), 0)


def revived(scenario: Scenario, iterations: int) -> dict[Cell, int]:
    """The cells that are dead at first and pass something back within so many iterations, and when."""
    lesson, phi = lesson_of(scenario), scenario.activation
    layout, found = lesson.quantity("forward").layout, dict[Cell, int]()
    dead = None
    for iteration in trace(lesson, iterations + 1) if phi.flat else ():
        alive = phi.slope(iteration.values["forward"]) != 0
        dead = ~alive if dead is None else dead
        for cell in zip(*(dead & alive).nonzero(), strict=True):
            found[layout.shown_cell(tuple(int(i) for i in cell))] = iteration.number
        dead = dead & ~alive
        if not dead.any():
            break
    return found
