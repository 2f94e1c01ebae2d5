"""A file that can't be used makes room: it gets another name beside its own, and is never written over."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Literal

from cnnstep.surface.practice.database import UnfitError, gate, look

PARTS = ("-journal", "-wal", "-shm", "")
"""What SQLite keeps beside a database belongs to it; the database itself goes last, for it is what is looked for."""
WHAT: dict[Literal["damaged", "foreign"], str] = {
    "damaged": "The progress file is damaged.",
    "foreign": "The progress file is another program's.",
}


def set_aside(path: Path) -> str:
    """Gives an unfit file another name, and says so; "" where it is fit: another session was here first.

    One of a newer version is fit for that version, and stays; then `UnfitError`.
    """
    with gate(path, alone=True):
        try:
            look(path)
        except UnfitError as unfit:
            if unfit.why == "newer":
                raise
            return f"{WHAT[unfit.why]} It was set aside as {_renamed(path)}, and a new one begins."
        return ""


def _renamed(path: Path) -> Path:
    target = next(free for n in count(1) if _is_free(free := path.with_stem(f"{path.stem}-aside-{n}")))
    for part in PARTS:
        if _part(path, part).exists():
            _part(path, part).rename(_part(target, part))
    return target


def _is_free(target: Path) -> bool:
    return not any(_part(target, part).exists() for part in PARTS)


def _part(path: Path, part: str) -> Path:
    return path.with_name(path.name + part)
