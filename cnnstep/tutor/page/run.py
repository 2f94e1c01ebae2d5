"""A page's run: its losses, what happened, and of its numbers as many as there is room for."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Array, Cell, number
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.cards import CELL_BY_CELL, lesson_for, view_of
from cnnstep.tutor.present import one_sample
from cnnstep.tutor.record import Recording
from cnnstep.tutor.run import ending

MOST_STORED = 60_000
"""So many numbers of a run are stored, which is about a megabyte; more are worked out in the page, or left out."""
MOST_SHOWN = 40_000
"""So many numbers of one iteration a page can show; a browser gets slow with more."""
MOST_ITERATIONS = 10_000
"""So many iterations are told apart on a slider, and more."""
FEWEST = 40
"""So many iterations can be looked at, though a scenario asks for fewer."""
MOST_SAMPLES = 8
"""Of a larger batch a page shows one sample."""
MOST_CELLS = 400
"""Of a finding in so many cells or more only the first ones are named."""

Data = dict[str, Any]


@dataclass(frozen=True)
class PageRequest:
    """What a page shows: a lesson under its `name`, its iterations from 0 to the `last`, the one that it opens with."""

    lesson: Lesson
    name: str
    last: int
    shown: int = 0
    mistake: str = ""
    quiz: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The scenario's title, or its name."""
        return self.lesson.scenario.title or self.name

    @property
    def about(self) -> str:
        """What is trained, and how."""
        scenario = self.lesson.scenario
        trained = view_of(scenario).trained([layer.kind for layer in scenario.layers])
        return f"{trained}. Loss L = {scenario.loss.formula}, trained by {scenario.optimizer.name}."

    @property
    def sample(self) -> int | None:
        """The one sample of a large batch that is shown."""
        return 0 if len(self.lesson.scenario.inputs) > MOST_SAMPLES else None


def requested(
    scenario: Scenario,
    name: str,
    iterations: int | None = None,
    shown: int = 0,
    mistake: str = "",
    quiz: tuple[str, ...] = (),
) -> PageRequest:
    """The page of a scenario: without a number of iterations its own, `FEWEST` at least, and that which is shown."""
    last = iterations or max(scenario.iterations, FEWEST)
    if max(last, shown) > MOST_ITERATIONS:
        what = f"a page shows {MOST_ITERATIONS:,} iterations at most"
        raise InputError(Fault("usage", what, f"type: --iterations {MOST_ITERATIONS}"))
    name = "lesson" if name == "-" else name
    return PageRequest(lesson_for(scenario), name, max(last, shown), shown, mistake, quiz)


def run_of(asked: PageRequest, lesson: Lesson, done: Callable[[int], None]) -> tuple[Data, set[str]]:
    """The recorded run, and the codes of what was found in it."""
    recording, losses, stored = Recording(), [], _Stored(asked, lesson)
    for iteration in recording.taking(trace(lesson, asked.last), lambda n: False, done, lambda: False):
        losses.append(number(iteration.loss))
        stored.take(iteration)
    record = recording.whole
    stored.take(record.last.next())
    losses.append(number(record.outcome.loss))
    run = {
        "last": record.iterations,
        "losses": losses,
        **stored.data(record.iterations),
        "events": [[event.iteration, event.text] for event in record.events],
        "ending": ending(record)[0],
    }
    return run, stored.codes


def check_size(count: int) -> None:
    """A fault where an iteration has more numbers than a page can show."""
    if count > MOST_SHOWN:
        what = f"an iteration of this scenario has {count:,} numbers, and a page shows {MOST_SHOWN:,} at most"
        raise InputError(Fault("too-large", what, "cut the input down, or look at it with: cnnstep step --only"))


class _Stored:
    """Takes in iterations, and keeps of each what there is room for."""

    def __init__(self, asked: PageRequest, lesson: Lesson) -> None:
        self.asked, self.lesson = asked, lesson
        self.names, self.every = self._choice()
        self.kept: list[int] = []
        self.values: dict[str, list[Array]] = {name: [] for name in self.names}
        self.found: list[list[Any]] = []
        self.messages: dict[str, int] = {}
        self.codes: set[str] = set()

    def _choice(self) -> tuple[list[str], int]:
        """Whose numbers are stored, and of one iteration in how many."""
        first = self._seen(next(trace(self.lesson, 1)))
        check_size(sum(first.values[name].size for name in ("input", *self.lesson.names)))
        steps = list(dict.fromkeys(self.lesson.names))
        leaves = [leaf for leaf, _ in self.lesson.carried]
        sizes = {name: first.values[name].size for name in (*steps, *leaves)}
        count = self.asked.last + 1
        if sum(sizes[name] for name in steps) * count <= MOST_STORED:
            return steps, 1
        if self.asked.sample is None and not self.lesson.altered:
            return leaves, max(1, -(-sum(sizes[name] for name in leaves) * count // MOST_STORED))
        return [*steps, *leaves], max(1, -(-sum(sizes.values()) * count // MOST_STORED))

    def _seen(self, iteration: Iteration) -> Iteration:
        return iteration if self.asked.sample is None else one_sample(iteration, self.asked.sample)

    def take(self, iteration: Iteration) -> None:
        """One iteration more."""
        if iteration.number % self.every and iteration.number not in (self.asked.shown, self.asked.last):
            return
        seen = self._seen(iteration)
        self.kept.append(iteration.number)
        for name, arrays in self.values.items():
            arrays.append(seen.values[name])
        found = [self._packed(finding) for finding in self._findings(iteration, seen)]
        self.found.append(found)

    def _findings(self, iteration: Iteration, seen: Iteration) -> list[Finding]:
        if seen is iteration:
            return findings(iteration)
        whole = [one for one in findings(iteration) if one.code not in CELL_BY_CELL]
        return [*(one for one in findings(seen) if one.code in CELL_BY_CELL), *whole]

    def _packed(self, finding: Finding) -> list[Any]:
        self.codes.add(finding.code)
        place = self.messages.setdefault(finding.message, len(self.messages))
        cells: list[Cell] = list(finding.cells[: 1 if len(finding.cells) > MOST_CELLS else None])
        return [finding.code, finding.step, place, int(finding.harmless), cells]

    def data(self, last: int) -> Data:
        """What was kept: the same numbers as before are a 0."""
        kept = {} if len(self.kept) == last + 1 else {"kept": self.kept}
        values = {name: list(_packed(arrays)) for name, arrays in self.values.items()}
        return {**kept, "values": values, "findings": self.found, "messages": list(self.messages)}


def _packed(arrays: list[Array]) -> Iterator[list[Any] | int]:
    """The arrays as flat lists; one that is equal to the one before is 0."""
    for before, array in pairwise([None, *arrays]):
        assert array is not None
        same = before is not None and np.array_equal(before, array)
        yield 0 if same else [_plain(value) for value in array.ravel().tolist()]


def _plain(value: float) -> int | float | str | None:
    """A number as JSON has it; one that is not finite by its name."""
    return number(value) if math.isfinite(value) else str(value)
