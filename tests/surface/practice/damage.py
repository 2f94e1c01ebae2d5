"""Progress files with something in them, one with a fault that no row shows, one whose writer was cut off."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from cnnstep.surface.practice.database import write
from cnnstep.tutor.practice.history import Event

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


def cut_off(folder: Path, events: Sequence[Event]) -> Path:
    """A home as a session leaves it that is killed while it adds to these events: half of what it changed is there."""
    home, copy = folder / "home", folder / "copy"
    home.mkdir()
    copy.mkdir()
    write(home / "progress.db", events)
    with closing(sqlite3.connect(home / "progress.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA cache_size = 1")  # so that changed pages go to the file before the end
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(9):
            connection.execute(
                "INSERT INTO events SELECT NULL, skill, outcome, level, seed, course, kind, attempt, hints, "
                "hex(randomblob(3000)), mistakes, fast, at, variant FROM events LIMIT 1"
            )
        for path in home.glob("progress.db*"):
            shutil.copy(path, copy)
    return copy
