"""The progress file: a SQLite database whose one table is only ever added to, a row an event.

A file is blank (it can be begun), ours, or unfit: damaged, of a newer version, of another program. Every call opens
the file anew and passes a gate. SQLite finds a journal by its file's name: had a file been renamed while somebody had
it open, he would take the next file's journal for his own, and undo with it what was never his.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, replace
from pathlib import Path
from typing import Literal

from cnnstep.tutor.practice.history import KINDS, OUTCOMES, Event

APPLICATION = 0x636E6E73
"""`cnns`: SQLite keeps it in the file's head, so that a progress file is known as one."""
VERSION = 2
"""Of the table: 2 has which kind of exercise it was. A file of version 1 is read as it is, and added to as 2."""
PATIENCE = 10.0
"""Seconds to wait for other sessions. A change takes a millisecond, or some fifty on a slow disk."""

COLUMNS: dict[str, type] = {
    "skill": str,
    "outcome": str,
    "level": int,
    "seed": int,
    "course": str,
    "kind": str,
    "attempt": int,
    "hints": int,
    "text": str,
    "mistakes": str,
    "fast": int,
    "at": float,
    "variant": str,
}
"""An event's fields in their order, and how each is kept: the mistakes as JSON, yes and no as 1 and 0."""
SINCE = {"variant": 2}
"""The version that a column came with, where that is not the first; before it, it is an empty text."""
MOST = {"level": 99, "seed": 10**12, "attempt": 10**6, "hints": 10**6}
"""What the counts of an event end at, far beyond what a session comes to; they begin at 0."""
BESIDE = ("-journal", "-wal", "")
"""What SQLite opens with a file, and the file itself."""
_SQL = {str: "TEXT", int: "INTEGER", float: "REAL"}
_ROW = ", ".join(f"{name} {_SQL[kind]} NOT NULL" for name, kind in COLUMNS.items())
_NAMES = ", ".join(COLUMNS)
_BEGIN = (
    f"PRAGMA application_id = {APPLICATION}",
    f"PRAGMA user_version = {VERSION}",
    f"CREATE TABLE events (id INTEGER PRIMARY KEY, {_ROW})",
    *(
        f"CREATE TRIGGER no_{change} BEFORE {change} ON events BEGIN SELECT RAISE(ABORT, 'events stay'); END"
        for change in ("update", "delete")
    ),
)
_BRING_UP_TO_DATE = (
    *(f"ALTER TABLE events ADD COLUMN {name} TEXT NOT NULL DEFAULT ''" for name in SINCE),
    f"PRAGMA user_version = {VERSION}",
)
_INSERT = f"INSERT INTO events ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"

Mode = Literal["rwc", "rw", "ro"]
"""SQLite's words: make the file where there is none; use one that is there; only read it."""
Fitness = Literal["damaged", "newer", "foreign"]


class UnfitError(Exception):
    """The file is there and can be reached, but it is no progress file of ours; `why` says what it is."""

    def __init__(self, why: Fitness) -> None:
        super().__init__(why)
        self.why = why


class UnreachableError(Exception):
    """The file can't be read or written just now; the message says why, to go on after a colon."""


def write(path: Path, events: Sequence[Event]) -> None:
    """Adds the events, all or none; they are on the disk when this returns. A blank file is begun with them."""
    with gate(path), opened(path, "rwc") as connection:
        connection.execute("BEGIN IMMEDIATE")
        version = begun(connection)
        for statement in _BEGIN if not version else _BRING_UP_TO_DATE if version < VERSION else ():
            connection.execute(statement)
        connection.executemany(_INSERT, map(_row, events))
        connection.execute("COMMIT")


def read(path: Path) -> list[Event]:
    """All events, oldest first, without touching the file; one that a session was cut off from is mended first."""
    try:
        return read_only(path)
    except UnreachableError:
        with gate(path), opened(path, "rw") as connection:
            return _events(connection)


def read_only(path: Path, thorough: bool = False) -> list[Event]:
    """All events, oldest first; nothing is ever changed, and so no gate is passed."""
    with opened(path, "ro") as connection:
        return _events(connection, thorough)


def look(path: Path) -> list[Event]:
    """All events, after a search for damage on every page; for who has passed the gate. No file is a blank one."""
    with opened(path, "rwc") as connection:
        return _events(connection, thorough=True)


def _events(connection: sqlite3.Connection, thorough: bool = False) -> list[Event]:
    connection.execute("BEGIN")
    version = begun(connection)
    if not version:
        return []
    if thorough and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
        raise UnfitError("damaged")
    names = ", ".join("''" if SINCE.get(name, 1) > version else name for name in COLUMNS)
    return [_event(row) for row in connection.execute(f"SELECT {names} FROM events ORDER BY id")]


