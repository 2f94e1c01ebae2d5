"""What was added is there: in the same session, in the next one, and whatever characters it is made of."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.surface.practice import database
from cnnstep.surface.practice.learner_files import read_history
from cnnstep.surface.practice.store import Store, home_folder, progress_file
from cnnstep.tutor.practice.history import KINDS, OUTCOMES, Event
from tests.examples import examples
from tests.surface.practice.damage import cut_off

counts = {name: st.integers(0, most) for name, most in database.MOST.items()}
EVENTS = st.builds(
    Event,
    skill=st.text(),
    outcome=st.sampled_from(OUTCOMES),
    course=st.text(),
    kind=st.sampled_from(KINDS),
    text=st.text(),
    mistakes=st.lists(st.text()).map(tuple),
    fast=st.booleans(),
    at=st.floats(allow_nan=False, allow_infinity=False).filter(bool),
    variant=st.text(),
    **counts,
)


def events(*seeds: int) -> list[Event]:
    return [Event("delta", "right", seed=seed, at=1.0) for seed in seeds]


@examples(15)
@given(st.lists(EVENTS, max_size=5))
def test_what_was_added_is_there_in_its_order_now_and_in_the_next_session(added: list[Event]) -> None:
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "home") as store:
        assert store.notes == ()
        assert store.add(*added) == ""
        assert added == store.history()
        with Store.open(Path(folder) / "home") as next_session:
            assert next_session.notes == ()
            assert added == next_session.history()


def test_an_event_without_a_time_gets_the_clock_s(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        before = time.time()
        store.add(Event("delta", "right"))
        assert before <= store.history()[0].at <= time.time()


def test_several_events_are_kept_together(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert store.add(*events(1, 2, 3)) == ""
        assert store.history() == events(1, 2, 3)


def test_what_another_session_added_is_in_the_history(tmp_path: Path) -> None:
    with Store.open(tmp_path) as mine, Store.open(tmp_path) as other:
        mine.add(*events(1))
        other.add(*events(2))
        mine.add(*events(3))
        assert mine.history() == other.history() == events(1, 2, 3)


def test_half_a_sign_from_a_broken_terminal_is_written_out(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        assert store.add(Event("delta", "wrong", text="1 \udcff", at=1.0)) == ""
        assert store.history() == [Event("delta", "wrong", text="1 \\udcff", at=1.0)]


def test_the_home_is_the_one_that_the_variable_names(own_home: Path) -> None:
    with Store.open() as store:
        store.add(*events(1))
    assert home_folder() == own_home
    assert {path.name for path in own_home.iterdir()} == {"progress.db", "progress.lock"}


@pytest.mark.parametrize("value", ["", None])
def test_without_the_variable_it_is_the_system_s_place_for_a_user_s_data(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.setenv("CNNSTEP_HOME", value) if value is not None else monkeypatch.delenv("CNNSTEP_HOME")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, appauthor: Path("/data", name))
    assert progress_file() == Path("/data/cnnstep/progress.db")


def test_a_home_with_signs_that_an_address_reads_otherwise_is_a_home(tmp_path: Path) -> None:
    home = tmp_path / "50 % new?mode=ro#δ"
    with Store.open(home) as store:
        assert store.add(*events(1)) == ""
    assert progress_file(home).exists()


def test_the_file_says_whose_it_is_and_its_rows_can_only_be_added_to(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.add(*events(1))
    with closing(sqlite3.connect(progress_file(tmp_path))) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (database.APPLICATION,)
        assert connection.execute("PRAGMA user_version").fetchone() == (database.VERSION,)
        for change in ("DELETE FROM events", "UPDATE events SET outcome = 'right'"):
            with pytest.raises(sqlite3.IntegrityError, match="events stay"):
                connection.execute(change)


FIRST_VERSION = """
    PRAGMA application_id = 1668181619;
    PRAGMA user_version = 1;
    CREATE TABLE events (id INTEGER PRIMARY KEY, skill TEXT NOT NULL, outcome TEXT NOT NULL, level INTEGER NOT NULL,
        seed INTEGER NOT NULL, course TEXT NOT NULL, kind TEXT NOT NULL, attempt INTEGER NOT NULL,
        hints INTEGER NOT NULL, text TEXT NOT NULL, mistakes TEXT NOT NULL, fast INTEGER NOT NULL, at REAL NOT NULL);
    CREATE TRIGGER no_update BEFORE update ON events BEGIN SELECT RAISE(ABORT, 'events stay'); END;
    CREATE TRIGGER no_delete BEFORE delete ON events BEGIN SELECT RAISE(ABORT, 'events stay'); END;
    INSERT INTO events (skill, outcome, level, seed, course, kind, attempt, hints, text, mistakes, fast, at) VALUES
        ('delta', 'wrong', 1, 2, '', 'matrix', 1, 0, '1 2', '["mask-alone"]', 0, 1.5),
        ('delta', 'right', 1, 2, '', 'matrix', 2, 1, '1 2', '[]', 1, 2.5);
