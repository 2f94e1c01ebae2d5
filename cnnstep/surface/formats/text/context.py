"""What every block is drawn with: the room there is, how numbers are written and stand in columns, styles, wrapping."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from cnnstep.surface.screen import harmless, to_ascii
from cnnstep.tutor.numbers import Numbers


def aligned(numbers: Sequence[str], before: int = 0, after: int = 0) -> list[str]:
    """Written numbers with their decimal points (or exponents) under each other, all equally wide.

    At least `before` characters stand before the point and `after` from it on.
    """
    before, after = max(before, before_point(numbers)), max(after, after_point(numbers))
    parts = (_halves(number) for number in numbers)
    return [whole.rjust(before) + rest.ljust(after) for whole, rest in parts]


def before_point(numbers: Sequence[str]) -> int:
    """How wide the widest of them is before its decimal point."""
    return max((len(_halves(number)[0]) for number in numbers), default=0)


def after_point(numbers: Sequence[str]) -> int:
    """How wide the widest of them is from its decimal point on."""
    return max((len(_halves(number)[1]) for number in numbers), default=0)


def _halves(number: str) -> tuple[str, str]:
    """A written number up to its decimal point (or exponent), and from there on."""
    if number.endswith(("inf", "nan")):
        return number, ""
    at = min((number.find(sign) for sign in ".e" if sign in number), default=len(number))
    return number[:at], number[at:]


def spans(widths: Sequence[int], room: int, gap: int) -> list[tuple[int, int]]:
    """Which columns stand together: (first, one past the last), as few pieces as fit, as even as fits.

    A column that is wider than the room stands alone.
    """
    pieces = _greedy(widths, room, gap)
    share = -(-len(widths) // max(len(pieces), 1))
    even = [(first, min(first + share, len(widths))) for first in range(0, len(widths), max(share, 1))]
    fits = all(_total(widths[first:stop], gap) <= room for first, stop in even)
    return even if fits else pieces


def _total(widths: Sequence[int], gap: int) -> int:
    return sum(widths) + gap * (len(widths) - 1)


def _greedy(widths: Sequence[int], room: int, gap: int) -> list[tuple[int, int]]:
    pieces: list[tuple[int, int]] = []
    first = 0
    for stop in range(1, len(widths) + 1):
        if stop - first > 1 and _total(widths[first:stop], gap) > room:
            pieces.append((first, stop - 1))
            first = stop - 1
    pieces.append((first, len(widths)))
    return pieces


def shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int] | None:
    """Widths for columns that would like `natural` and need `least`; None where even that is too much.

    The widest column gives way first.
    """
    widths = list(natural)
    while sum(widths) > room:
        widest = max(range(len(widths)), key=lambda k: (widths[k] - least[k], k), default=None)
        if widest is None or widths[widest] <= least[widest]:
            return None
        widths[widest] -= 1
    return widths


Lines: TypeAlias = list[Text]
"""A drawn block: lines without line ends."""

GREY = "grey50"  # legible on black and on white, which "dim" is not everywhere
STYLES = {
    "plain": "",
    "good": "green4",
    "bad": "bold indian_red",
    "warn": "orange3",
    "quiet": GREY,
    "strong": "bold",
}
"""A style for each tone."""


@dataclass(frozen=True)
class TextContext:
    """The room that is left, and how text and numbers come out in it."""

    console: Console
    width: int
    numbers: Numbers
    ascii: bool = False

    def within(self, width: int) -> TextContext:
        """The same context in less room."""
        return replace(self, width=width)

    def clean(self, text: str) -> str:
        """Somebody's text on one line, safe to print here."""
        text = re.sub(r"[\t\n]", " ", harmless(text))
        return to_ascii(text) if self.ascii else text

    def number(self, value: float) -> str:
        """A number as the document writes it."""
        return self.numbers.text(value)

    def lines(self, text: str, style: str = "", first: str = "", rest: str | None = None) -> Lines:
        """Somebody's text wrapped to the width between words; a word that is too long is never cut.

        `first` stands before the first line, `rest` (as wide as `first`, unless told) before the others.
        """
        rest = " " * cell_len(first) if rest is None else rest
        drawn: Lines = []
        for paragraph in harmless(text).split("\n"):
            drawn += self._wrapped(self.clean(paragraph), style, first if not drawn else rest, rest)
        return drawn

    def _wrapped(self, text: str, style: str, first: str, rest: str) -> Lines:
        drawn: list[str] = []
        line = ""
        for space, word in re.findall(r"( *)([^ ]+)", text):
            ahead = rest if drawn else first
            if line and cell_len(ahead + line + space + word) > self.width:
                drawn.append(line)
                line = word
            else:
                line += space + word
        drawn.append(line)
        heads = [first, *[rest] * (len(drawn) - 1)]
        return [Text(head).append(line, style) for head, line in zip(heads, drawn, strict=True)]

    def table(self, table: RenderableType) -> Lines:
        """A Rich table as lines; it takes the room that it needs."""
        wide = self.console.options.update(width=100_000)
        rows = self.console.render_lines(table, wide, pad=False)
        return [Text.assemble(*((part.text, part.style or "") for part in row)) for row in rows]


def width_of(lines: Sequence[Text]) -> int:
    """The widest line, in columns of the terminal."""
    return max((line.cell_len for line in lines), default=0)


def indented(lines: Lines, by: int) -> Lines:
    """The lines moved to the right."""
    return [Text(" " * by) + line for line in lines]
