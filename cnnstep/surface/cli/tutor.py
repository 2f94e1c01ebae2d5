"""The loop around a session: read a line, advance, show."""

from __future__ import annotations

import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from cnnstep.errors import InputError
from cnnstep.surface.cli.context import say, screen, show
from cnnstep.surface.loading import STANDARD_INPUT, Loaded, scenario
from cnnstep.surface.symbols import to_ascii
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.session.screens import begin, prompt
from cnnstep.tutor.session.state import Session


def teach(loaded: Loaded, style: Numbers) -> None:
    """Runs the tutor until it is left or the input ends."""
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a byte that is no text is a word that nobody knows, not an end
    name = "scenario" if loaded.name == STANDARD_INPUT else loaded.name
    session, reply = begin(name, loaded.scenario, style, scenario)
    show(reply.blocks, style)
    from cnnstep.tutor.session.advance import advance  # 20 ms, while the first screen is read

    while not session.done:
        line = ask(prompt(session))
        if line is None:
            say("\nThe input has ended, so the lesson ends here.")
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
    if sys.stdin.isatty() and sys.stdout.isatty():
        import readline  # noqa: F401  # arrow keys and history, where a person types

        try:
            return input(to_ascii(words) if screen().ascii else words)
        except EOFError:
            return None
    say(words, end="")
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _save(session: Session, path: str) -> None:
    from cnnstep.surface.cli.faults import faults_text
    from cnnstep.surface.scenario_text import write_scenario

    try:
        write_scenario(Path(path).expanduser(), session.scenario)
    except InputError as error:
        here = [replace(f, hint="choose another name") if f.code == "exists" else f for f in error.faults]
        say(faults_text(InputError(here), screen().width))
    else:
        say(f"Saved as {path}.")
