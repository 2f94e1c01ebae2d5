"""The formats in which a command answers, a module or a package each: whatever stands in this folder can be chosen.

A format's `write(answer, screen)` makes a text of an answer, in pieces: `text` and its like of the document, `json`
of the data. `--format NAME` chooses one, and `--json` is short for `--format json`.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.answer import Answer
from cnnstep.surface.screen import Screen

USUAL = "text"


class Format(Protocol):
    """What the module of a format offers."""

    def write(self, answer: Answer, screen: Screen) -> Iterable[str]:
        """The answer in this format, piece by piece; `InputError` where it has no such form."""


def names() -> list[str]:
    """The formats that there are."""
    return sorted(module.name for module in iter_modules(__path__))


def find(name: str) -> Format:
    """The format of this name, imported when it is asked for; `InputError` where there is none."""
    known = names()
    if name not in known:
        raise InputError(Fault("unknown-format", f'there is no format "{name}"', did_you_mean(name, known)))
    return cast("Format", import_module(f"{__name__}.{name}"))
