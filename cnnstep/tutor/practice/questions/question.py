"""What an exercise asks, whatever its kind: how it is told, marked, hinted at, solved, explained and proved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cnnstep.engine.quantity import Cell
from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.history import Kind


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

    @property
    def task(self) -> str:
        """What is to be done, in one sentence: it stands above the prompt as long as it is not."""

    def asked(self, everything: bool = False) -> tuple[Block, ...]:
        """What is given: what the answer is made of, and with `everything` the rest of the lesson after it."""

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

    def blurred(self, most: int, first: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The mistakes that this question is about and that don't have an answer of their own, or are not told by it:
        `most` of them are enough, and those in `first` are looked at first.
        """

    def fits(self, level: int) -> bool:
        """Whether it can be set: its answer is proved on a second way, shows something, and is worked by hand in the
        minutes that a question of this level may take.
        """