@contextmanager
def gate(path: Path, alone: bool = False) -> Iterator[None]:
    """Any number of sessions at once, or one `alone`, which may rename the file: locks on an empty file beside it."""
    file = path.with_suffix(".lock")
    passed = False
    try:
        with opened(file, "rwc") as lock:
            lock.execute("BEGIN EXCLUSIVE" if alone else "BEGIN")
            lock.execute("SELECT count(*) FROM sqlite_master").fetchone()  # a shared lock is taken by reading
            passed = True
            yield
    except UnfitError as error:
        if passed:  # it is about the file behind the gate
            raise
        raise UnreachableError(f"{file} is damaged; delete it, for no answers are in it") from error


@contextmanager
def opened(path: Path, mode: Mode) -> Iterator[sqlite3.Connection]:
    """A connection for one transaction; what SQLite says comes out as `UnfitError` or `UnreachableError`.

    A file that is made here is its user's alone, and so is what SQLite makes beside it.
    """
    check_kind(path)
    if mode == "rwc":
        with suppress(OSError, ValueError):  # it is there, or SQLite says why it can't be made
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, timeout=PATIENCE, isolation_level=None, uri=True)) as connection:
            # on the disk at the end of each transaction, the folder's entry for the journal too
            connection.execute("PRAGMA synchronous = EXTRA")
            yield connection
    except sqlite3.Error as error:
        said = _said(error, path)
        if said is None:
            raise
        raise said from error


def check_kind(path: Path) -> None:
    """`UnreachableError` for a pipe or a device, which SQLite would wait for without end."""
    for part in BESIDE:
        file = Path(f"{path}{part}")
        with suppress(OSError):  # of a place that can't be looked into SQLite says why
            if file.exists() and not (file.is_file() or file.is_dir()):
                raise UnreachableError(f"{file} is a pipe or a device, not a file")


def begun(connection: sqlite3.Connection) -> int:
    """The version of our table in the file, 0 for a blank one; any other file is unfit."""
    application, version, tables = (
        int(connection.execute(query).fetchone()[0])
        for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if not (application or version or tables):
        return 0
    if application != APPLICATION:
        raise UnfitError("foreign")
    if not 1 <= version <= VERSION:
        raise UnfitError("newer" if version > VERSION else "damaged")
    if not _has_table(connection):
        raise UnfitError("damaged")
    return version


def _has_table(connection: sqlite3.Connection) -> bool:
    """Whether the events are a table: a view, or a column that is worked out, can go on without end."""
    query = "SELECT count(*) FROM sqlite_master WHERE name = 'events' AND type = 'table' AND sql LIKE 'CREATE TABLE %'"
    (tables,) = connection.execute(query).fetchone()
    return bool(tables) and not any(column[6] for column in connection.execute("PRAGMA table_xinfo(events)"))


def _row(event: Event) -> tuple[object, ...]:
    fields = astuple(replace(event, text=_encodable(event.text), course=_encodable(event.course)))
    return tuple(json.dumps(field) if isinstance(field, tuple) else field for field in fields)


def _encodable(text: str) -> str:
    """The text with what UTF-8 has no bytes for (half of a sign, from a broken terminal) written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _event(row: tuple[object, ...]) -> Event:
    kept = dict(zip(COLUMNS, row, strict=True))
    if not all(isinstance(kept[name], kind) for name, kind in COLUMNS.items()):
        raise UnfitError("damaged")
    try:
        mistakes = json.loads(str(kept["mistakes"]))
    except (ValueError, RecursionError) as error:
        raise UnfitError("damaged") from error
    if not isinstance(mistakes, list) or not all(isinstance(code, str) for code in mistakes):
        raise UnfitError("damaged")
    kept["mistakes"] = tuple(mistakes)
    if kept["outcome"] not in OUTCOMES or kept["kind"] not in KINDS:
        raise UnfitError("damaged")
    if not all(kept[name] in range(most + 1) for name, most in MOST.items()):
        raise UnfitError("damaged")
    return Event(**(kept | {"fast": bool(kept["fast"])}))  # type: ignore[arg-type]  # each was looked at


_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR)
"""Pages that can't be, and a table that is not as we made it."""
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_BUSY: "another program holds the progress file",
    sqlite3.SQLITE_LOCKED: "another program holds the progress file",
    sqlite3.SQLITE_READONLY: "there is no permission to write {file}",
    sqlite3.SQLITE_READONLY_ROLLBACK: "a session that was writing to it was cut off",
    sqlite3.SQLITE_PERM: "there is no permission to write {file}",
    sqlite3.SQLITE_CANTOPEN: "{file} can't be opened",
    sqlite3.SQLITE_IOERR: "the disk takes no more, or does not work",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_PROTOCOL: "another program holds the progress file",
}


def _said(error: sqlite3.Error, path: Path) -> UnfitError | UnreachableError | None:
    """What an error of SQLite's means for a learner; nothing where it is a misuse of ours."""
    not_text = sqlite3.SQLITE_CORRUPT if isinstance(error, sqlite3.OperationalError) else sqlite3.SQLITE_MISUSE
    code = getattr(error, "sqlite_errorcode", not_text)  # Python's own errors have no code: bytes that are no text
    if code & 0xFF in _DAMAGE:
        return UnfitError("damaged")
    reason = _REASONS.get(code, _REASONS.get(code & 0xFF))
    return UnreachableError(reason.format(file=path)) if reason else None
