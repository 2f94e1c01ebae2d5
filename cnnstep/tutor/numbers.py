"""How a number is written: at most `precision` decimals, no trailing zeros, never −0, fractions where exact."""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST_DENOMINATOR = 1000
"""Beyond it a fraction is no plainer than its decimals."""


@dataclass(frozen=True)
class Numbers:
    """The way numbers are written in one document."""

    precision: int = 4
    fractions: bool = False

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
        written = self.text(value)
        return f"({written})" if written.startswith("-") else written


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
