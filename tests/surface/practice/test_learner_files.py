"""Progress files of other learners: read as they are, and left as they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.practice.database import VERSION, write
from cnnstep.surface.practice.learner_files import learners, read_history
from cnnstep.surface.practice.store import Store
from cnnstep.tutor.practice.history import Event
from tests.surface.practice.damage import cut_off, misstated

EVENTS = [Event("delta", "wrong", text="1 2", mistakes=("slope-forgotten",), at=1.0), Event("delta", "right", at=2.0)]


def state(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_file_is_read_and_nothing_in_its_folder_changes(tmp_path: Path) -> None:
    write(tmp_path / "anna.db", EVENTS)
    before = state(tmp_path)
    assert read_history(tmp_path / "anna.db") == EVENTS
    assert state(tmp_path) == before


def newer(path: Path) -> None:
    write(path, EVENTS)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE letters (text)")


def text(path: Path) -> None:
    path.write_text("input: [[1]]\n" * 100)


def nothing(path: Path) -> None:
    pass


FAULTS: list[tuple[Callable[[Path], None], str, str]] = [
    (newer, "no-progress-file", "was made by a newer cnnstep"),
    (foreign, "no-progress-file", "is another program's database"),
    (misstated, "no-progress-file", "is damaged, or is no progress file"),
    (text, "no-progress-file", "is damaged, or is no progress file"),
    (Path.mkdir, "is-a-directory", "is a folder"),
    (nothing, "not-found", "there is no file"),
]


@pytest.mark.parametrize(("make", "code", "what"), FAULTS, ids=[make.__name__ for make, *_ in FAULTS])
def test_what_is_no_progress_file_is_a_fault_and_stays_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], code: str, what: str
) -> None:
    path = tmp_path / "anna.db"
    make(path)
    before = state(tmp_path) if path.is_file() else {}
    with pytest.raises(InputError) as caught:
        read_history(path)
    (fault,) = caught.value.faults
    assert (fault.code, fault.file) == (code, str(path))
    assert what in fault.what
    assert fault.hint
    assert (state(tmp_path) if path.is_file() else {}) == before


def test_a_session_that_was_cut_off_while_writing_is_told_and_undone_only_by_its_owner(tmp_path: Path) -> None:
    copy = cut_off(tmp_path, EVENTS)
    before = state(copy)
    assert before.keys() == {"progress.db", "progress.db-journal"}
    with pytest.raises(InputError, match="a session that was writing to it was cut off"):
        read_history(copy / "progress.db")
    assert state(copy) == before
    with Store.open(copy) as store:
        assert store.notes == ()
        assert store.history() == EVENTS


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a/anna.db", "b/ben.db"], ["anna", "ben"]),
        (["anna.db"], ["anna"]),
        (["anna/progress.db"], ["anna"]),
        (["anna/progress.db", "ben/progress.db"], ["anna", "ben"]),
        (["anna/1.db", "ben/1.db"], ["anna", "ben"]),
        (["a/x/progress.db", "b/x/progress.db"], ["a/x/progress.db", "b/x/progress.db"]),
    ],
)
def test_a_learner_is_called_as_the_file_or_as_its_folder(files: list[str], names: list[str]) -> None:
    assert learners(files) == names
