"""Numbers as a learner types them: any usual brackets and separators, each with the precision it was written in."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import counted

EXACT = 1e-9
"""Relative tolerance of a number that stands for itself: an integer, a fraction, fifteen digits."""

HOW = "type rows of numbers, with ; between them"
DECIMAL_COMMAS = (",", "{,}")
"""What stands in a number where others write a point; LaTeX sets it in braces."""

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "－": "-", "∕": "/", "⁄": "/"})
_LATEX_ROW = re.compile(r"\\\\(\[[^\]]*\])?|\\cr\b")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?[\d.]+)\s*\}\s*\{\s*(-?[\d.]+)\s*\}")
_LATEX_WORD = re.compile(r"\\(begin|end)\s*\{\w+\*?\}(\{[^}]*\})?|\\(left|right|bigl?|bigr?)\b|\\[,;!:]|\$+")
_WORDS = re.compile(
    r"\b(np|numpy|torch|jnp)\.|\b(array|tensor|matrix|mat|asarray)\b"
    r"|\b(dtype|device|grad_fn|requires_grad)\s*=\s*(<[^>]*>|'[^']*'|[\w.]+)",
    re.I,
)
_NAME = re.compile(r"^\s*(?!\d)[\w∂/′]+(?:\s+new)?(\s*\[[\d\s,]*\])?\s*[=:]\s*")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:/(?:\d+(?:\.\d*)?))?")
_SLASH = re.compile(r"(?<=\d)[ \t]*/[ \t]*(?=\d)")
_GAP = re.compile(r"[\s,;&|\[\](){}]*")


@dataclass(frozen=True)
class Typed:
    """One number and how far the true one may be from it: half a unit of its last digit, `-0.18` ± 0.005."""

    value: float
    tolerance: float

    def fits(self, true: float) -> bool:
        """Whether the true number could have been written like this."""
        return abs(self.value - true) <= self.tolerance + EXACT * max(1.0, abs(true))


Rows: TypeAlias = tuple[tuple[Typed, ...], ...]
"""A matrix as it was typed."""


def read_number(text: str) -> Typed:
    """A number from its text; `ValueError` where it is none."""
    text = text.strip().translate(_MINUS)
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    above, _, below = text.partition("/")
    value = float(above) / float(below or 1)
    if not math.isfinite(value):
        raise ValueError(text)
    mantissa, _, exponent = above.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    if below or not decimals:
        return Typed(value, 0.0)
    return Typed(value, 0.5 * float(f"1e{int(exponent or 0) - decimals}"))  # unlike 10.0 **, it never overflows


def read_matrix(text: str, shape: Sequence[int] | None = None) -> Rows:
    """Rows of numbers from `[[1, 2], [3, 4]]`, `1 2; 3 4`, lines, `np.array(…)`, MATLAB or LaTeX.

    Rows that differ in length, and anything that is no number, are an `InputError` that quotes the place. So is a
    comma that may be a decimal one; inside brackets `[1,2]` is a list, unless only one number fits the `shape`.
    """
    rows = [row for row in map(_words, _rows(text)) if row]
    if not rows:
        raise InputError(Fault("not-a-matrix", "there are no numbers in that", HOW))
    _ask_about_commas(rows, "[" in text or "(" in text or "{" in text, shape)
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            what = f"row {index} has {counted(len(row), 'number')}, row 0 has {len(rows[0])}"
            raise InputError(Fault("ragged", what, "give every row equally many numbers"))
    return tuple(tuple(word.typed for word in row) for row in rows)


def entered(lines: Sequence[str], shape: Sequence[int]) -> Rows | None:
    """A matrix that is typed over several lines, a row on each; None while some are missing.

    All rows in one line, with ; between them, are taken whatever their size. A first row that can't be one of a matrix
    of this shape is an `InputError`.
    """
    rows = read_matrix("\n".join(lines), shape)
    count, wanted = len(rows) * len(rows[0]), math.prod(shape)
    if count >= wanted or len(rows) > len(lines):
        return rows
    width = shape[-1]
    if len(rows[0]) != width and not (len(shape) == 1 and len(rows[0]) == 1):
        asked = f"a row of {size(shape)} has {width}" if len(shape) > 1 else f"{width} are asked for"
        what = f"this row has {counted(len(rows[0]), 'number')}, and {asked}"
        hint = f"type {counted(width, 'number')}; a matrix of another size goes in one line, with ; between its rows"
        raise InputError(Fault("width", what, hint))
    return None


def size(shape: Sequence[int]) -> str:
    """`2×2`, `3 numbers`, `one number`."""
    if len(shape) < 2:
        return "one number" if math.prod(shape) == 1 else counted(math.prod(shape), "number")
    return "×".join(str(n) for n in shape)


@dataclass(frozen=True)
class _Word:
    """A number, as it was spelled and as it was read, and what stands between it and the next one of its row."""

    text: str
    typed: Typed
    gap: str


def _ask_about_commas(rows: list[list[_Word]], bracketed: bool, shape: Sequence[int] | None) -> None:
    """`InputError` where `0,5` may be one number or two.

    A comma that can't be a decimal one, as in `1,-2` or `1,2,3`, says that all of them separate numbers. In brackets
    they mostly do, so there it is asked only where decimal ones would give the `shape`, or, where none is known, where
    other gaps stand beside them.
    """
    commas = [(row, at) for row in rows for at, word in enumerate(row[:-1]) if word.gap in DECIMAL_COMMAS]
    if not commas or not all(_may_be_one(row, at) for row, at in commas):
        return
    mixed = any(len({word.gap for word in row[:-1]}) > 1 for row, _ in commas)
    count = sum(len(row) for row in rows)
    fits = mixed if shape is None else count != math.prod(shape) == count - len(commas)
    if fits or not bracketed:
        row, at = commas[0]
        one, two = row[at].text, row[at + 1].text
        what = f'"{one},{two}" may be one number or two'
        raise InputError(Fault("decimal-comma", what, f"write {one}.{two} for one number, {one} {two} for two"))


def _may_be_one(row: list[_Word], at: int) -> bool:
    """Whether the comma after this number may be a decimal one: digits alone around it, no comma beside them."""
    one, two = row[at], row[at + 1]
    digits = one.text.lstrip("+-").isdigit() and re.fullmatch(r"\d+([eE][+-]?\d+)?", two.text)
    return bool(digits) and two.gap not in DECIMAL_COMMAS and (at == 0 or row[at - 1].gap not in DECIMAL_COMMAS)


def _rows(text: str) -> list[str]:
    text = _LATEX_ROW.sub("\n", text.translate(_MINUS))
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    text = _WORDS.sub(" ", _LATEX_WORD.sub(" ", text))
    text = _SLASH.sub("/", _NAME.sub("", text))
    return re.split(r"[\n;]|\]\s*,?\s*(?=\[)|\)\s*,?\s*(?=\()|\}\s*,?\s*(?=\{)", text)


def _words(part: str) -> list[_Word]:
    """The numbers of one row."""
    words: list[_Word] = []
    gap = _GAP.match(part)
    at = gap.end() if gap else 0
    while at < len(part):
        match = _NUMBER.match(part, at)
        if match is None:
            raise InputError(Fault("not-a-number", f'"{_quoted(part, at)}" is not a number', HOW))
        gap = _GAP.match(part, match.end())
        at = gap.end() if gap else len(part)
        words.append(_Word(match.group(), _read(match.group()), gap.group() if gap else ""))
        if at == match.end() and at < len(part):
            what = f'"{_quoted(part, match.start())}" is not a number'
            raise InputError(Fault("not-a-number", what, "put a space or a comma between numbers"))
    return words


def _read(text: str) -> Typed:
    try:
        return read_number(text)
    except ZeroDivisionError:
        raise InputError(Fault("not-a-number", f'"{text}" divides by 0', "check that number")) from None
    except ValueError:
        raise InputError(Fault("not-a-number", f'"{text[:20]}" is too large', "check that number")) from None


def _quoted(part: str, at: int) -> str:
    return part[at:].split()[0][:20]
