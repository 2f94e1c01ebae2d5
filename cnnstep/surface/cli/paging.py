"""Long answers at a terminal, one screen at a time, in the pager that the learner uses elsewhere."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping

USUAL = "less"
VARIABLES = ("CNNSTEP_PAGER", "PAGER")
NONE = ("", "cat")
"""What a variable says that wants no pager."""
LESS = {"LESS": "FRX"}
"""As git has it: what fits is not stopped at, colours are obeyed, and the text stays on the screen afterwards."""


def pager_of(environ: Mapping[str, str]) -> list[str]:
    """The pager's command; empty where none is wanted, or where none is there."""
    named = next((environ[name] for name in VARIABLES if name in environ), USUAL)
    if environ.get("TERM") == "dumb" or named.strip() in NONE:
        return []
    try:
        words = shlex.split(named)
    except ValueError:  # a quotation mark too few
        return []
    return words if shutil.which(words[0]) else []


def put(text: str, wanted: bool) -> None:
    """A text on standard output; through the pager where one is wanted and a terminal has too few rows for it."""
    pager = pager_of(os.environ) if wanted and sys.stdin.isatty() and sys.stdout.isatty() else []
    if not pager or text.count("\n") < shutil.get_terminal_size().lines:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    environ = {**LESS, **os.environ}
    try:
        subprocess.run(pager, input=text, encoding="utf-8", env=environ, check=False)
    except OSError:  # it can't be started, or was left before the end
        sys.stdout.write(text)
