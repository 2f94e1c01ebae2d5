"""The loop around a session of any kind: ask for a line, answer it, show the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from textwrap import fill
from typing import Protocol, TypeVar

from cnnstep.surface.cli.context import say, screen
from cnnstep.surface.cli.paging import put
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import to_ascii
from cnnstep.tutor.document import Block, Document
from cnnstep.tutor.numbers import Numbers


class Ending(Protocol):
    """A state that knows whether it is the last one."""

    @property
    def done(self) -> bool:
        """Whether it was left."""


State = TypeVar("State", bound=Ending)


def converse(
    state: State,
    prompt: Callable[[State], str],
    answer: Callable[[State, str], tuple[State, tuple[Block, ...]]],
    style: Numbers,
    what: str,
    aside: bool = False,
    paged: bool = False,
) -> State:
    """Answers lines until the state is the last one or the input ends, and gives the last state.

    `what` ends then is called so. Where the conversation is not the result it stands `aside`, on standard error.
    `paged`: an answer that is longer than a terminal goes through a pager.
    """
    while not state.done:
        line = ask(prompt(state))
        if line is None:
            say(f"\n{fill(f'The input has ended, so {what} ends here.', screen().width)}")
            return state
        state, blocks = answer(state, line)
        if not blocks:
            continue
        text = f"\n{render(Document(blocks, style), screen().on_stderr() if aside else screen())}\n"
        if aside:
            sys.stderr.write(text)
        else:
            put(text, paged)
    return state


def take_any_bytes() -> None:
    """A byte that is no text becomes a word that nobody knows, and not an end."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


LEAST_ROOM = 16
"""Columns that whoever types needs behind the prompt."""


def ask(words: str) -> str | None:
    """A line, without its end; None where the input has ended. The prompt goes to standard error.

    In a narrow window what stands before the prompt's sign has a line of its own.
    """
    sys.stdout.flush()
    if sys.stdin.isatty() and sys.stdout.isatty():
        from cnnstep.surface.cli.line_editor import typed  # and with it readline, which a pipe has no use for

        place, sign = words[:-2].rstrip(), words[-2:]
        if sign == "> " and len(words) + LEAST_ROOM > screen().width:
            say(fill(place, screen().width))
            words = sign
        return typed(to_ascii(words) if screen().ascii else words)
    say(words, end="")
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None
