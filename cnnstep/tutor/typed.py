"""Numbers as a learner types them: any usual brackets and separators, each with the precision it was written in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import counted

EXACT = 1e-9
"""Relative tolerance of a number that stands for itself: an integer, a fraction, fifteen digits."""

_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "﹣": "-", "－": "-", "∕": "/", "⁄": "/"})
_LATEX_ROW = re.compile(r"\\\\(\[[^\]]*\])?|\\cr\b")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?[\d.]+)\s*\}\s*\{\s*(-?[\d.]+)\s*\}")
_LATEX_WORD = re.compile(r"\\(begin|end)\s*\{\w+\*?\}(\{[^}]*\})?|\\(left|right|bigl?|bigr?)\b|\\[,;!:]|\$+")
_WORDS = re.compile(r"\b(np|numpy|torch|jnp)\.|\b(array|tensor|matrix|mat|asarray)\b|\bdtype\s*=\s*[\w.]+", re.I)
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


def read_matrix(text: str) -> tuple[tuple[Typed, ...], ...]:
    """Rows of numbers from `[[1, 2], [3, 4]]`, `1 2; 3 4`, lines, `np.array(…)`, MATLAB or LaTeX.

    Rows that differ in length, and anything that is no number, are an `InputError` that quotes the place.
    """
    rows = [_row(part) for part in _rows(text)]
    rows = [row for row in rows if row]
    if not rows:
        raise InputError(
            Fault("not-a-matrix", "there are no numbers in that", "type rows of numbers, with ; between them")
        )
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            what = f"row {index} has {counted(len(row), 'number')}, row 0 has {len(rows[0])}"
            raise InputError(Fault("ragged", what, "give every row equally many numbers"))
    return tuple(rows)


def _rows(text: str) -> list[str]:
    text = _LATEX_ROW.sub("\n", text.translate(_MINUS))
    text = _LATEX_FRACTION.sub(r"\1/\2", text)
    text = _WORDS.sub(" ", _LATEX_WORD.sub(" ", text))
    text = _SLASH.sub("/", _NAME.sub("", text))
    return re.split(r"[\n;]|\]\s*,?\s*(?=\[)|\)\s*,?\s*(?=\()|\}\s*,?\s*(?=\{)", text)


def _row(part: str) -> tuple[Typed, ...]:
    numbers: list[Typed] = []
    gap = _GAP.match(part)
    at = gap.end() if gap else 0
    while at < len(part):
        match = _NUMBER.match(part, at)
        if match is None:
            word = part[at:].split()[0][:20]
            raise InputError(
                Fault("not-a-number", f'"{word}" is not a number', "type rows of numbers, with ; between them")
            )
        try:
            numbers.append(read_number(match.group()))
        except ZeroDivisionError:
            raise InputError(Fault("not-a-number", f'"{match.group()}" divides by 0', "check that number")) from None
        except ValueError:
            word = match.group()[:20]
            raise InputError(Fault("not-a-number", f'"{word}" is too large', "check that number")) from None
        gap = _GAP.match(part, match.end())
        at = gap.end() if gap else len(part)
        if gap and gap.end() == gap.start() and at < len(part):
            word = part[match.start() :].split()[0][:20]
            raise InputError(
                Fault("not-a-number", f'"{word}" is not a number', "put a space or a comma between numbers")
            )
    return tuple(numbers)
