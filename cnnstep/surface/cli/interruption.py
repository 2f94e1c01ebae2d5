"""Ctrl-C, and being told to end: each is a KeyboardInterrupt, and that it came is remembered.

Python may make another error of one that meets it in the middle of an import: "can't load unicodedata module".
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_came: list[int] = []


def listen() -> None:
    """From now on each of the signals that end a program is remembered; one that is ignored stays so."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        told = getattr(signal, name, None)
        if told is not None and signal.getsignal(told) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(told, _told)
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, _told)
        sys.unraisablehook = _lost


SOON = 0.01
"""Seconds after which a signal is heard again that met Python where it ignores every error: as it drops an object."""


def _lost(lost: UnraisableHookArgs) -> None:
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, SOON)
    else:
        sys.__unraisablehook__(lost)


def _told(number: int, frame: FrameType | None) -> NoReturn:
    _came.append(number)
    raise KeyboardInterrupt


def came() -> bool:
    """Whether a signal has come that ends the program: what goes wrong after it is no fault of anybody's."""
    return bool(_came)
