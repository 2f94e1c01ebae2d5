"""Ctrl-C, and being told to end: each is a KeyboardInterrupt, and that it came is remembered.

Python may make another error of one that meets it in the middle of an import: "can't load unicodedata module".
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

_came: list[int] = []


def listen() -> None:
    """From now on each of the signals that end a program is remembered; one that is ignored stays so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        told = getattr(signal, name, None)
        if told is not None and signal.getsignal(told) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(told, _told)


def _told(number: int, frame: FrameType | None) -> NoReturn:
    _came.append(number)
    raise KeyboardInterrupt


def came() -> bool:
    """Whether a signal has come that ends the program: what goes wrong after it is no fault of anybody's."""
    return bool(_came)
