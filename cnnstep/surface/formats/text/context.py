"""What every block is drawn with: the room there is, the way numbers are written, styles, and wrapping by words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.text import Text

from cnnstep.surface.symbols import harmless, to_ascii
from cnnstep.tutor.numbers import Numbers

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
