"""How a number is written: at most `precision` decimals, no trailing zeros, never −0, fractions where exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST_DIGITS = 17
"""A double is told from its neighbours by so many."""
LARGEST_DENOMINATOR = 1000
"""Beyond it a fraction is no plainer than its decimals."""


@dataclass(frozen=True)
class Numbers:
    """The way numbers are written in one document; with `every`, each of them, however large a matrix is."""

    precision: int = 4
    fractions: bool = False
    every: bool = False

    def text(self, value: float) -> str:
        """`2`, `-0.1667`, `1.2e-06`; with fractions `-1/6`, where that is exact to 12 digits."""
        if not math.isfinite(value):
            return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
        if self.fractions and (written := _fraction(value)):
            return written
        size = abs(value)
        if size >= 1e7 or 0 < size < 0.5 * 10.0**-self.precision:
            return self._scientific(value)
        written = f"{value:.{self.precision}f}"
        if "." in written:
            written = written.rstrip("0").rstrip(".")
        return "0" if written == "-0" else written

    def _scientific(self, value: float) -> str:
        mantissa, exponent = f"{value:.{min(self.precision, 3)}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent):+03d}"

    def factor(self, value: float) -> str:
        """The number as it stands in a product: negative ones in brackets."""
        return bracketed_factor(self.text(value))


def enough(style: Numbers, values: Sequence[float], work: Callable[[Sequence[float]], float]) -> tuple[str, ...]:
    """The numbers with as few digits as still lead to what `work` makes of them, as that is printed."""
    result = style.text(work(values))
    written = tuple(map(style.text, values))
    for digits in range(style.precision, MOST_DIGITS + 1):
        if style.text(work([_read(text) for text in written])) == result:
            break
        written = tuple(_with_digits(value, digits, style) for value in values)
    return written


def bracketed_factor(written: str) -> str:
    """A written number as it stands in a product."""
    return f"({written})" if written.startswith("-") else written


def _with_digits(value: float, digits: int, style: Numbers) -> str:
    """The number with at least `digits` significant digits; one that is exact already stays as it is."""
    if not math.isfinite(value) or _read(style.text(value)) == value:
        return style.text(value)
    if not 10.0**-style.precision < abs(value) < 1e7:
        return f"{value:.{digits}g}"
    return Numbers(max(style.precision, digits - 1 - math.floor(math.log10(abs(value))))).text(value)


def _read(text: str) -> float:
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


AS_USUAL = Numbers()
"""Four decimals."""


def _fraction(value: float) -> str:
    if abs(value) >= 1e7:
        return ""
    from fractions import Fraction  # 2 ms, and only where fractions are asked for

    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    return str(near) if abs(float(near) - value) <= 1e-12 * max(1.0, abs(value)) else ""


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 cell`, `2 cells`."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def listed(words: list[str] | tuple[str, ...], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def capital(text: str) -> str:
    """The text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]
