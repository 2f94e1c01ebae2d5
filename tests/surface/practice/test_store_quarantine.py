"""A file that can't be used is set aside, whole, under a name of its own; nothing is written over."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cnnstep.surface.practice import database
from cnnstep.surface.practice.database import VERSION, UnreachableError
from cnnstep.surface.practice.quarantine import set_aside
from cnnstep.surface.practice.store import Store, progress_file
from cnnstep.tutor.practice.history import Event
from tests.surface.practice.damage import PAGE, filled, misstated
from tests.surface.practice.processes import ended, session

GARBAGE = b"These are my notes, not a database. " * 200


def changed(statement: str) -> Callable[[Path], None]:
    """A progress file that another program has had its hands on."""

    def change(path: Path) -> None:
        filled(path, 3)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER no_update")
            connection.execute(statement)

    return change


def of_another_program(path: Path, application: int = 0) -> None:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA application_id = {application}")
        connection.execute("CREATE TABLE letters (text)")
        connection.execute("INSERT INTO letters VALUES ('dear you')")


def garbage(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(GARBAGE)


def cut(path: Path) -> None:
    content = filled(path)
    path.write_bytes(content[: len(content) // 2])


def cut_in_its_head(path: Path) -> None:
    path.write_bytes(filled(path)[:50])


def flipped(path: Path) -> None:
    content = bytearray(filled(path))
    for place in range(4 * PAGE, 4 * PAGE + 64):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))


def no_text(path: Path) -> None:
    path.write_bytes(filled(path).replace(b"3 41 2", b"3\xff41 2"))


DAMAGE: dict[str, Callable[[Path], None]] = {
    "garbage": garbage,
    "cut in half": cut,
    "cut in its head": cut_in_its_head,
    "a page flipped": flipped,
    "a page that misstates itself": misstated,
    "bytes that are no text": no_text,
    "no table": changed("DROP TABLE events"),
    "another table": changed("ALTER TABLE events RENAME COLUMN hints TO tips"),
    "an outcome that there is not": changed("UPDATE events SET outcome = 'rigjt'"),
    "a kind that there is not": changed("UPDATE events SET kind = ''"),
    "a number that is none": changed("UPDATE events SET level = 'one'"),
    "mistakes that are no list": changed("UPDATE events SET mistakes = '['"),
    "mistakes that are a number": changed("UPDATE events SET mistakes = '7'"),
    "mistakes that are lists": changed("UPDATE events SET mistakes = '[[1]]'"),
    "mistakes without end": changed(f"UPDATE events SET mistakes = '{'[' * 100_000}'"),
    "a level that there is not": changed(f"UPDATE events SET level = {2**62}"),
    "fewer than no hints": changed("UPDATE events SET hints = -1"),
    "version 0": changed("PRAGMA user_version = 0"),
}
UNFIT = {name: (make, "The progress file is damaged.") for name, make in DAMAGE.items()} | {
    "foreign": (of_another_program, "The progress file is another program's."),
    "foreign by name": (lambda path: of_another_program(path, 99), "The progress file is another program's."),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_an_unfit_file_is_set_aside_whole_and_said_so_and_a_new_one_is_begun(tmp_path: Path, kind: str) -> None:
    make, what = UNFIT[kind]
    path = progress_file(tmp_path)
    make(path)
    content = path.read_bytes()
    aside = tmp_path / "progress-aside-1.db"
    with Store.open(tmp_path) as store:
        assert store.notes == (f"{what} It was set aside as {aside}, and a new one begins.",)
        assert store.history() == []
        assert store.add(Event("delta", "right", at=1.0)) == ""
    assert aside.read_bytes() == content
    with Store.open(tmp_path) as store:
        assert store.notes == ()
        assert store.history() == [Event("delta", "right", at=1.0)]


def test_a_file_of_a_newer_version_stays_as_it_is_and_this_is_said(tmp_path: Path) -> None:
    path = progress_file(tmp_path)
    changed(f"PRAGMA user_version = {VERSION + 1}")(path)
    content = path.read_bytes()
    with Store.open(tmp_path) as store:
        (note,) = store.notes
        assert "the progress file was made by a newer cnnstep, and stays as it is" in note
        assert store.add(Event("delta", "right", at=1.0)) == ""
        assert store.history() == [Event("delta", "right", at=1.0)]
        assert not store.kept
    assert path.read_bytes() == content
    assert {one.name for one in tmp_path.iterdir()} == {"progress.db", "progress.lock"}


@pytest.mark.parametrize("length", [15, 16, 17, 99, 100, 511, 512, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
def test_wherever_a_file_was_cut_what_is_left_is_set_aside(tmp_path: Path, length: int) -> None:
    path = progress_file(tmp_path)
    content = filled(path)[:length]
    path.write_bytes(content)
    with Store.open(tmp_path) as store:
        assert store.add(Event("delta", "right", at=1.0)) == ""
        assert store.history() == [Event("delta", "right", at=1.0)]
    assert (tmp_path / "progress-aside-1.db").read_bytes() == content


def test_an_empty_file_is_begun(tmp_path: Path) -> None:
    progress_file(tmp_path).touch()
    with Store.open(tmp_path) as store:
        assert store.notes == ()
        assert store.add(Event("delta", "right", at=1.0)) == ""
    assert not (tmp_path / "progress-aside-1.db").exists()


def test_names_do_not_collide_and_what_lies_beside_the_file_goes_with_it(tmp_path: Path) -> None:
    taken = {"progress-aside-1.db": b"first", "progress-aside-2.db-wal": b"a log without its file"}
    for name, content in taken.items():
        (tmp_path / name).write_bytes(content)
    garbage(progress_file(tmp_path))
    (tmp_path / "progress.db-journal").write_bytes(b"\0no longer needed")
    with Store.open(tmp_path) as store:
        assert "progress-aside-3.db," in store.notes[0]
    assert (tmp_path / "progress-aside-3.db").read_bytes() == GARBAGE
    assert (tmp_path / "progress-aside-3.db-journal").read_bytes() == b"\0no longer needed"
    assert {name: (tmp_path / name).read_bytes() for name in taken} == taken


def test_so_does_a_log_that_another_program_is_still_writing(tmp_path: Path) -> None:
    path = progress_file(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE letters (text)")
        other.execute("INSERT INTO letters VALUES ('dear you')")
        assert path.with_name("progress.db-wal").stat().st_size > 0
        with Store.open(tmp_path) as store:
            assert store.notes
            assert store.add(Event("delta", "right")) == ""
        other.execute("INSERT INTO letters VALUES ('still here')")
    with closing(sqlite3.connect(tmp_path / "progress-aside-1.db")) as aside:
        assert aside.execute("SELECT * FROM letters").fetchall() == [("dear you",), ("still here",)]


def test_a_file_that_is_damaged_during_a_session_is_set_aside_at_the_next_answer(tmp_path: Path) -> None:
    first, second = Event("delta", "wrong", at=1.0), Event("delta", "right", at=2.0)
    with Store.open(tmp_path) as store:
        store.add(first)
        assert store.history() == [first]
        garbage(progress_file(tmp_path))
        assert store.history() == [first]  # as it was last read
        assert store.add(second).startswith("The progress file is damaged. It was set aside as ")
        assert store.history() == [second]


def test_a_file_that_another_session_has_begun_anew_meanwhile_stays(tmp_path: Path) -> None:
    content = filled(progress_file(tmp_path))
    assert set_aside(progress_file(tmp_path)) == ""
    assert progress_file(tmp_path).read_bytes() == content


def test_nothing_is_set_aside_while_another_session_has_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbage(progress_file(tmp_path))
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    with database.gate(progress_file(tmp_path)), pytest.raises(UnreachableError):
        set_aside(progress_file(tmp_path))
    assert progress_file(tmp_path).read_bytes() == GARBAGE
    assert set_aside(progress_file(tmp_path))


def test_several_sessions_that_find_a_damaged_file_at_once_set_it_aside_once(tmp_path: Path) -> None:
    for name, damage in {"garbage": garbage, "flipped": flipped}.items():
        home = tmp_path / name
        damage(progress_file(home))
        content = progress_file(home).read_bytes()
        program = """
import time
print("ready", flush=True)
while not (home / "go").exists(): time.sleep(0.001)
for k in range(5):
    store = Store.open(home)
    print(*store.notes)
    assert store.add(Event("delta", "right", level=number, seed=k)) == ""
"""
        sessions = [session(program, home, number) for number in range(4)]
        for one in sessions:
            assert one.stdout
            assert one.stdout.readline() == "ready\n"
        (home / "go").touch()
        said = ended(*sessions)
        assert len([line for line in said if line]) == 1
        assert (home / "progress-aside-1.db").read_bytes() == content
        assert not (home / "progress-aside-2.db").exists()
        with Store.open(home) as store:
            assert sorted((event.level, event.seed) for event in store.history()) == [
                (number, k) for number in range(4) for k in range(5)
            ]
