"""A class's sheets marked at once: a row for each, also for one that can't be read, points, and the summary."""

from __future__ import annotations

import csv
import json
import signal
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration, trace
from cnnstep.surface.loading import scenario
from cnnstep.surface.sheet_files import Marker, sheets_in
from cnnstep.tutor.marking.marks import MarkedSheet
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from tests.conftest import Program
from tests.counted import counted_calls
from tests.surface.test_schemas import faults

STEPS = {"forward": 1, "error": 1, "gradient": 4, "update": 2}
POINTS = ",".join(f"{name}={worth}" for name, worth in STEPS.items())


def right() -> dict[str, Any]:
    iteration = first_iteration(lesson_of(scenario("six-outputs")))
    return {name: iteration.matrix(name).tolist() for name in STEPS}


def with_mistake(code: str) -> dict[str, Any]:
    iteration = next(trace(mistaken(lesson_of(scenario("six-outputs")), MISTAKES[code])))
    return {name: iteration.matrix(name).tolist() for name in STEPS}


def notebook() -> str:
    """A student's: the gradient as a cell's output, the error written in the cell."""
    shown = {"output_type": "execute_result", "data": {"text/plain": [f"array({right()['gradient']})"]}}
    code = ["# cnnstep: gradient\n", "G = correlate(X, [[0, 0, 3], [-2, 0, -2]])\n", "G"]
    cells = [
        {"cell_type": "markdown", "source": ["# cnnstep: delta\n", "[[1]]"]},
        {"cell_type": "code", "source": ["# cnnstep: scenario = six-outputs\n", "import numpy as np"], "outputs": []},
        {"cell_type": "code", "source": code, "outputs": [shown]},
        {"cell_type": "code", "source": f"# cnnstep: error\n{right()['error']}"},
    ]
    return json.dumps({"cells": cells})


def sheet(work: Any, name: str = "six-outputs") -> bytes:
    return f"scenario: {name}\nwork: {json.dumps(work)}\n".encode()


