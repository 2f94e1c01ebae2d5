"""How a fault is told: `file:line:column: what`, the source line with a caret, then what to do."""

from __future__ import annotations

from typing import Any

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean

WIDEST_SOURCE = 76
"""A longer source line is cut around the caret."""


def fault_text(fault: Fault) -> str:
    """One fault in words, up to four lines."""
    lines = [f"{fault}." if not str(fault).endswith((".", "?", "!")) else str(fault)]
    if fault.source is not None and fault.column is not None:
        source, column = _window(fault.source, fault.column)
        lines += [f"    {source}", f"    {' ' * (column - 1)}^"]
    if fault.hint:
        lines.append(f"  {fault.hint[0].upper()}{fault.hint[1:]}{'' if fault.hint.endswith('?') else '.'}")
    return "\n".join(lines)


def _window(source: str, column: int) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it; tabs and control characters as spaces."""
    source = "".join(character if character.isprintable() else " " for character in source.rstrip("\n"))
    if len(source) <= WIDEST_SOURCE:
        return source, column
    start = max(0, min(column - 1 - WIDEST_SOURCE // 2, len(source) - WIDEST_SOURCE))
    return source[start : start + WIDEST_SOURCE], column - start


def faults_text(error: InputError) -> str:
    """All faults of an error, a blank line between them."""
    return "\n\n".join(fault_text(fault) for fault in error.faults)


def fault_data(error: InputError) -> dict[str, Any]:
    """The contract's JSON of an error: the first fault, and under `errors` all of them where there are several."""
    several = [_data(fault) for fault in error.faults]
    data: dict[str, Any] = {"schema": 1, "error": several[0]}
    return data | {"errors": several} if len(several) > 1 else data


def _data(fault: Fault) -> dict[str, Any]:
    return {
        "code": fault.code,
        "message": fault.what,
        "file": fault.file,
        "line": fault.line,
        "column": fault.column,
        "hint": fault.hint,
    }


def usage_fault(message: str, known: list[str], typed: str) -> Fault:
    """A fault of what was typed on the command line, with the nearest command there is."""
    return Fault("usage", message, did_you_mean(typed, known) if typed else "type cnnstep --help")
