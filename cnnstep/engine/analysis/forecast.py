"""The forecast: the run itself, carried on until its status is final or its patience ends; remedies, each tried so."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.analysis.curvature import patch_matrix, reach
from cnnstep.engine.analysis.solutions import Solutions, solve
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import SMALLER, Status
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.engine.training.runs import run

LIMIT, SHORTEST, WORK = 3000, 20, 6 * 10**8
"""Iterations after which an undecided run is told as it stands: `LIMIT`, or, for a large layer, `WORK` products but
`SHORTEST` at least."""
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
        """A leaf's array at the end, with the axes that a learner sees; `InputError` where there is none."""
        quantity = self.lesson.quantity(name)
        return quantity.layout.show(self.values[quantity.name])


def patience(scenario: Scenario) -> int:
    """How many iterations a forecast takes at most where no limit is given."""
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
    """The iteration from which the loss stays on the side of the first one where it ends: below, equal or above."""
    side = [(loss < SMALLER * losses[0], loss > losses[0]) for loss in losses]
    return next((k + 1 for k in reversed(range(len(losses))) if side[k] != side[-1]), 0)


def revived(scenario: Scenario, iterations: int) -> dict[Cell, int]:
    """The cells that are dead at first and pass something back within `iterations`, and at which iteration."""
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


Change: TypeAlias = Literal["rate", "activation", "start"]

PLAIN = (1.0, 2.0, 2.5, 5.0)
"""Rates are tried at these numbers, times a power of ten: they are easy to type."""
MOST_RATES = 5
MOST_TRIALS = MOST_RATES + 2 + 4
"""Two more of another activation, and four of another start."""
SLOPE = 0.1
"""The leaky_relu that is tried: what the shipped scenario uses."""
SEEDS = (1, 2)
SHORT = 1000
"""A trial takes so many iterations at most."""
FAR = 1e-3
"""A loss that is down to this share of the first, and falls on, is on its way."""


@dataclass(frozen=True)
class Trial:
    """One thing changed, and what becomes of it.

    `helps`: the loss goes where its scenario lets it go, or is well on its way there, and ends below that of the
    run as it is.
    """

    change: Change
    what: str
    scenario: Scenario
    forecast: Forecast
    helps: bool


def arrives(run: Forecast, solutions: Solutions) -> bool:
    """Whether a run ends with the loss gone, or at the least that there is."""
    if run.status == "converged":
        return True
    return run.status == "settled" and run.loss <= solutions.floor * (1 + 1e-6)


def remedies(own: Forecast, solutions: Solutions, stable: float | None, limit: int) -> Iterator[Trial]:
    """Trials, each made when it is asked for; each kind of change up to the first that helps.

    A run that arrives needs none, unless its target is out of reach. One thing is changed at a time; only another
    activation may need the rate that was found first as well.
    """
    scenario, limit = own.lesson.scenario, min(limit, SHORT)
    if nears_a_bound(own, solutions) or products(scenario) > MOST_TRIED:
        return
    if arrives(own, solutions):
        rates = (scenario.learning_rate, *_below(scenario.learning_rate)[:1]) if solutions.unreachable.any() else ()
        yield from _activations(own, solutions, rates, limit)
        return
    moves = own.iteration > 0 or own.status not in ("stuck", "settled")
    best = next(iter(_below(scenario.learning_rate)), scenario.learning_rate)
    for trial in _rates(own, solutions, stable, limit) if moves else ():
        best = trial.scenario.learning_rate if trial.helps else best
        yield trial
    yield from _activations(own, solutions, (scenario.learning_rate, best), limit)
    if own.status != "diverged":  # a bowl is as steep from wherever one starts
        yield from _up_to_the_first(_start(own, solutions, *named, limit) for named in _starts(scenario))


def well_on_its_way(run: Forecast) -> bool:
    """Whether the loss is down to next to nothing, and falls on."""
    return run.status == "improving" and not run.oscillates and run.loss <= FAR * run.losses[0]


def nears_a_bound(own: Forecast, solutions: Solutions) -> bool:
    """Whether all that is in the way is a bound that φ comes as near as one likes."""
    phi, targets = own.lesson.scenario.activation, own.lesson.scenario.targets[solutions.unreachable]
    at_bound = phi.open_range and targets.size > 0 and bool(((targets >= phi.low) & (targets <= phi.high)).all())
    return at_bound and own.status in ("improving", "settled") and not own.oscillates