def unreadable() -> Iterator[tuple[str, bytes]]:
    """Thirty sheets that can't be read, of many kinds."""
    good = right()
    broken = [b"", b"\xff\xfe\x00", b"scenario: [", b"- 1\n- 2\n", b"\x00\x01\x02", b"scenario: six-outputs\n"]
    broken += [b"work: {gradient: [[1]]}", sheet(good, "no-such"), sheet({"nope": [[1]]}), sheet({"gradient": "x"})]
    broken += [sheet({"gradient": [[1], [1, 2]]}), sheet({}), sheet(3), sheet(good, "../../etc/passwd")]
    broken += [b"scenario: six-outputs\nscenario: bias\nwork: {error: [[1]]}", b"scenario: six-outputs\nwrok: {}\n"]
    broken += [b"scenario: six-outputs\niteration: -1\nwork: {error: [[1]]}", b"[" * 3000, sheet({"error": "0,5 1,5"})]
    yield from ((f"a{at:02}.yaml", content) for at, content in enumerate(broken))
    tables = [
        b"",
        b"hello there",
        b"gradient,1,2\n",
        b"scenario,no-such\nerror,1\n",
        b"scenario,six-outputs\nerror,x\n",
    ]
    yield from ((f"b{at}.csv", content) for at, content in enumerate(tables))
    notes = [b"{}", b"{", json.dumps({"cells": []}).encode(), json.dumps({"cells": [{"cell_type": "code"}]}).encode()]
    yield from ((f"c{at}.ipynb", content) for at, content in enumerate(notes))
    yield from (("d0.docx", b"PK"), ("=cmd|'x'!A0.yaml", b"?"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """270 sheets, every third with a mistake, and 30 that can't be read."""
    place = tmp_path_factory.mktemp("class")
    codes = ("delta-flipped", "flipped-filter", "absolute-error")
    for number in range(270):
        work = with_mistake(codes[number // 27 % 3]) if number % 27 == 0 else right()
        if number % 3 == 1:
            work["gradient"][0][0] += 1 + number % 5
        (place / f"s{number:03}.yaml").write_bytes(sheet(work))
    for name, content in unreadable():
        (place / name).write_bytes(content)
    return place


def test_a_class_of_300_with_30_that_cannot_be_read(cnnstep: Program, tmp_path: Path, folder: Path) -> None:
    ran = cnnstep("check", str(folder), "--json", "--table", str(tmp_path / "marks.csv"), "--points", POINTS)
    data = json.loads(ran.out)
    assert (ran.code, faults("marks", data)) == (1, [])
    assert faults("marks", data | {"more": 1})
    summary = data["class"]
    assert [summary[key] for key in ("sheets", "correct", "mistaken", "unexplained", "unreadable")] == [
        300,
        170,
        100,
        0,
        30,
    ]
    assert [one["sheets"] for one in summary["mistakes"]] == [4, 3, 3]
    assert summary["teach_next"] == "delta-flipped"
    assert not summary["stopped"]
    rows = list(csv.DictReader(StringIO((tmp_path / "marks.csv").read_text(encoding="utf-8"))))
    assert len(rows) == 300
    assert all(row["reason"] and row["points"] == "" for row in rows if row["verdict"] == "unreadable")
    (strange,) = (row["sheet"] for row in rows if "cmd" in row["sheet"])
    assert strange.startswith("'=")
    told = {row["sheet"]: row for row in rows}
    assert told["s002.yaml"]["points"] == "8.0"
    assert told["s001.yaml"]["gradient"] == "3.0", "three of four cells, of four points; and the update follows"
    assert told["s001.yaml"]["update"] == "2.0"


def test_a_misconception_in_the_gradient_costs_its_points_once(cnnstep: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(sheet(with_mistake("delta-flipped")))
    ran = cnnstep("check", str(tmp_path / "a.yaml"), "--points", POINTS, "--json")
    (one,) = json.loads(ran.out)["sheets"]
    assert {name: step["points"] for name, step in one["steps"].items()} == STEPS | {"gradient": 0}
    assert (one["points"], one["of"]) == (4, 8)


def test_300_sheets_share_what_one_has_worked_out(folder: Path) -> None:
    files = sheets_in([str(folder)])
    with counted_calls() as one:
        Marker().mark(str(folder / "s001.yaml"), "")
    marker = Marker()
    with counted_calls() as all_of_them:
        sheets = [marker.mark(file, file) for file in files if Path(file).name.startswith("s")]
    assert len(sheets) == 270
    assert all_of_them[0] <= 18 * one[0]


def test_what_is_shared_changes_no_diagnosis(folder: Path) -> None:
    marker = Marker()
    for name in ("s001.yaml", "s000.yaml", "s004.yaml", "s027.yaml", "s054.yaml"):
        alone, together = Marker().mark(str(folder / name), name), marker.mark(str(folder / name), name)
        assert alone.diagnosis is not None
        assert together.diagnosis is not None
        assert together.mistakes == alone.mistakes
        assert [mark.verdict for mark in together.diagnosis.marks] == [mark.verdict for mark in alone.diagnosis.marks]


def test_tables_and_notebooks_are_sheets(cnnstep: Program, tmp_path: Path) -> None:
    rows = [";".join(f"{number:.1f}".replace(".", ",") for number in row) for row in right()["error"]]
    table = "\n".join(["scenario;six-outputs", f"error;{rows[0]}", *(f";{row}" for row in rows[1:])])
    (tmp_path / "a.csv").write_text(table, encoding="utf-8")
    (tmp_path / "b.ipynb").write_text(notebook(), encoding="utf-8")
    ran = cnnstep("check", str(tmp_path), "--json")
    first, second = json.loads(ran.out)["sheets"]
    assert (ran.code, first["verdict"], second["verdict"]) == (0, "correct", "correct")
    assert {name: step["verdict"] for name, step in second["steps"].items()} == {
        "error": "correct",
        "gradient": "correct",
    }
    assert first["steps"]["error"]["points"] == 1
    assert cnnstep("check", str(tmp_path / "a.csv"), "--json").out.startswith('{"schema": 1, "verdict": "correct"')


@pytest.mark.parametrize("points", ["forward", "forward=x", "forward=-1", "=2", "forward=nan", "nope=1"])
def test_points_that_cannot_be_given_are_told(cnnstep: Program, tmp_path: Path, points: str) -> None:
    (tmp_path / "a.yaml").write_bytes(sheet(right()))
    ran = cnnstep("check", str(tmp_path), "--points", points)
    assert (ran.code, ran.out) == (2, "")
    assert "points" in ran.err or "called" in ran.err


def test_an_empty_folder_and_one_without_a_sheet_that_can_be_read_end_with_2(cnnstep: Program, tmp_path: Path) -> None:
    assert cnnstep("check", str(tmp_path)).code == 2
    (tmp_path / "a.yaml").write_bytes(b"")
    ran = cnnstep("check", str(tmp_path))
    assert ran.code == 2
    assert "1 unreadable" in ran.out


def test_an_existing_table_is_kept_and_is_no_sheet(cnnstep: Program, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(sheet(right()))
    table = ("--table", str(tmp_path / "marks.csv"))
    assert cnnstep("check", str(tmp_path), *table).code == 0
    assert cnnstep("check", str(tmp_path), *table).code == 2
    ran = cnnstep("check", str(tmp_path), *table, "--force", "--json")
    assert [one["sheet"] for one in json.loads(ran.out)["sheets"]] == ["a.yaml"]


def test_ctrl_c_keeps_what_is_done(cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, mark, seen = tmp_path / "class", Marker.mark, list[str]()
    place.mkdir()
    for name in "abcde":
        (place / f"{name}.yaml").write_bytes(sheet(right()))

    def interrupted(marker: Marker, path: str, name: str) -> MarkedSheet:
        seen.append(name)
        if len(seen) == 3:
            signal.raise_signal(signal.SIGINT)
        return mark(marker, path, name)

    monkeypatch.setattr(Marker, "mark", interrupted)
    ran = cnnstep("check", str(place), "--table", str(tmp_path / "marks.csv"))
    assert ran.code == 130
    assert "Not all sheets were marked" in ran.out
    assert "3 of 5 sheets were marked." in ran.err
    assert len((tmp_path / "marks.csv").read_text(encoding="utf-8").splitlines()) == 1 + 3
