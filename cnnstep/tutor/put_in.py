"""A working's formulas with the numbers put in: `relu(z[1,0]) = relu(-2) = max(0, -2) = 0`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from cnnstep.engine.layers.pool import LATER
from cnnstep.engine.step import Factor, Put, Working
from cnnstep.tutor.document import Formula
from cnnstep.tutor.numbers import Numbers, bracketed_factor, enough

MOST_IN_A_WINDOW = 16
"""A larger window's numbers make no line that can be read."""

_PLACE = re.compile(r"(?P<before>.?)\{(?P<letter>[^{}]+)\}(?P<after>.?)", re.S)


def put_in(working: Working, numbers: Numbers) -> tuple[Formula, ...]:
    """A line for each number that was worked out on the spot: its formula, the same with numbers, what it comes to."""
    worked = {factor.label: factor for term in working.terms for factor in term.factors if factor.put is not None}
    return tuple(_line(factor, factor.put, numbers) for factor in worked.values() if factor.put is not None)


def _line(factor: Factor, put: Put, numbers: Numbers) -> Formula:
    letters, result = tuple(put.numbers), numbers.text(factor.value)

    def work(values: Sequence[float]) -> float:
        return put.work(dict(zip(letters, values, strict=True)))

    values = tuple(put.numbers.values())
    written = dict(zip(letters, enough(numbers, values, work), strict=True))
    parts = filled(put.text, written).split(" = ")
    if numbers.text(work(values)) != result:  # 1 − a² with a so near 1 that no double parts them
        parts = parts[:-1]
    chain = [factor.label, *parts, result]
    text = " = ".join(part for part, before in zip(chain, ["", *chain], strict=False) if part != before)
    return Formula(text, filled(put.words, written))


def difference(label: str, working: Working, numbers: Numbers) -> Formula:
    """`e[0,0] = a[0,0] − t[0,0] = 3 − 1 = 2`, of a number less another."""
    first, second = (term.factors[-1] for term in working.terms)
    above, below = enough(numbers, (first.value, second.value), lambda values: values[0] - values[1])
    result = numbers.text(working.value)
    return Formula(f"{label} = {first.label} − {second.label} = {above} − {bracketed_factor(below)} = {result}")


def largest(label: str, working: Working, numbers: Numbers) -> tuple[Formula, ...]:
    """`p[0,0] = max(0, 2, 0, 1) = 2`, and which of them won; nothing where the window is large."""
    if len(working.terms) > MOST_IN_A_WINDOW:
        return ()
    window = [term.factors[-1] for term in working.terms]
    won = next(term.factors[-1] for term in working.terms if term.value or term.factors[0].value)
    equals = sum(number.value == won.value for number in window)
    words = f"{won.label} won"
    if any(term.note == LATER for term in working.terms):
        words += f": the first in reading order of {equals} equal numbers"
    elif equals > 1:
        words = f"{equals} numbers are equally large"
    inside = ", ".join(numbers.text(number.value) for number in window)
    return (Formula(f"{label} = max({inside}) = {numbers.text(working.value)}", words),)


def filled(text: str, written: Mapping[str, str]) -> str:
    """The text with its places filled: a negative number, or a fraction, in brackets where it does not stand alone."""

    def number(found: re.Match[str]) -> str:
        before, after, word = found["before"], found["after"], written[found["letter"]]
        alone = before in ("(", " ") and after in (")", ",", "")
        bare = not word.startswith("-") and "/" not in word
        before = "" if before == "−" and word == "0" else before  # −0 is 0
        return f"{before}{word if bare or alone else f'({word})'}{after}"

    while _PLACE.search(text):
        text = _PLACE.sub(number, text, count=1)
    return text
