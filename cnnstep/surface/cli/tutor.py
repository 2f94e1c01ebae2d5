"""The loop around a session: read a line, advance, show."""

from __future__ import annotations

import sys

from cnnstep.errors import InputError
from cnnstep.surface.cli.context import screen, show
from cnnstep.surface.loading import Loaded
from cnnstep.surface.symbols import to_ascii
from cnnstep.surface.writing import dump, write_file
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.session import Session, advance, begin, prompt


def teach(loaded: Loaded, style: Numbers) -> None:
    """Runs the tutor until it is left or the input ends."""
    session, reply = begin(loaded.name, loaded.scenario, style)
    show(reply.blocks, style)
    while not session.done:
        line = ask(prompt(session))
        if line is None:
            sys.stderr.write("\nThe input has ended, so the lesson ends here.\n")
            return
        session, reply = advance(session, line)
        if reply.blocks:
            sys.stdout.write("\n")
            show(reply.blocks, style)
            sys.stdout.write("\n")
        if reply.save:
            _save(session, reply.save)


def ask(words: str) -> str | None:
    """A line, without its end; None where the input has ended. The prompt goes to standard error."""
    sys.stdout.flush()
    words = to_ascii(words) if screen().ascii else words
    if sys.stdin.isatty() and sys.stdout.isatty():
        import readline  # noqa: F401  # arrow keys and history, where a person types

        try:
            return input(words)
        except EOFError:
            return None
    sys.stderr.write(words)
    sys.stderr.flush()
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _save(session: Session, path: str) -> None:
    from cnnstep.surface.cli.faults import faults_text

    try:
        write_file(path, dump(session.scenario))
    except InputError as error:
        sys.stderr.write(faults_text(error) + "\n")
    else:
        sys.stderr.write(f"Saved as {path}.\n")
