"""Words that can be typed to a session of any kind, each found by a beginning that can mean only one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import listed

State = TypeVar("State")
Turn = TypeVar("Turn")

HABITS = dict.fromkeys(("exit", "q", ":q", ":q!", ":wq", "exit()", "quit()", "bye"), "quit") | {
    "?": "help",
    "n": "next",
    "prev": "back",
    "previous": "back",
}
"""What is typed out of habit, and the command that is meant."""


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
    raise InputError(Fault("ambiguous", f'"{typed}" can mean {listed(fitting, "or")}', "type one letter more"))
