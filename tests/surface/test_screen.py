"""What a screen can show, from its streams and the environment alone."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

import pytest

from cnnstep.surface.screen import Screen


class Terminal(io.StringIO):
    """A stream that calls itself a terminal; its size can't be asked for."""

    def isatty(self) -> bool:
        return True


class Encoded(io.StringIO):
    """A stream of a certain encoding."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def detected(
    environ: Mapping[str, str] | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None
) -> Screen:
    return Screen.detect(io.StringIO(), stdout or Terminal(), stderr or Terminal(), environ or {})


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("40", 40),
        ("200", 200),
        ("5", 20),
        ("0", 80),
        ("-3", 80),
        ("wide", 80),
        ("", 80),
        ("9" * 5000, 80),
        ("99999", 1000),
    ],
)
def test_columns_gives_the_width(columns: str, expected: int) -> None:
    assert expected == detected({"COLUMNS": columns}).width


def test_without_columns_the_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Terminal, "fileno", lambda self: 1)
    monkeypatch.setattr(Encoded, "fileno", lambda self: 1)
    monkeypatch.setattr(os, "get_terminal_size", lambda number: os.terminal_size((132, 43)))
    assert detected().width == 132
    assert detected(stdout=Encoded("utf-8")).width == 80, "a file has no width of its own"


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "false"}, True, False),
        ({"FORCE_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(environ: dict[str, str], terminal: bool, expected: bool) -> None:
    stream: Callable[[], TextIO] = Terminal if terminal else io.StringIO
    assert expected == Screen.detect(io.StringIO(), stream(), stream(), environ).colour


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [("utf-8", False), ("ascii", True), ("latin-1", True), ("cp1252", True), ("no-such", True)],
)
def test_a_stream_that_cannot_hold_our_signs_gets_ascii(encoding: str, expected: bool) -> None:
    assert expected == detected(stdout=Encoded(encoding)).ascii


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"LC_ALL": "C"}, True),
        ({"LANG": "POSIX"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # as Python leaves it where the user said LANG=C
        ({"LANG": "C", "LC_CTYPE": "en_GB.UTF-8"}, False),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ({"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, False),
        ({}, False),
    ],
)
def test_an_ascii_locale_gets_ascii(environ: dict[str, str], expected: bool) -> None:
    assert expected == detected(environ).ascii


def test_standard_error_has_its_own_colour_and_signs() -> None:
    screen = detected(stdout=Terminal(), stderr=Encoded("ascii"))
    assert (screen.colour, screen.ascii) == (True, False)
    assert (screen.on_stderr().colour, screen.on_stderr().ascii) == (False, True)


def test_who_types_and_who_watches_is_told_apart() -> None:
    assert _types_and_watches(Terminal(), io.StringIO()) == (True, False)
    assert _types_and_watches(io.StringIO(), Terminal()) == (False, True)
    assert _types_and_watches(io.StringIO(), io.StringIO()) == (False, False)


def _types_and_watches(stdin: TextIO, stderr: TextIO) -> tuple[bool, bool]:
    screen = Screen.detect(stdin, io.StringIO(), stderr, {})
    return screen.interactive, screen.watched


def test_a_closed_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not detected(stdout=closed).colour


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({"TERM": "xterm-256color"}, True), ({"COLORTERM": "truecolor"}, True), ({"TERM": "linux"}, False)],
)
def test_shades_need_a_terminal_of_many_colours(environ: dict[str, str], expected: bool) -> None:
    assert expected == detected(environ).shades


def test_looking_at_the_screen_does_not_import_rich() -> None:
    code = "import sys, cnnstep.surface.screen; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
