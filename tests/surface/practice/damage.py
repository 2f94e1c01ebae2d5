"""Progress files with something in them, and one with a fault that no reading of its rows would show."""

from __future__ import annotations

from pathlib import Path

from cnnstep.surface.practice.database import write
from cnnstep.tutor.practice.event import Event

PAGE = 4096
LEAF = 0x0D
"""The first byte of a page that holds rows."""


def filled(path: Path, number: int = 200) -> bytes:
    """A progress file of several pages."""
    path.parent.mkdir(exist_ok=True)
    write(path, [Event("delta", "wrong", seed=seed, text="1 2; 3 4" * 5, at=1.0) for seed in range(number)])
    return path.read_bytes()


def misstated(path: Path) -> None:
    """The last page of rows says that its free room begins where there is no page."""
    content = bytearray(filled(path))
    start = max(place for place in range(0, len(content), PAGE) if content[place] == LEAF)
    content[start + 1 : start + 3] = b"\xff\xf0"
    path.write_bytes(bytes(content))
