r"""Markdown that GitHub, Quarto and MyST read: formulas as `$$…$$`, matrices as tables. Text is text, never markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from cnnstep.surface.formats import Answer
from cnnstep.surface.screen import Screen, harmless
from cnnstep.surface.typeset.maths import tex
from cnnstep.surface.typeset.page import Rows, one_line, parts
from cnnstep.tutor.document import Document

DEEPEST = 6
BOX = "&nbsp;" * 9
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#$|~^&@])")
_AT_THE_BEGINNING = re.compile(r"^(\s*)([-+=:!%]|\d+(?=[.)]))")


def write(answer: Answer, screen: Screen) -> Iterator[str]:
    """The answer as a Markdown document."""
    blocks = parts(Document(answer.blocks(), answer.numbers), Markdown())
    yield "\n\n".join(part for part in blocks if part) + "\n"


def escaped(text: str) -> str:
    """The text with a backslash before each sign that Markdown, or one of its kinds, reads as its own."""
    plain = cell(text)
    found = _AT_THE_BEGINNING.match(plain)
    return _AT_THE_BEGINNING.sub(r"\1\\\2", plain) if found and not found[2].isdigit() else _numbered(plain)


def cell(text: str) -> str:
    """The same where no line begins: in a table's cell a minus sign is none of a list."""
    return _MARKUP.sub(r"\\\1", one_line(harmless(text)))


def _numbered(text: str) -> str:
    """`1. x` begins no list."""
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", text)


class Markdown:
    """How Markdown spells the parts of a page."""

    def heading(self, text: str, level: int, note: str) -> str:
        """`## Text (note)`."""
        return f"{'#' * min(level, DEEPEST)} {escaped(text)}{f' ({escaped(note)})' if note else ''}"

    def paragraph(self, text: str, strong: bool) -> str:
        """The text, in bold where it is strong."""
        return f"**{escaped(text)}**" if strong and text.strip() else escaped(text)

    def formula(self, text: str, words: str) -> str:
        """`$$…$$` between empty lines."""
        return f"$$\n{tex(text)}\n$$" + (f"\n\n{escaped(words)}" if words else "")

    def table(self, caption: str, head: Sequence[str], rows: Rows, numeric: Sequence[bool]) -> str:
        """A table with pipes, its caption above it."""
        rule = ["---:" if number else "---" for number in numeric]
        lines = [_row(map(cell, head)), _row(rule), *(_row(map(cell, row)) for row in rows)]
        return (f"**{escaped(caption)}**\n\n" if caption.strip() else "") + "\n".join(lines)

    def grid(self, caption: str, head: Sequence[str], rows: Sequence[tuple[str, Sequence[str | None]]]) -> str:
        """A table with pipes, the indices above and before the numbers."""
        width = max((len(cells) for _, cells in rows), default=1)
        names = list(head) or [" "] * width
        lines = [_row(["", *names]), _row(["---", *["---:"] * width])]
        for name, cells in rows:
            numbers = [BOX if one is None else cell(one) for one in cells]
            lines.append(_row([f"**{name}**" if name else "", *numbers]))
        return f"**{escaped(caption)}**\n\n" + "\n".join(lines)

    def items(self, each: Sequence[tuple[str, str]]) -> str:
        """A list with dashes."""
        return "\n".join(
            f"- {': '.join([f'**{escaped(lead)}**'] * bool(lead) + [escaped(words)] * bool(words))}"
            for lead, words in each
        )

    def code(self, text: str, label: str) -> str:
        """A fence longer than any inside."""
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
        return f"{fence}text\n{harmless(text)}\n{fence}"

    def beside(self, each: Sequence[str]) -> str:
        """One below the other."""
        return "\n\n".join(each)

    def room(self, lines: int) -> str:
        """Lines of nothing."""
        return "\n\n".join(["&nbsp;"] * lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
