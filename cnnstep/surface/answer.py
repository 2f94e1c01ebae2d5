"""What a command has to say, before it is put into a format; and the exit codes, which scripts rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import AS_USUAL, Numbers


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


@dataclass(frozen=True)
class Answer:
    """A document for readers and data for programs, each made when its format asks for it.

    `blocks` are the document's, whose numbers are written as `numbers` says; `data` is one JSON document, None where
    a command has nothing to say to programs. A long one comes as pairs of key and value, and a list as an iterator.
    """

    blocks: Callable[[], tuple[Block, ...]]
    data: Callable[[], Mapping[str, Any] | Iterable[tuple[str, Any]]] | None = None
    numbers: Numbers = AS_USUAL
