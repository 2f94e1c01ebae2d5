"""What a command has to say, before it is put into a format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cnnstep.tutor.document import Block
from cnnstep.tutor.numbers import AS_USUAL, Numbers


@dataclass(frozen=True)
class Answer:
    """A document for readers and data for programs, each made when its format asks for it.

    `blocks` are the document's, whose numbers are written as `numbers` says; `data` is one JSON document, None where
    a command has nothing to say to programs. A long one comes as pairs of key and value, and a list as an iterator.
    """

    blocks: Callable[[], tuple[Block, ...]]
    data: Callable[[], Mapping[str, Any] | Iterable[tuple[str, Any]]] | None = None
    numbers: Numbers = AS_USUAL
