"""Where output goes: its width, and whether it can show colour and our signs. Looked up once a run, never at import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from cnnstep.surface.symbols import ALL

USUAL_WIDTH, LEAST_WIDTH, MOST_WIDTH = 80, 20, 1000
OFF = ("", "0", "false", "no", "off")
"""What switches a variable such as FORCE_COLOR off."""


@dataclass(frozen=True)
class Screen:
    """Two streams and what can be shown on them.

    `colour` and `ascii` speak of standard output; `on_stderr()` is the same screen for prompts and messages.
    `shades`: 256 colours, not 16. `interactive`: somebody can type answers; `watched`: somebody sees progress.
    """

    stdout: TextIO
    stderr: TextIO
    width: int = USUAL_WIDTH
    colour: bool = False
    ascii: bool = False
    shades: bool = False
    interactive: bool = False
    watched: bool = False
    stderr_colour: bool = False
    stderr_ascii: bool = False

    @classmethod
    def detect(cls, stdin: TextIO, stdout: TextIO, stderr: TextIO, environ: Mapping[str, str]) -> Screen:
        """The screen as these streams and this environment say."""
        return cls(
            stdout=stdout,
            stderr=stderr,
            width=_width(stdout, environ),
            colour=_colour(stdout, environ),
            ascii=_ascii(stdout, environ),
            shades=_shades(environ),
            interactive=_is_terminal(stdin),
            watched=_is_terminal(stderr) and environ.get("TERM") != "dumb",
            stderr_colour=_colour(stderr, environ),
            stderr_ascii=_ascii(stderr, environ),
        )

    def on_stderr(self) -> Screen:
        """The same screen, for what is written on standard error."""
        return replace(self, colour=self.stderr_colour, ascii=self.stderr_ascii)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # no stream at all, or one that was closed
        return False


def _width(stdout: TextIO, environ: Mapping[str, str]) -> int:
    """COLUMNS, else the terminal's own width, else 80."""
    width = _whole(environ.get("COLUMNS", "")) or _terminal_width(stdout) or USUAL_WIDTH
    return min(max(width, LEAST_WIDTH), MOST_WIDTH)


def _whole(text: str) -> int:
    """A whole number above 0, else 0."""
    try:
        return max(int(text), 0)
    except ValueError:
        return 0


def _terminal_width(stdout: TextIO) -> int:
    if not _is_terminal(stdout):
        return 0
    try:
        return os.get_terminal_size(stdout.fileno()).columns
    except (OSError, ValueError):  # a terminal by name only
        return 0


def _colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """NO_COLOR and TERM=dumb are final; FORCE_COLOR decides next; else a terminal has colour."""
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    if forced := environ.get("FORCE_COLOR", "").strip().lower():
        return forced not in OFF
    return _is_terminal(stream)


def _shades(environ: Mapping[str, str]) -> bool:
    kind = environ.get("TERM", "")
    return bool(environ.get("COLORTERM")) or any(word in kind for word in ("256color", "direct", "kitty", "alacritty"))


def _ascii(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether our signs can't be shown: the stream can't encode them, or the locale is ASCII."""
    try:
        "".join(ALL).encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return True
    return _ascii_locale(environ)


def _ascii_locale(environ: Mapping[str, str]) -> bool:
    """Whether the user's locale is C: Python then writes UTF-8 all the same (PEP 538, PEP 540), so ask the variables.

    Python itself sets LC_CTYPE to C.UTF-8 where LANG is C, so that value says nothing about the user's wish.
    """
    if environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return False
    kinds = [environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    if kinds[1] == "C.UTF-8" and kinds[2] in ("C", "POSIX"):
        kinds[1] = ""
    return next((kind for kind in kinds if kind), "") in ("C", "POSIX")
