"""One JSON document on one line, for programs: full precision, and no token that is not JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cnnstep.errors import Fault, InputError
from cnnstep.surface.formats import Answer
from cnnstep.surface.screen import Screen

LIST = "["


def write(answer: Answer, screen: Screen) -> Iterator[str]:
    """The answer's data, each piece when it is there. Infinities would be no JSON, so none may be in it."""
    if answer.data is None:
        raise InputError(Fault("no-data", "this command has no JSON", "leave --format out"))
    data = answer.data()
    pieces = _mapping(data.items() if isinstance(data, Mapping) else data)
    begun = []
    for piece in pieces:
        begun.append(piece)
        if piece.startswith(LIST):
            break
    yield from begun  # held back so far: what goes wrong with the first of a list is told as a document of its own
    yield from pieces
    yield "\n"


def _mapping(items: Any) -> Iterator[str]:
    for number, (key, value) in enumerate(items):
        yield f"{', ' if number else '{'}{json.dumps(key)}: "
        yield from _list(value) if isinstance(value, Iterator) else (json.dumps(value, allow_nan=False),)
    yield "}"


def _list(values: Iterator[Any]) -> Iterator[str]:
    before = LIST
    for value in values:
        yield before + json.dumps(value, allow_nan=False)
        before = ", "
    yield "]" if before != LIST else "[]"
