"""The board: which matrices of an iteration are shown together, in which order, and what each is called.

Forward, in the order in which data flows; backward, in the order in which the gradient comes back. `page` and every
other screen that shows the whole chain read it here.
"""

from __future__ import annotations

from dataclasses import dataclass

from cnnstep.engine.lesson import Lesson
from cnnstep.engine.optimizers import COUNT, Slot
from cnnstep.engine.quantity import Quantity
from cnnstep.engine.step import Step
from cnnstep.tutor.cards import view_of
from cnnstep.tutor.sentences import meaning_of, title_of

LEAF_WORDS = {"input": "input", "target": "target", "filter": "filter", "bias": "bias", "weights": "weights"}
"""What a leaf is called in a word, by its own name or the last part of it."""
LEAF_MEANINGS = {
    "input": "the numbers that the lesson begins with",
    "target": "what the output should become",
    "filter": "the weights: one for each place of the window, and trained",
    "weights": "what the layer has learned so far, and what is trained",
    "bias": "a number that is added to every output, and trained",
}


@dataclass(frozen=True)
class BoardMatrix:
    """One quantity on the board: its `word`, what its numbers mean, and the step that works it out, if one does."""

    quantity: Quantity
    word: str
    meaning: str
    step: Step | None = None

    @property
    def name(self) -> str:
        """The quantity's name."""
        return self.quantity.name

    @property
    def remembered(self) -> bool:
        """Whether it is an optimizer's memory, which a screen with little room may leave for later."""
        return self.quantity.kind == "memory" or (self.step is not None and self.step.role == "memory")


@dataclass(frozen=True)
class Station:
    """A stop on the way: the input, a layer, or the loss; what is worked out there forward, and what backward."""

    title: str
    forward: tuple[BoardMatrix, ...]
    backward: tuple[BoardMatrix, ...]


@dataclass(frozen=True)
class Board:
    """The stations from the input to the loss. A `layered` one, a network's, is read layer by layer."""

    stations: tuple[Station, ...]
    layered: bool

    @property
    def matrices(self) -> tuple[BoardMatrix, ...]:
        """All of them: forward from the first station to the last, then backward from the last to the first."""
        there = (one for station in self.stations for one in station.forward)
        back = (one for station in reversed(self.stations) for one in station.backward)
        return (*there, *back)


def board_of(lesson: Lesson) -> Board:
    """The board of a lesson: each of its steps stands on it once, and so does each of its leaves but the count."""
    leaves = {leaf.name: leaf for leaf in lesson.leaves if leaf.name != COUNT.name}
    source, target = leaves.pop("input"), leaves.pop("target")
    stations = [Station("input", (_leaf(source),), ())]
    for at in lesson.layers:
        own = [step for step in lesson.steps if step.part is at.layer]
        slots = [s for s in lesson.steps if isinstance(s.part, Slot) and s.part.parameter in at.leaves]
        read = dict.fromkeys(leaf.name for step in slots for leaf in step.inputs if leaf.kind == "memory")
        remembered = [leaves[name] for name in read if name in leaves]
        forward = (*map(_leaf, at.leaves), *(_made(s) for s in own if s.role == "forward"))
        backward = [_made(step) for step in own if step.role != "forward"]
        stations.append(Station(at.name, forward, (*backward, *map(_leaf, remembered), *map(_made, slots))))
    loss = Station("loss", (_leaf(target),), (_made(lesson.step("error")),))
    return Board((*stations, loss), view_of(lesson.scenario).layered)


def _made(step: Step) -> BoardMatrix:
    title = title_of(step).partition(": ")[2] or title_of(step)
    return BoardMatrix(step.quantity, title[:1].lower() + title[1:], meaning_of(step), step)


def _leaf(leaf: Quantity) -> BoardMatrix:
    kind = leaf.name.rpartition(".")[2]
    if leaf.kind == "memory":
        return BoardMatrix(leaf, "remembered", "what the optimizer remembers of the iteration before")
    return BoardMatrix(leaf, LEAF_WORDS[kind], LEAF_MEANINGS[kind])
