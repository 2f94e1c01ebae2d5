"""What a command has at hand: the streams as they are, and the ways to say something on them."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cnnstep.surface.answer import Answer
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Document
from cnnstep.tutor.numbers import Numbers

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
    from cnnstep.surface.symbols import harmless, to_ascii

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
