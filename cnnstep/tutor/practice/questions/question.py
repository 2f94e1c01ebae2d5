"""What an exercise asks, whatever its kind: how it is told, marked, hinted at, solved and explained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cnnstep.engine.quantity import Cell
from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.event import Kind


@dataclass(frozen=True)
class Marked:
    """An answer after marking: whether it is right, the mistakes that it was told, and what to show.

    `others` are mistakes that give the same numbers. `focus` is the first cell that is wrong: hints begin there.
    """

    right: bool
    blocks: tuple[Block, ...] = field(repr=False)
    mistakes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    focus: Cell | None = None


@dataclass(frozen=True)
class Wrong:
    """An answer that a misconception gives: the mistake's code, the answer as it would be typed, what to say to it."""

    code: str
    text: str
    words: str


class Question(Protocol):
    """One question. `shape` is that of the matrix to type; () where the answer is one number or a choice."""

    @property
    def kind(self) -> Kind:
        """What the answer is made of."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the answer."""

    @property
    def answer(self) -> str:
        """The right answer as it would be typed."""

    def asked(self) -> tuple[Block, ...]:
        """The question, and everything that is given."""

    def mark(self, text: str, style: Numbers) -> Marked:
        """What an answer is worth; `InputError` where it can't be read as one, which is no wrong answer."""

    def hint(self, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
        """1: where to look, 2: the idea, 3: a cell worked out, from the one in focus; 4, 5, … the next cells."""

    def solution(self, style: Numbers) -> tuple[Block, ...]:
        """The right answer, shown."""

    def explained(self, cell: Cell, style: Numbers) -> tuple[Block, ...]:
        """Where a number of the right answer comes from."""

    def wrongs(self) -> tuple[Wrong, ...]:
        """The answers that misconceptions give, each once."""

    def tells_apart(self) -> bool:
        """Whether each mistake that this question is about gives an answer of its own."""

    def by_hand(self) -> bool:
        """Whether it is worked by hand in some five minutes, and worth it: which made exercises have to be."""
