"""What a sweep needs of the machine: worker processes, a cluster, a state file, files for its results."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnnstep
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario
from cnnstep.surface.sweeping import output, state
from cnnstep.surface.sweeping.executors import cluster, extra, workers
from cnnstep.surface.sweeping.output import check_output, write_output
from cnnstep.surface.sweeping.state import keeping, resumed, save
from cnnstep.tutor.sweep.plan import Axis, Plan
from cnnstep.tutor.sweep.runs import Sweep, gather, train
from tests.extras import needs, without

FIRST = scenario("first-filter")
MANY = Plan(starts=9000, iterations=40)
"""Three blocks."""


def same(one: Sweep, other: Sweep) -> None:
    for name in ("statuses", "iterations", "losses", "weights", "done"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def part(plan: Plan = MANY, blocks: int = 2) -> Sweep:
    """A sweep that was stopped after so many blocks."""
    planned = Sweep.planned(FIRST, plan)

    def stop(number: int) -> None:
        if planned.done.sum() == blocks:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather(planned, train, done=stop)
    return planned


class TestWorkers:
    def test_two_processes_give_the_very_same_bits_as_one(self) -> None:
        with workers(2) as executor:
            same(cnnstep.sweep(FIRST, MANY), cnnstep.sweep(FIRST, MANY, executor=executor))

    def test_one_worker_is_this_process(self) -> None:
        with workers(1) as executor:
            assert executor is None


@without("dask")
def test_without_the_extra_dask_it_says_how_to_get_it() -> None:
    with pytest.raises(InputError) as caught, cluster("tcp://127.0.0.1:1"):
        pass
    (fault,) = caught.value.faults
    assert fault.what == "--scheduler needs distributed, which is not installed"
    assert fault.hint == "pip install 'cnnstep[dask]'"


class TestState:
    def test_a_part_is_kept_and_gone_on_with(self, tmp_path: Path) -> None:
        path = str(tmp_path / "part.npz")
        stopped = part()
        save(path, stopped)
        again = resumed(path, FIRST, MANY)
        same(stopped, again)
        heard: list[int] = []
        gather(again, train, done=heard.append)
        assert heard == [8999]
        same(cnnstep.sweep(FIRST, MANY), again)

    def test_without_a_file_it_begins(self, tmp_path: Path) -> None:
        assert not resumed(str(tmp_path / "new.npz"), FIRST, MANY).done.any()
        assert not resumed("", FIRST, MANY).done.any()

    @pytest.mark.parametrize(
        ("plan", "name", "words"),
        [
            (Plan(starts=9000, iterations=40, seed=2), "first-filter", "seed 1, not 2"),
            (Plan(starts=9001, iterations=40), "first-filter", "starts 9000, not 9001"),
            (Plan(starts=9000, iterations=40, learning_rate=0.1), "first-filter", "learning_rate none, not 0.1"),
            (
                Plan(axes=(Axis.read("learning_rate=0.1:1:5"),), iterations=40),
                "first-filter",
                "starts 9000, not 0; axes none, not learning_rate=0.1:1:5",
            ),
            (MANY, "first-filter-linear", "another scenario"),
        ],
    )
    def test_another_sweep_is_refused_and_told_apart(self, tmp_path: Path, plan: Plan, name: str, words: str) -> None:
        path = str(tmp_path / "part.npz")
        save(path, part())
        with pytest.raises(InputError) as caught:
            resumed(path, scenario(name), plan)
        (fault,) = caught.value.faults
        assert fault.what.endswith(f"belongs to another sweep: {words}")
        assert fault.code == "another-sweep"

    def test_a_title_makes_no_other_sweep(self, tmp_path: Path) -> None:
        path = str(tmp_path / "part.npz")
        save(path, part())
        data = FIRST.data() | {"title": "another title", "iterations": 7}
        assert resumed(path, cnnstep.one_filter(**data), MANY).done.sum() == 2

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive at all", b"\x93NUMPY\x01\x00"])
    def test_a_file_that_is_no_state_is_left_alone(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "part.npz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="is not the state of a sweep"):
            resumed(str(path), FIRST, MANY)
        assert path.read_bytes() == content

    @pytest.mark.parametrize(
        "change",
        [
            {"losses": np.zeros(3)},
            {"losses": np.zeros(9000, np.float32)},
            {"statuses": np.full(9000, 6, np.int8)},
            {"statuses": np.full(9000, -2, np.int8)},
            {"key": np.array("{}")},
            {"key": np.array("[")},
            {"key": np.array(["a", "b"])},
        ],
    )
    def test_a_state_that_was_tampered_with_is_no_state(self, tmp_path: Path, change: dict[str, Any]) -> None:
        path = tmp_path / "part.npz"
        save(str(path), part())
        with np.load(path) as file:
            parts = {name: file[name] for name in file.files} | change
        np.savez(path, **parts)
        with pytest.raises(InputError, match="is not the state of a sweep"):
            resumed(str(path), FIRST, MANY)

    def test_a_missing_array_and_a_pickle_are_no_state(self, tmp_path: Path) -> None:
        for arrays in ({"key": np.array("{}")}, {"key": np.array([{}], dtype=object)}):
            np.savez(tmp_path / "part.npz", **arrays)  # type: ignore[arg-type]
            with pytest.raises(InputError, match="is not the state of a sweep"):
                resumed(str(tmp_path / "part.npz"), FIRST, MANY)

    def test_the_file_is_kept_up_to_date_and_holds_what_is_done_however_it_ends(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(state, "OFTEN", 0.0)
        monkeypatch.setattr(state, "SHARE", 0)
        path = str(tmp_path / "part.npz")
        planned, kept = Sweep.planned(FIRST, MANY), []

        def look(number: int) -> None:
            kept.append(int(resumed(path, FIRST, MANY).done.sum()))
            if len(kept) == 3:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), keeping(path, planned, look) as heard:
            gather(planned, train, done=heard)
        assert kept == [0, 1, 2]  # saved after it was told
        assert resumed(path, FIRST, MANY).finished

    def test_between_two_savings_there_is_a_pause(self, tmp_path: Path) -> None:
        path = tmp_path / "part.npz"
        planned = Sweep.planned(FIRST, MANY)
        with keeping(str(path), planned, lambda number: None) as heard:
            planned.done[0], planned.statuses[:4096] = True, 0
            heard(4095)
            assert not resumed(str(path), FIRST, MANY).done.any()
        assert resumed(str(path), FIRST, MANY).done[0]

    def test_a_state_that_cannot_be_kept_is_said_before_the_work(self, tmp_path: Path) -> None:
        planned = Sweep.planned(FIRST, MANY)
        missing = str(tmp_path / "no" / "part.npz")
        began = False
        with pytest.raises(InputError, match="there is no folder"), keeping(missing, planned, print):
            began = True
        assert not began


class TestOutput:
    def test_a_csv_has_a_row_a_run_that_reads_back_exactly(self, tmp_path: Path) -> None:
        swept = part(blocks=2)
        write_output(str(tmp_path / "runs.csv"), swept, force=False)
        rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
        names = "w0 w1 w2 w3 learning_rate status iterations loss v0 v1 v2 v3"
        assert (list(rows[0]), len(rows)) == (names.split(), 8192)
        np.testing.assert_array_equal(swept.weights[:8192, 1] + 0.0, [float(row["v1"]) for row in rows])
        assert {row["status"] for row in rows} == {name for name, count in swept.outcomes.items() if count}
        assert not any(row["v0"] == "-0.0" for row in rows)

    def test_a_name_with_a_comma_is_quoted(self, tmp_path: Path) -> None:
        plan = Plan(axes=(Axis.read("filter[0,0]=0:1:2"),), iterations=5)
        write_output(str(tmp_path / "runs.csv"), cnnstep.sweep(FIRST, plan), force=False)
        rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
        assert [row["filter[0,0]"] for row in rows] == ["0.0", "1.0"]

    def test_an_npz_has_the_same_columns(self, tmp_path: Path) -> None:
        swept = part(blocks=1)
        write_output(str(tmp_path / "runs.npz"), swept, force=False)
        with np.load(tmp_path / "runs.npz", allow_pickle=False) as file:
            names = "w0 w1 w2 w3 learning_rate status iterations loss v0 v1 v2 v3"
            assert file.files == names.split()
            assert {file[name].shape for name in file.files} == {(4096,)}
            np.testing.assert_array_equal(swept.losses[:4096], file["loss"])

    def test_a_picture_is_svg(self, tmp_path: Path) -> None:
        write_output(str(tmp_path / "map.SVG"), part(blocks=1), force=False)
        assert (tmp_path / "map.SVG").read_text().startswith("<svg xmlns=")

    @needs("plot")
    def test_a_picture_is_png(self, tmp_path: Path) -> None:
        check_output(str(tmp_path / "map.png"), force=False)
        write_output(str(tmp_path / "map.png"), part(blocks=1), force=False)
        assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")

    @without("plot")
    def test_without_the_extra_plot_a_png_is_refused_at_once(self, tmp_path: Path) -> None:
        with pytest.raises(InputError) as caught:
            check_output(str(tmp_path / "map.png"), force=False)
        assert caught.value.faults[0].what == "a .png picture needs matplotlib, which is not installed"
        assert caught.value.faults[0].hint == "pip install 'cnnstep[plot]'"

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("runs", "end it in .csv, .npz, .svg, .png"), ("a.cvs", 'did you mean ".csv"?'), ("a.xlsx", "end it in .csv")],
    )
    def test_an_ending_that_says_nothing_is_refused(self, name: str, hint: str) -> None:
        with pytest.raises(InputError) as caught:
            check_output(name, force=False)
        assert "has no ending that says what to write" in caught.value.faults[0].what
        assert caught.value.faults[0].hint.startswith(hint)

    def test_what_would_fail_in_the_end_fails_at_the_beginning(self, tmp_path: Path) -> None:
        (tmp_path / "there.csv").write_text("mine")
        (tmp_path / "folder.csv").mkdir()
        for name, words in (
            ("there.csv", "exists already"),
            ("folder.csv", "is a folder"),
            ("no/runs.csv", "there is no folder"),
        ):
            with pytest.raises(InputError, match=words):
                check_output(str(tmp_path / name), force=False)
        check_output(str(tmp_path / "there.csv"), force=True)
        check_output(str(tmp_path / "new.csv"), force=False)

    def test_nothing_is_written_over_unasked_and_nothing_half(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "runs.csv"
        path.write_text("mine")
        with pytest.raises(InputError, match="exists already"):
            write_output(str(path), part(blocks=1), force=False)

        def breaks(swept: Sweep) -> Any:
            yield b"half a row"
            raise OSError("the disk is full")

        monkeypatch.setitem(output.WRITERS, ".csv", breaks)
        with pytest.raises(InputError, match="the disk is full"):
            write_output(str(path), part(blocks=1), force=True)
        assert (path.read_text(), list(tmp_path.iterdir())) == ("mine", [path])


def test_an_extra_that_is_there_is_imported() -> None:
    assert extra("json", "json", "a test").dumps([]) == "[]"
