"""A learner's history as it is kept, and where: `CNNSTEP_HOME`, or else the system's own place for a user's data.

Every event is on the disk when `add` returns, or the learner is told why not.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from cnnstep.surface.practice.database import UnfitError, UnreachableError, gate, look, read, write
from cnnstep.surface.practice.quarantine import set_aside
from cnnstep.tutor.practice.history import Event

VARIABLE = "CNNSTEP_HOME"
FILE = "progress.db"


def home_folder() -> Path:
    """The folder, whether it is there or not."""
    if named := os.environ.get(VARIABLE):
        return Path(named).absolute()
    import platformdirs

    return platformdirs.user_data_path("cnnstep", appauthor=False).absolute()


def progress_file(home: Path | None = None) -> Path:
    """The progress file of a folder, or of the learner's own."""
    return (home_folder() if home is None else home.absolute()) / FILE


TRIES = 5
"""How often a file may be found unfit, one after another, before we give up."""

NOT_NOW = (UnfitError, UnreachableError, OSError, ValueError)
"""Why nothing can be kept just now; a name with a zero byte in it is a ValueError."""


class Store:
    """The events of one learner. Whatever the place is like, it opens and takes events, at worst in memory.

    `notes` are sentences to tell the learner at the start.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: tuple[str, ...] = ()
        self._known: list[Event] = []
        self._waiting: list[Event] = []
        self._told = ""

    @classmethod
    def open(cls, home: Path | None = None) -> Store:
        """The store in a folder, or in the learner's own; a file that can't be used is set aside."""
        store = cls(progress_file(home))
        store.notes = tuple(store._keep(search=True))
        return store

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def history(self) -> list[Event]:
        """All events, oldest first: those in the file, other sessions' too, then those that could not be kept.

        Where the file can't be read just now, it is as it was last read.
        """
        with suppress(UnfitError, UnreachableError):
            self._known = read(self.path)
        return [*self._known, *self._waiting]

    def add(self, *events: Event) -> str:
        """Keeps events, all or none, with the time; what there is to tell, or "". What could not be kept is tried again
        with the next one.
        """
        now = time.time()
        self._waiting += [event if event.at else replace(event, at=now) for event in events]
        return " ".join(self._keep())

    @property
    def kept(self) -> bool:
        """Whether everything that was added is in the file."""
        return not self._waiting

    def close(self) -> str:
        """Tries a last time to keep what could not be kept; what there is to tell, or ""."""
        return " ".join(self._keep()) if not self.kept else ""

    def _keep(self, search: bool = False) -> list[str]:
        """Writes what waits; what is new to the learner about that. `search`: for damage, on every page."""
        said: list[str] = []
        try:
            self._write(said, search)
        except NOT_NOW as error:
            reason = _reason(error)
            if reason != self._told:
                said.append(f"Your answers are not kept: {reason}. Practice goes on; {VARIABLE} names another folder.")
            self._told = reason
            return said
        if self._told:
            said.append("Your answers are kept now, those that waited too.")
        self._told = ""
        self._known += self._waiting
        self._waiting = []
        return said

    def _write(self, said: list[str], search: bool) -> None:
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        for _ in range(TRIES):
            try:
                write(self.path, self._waiting)
                if search:
                    with gate(self.path):
                        self._known = look(self.path)
                return
            except UnfitError as unfit:
                if unfit.why == "newer":
                    raise
                if words := set_aside(self.path):
                    said.append(words)
        raise UnreachableError("the progress file can't be used")


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {(error.strerror or str(error)).lower()}"
    if isinstance(error, UnfitError):
        newer = "the progress file was made by a newer cnnstep, and stays as it is"
        return newer if error.why == "newer" else "the files there are damaged"
    return str(error) if isinstance(error, UnreachableError) else "no folder can have that name"
