"""How a fault is told: `file:line:column: what`, the source line with a caret, then what to do."""

from __future__ import annotations

import re
from typing import Any

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.typed import begun, ended

WIDEST_SOURCE = 76
"""A longer source line is cut around the caret; so is one that is wider than the window."""

LONGEST_WORD = 300
LONGEST_SENTENCE = 4000
"""Of what a fault says: a name of 900 kB is told by its beginning."""


def _bounded(text: str) -> str:
    """The text, a word or all of it cut where it is longer than anybody reads."""
    if len(text) <= LONGEST_WORD:
        return text
    text = re.sub(rf"\S{{{LONGEST_WORD + 1},}}", lambda word: f"{word[0][: LONGEST_WORD - 1]}…", text)
    return text if len(text) <= LONGEST_SENTENCE else f"{text[: LONGEST_SENTENCE - 1]}…"


def fault_text(fault: Fault, width: int = 0) -> str:
    """One fault in words: what, the source line with a caret, what to do; wrapped to a width unless that is 0."""
    told = _bounded(str(fault))
    lines = [_wrapped(ended(told if fault.file is not None else begun(told)), width)]
    if fault.source and fault.source.strip() and fault.column is not None:
        source, column = _window(fault.source, fault.column, min(WIDEST_SOURCE, width - 4) if width else WIDEST_SOURCE)
        lines += [f"    {source}", f"    {' ' * (column - 1)}^"]
    if fault.hint:
        lines.append(_wrapped(ended(begun(_bounded(fault.hint))), width, "  "))
    return "\n".join(lines)


def _wrapped(sentence: str, width: int, indent: str = "") -> str:
    """Lines that end between words; a name or a number is never cut."""
    if not width:
        return indent + sentence
    from textwrap import fill

    return fill(
        sentence,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _window(source: str, column: int, widest: int) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it; tabs and control characters as spaces."""
    source = "".join(character if character.isprintable() else " " for character in source.rstrip("\n"))
    if len(source) <= widest:
        return source, column
    start = max(0, min(column - 1 - widest // 2, len(source) - widest))
    return source[start : start + widest], column - start


def faults_text(error: InputError, width: int = 0) -> str:
    """All faults of an error, a blank line between them."""
    return "\n\n".join(fault_text(fault, width) for fault in error.faults)


def fault_data(error: InputError) -> dict[str, Any]:
    """The contract's JSON of an error: the first fault, and under `errors` all of them where there are several."""
    several = [_data(fault) for fault in error.faults]
    data: dict[str, Any] = {"schema": 1, "error": several[0]}
    return data | {"errors": several} if len(several) > 1 else data


def _data(fault: Fault) -> dict[str, Any]:
    return {
        "code": fault.code,
        "message": _bounded(fault.what),
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "hint": _bounded(fault.hint),
    }
