"""The exit codes, which scripts rely on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the program ends with."""

    DONE = 0
    WRONG = 1
    """An answer or a check was wrong."""
    UNUSABLE = 2
    """Usage, or input that can't be used."""
    FAULT = 3
    """A fault of the program."""
    INTERRUPTED = 130
