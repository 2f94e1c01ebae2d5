"""How columns are laid out, for every format of fixed width: numbers aligned, wide tables taken apart."""

from __future__ import annotations

from collections.abc import Sequence


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