def _up_to_the_first(tried: Iterable[Trial | None]) -> Iterator[Trial]:
    """The trials one after another, the first that helps being the last."""
    for trial in tried:
        if trial is not None:
            yield trial
            if trial.helps:
                return


def _rates(own: Forecast, solutions: Solutions, stable: float | None, limit: int) -> Iterator[Trial]:
    """Smaller rates; where the loss only creeps, larger ones up to the stable one; both where it stays as it is."""
    scenario = own.lesson.scenario
    creeps = own.status == "improving" and not own.oscillates
    smaller = [] if creeps else _below(scenario.learning_rate)
    larger = _above(scenario.learning_rate) if creeps or own.goes_nowhere else []
    factor = reach(scenario.optimizer)
    top = math.inf if stable is None or factor is None else stable * factor
    rates = [*smaller, *(rate for rate in larger if rate < top)]

    def tried(rate: float) -> Trial:
        changed = replace(scenario, learning_rate=rate)
        return _trial("rate", f"learning_rate {rate:g}", changed, own, solutions, limit)

    return _up_to_the_first(tried(rate) for rate in rates)


def _plain_rates() -> list[float]:
    return [float(f"{digit}e{power}") for power in range(-12, 7) for digit in PLAIN]


def _below(rate: float) -> list[float]:
    return [plain for plain in reversed(_plain_rates()) if plain < rate * (1 - 1e-9)][:MOST_RATES]


def _above(rate: float) -> list[float]:
    return [plain for plain in _plain_rates() if plain > rate * (1 + 1e-9)][:MOST_RATES]


def _activations(own: Forecast, solutions: Solutions, rates: tuple[float, ...], limit: int) -> Iterator[Trial]:
    """leaky_relu, where relu clips or the target is out of reach; to help it must get below the loss that stays."""
    scenario = own.lesson.scenario
    if scenario.loss.only_with or not (scenario.activation.flat or solutions.unreachable.any()):
        return iter(())
    layers = (scenario.conv, ActivationLayer(ACTIVATIONS["leaky_relu"](slope=SLOPE)))

    def tried(rate: float) -> Trial:
        changed = replace(scenario, layers=layers, learning_rate=rate)
        theirs = solve(lesson_of(changed), patch_matrix(changed))
        what = f"leaky_relu, slope {SLOPE:g}; learning_rate {rate:g}"
        trial = _trial("activation", what, changed, own, theirs, limit)
        return replace(trial, helps=trial.helps or falls_below(trial.forecast, own))

    return _up_to_the_first(tried(rate) for rate in rates)


def falls_below(run: Forecast, own: Forecast) -> bool:
    """Whether a run's loss is below that of a run that has ended, and still falling."""
    return own.final and run.status == "improving" and not run.oscillates and _lower(run, own)


def _starts(scenario: Scenario) -> Iterator[tuple[str, Array]]:
    """Other filters to begin with: every sign turned, a single 1, and drawn ones."""
    weights = scenario.conv.weights
    corner = np.zeros_like(weights)
    corner[..., 0, 0] = 1.0
    yield "start: the filter with all signs changed", -weights
    yield "start: a single 1 in the corner", corner
    spread = math.sqrt(2.0 / math.prod(weights.shape[1:]))
    for seed in SEEDS:
        drawn = np.random.default_rng(seed).normal(0.0, spread, weights.shape)
        yield f"start: random weights, seed {seed}", drawn.round(2)


def _start(own: Forecast, solutions: Solutions, what: str, start: Array, limit: int) -> Trial | None:
    trial = _trial("start", what, own.lesson.scenario.with_weights(start), own, solutions, limit)
    # to begin with the answer is no way to learn it
    return None if trial.forecast.status == "converged" and trial.forecast.iteration == 0 else trial


def _trial(change: Change, what: str, scenario: Scenario, own: Forecast, solutions: Solutions, limit: int) -> Trial:
    run = forecast(scenario, limit)
    goes = arrives(run, solutions) or well_on_its_way(run)
    return Trial(change, what, scenario, run, goes and _lower(run, own))


def _lower(run: Forecast, own: Forecast) -> bool:
    """Whether a trial ends with a lower loss than the run as it is, which may have ended in no number at all."""
    return not own.loss <= run.loss
