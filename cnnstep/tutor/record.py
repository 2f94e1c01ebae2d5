"""A run, recorded: the first and the last iteration, the losses, and where something happened."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from cnnstep.engine.findings import run_code
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.status import Accuracies, Outcome, outcome
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.cards import view_of

MOST_KEPT = 10_000
"""Losses, and events, of the beginning and of the end each: more than fit on any screen."""


@dataclass(frozen=True)
class RunEvent:
    """Something that happened at an iteration: a cell died or came back, the loss rose or went."""

    iteration: int
    loss: float
    text: str


@dataclass(frozen=True)
class Record:
    """`losses` has one entry more than there were iterations: the last is the loss after the last update.

    Of very many, every second one, or fourth … is there, the first and the last always.

    So has `accuracy`, where a network tells classes apart; `test_accuracy` is that of the samples held back, from the
    first iteration to after the last update. `interrupted` is a run that Ctrl-C ended.
    """

    lesson: Lesson
    first: Iteration
    last: Iteration
    kept: tuple[Iteration, ...]
    losses: tuple[float, ...]
    events: tuple[RunEvent, ...]
    outcome: Outcome
    accuracy: tuple[float, ...] = ()
    test_accuracy: tuple[float, ...] = ()
    events_left_out: int = 0
    interrupted: bool = False

    @property
    def iterations(self) -> int:
        """How many updates were made."""
        return self.last.number - self.first.number + 1


def record(
    iterations: Iterable[Iteration],
    keep: Callable[[int], bool] = lambda number: False,
    progress: Callable[[int], None] = lambda number: None,
    stop: Callable[[], bool] = lambda: False,
) -> Record:
    """Takes in iterations, at least one; ends early where the numbers are no longer finite, or once `stop` says so."""
    recording = Recording()
    for _ in recording.taking(iterations, keep, progress, stop):
        pass
    return recording.whole


class Recording:
    """A run while it is taken in. It holds no more for a million iterations than for as many as are listed.

    Losses and events beyond what anyone looks at are thinned out: the
    losses evenly, and of the events the first and the last remain.
    """

    def __init__(self) -> None:
        self._kept: list[Iteration] = []
        self._first: Iteration | None = None
        self._last: Iteration | None = None
        self._losses: list[float] = []
        self._stride = 1
        self._events: list[RunEvent] = []
        self._latest: deque[RunEvent] = deque(maxlen=MOST_KEPT)
        self._event_count = 0
        self._watch: _RunWatch | None = None
        self._interrupted = False

    def taking(
        self,
        iterations: Iterable[Iteration],
        keep: Callable[[int], bool],
        progress: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> Iterator[Iteration]:
        """The iterations as they come, each recorded before it is passed on; `keep` says which are kept whole."""
        for iteration in iterations:
            self._take(iteration)
            if keep(iteration.number):
                self._kept.append(iteration)
            yield iteration
            progress(iteration.number)
            if not math.isfinite(iteration.loss_after):
                return
            if stop():
                self._interrupted = True
                return

    def _take(self, iteration: Iteration) -> None:
        self._first, self._last = self._first or iteration, iteration
        self._watch = self._watch or _RunWatch(iteration.lesson)
        if (iteration.number - self._first.number) % self._stride == 0:
            self._losses.append(iteration.loss)
        if len(self._losses) > 2 * MOST_KEPT:
            self._losses, self._stride = self._losses[::2], 2 * self._stride
        if happened := self._watch.happened(iteration):
            event = RunEvent(iteration.number, iteration.loss, "; ".join(happened))
            (self._events if len(self._events) < MOST_KEPT else self._latest).append(event)
            self._event_count += 1

    @cached_property
    def whole(self) -> Record:
        """What was taken in, for once it is over; ValueError before the first iteration."""
        first, last, watch = self._first, self._last, self._watch
        if first is None or last is None or watch is None:
            raise ValueError("a run has at least one iteration")
        watch.accuracies.look(last.following, last=True)
        events = (*self._events, *self._latest)
        return Record(
            last.lesson,
            first,
            last,
            tuple(self._kept),
            (*self._losses, last.loss_after),
            events,
            outcome(first, last),
            tuple(watch.accuracies.training),
            tuple(watch.accuracies.held_back),
            self._event_count - len(events),
            self._interrupted,
        )


class _RunWatch:
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
