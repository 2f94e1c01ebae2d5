"""Where nothing can be kept, practice goes on in memory, the learner is told once, and told when it is over."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from cnnstep.surface.practice import database
from cnnstep.surface.practice.store import Store, progress_file
from cnnstep.tutor.practice.history import Event
from tests.surface.practice.processes import ended, session

FIRST, SECOND, THIRD = (Event("delta", "right", seed=seed, at=1.0) for seed in (1, 2, 3))
NOW = "Your answers are kept now, those that waited too."


def not_kept(reason: str) -> str:
    return f"Your answers are not kept: {reason}. Practice goes on; CNNSTEP_HOME names another folder."


def taken(tmp_path: Path) -> Path:
    (tmp_path / "taken").write_text("a file")
    return tmp_path / "taken"


def test_a_home_that_is_a_file(tmp_path: Path) -> None:
    home = taken(tmp_path)
    with Store.open(home) as store:
        assert store.notes == (not_kept(f"{home}: file exists"),)
        assert store.add(FIRST) == ""
        assert store.history() == [FIRST]


@pytest.mark.skipif(sys.platform == "win32", reason="these places are Unix ones")
@pytest.mark.parametrize("home", ["/dev/null/x", "/proc/x", "/proc"])
def test_a_home_that_can_not_be(home: str) -> None:
    with Store.open(Path(home)) as store:
        assert len(store.notes) == 1
        assert store.notes[0].startswith("Your answers are not kept: ")
        assert store.add(FIRST) == store.add(SECOND) == ""
        assert store.history() == [FIRST, SECOND]


def test_a_name_that_no_folder_can_have(tmp_path: Path) -> None:
    with Store.open(tmp_path / "a\0b") as store:
        assert store.notes == (not_kept("no folder can have that name"),)
        assert store.history() == []


def test_a_progress_file_that_is_a_folder(tmp_path: Path) -> None:
    progress_file(tmp_path).mkdir()
    with Store.open(tmp_path) as store:
        assert store.notes == (not_kept(f"{progress_file(tmp_path)} can't be opened"),)
        assert store.add(FIRST) == ""


def test_a_lock_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "progress.lock").write_bytes(b"not a database" * 100)
    with Store.open(tmp_path) as store:
        reason = f"{tmp_path / 'progress.lock'} is damaged; delete it, for no answers are in it"
        assert store.notes == (not_kept(reason),)
        assert store.add(FIRST) == ""
        (tmp_path / "progress.lock").unlink()
        assert store.add(SECOND) == NOW


def test_what_waited_is_kept_as_soon_as_there_is_a_place_and_said_so(tmp_path: Path) -> None:
    home = taken(tmp_path)
    with Store.open(home) as store:
        assert store.add(FIRST) == store.add(SECOND) == ""
        home.unlink()
        assert store.add(THIRD) == NOW
        assert store.history() == [FIRST, SECOND, THIRD]
        assert store.close() == ""
    with Store.open(home) as store:
        assert store.history() == [FIRST, SECOND, THIRD]


def test_what_waited_is_tried_a_last_time_at_the_end(tmp_path: Path) -> None:
    home = taken(tmp_path)
    with Store.open(home) as store:
        store.add(FIRST)
        home.unlink()
    assert database.read(progress_file(home)) == [FIRST]


def test_another_reason_is_told_anew(tmp_path: Path) -> None:
    home = taken(tmp_path)
    with Store.open(home) as store:
        home.unlink()
        progress_file(home).mkdir(parents=True)
        assert store.add(FIRST) == not_kept(f"{progress_file(home)} can't be opened")
        assert store.add(SECOND) == ""


def test_a_file_that_another_program_holds_is_waited_for_and_then_gone_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(tmp_path) as store:
        store.add(FIRST)
        monkeypatch.setattr(database, "PATIENCE", 0.05)
        with closing(sqlite3.connect(progress_file(tmp_path), isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            assert store.add(SECOND) == not_kept("another program holds the progress file")
            assert store.history() == [FIRST, SECOND]
        assert store.add(THIRD) == NOW
        assert database.read(progress_file(tmp_path)) == [FIRST, SECOND, THIRD]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit there")
@pytest.mark.parametrize("room", [0, 3 * 4096, 5 * 4096 + 100])
def test_a_full_disk_loses_nothing_and_takes_what_waited_when_there_is_room(tmp_path: Path, room: int) -> None:
    program = """
import resource
store = Store.open(home)
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
def told(*seeds):
    said = [store.add(Event("delta", "right", seed=seed, text="1" * 1000, at=1.0)) for seed in seeds]
    assert [event.seed for event in store.history()] == list(range(seeds[-1] + 1))
    return [words for words in said if words]
print(told(0, 1, 2))
resource.setrlimit(resource.RLIMIT_FSIZE, (number, most))
print(told(*range(3, 30)))
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
print(told(30, 31))
"""
    full = not_kept("the disk takes no more, or does not work")
    assert ended(session(program, tmp_path, room)) == ["[]", str([full]), str([NOW])]
    assert [event.seed for event in database.read_only(progress_file(tmp_path), thorough=True)] == list(range(32))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are otherwise there")
@pytest.mark.parametrize(("of_file", "of_folder"), [(0o444, 0o777), (0o666, 0o555)])
def test_without_permission_what_is_there_is_read_and_what_is_new_is_not_kept(of_file: int, of_folder: int) -> None:
    program = """
import os
import urllib.parse  # some Pythons fetch it late, from where nobody else may look
if os.geteuid() == 0: os.setuid(65534)  # root may do everything
store = Store.open(home)
print(*store.notes, store.add(Event("delta", "right", seed=2, at=1.0)))
print([event.seed for event in store.history()])
"""
    with tempfile.TemporaryDirectory() as folder:  # where others may look, as they may not under tmp_path
        home = Path(folder) / "home"
        home.mkdir()
        database.write(progress_file(home), [FIRST])
        progress_file(home).with_suffix(".lock").chmod(0o666)  # else root's alone, where root runs the tests
        progress_file(home).chmod(of_file)
        home.chmod(of_folder)
        Path(folder).chmod(0o755)
        told, seeds = ended(session(program, home))
        home.chmod(0o755)
    assert told.strip() == not_kept(f"there is no permission to write {progress_file(home)}")
    assert seeds == "[1, 2]"
