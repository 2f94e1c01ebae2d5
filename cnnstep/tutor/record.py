"""A run, recorded: the first and the last iteration, the losses, and where something happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cnnstep.engine.findings import run_code
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.status import Outcome, outcome
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.network.classes import Accuracies
from cnnstep.tutor.views import view_of


@dataclass(frozen=True)
class Event:
    """Something that happened at an iteration: a cell died or came back, the loss rose or went."""

    iteration: int
    loss: float
    text: str


@dataclass(frozen=True)
class Record:
    """`losses` has one entry more than there were iterations: the last is the loss after the last update.

    So has `accuracy`, where a network tells classes apart; `test_accuracy` is that of the samples held back, from the
    first iteration to after the last update. `interrupted` is a run that Ctrl-C ended.
    """

    lesson: Lesson
    first: Iteration
    last: Iteration
    kept: tuple[Iteration, ...]
    losses: tuple[float, ...]
    events: tuple[Event, ...]
    outcome: Outcome
    accuracy: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    interrupted: bool = False

    @property
    def iterations(self) -> int:
        """How many updates were made."""
        return self.last.number + 1


def record(
    iterations: Iterable[Iteration],
    keep: Callable[[int], bool] = lambda number: False,
    progress: Callable[[int], None] = lambda number: None,
) -> Record:
    """Takes in iterations, at least one; stops early where the numbers are no longer finite, and at Ctrl-C.

    What was done until then is kept; before the first iteration is over, Ctrl-C goes on to whoever called.
    """
    first = last = None
    interrupted = False
    kept: list[Iteration] = []
    losses: list[float] = []
    events: list[Event] = []
    watch: _Watch | None = None
    try:
        for iteration in iterations:
            first = first or iteration
            watch = watch or _Watch(iteration.lesson)
            losses.append(iteration.loss)
            if keep(iteration.number):
                kept.append(iteration)
            if happened := watch.happened(iteration):
                events.append(Event(iteration.number, iteration.loss, "; ".join(happened)))
            progress(iteration.number)
            last = iteration  # only now is it taken in whole
            if not math.isfinite(iteration.loss_after):
                break
    except KeyboardInterrupt:
        if last is None:
            raise
        interrupted = True
    if first is None or last is None or watch is None:
        raise ValueError("a run has at least one iteration")
    if interrupted:
        whole = last.number - first.number + 1
        del losses[whole:], watch.accuracies.training[whole:]
        kept = [one for one in kept if one.number <= last.number]
        events = [one for one in events if one.iteration <= last.number]
    losses.append(last.loss_after)
    watch.accuracies.look(last.following, last=True)
    training, held_back = tuple(watch.accuracies.training), tuple(watch.accuracies.held_back)
    ended = outcome(first, last)
    return Record(
        last.lesson, first, last, tuple(kept), tuple(losses), tuple(events), ended, training, held_back, interrupted
    )


class _Watch:
    """Looks at one iteration after another, and says what is new; it keeps no iteration."""

    def __init__(self, lesson: Lesson) -> None:
        self.cells = view_of(lesson.scenario).watch(lesson)
        self.accuracies = Accuracies(lesson)
        self.said: set[str] = set()
        self.risen = False

    def happened(self, iteration: Iteration) -> list[str]:
        """What has changed since the iteration before, and what holds for the first time."""
        self.accuracies.look(iteration.values)
        words, code = self.cells.changes(iteration), run_code(iteration)
        rises = code == "overshoot"
        words += ["the update makes the loss rise"] if rises and not self.risen else []
        ends = [*self.cells.stuck(iteration), *([ENDS[code]] if code in ENDS else [])]
        words += [end for end in ends if end not in self.said]
        self.said.update(words)
        self.risen = rises
        return words


ENDS = {"diverged": "the loss explodes", "converged": "the loss is gone"}
"""What is said of these, once, shorter than the finding itself says it."""
