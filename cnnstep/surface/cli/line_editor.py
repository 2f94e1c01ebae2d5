"""Typing at a terminal, with what Python's readline has: Tab completes, the arrows bring back what was typed before."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstep.surface.cli.context import say

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINES = 1000
"""So many lines are kept for the next session."""
HISTORY = "history"


def typed(words: str) -> str | None:
    """A line; None where the input has ended.

    Ctrl-C takes back a line that was begun, and the prompt comes again; on an empty line it is `KeyboardInterrupt`.
    """
    import readline

    while True:
        try:
            return input(words)
        except EOFError:
            return None
        except KeyboardInterrupt:
            if not readline.get_line_buffer():
                raise
            say("")


@contextmanager
def editing(complete: Callable[[str], Sequence[str]], folder: Callable[[], Path]) -> Iterator[None]:
    """Where somebody types, `complete` is asked with the line up to the cursor, and lines are kept in the folder."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        yield
        return
    import readline

    found: list[str] = []

    def candidate(word: str, number: int) -> str | None:
        nonlocal found
        if number == 0:
            found = [f"{one} " for one in complete(readline.get_line_buffer()[: readline.get_endidx()])]
        return found[number] if number < len(found) else None

    readline.set_completer_delims(" \t\n")
    readline.set_completer(candidate)
    editline = "libedit" in (readline.__doc__ or "")  # what stands in for readline on a Mac
    readline.parse_and_bind("bind ^I rl_complete" if editline else "tab: complete")
    path = folder() / HISTORY
    readline.set_history_length(MOST_LINES)
    with suppress(OSError):  # there is none yet, or none can be kept: typing goes on without
        readline.read_history_file(path)
    known = readline.get_current_history_length()
    try:
        yield
    finally:
        _keep(path, readline.get_current_history_length() - known)
        readline.set_completer(None)


def _keep(path: Path, lines: int) -> None:
    """Appends what was typed, so that two sessions at once lose nothing; the file is the learner's alone."""
    import readline

    if lines <= 0:
        return
    with suppress(OSError):
        path.parent.mkdir(0o700, parents=True, exist_ok=True)
        path.touch(0o600)
        readline.append_history_file(lines, str(path))
