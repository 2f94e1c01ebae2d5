"""Questions whose answer is one number or one of several choices, with everything that is said about them worked out.

`hints` are where to look, the idea, and the worked way, which ends with the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cnnstep.engine.quantity import Cell
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Block, Command, Note, Paragraph
from cnnstep.tutor.numbers import AS_USUAL, Numbers, listed
from cnnstep.tutor.practice.history import Kind
from cnnstep.tutor.practice.questions.fit import refuse_coarse, tolerance_for
from cnnstep.tutor.practice.questions.question import Marked, Wrong
from cnnstep.tutor.typed import EXACT, Typed, read_matrix

ALONE = "type it alone: a number with a point, or a fraction such as 22/7"
Hints = tuple[tuple[Block, ...], tuple[Block, ...], tuple[Block, ...]]


class PlainQuestion:
    """What both kinds share: one number is typed, and the hints tell all there is to tell."""

    hints: Hints

    @property
    def shape(self) -> tuple[int, ...]:
        """One number."""
        return ()

    def hint(self, number: int, focus: Cell | None, style: Numbers) -> tuple[Block, ...]:
        """The hint of this strength; the third is the last."""
        return self.hints[min(number, 3) - 1]

    def solution(self, style: Numbers) -> tuple[Block, ...]:
        """The worked way."""
        return self.hints[2]

    def explained(self, cell: Cell, style: Numbers) -> tuple[Block, ...]:
        """The worked way."""
        return self.hints[2]

    def blurred(self, most: int, first: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Whoever makes such a question sees to that."""
        return ()


class WrongNumber(NamedTuple):
    """The number that a misconception gives, what to say to it, and the mistake's code where it has one."""

    value: float
    words: str
    code: str = ""


@dataclass(frozen=True)
class NumberQuestion(PlainQuestion):
    """A number that is no step's. `wrong` are the numbers that misconceptions give, each with what to say to it and,
    where it has one, its code. `proved`: the number was found on a second way too.
    """

    given: tuple[Block, ...] = field(repr=False)
    task: str
    right: float
    hints: Hints = field(repr=False)
    wrong: tuple[WrongNumber, ...] = field(default=(), repr=False)
    proved: bool = True

    @property
    def tells(self) -> tuple[str, ...]:
        """The mistakes that give a number of their own."""
        return tuple(dict.fromkeys(one.code for one in self.wrong if one.code))

    @property
    def kind(self) -> Kind:
        """A number."""
        return "number"

    @property
    def answer(self) -> str:
        """The right number as it would be typed."""
        return Numbers(6).text(self.right)

    def asked(self, everything: bool = False) -> tuple[Block, ...]:
        """What is given."""
        return self.given

    def mark(self, text: str, style: Numbers) -> Marked:
        """Whether it is the number, and if not, what gives the one that was typed."""
        rows = read_matrix(text)
        if (len(rows), len(rows[0])) != (1, 1):
            raise InputError(Fault("size", "one number is asked for", ALONE))
        typed = rows[0][0]
        if Typed(typed.value, float(tolerance_for(self.answer, typed.tolerance))).fits(self.right):
            refuse_coarse(typed.value, typed.tolerance, self.right)
            return Marked(True, (Paragraph("Right.", "good"),))
        told = [one for one in self.wrong if typed.fits(one.value)]
        words = told[0].words if told else "No mistake known here gives this number."
        codes = tuple(one.code for one in told[:1] if one.code)
        note: Block = Note(codes[0], words) if codes else Paragraph(words)
        return Marked(False, (Paragraph("Not this number.", "warn"), note), codes)

    def wrongs(self) -> tuple[Wrong, ...]:
        """What misconceptions give."""
        return tuple(Wrong(one.code, Numbers(6).text(one.value), one.words) for one in self.wrong)

    def fits(self, level: int) -> bool:
        """Whether it is proved, and no misconception gives the same number as it or as another."""
        values = (self.right, *(one.value for one in self.wrong))
        apart = all(abs(a - b) > 1e-3 * max(abs(a), EXACT) for i, a in enumerate(values) for b in values[:i])
        return self.proved and apart


@dataclass(frozen=True)
class Offered:
    """One choice: its words, what to say when it was chosen and is wrong, and the mistake that it stands for."""

    text: str
    reply: tuple[Block, ...] = field(default=(), repr=False)
    code: str = ""


@dataclass(frozen=True)
class ChoiceQuestion(PlainQuestion):
    """One of several choices, counted from 1 as they are shown; `right` is its number.

    `proved`: that it alone is right was found on a second way too.
    """

    given: tuple[Block, ...] = field(repr=False)
    task: str
    options: tuple[Offered, ...]
    right: int
    hints: Hints = field(repr=False)
    proved: bool = True

    @property
    def kind(self) -> Kind:
        """A choice."""
        return "choice"

    @property
    def answer(self) -> str:
        """The right choice's number."""
        return str(self.right)

    def asked(self, everything: bool = False) -> tuple[Block, ...]:
        """What is given, and the choices."""
        return (*self.given, *(Command(str(number), option.text) for number, option in enumerate(self.options, 1)))

    def mark(self, text: str, style: Numbers) -> Marked:
        """Whether it is this choice; else what would have to be so if it were."""
        number = self._chosen(text)
        if number == self.right:
            return Marked(True, (Paragraph("Right.", "good"),))
        reply = self.options[number - 1].reply
        return Marked(False, (Paragraph(f"Not {number}.", "warn"), *reply))

    def _chosen(self, text: str) -> int:
        """A choice by its number, its code or its words."""
        word = text.strip().strip(".)(").lower()
        for number, option in enumerate(self.options, 1):
            if word and word in (str(number), option.code, option.text.lower()):
                return number
        numbers = listed([str(number) for number in range(1, len(self.options) + 1)], "or")
        raise InputError(Fault("choice", f'"{text.strip()[:40]}" is none of the choices', f"type {numbers}"))

    def wrongs(self) -> tuple[Wrong, ...]:
        """The other choices."""
        return tuple(
            Wrong(option.code, str(number), _words(option))
            for number, option in enumerate(self.options, 1)
            if number != self.right
        )

    def fits(self, level: int) -> bool:
        """Whether it is proved, and every choice has other words."""
        return self.proved and len({option.text for option in self.options}) == len(self.options)


def _words(option: Offered) -> str:
    return " ".join(block.text for block in option.reply if isinstance(block, Paragraph))


def so_it_is(answer: float | int) -> Paragraph:
    """The last line of a worked way."""
    return Paragraph(f"So it is {AS_USUAL.text(float(answer))}.", "strong")
