"""The formats in which a command answers, a module or a package each: whatever stands in this folder can be chosen.

A format's `write(answer, screen)` makes a text of an answer, in pieces: `text` and its like of the document, `json`
of the data. `--format NAME` chooses one, and `--json` is short for `--format json`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from cnnstep.errors import Fault, InputError
from cnnstep.registry import did_you_mean
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import AS_USUAL, Numbers

USUAL = "text"


@dataclass(frozen=True)
class Answer:
    """A document for readers and data for programs, each made when its format asks for it.

    `blocks` are the document's, whose numbers are written as `numbers` says; `data` is one JSON document, None where
    a command has nothing to say to programs. A long one comes as pairs of key and value, and a list as an iterator.
    """

    blocks: Callable[[], tuple[Block, ...]]
    data: Callable[[], Mapping[str, Any] | Iterable[tuple[str, Any]]] | None = None
    numbers: Numbers = AS_USUAL


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