"""
"""A file as the first version of the program made it."""
OLD = [
    Event("delta", "wrong", 1, 2, text="1 2", mistakes=("mask-alone",), at=1.5),
    Event("delta", "right", 1, 2, attempt=2, hints=1, text="1 2", fast=True, at=2.5),
]


def of_the_first_version(home: Path) -> Path:
    home.mkdir(exist_ok=True)
    with closing(sqlite3.connect(progress_file(home))) as connection:
        connection.executescript(FIRST_VERSION)
    return progress_file(home)


class TestFirstVersion:
    def test_is_read_as_it_is(self, tmp_path: Path) -> None:
        path = of_the_first_version(tmp_path)
        before = path.read_bytes()
        assert read_history(path) == OLD
        assert path.read_bytes() == before

    def test_is_added_to_and_what_was_in_it_stays(self, tmp_path: Path) -> None:
        of_the_first_version(tmp_path)
        new = Event("delta", "right", variant="sigmoid", at=3.0)
        with Store.open(tmp_path) as store:
            assert store.notes == ()
            assert store.add(new) == ""
            assert store.history() == [*OLD, new]
        with closing(sqlite3.connect(progress_file(tmp_path))) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (database.VERSION,)
            with pytest.raises(sqlite3.IntegrityError, match="events stay"):
                connection.execute("DELETE FROM events")


def test_a_transaction_is_on_the_disk_before_it_is_over(tmp_path: Path) -> None:
    with database.opened(tmp_path / "any.db", "rwc") as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (3,)  # EXTRA


def test_a_session_waits_for_one_that_is_writing(tmp_path: Path) -> None:
    database.write(tmp_path / "progress.db", events(1))
    holding = threading.Event()

    def hold() -> None:
        with database.opened(tmp_path / "progress.db", "rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            holding.set()
            time.sleep(0.1)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait()
    database.write(tmp_path / "progress.db", events(2))
    holder.join()
    assert database.read(tmp_path / "progress.db") == events(1, 2)


def test_what_a_session_that_was_cut_off_has_left_half_done_is_undone(tmp_path: Path) -> None:
    with Store(progress_file(cut_off(tmp_path, events(1, 2)))) as store:
        assert store.history() == events(1, 2)


def test_who_renames_the_file_waits_until_nobody_has_it_open_and_the_others_wait_for_him(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "progress.db"
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    with database.gate(path), database.gate(path):
        with pytest.raises(database.UnreachableError), database.gate(path, alone=True):
            pass
        database.write(path, events(1))
    with database.gate(path, alone=True), pytest.raises(database.UnreachableError):
        database.write(path, events(2))
    assert database.read(path) == events(1)


def test_a_misuse_of_ours_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.ProgrammingError), database.opened(tmp_path / "any.db", "rwc") as connection:
        connection.execute("SELECT ?", ())
