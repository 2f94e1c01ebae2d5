"""A run, recorded: the first and the last iteration, the losses, and where something happened."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.outcome import Outcome, outcome
from cnnstep.engine.quantity import Cell, bracketed
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import listed


@dataclass(frozen=True)
class Event:
    """Something that happened at an iteration: a cell died or came back, the loss rose or went."""

    iteration: int
    loss: float
    text: str


@dataclass(frozen=True)
class Record:
    """`losses` has one entry more than there were iterations: the last is the loss after the last update."""

    lesson: Lesson
    first: Iteration
    last: Iteration
    kept: tuple[Iteration, ...]
    losses: tuple[float, ...]
    events: tuple[Event, ...]
    outcome: Outcome

    @property
    def iterations(self) -> int:
        """How many updates were made."""
        return self.last.number + 1


def record(
    iterations: Iterable[Iteration],
    keep: Callable[[int], bool] = lambda number: False,
    progress: Callable[[int], None] = lambda number: None,
) -> Record:
    """Takes in iterations, at least one; stops early only where the numbers are no longer finite."""
    first = last = None
    kept: list[Iteration] = []
    losses: list[float] = []
    events: list[Event] = []
    dead: dict[str, set[Cell]] | None = None
    said: set[str] = set()
    risen = False
    for iteration in iterations:
        first, last = first or iteration, iteration
        losses.append(iteration.loss)
        if keep(iteration.number):
            kept.append(iteration)
        found = findings(iteration)
        now = {f.step: set(f.cells) for f in found if f.code == "dead-relu"}
        rises = any(f.code == "overshoot" for f in found)
        happened = _changes(dead, now) + (["the update makes the loss rise"] if rises and not risen else [])
        happened += [words for words in _ends(found) if words not in said]
        said.update(happened)
        if happened:
            events.append(Event(iteration.number, iteration.loss, "; ".join(happened)))
        dead, risen = now, rises
        progress(iteration.number)
        if not math.isfinite(iteration.loss_after):
            break
    if first is None or last is None:
        raise ValueError("a run has at least one iteration")
    losses.append(last.loss_after)
    return Record(last.lesson, first, last, tuple(kept), tuple(losses), tuple(events), outcome(first, last))


def _changes(before: dict[str, set[Cell]] | None, now: dict[str, set[Cell]]) -> list[str]:
    """Which cells died and which came back since the last iteration."""
    if before is None:
        return []
    changes = []
    for step in sorted(before.keys() | now.keys()):
        was, is_now = before.get(step, set()), now.get(step, set())
        for cells, word in ((is_now - was, "died"), (was - is_now, "came back")):
            if cells:
                names = listed([bracketed(cell) for cell in sorted(cells)[:6]])
                more = f" and {len(cells) - 6} more" if len(cells) > 6 else ""
                changes.append(f"{names}{more} {word}")
    return changes


ENDS = {
    "all-dead": "every cell is dead: nothing will change any more",
    "diverged": "the numbers run away",
    "converged": "the loss is gone",
}


def _ends(found: list[Finding]) -> list[str]:
    """What is said once, when it first holds."""
    return [ENDS[f.code] for f in found if f.code in ENDS and (f.blocked or f.code != "all-dead")]
