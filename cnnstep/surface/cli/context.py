"""What commands share: their arguments and options, the streams as they are, and the ways to say something on them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from types import FrameType
from typing import Annotated, Any

import typer

from cnnstep.errors import Fault, InputError
from cnnstep.surface.formats import Answer
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Document
from cnnstep.tutor.numbers import Numbers


class Exit(IntEnum):
    """What the program ends with: codes that scripts rely on."""

    DONE = 0
    WRONG = 1
    """An answer or a check was wrong."""
    UNUSABLE = 2
    """Usage, or input that can't be used."""
    FAULT = 3
    """A fault of the program."""
    INTERRUPTED = 130


FIRST_LESSON = "first-filter"
MOST_DECIMALS = 15
"""A double has no more that mean something."""
MOST_COUNTED = 10**12
"""Of iterations or runs: a year of the fastest machine has fewer."""


def scenario_names(incomplete: str) -> list[str]:
    """The shipped names that begin so, for a shell that completes them."""
    from cnnstep.surface.loading import shipped

    return [one.name for one in shipped() if one.name.startswith(incomplete)]


ScenarioName = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario file, - for standard input, or the name of a shipped scenario.",
        autocompletion=scenario_names,
    ),
]
MaybeScenario = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario file, - for standard input, or a shipped name; without one, the first lesson.",
        autocompletion=scenario_names,
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def _format_names(incomplete: str) -> list[str]:
    from cnnstep.surface import formats

    return [name for name in formats.names() if name.startswith(incomplete)]


FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="NAME",
        help="The format of the answer: text, json, html, md, tex, typst.",
        autocompletion=_format_names,
    ),
]
Precision = Annotated[int, typer.Option("--precision", help="Most decimals to show, 0 to 15.")]
Fractions = Annotated[bool, typer.Option("--fractions", help="Show 1/3, not 0.3333, where that is exact.")]
Only = Annotated[
    str,
    typer.Option(
        "--only",
        metavar="STEP",
        help="Show only these steps: error,delta; in a network also conv1 or conv1.gradient[3].",
    ),
]


All = Annotated[bool, typer.Option("--all", help="Print every number of a large matrix.")]


def style_of(precision: int, fractions: bool, every: bool = False) -> Numbers:
    """How numbers are to be written."""
    between(precision, 0, MOST_DECIMALS, "--precision")
    return Numbers(precision, fractions, every)


def format_of(name: str, as_json: bool) -> str:
    """The format that is asked for by its name, or by --json; `InputError` where there is none of this name."""
    from cnnstep.surface import formats

    if as_json:
        not_both("--json", {"--format": name})
    elif name:
        formats.find(name)
    return "json" if as_json else name or formats.USUAL


def between(value: int, least: int, most: int, option: str) -> None:
    """A fault where an option's number is too small or too large."""
    if value < least:
        raise InputError(Fault("usage", f"{option} is {value}; it must be {least} or more", f"type: {option} {least}"))
    if value > most:
        what = f"{option} is {value!s:.25}; it must be {most} or less"
        raise InputError(Fault("usage", what, f"type: {option} {most}"))


def at_least(value: int, least: int, option: str) -> None:
    """A fault where a count is too small, or larger than anything that is counted here."""
    between(value, least, MOST_COUNTED, option)


def not_both(option: str, others: Mapping[str, object]) -> None:
    """A fault where an option was given along with one of the others, which mean nothing beside it."""
    for other, given in others.items():
        if given:
            raise InputError(Fault("usage", f"{option} and {other} don't go together", f"leave out {other}"))


SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What tells a program to end: Ctrl-C, `kill`, a window that is closed."""
PATIENCE = 1.0
"""Seconds that a run may take before a progress bar appears."""


def screen() -> Screen:
    """The terminal or pipe of this very moment."""
    return Screen.detect(sys.stdin, sys.stdout, sys.stderr, os.environ)


def give(answer: Answer, format: str) -> None:
    """An answer on standard output, in the format of this name."""
    from cnnstep.surface import formats

    sys.stdout.writelines(formats.find(format).write(answer, screen()))


def show(blocks: tuple[Block, ...], style: Numbers) -> None:
    """A document on standard output."""
    from cnnstep.surface.formats.text import render

    sys.stdout.write(render(Document(blocks, style), screen()))


def show_aside(blocks: tuple[Block, ...], style: Numbers) -> None:
    """A document on standard error, where something else is the result."""
    from cnnstep.surface.formats.text import render

    sys.stderr.write(render(Document(blocks, style), screen().on_stderr()))
    sys.stderr.flush()


def say(text: str, end: str = "\n") -> None:
    """A message or a prompt on standard error, in signs that it can take."""
    from cnnstep.surface.screen import harmless, to_ascii

    text = harmless(text)
    sys.stderr.write((to_ascii(text) if screen().stderr_ascii else text) + end)
    sys.stderr.flush()


def show_json(data: dict[str, Any], indent: int | None = None) -> None:
    """One JSON document on standard output; infinities would be no JSON, so none may be in it."""
    import json  # 2 ms, which text has no use for

    sys.stdout.write(json.dumps(data, allow_nan=False, indent=indent) + "\n")


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Whether such a signal has been heard: what is under way is then finished. The second one ends it at once."""
    heard = False

    def hear(told: int, frame: FrameType | None) -> None:
        nonlocal heard
        if heard:
            raise KeyboardInterrupt
        heard = True

    before = {told: signal.signal(told, hear) for told in SIGNALS if signal.getsignal(told) is not signal.SIG_IGN}
    try:
        yield lambda: heard
    finally:
        for told, handler in before.items():
            signal.signal(told, handler)


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[int], None]]:
    """Calls with the number just done; after a second, and only at a terminal, a bar on standard error."""
    here = screen()
    if not here.watched:
        yield lambda number: None
        return
    began, bar, task = time.monotonic(), None, None

    def done(number: int) -> None:
        nonlocal bar, task
        if bar is None and time.monotonic() - began > PATIENCE:
            from rich.console import Console
            from rich.progress import Progress

            # legacy_windows draws the bar in ASCII; elsewhere than on Windows it does nothing more
            console = Console(stderr=True, no_color=not here.stderr_colour, legacy_windows=here.stderr_ascii)
            bar = Progress(console=console, transient=True)
            task = bar.add_task(what, total=total)
            bar.start()
        if bar is not None and task is not None:
            bar.update(task, completed=number + 1)

    try:
        yield done
    finally:
        if bar is not None:
            bar.stop()
