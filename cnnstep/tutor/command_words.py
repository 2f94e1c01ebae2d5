"""Words that can be typed to a session of any kind, each found by a beginning that can mean only one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cnnstep.errors import Fault, InputError

State = TypeVar("State")
Turn = TypeVar("Turn")


@dataclass(frozen=True)
class Word(Generic[State, Turn]):
    """How a word is used, what it does, and the function that does it, given what was typed after it."""

    usage: str
    help: str
    carry_out: Callable[[State, str], Turn]


def full_word(typed: str, words: Iterable[str], habits: Mapping[str, str]) -> str:
    """The word that is meant, "" where none begins so; `InputError` where several do. `habits` are other names."""
    typed = habits.get(typed, typed)
    fitting = [word for word in words if word.startswith(typed)]
    if typed in fitting or len(fitting) < 2:
        return typed if typed in fitting else "".join(fitting)
    raise InputError(Fault("ambiguous", f'"{typed}" can mean {" or ".join(fitting)}', "type one letter more"))
