"""Progress files that somebody else has made, meaning harm or not: told, never obeyed, never waited for."""

from __future__ import annotations

import csv
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from cnnstep.surface.practice.database import write
from cnnstep.surface.practice.store import Store, progress_file
from cnnstep.tutor.practice.history import Event
from cnnstep.tutor.practice.skills import SKILLS
from tests.conftest import Program, environment

if sys.platform == "win32":  # pragma: no cover
    pytest.skip("it has neither pipes with a name nor these permissions", allow_module_level=True)

COUNTING = (
    "DROP TABLE events; CREATE VIEW events AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n) "
    "SELECT id, 'delta' AS skill, 'right' AS outcome, 1 AS level, 0 AS seed, '' AS course, 'matrix' AS kind, "
    "1 AS attempt, 0 AS hints, '' AS text, '[]' AS mistakes, 0 AS fast, 1.0 AS at, '' AS variant FROM n"
)
WORKED_OUT = "ALTER TABLE events ADD COLUMN more TEXT AS (hex(zeroblob(100000000)))"
UNFIT = {
    "a list in the list": "UPDATE events SET mistakes = '[[1]]'",
    "brackets": f"UPDATE events SET mistakes = '{'[' * 100_000}'",
    "a view without end": COUNTING,
    "a column that is worked out": WORKED_OUT,
    "a huge level": f"UPDATE events SET level = {2**62}",
    "a negative seed": "UPDATE events SET seed = -1",
    "negative hints": "UPDATE events SET outcome = 'right', hints = -5000",
    "a huge attempt": f"UPDATE events SET outcome = 'right', attempt = {2**62}",
}


def crafted(path: Path, statements: str = "") -> Path:
    """A progress file that these statements were carried out on."""
    path.parent.mkdir(exist_ok=True)
    write(path, [Event("delta", "wrong", mistakes=("slope-forgotten",), at=1.0)])
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"DROP TRIGGER no_update; DROP TRIGGER no_delete; {statements}")
    return path


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


class TestTable:
    @pytest.mark.parametrize("kind", UNFIT)
    def test_a_file_that_can_not_be_is_a_row_and_the_others_are_read(
        self, cnnstep: Program, tmp_path: Path, kind: str
    ) -> None:
        crafted(tmp_path / "anna.db", UNFIT[kind])
        crafted(tmp_path / "ben.db")
        ran = cnnstep("progress", "--csv", "anna.db", "ben.db")
        rows = rows_of(ran.out)
        assert (ran.code, len(rows)) == (2, 1 + len(SKILLS))
        assert (rows[0]["learner"], rows[0]["fault"]) == ("anna", '"anna.db" is damaged, or is no progress file')

    def test_a_name_that_is_no_text_is_written_out(self, cnnstep: Program, tmp_path: Path) -> None:
        crafted(tmp_path / "anna.db").rename(tmp_path / os.fsdecode(b"\xff.db"))
        ran = cnnstep("progress", "--csv", os.fsdecode(b"\xff.db"))
        assert (ran.code, rows_of(ran.out)[0]["learner"]) == (0, "\\udcff")
        assert cnnstep("progress", "--csv", os.fsdecode(b"\xfe.db")).code == 2

    def test_no_code_and_no_name_is_obeyed_by_the_terminal(self, cnnstep: Program, tmp_path: Path) -> None:
        name = "\x1b]0;mine\x07.db"
        crafted(tmp_path / name, """UPDATE events SET mistakes = '["\\u001b[2J", "\\ud800"]'""")
        ran = cnnstep("progress", "--csv", name)
        assert ran.code == 0
        assert rows_of(ran.out)[3] | {"learner": "\\x1b]0;mine\\x07", "mistake": "\\x1b[2J"} == rows_of(ran.out)[3]
        assert not {"\x1b", "\x07"} & {*ran.out, *cnnstep("progress", "--csv", f"no{name}").err}

    def test_nor_where_a_learner_looks_at_their_own(self, cnnstep: Program, own_home: Path) -> None:
        own_home.mkdir()
        crafted(progress_file(own_home), """UPDATE events SET mistakes = '["\\u001b[2J"]'""")
        ran = cnnstep("progress")
        assert (ran.code, "\x1b" in ran.out, "\\x1b[2J" in ran.out) == (0, False, True)

    @pytest.mark.parametrize("begins", ["=", "+", "-", "@", " =", "\t="])
    def test_no_cell_is_a_formula(self, cnnstep: Program, tmp_path: Path, begins: str) -> None:
        code = begins.replace("\t", "\\t")
        crafted(tmp_path / f"{begins}1.db", f"""UPDATE events SET mistakes = '["{code}HYPERLINK(1)"]'""")
        rows = rows_of(cnnstep("progress", "--csv", f"./{begins}1.db").out)
        assert (rows[3]["learner"], rows[3]["mistake"]) == (f"'{begins}1", f"'{begins}HYPERLINK(1)")

    @pytest.mark.parametrize("files", ["", "anna.db", "anna.db ben.db"])
    def test_a_folder_that_is_gone_is_told(self, tmp_path: Path, files: str) -> None:
        (tmp_path / "gone").mkdir()
        line = f"cd gone && rmdir ../gone && exec {sys.executable} -m cnnstep progress --csv {files}"
        env = environment({"CNNSTEP_HOME": "relative"})
        ran = subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr.startswith("The folder that you are in is gone.")) == (2, True)


class TestPipes:
    """Who opens a pipe with a name waits until somebody writes into it."""

    def test_a_file_of_a_learner_that_is_one_is_told(self, cnnstep: Program, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "anna.db")
        ran = cnnstep("progress", "--csv", "anna.db")
        assert (ran.code, "is a pipe or a device, not a file" in ran.out) == (2, True)

    @pytest.mark.parametrize("name", ["progress.db", "progress.lock", "progress.db-journal"])
    def test_so_is_one_s_own_and_practice_goes_on(self, tmp_path: Path, name: str) -> None:
        if name.endswith("journal"):
            crafted(tmp_path / "progress.db")
        os.mkfifo(tmp_path / name)
        with Store.open(tmp_path) as store:
            assert f"{tmp_path / name} is a pipe or a device, not a file" in store.notes[0]
            store.add(Event("delta", "right", at=1.0))
            assert store.history()[-1] == Event("delta", "right", at=1.0)


def test_progress_and_its_folder_are_the_user_s_alone(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    before = os.umask(0o022)
    try:
        with Store.open(home) as store:
            store.add(Event("delta", "right"))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (home, *home.iterdir())}
    assert modes == {"home": 0o700, "progress.db": 0o600, "progress.lock": 0o600}


def test_an_exercise_of_a_level_that_there_is_not_is_not_taken_up(cnnstep: Program, own_home: Path) -> None:
    with Store.open(own_home) as store:
        store.add(Event("delta", "wrong", level=99))
    ran = cnnstep("practice", stdin="quit\n")
    assert (ran.code, "level 99" in ran.out) == (0, False)
