"""`cnnstep sweep` as it is typed: pages, JSON, files, slips, Ctrl-C and going on."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
import time
from pathlib import Path
from subprocess import DEVNULL

import numpy as np
import pytest

from cnnstep.surface.loading import shipped
from cnnstep.tutor.sweep import runs as carried_out
from tests.conftest import Program, started
from tests.extras import without


def test_random_starts_answer_whether_the_learner_was_unlucky(cnnstep: Program) -> None:
    ran = cnnstep("sweep", "first-filter", "--starts", "2000", "--iterations", "300")
    assert (ran.code, ran.err) == (0, "")
    page = " ".join(ran.out.split())
    assert "Of 2000 random starts at learning rate 0.5, " in page
    assert "The scenario's own filter gets stuck at iteration 34" in page
    assert "x stuck" in page
    assert "cnnstep sweep first-filter --learning-rate 0.01:1:200" in page


def test_at_a_smaller_rate_many_converge(cnnstep: Program) -> None:
    page = cnnstep("sweep", "first-filter", "--starts", "500", "--learning-rate", "0.1").out
    assert "Of 500 random starts at learning rate 0.1, " in page
    assert "o converged" in page


def test_two_axes_are_a_map_and_one_is_a_strip(cnnstep: Program) -> None:
    axes = ("--axis", "filter[0,0]=-2:2:30", "--axis", "learning_rate=0.01:1:10")
    page = cnnstep("sweep", "first-filter", *axes).out
    assert "↑ learning_rate" in page
    assert len([line for line in page.splitlines() if "│" in line or "┤" in line]) == 10
    strip = cnnstep("sweep", "first-filter", "--learning-rate", "0.01:1:40:log").out
    assert "→ learning_rate (log scale)" in strip
    assert "Along learning_rate" in strip


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_every_page_fits_its_window_and_is_ascii_where_it_must_be(cnnstep: Program, width: int) -> None:
    for arguments in (
        ("--starts", "300"),
        ("--learning-rate", "0.01:1:100"),
        ("--axis", "filter[0,0]=-2:2:80", "--axis", "learning_rate=0.01:1:40"),
    ):
        ran = cnnstep("sweep", "first-filter", "-n", "60", *arguments, width=width, env={"LC_ALL": "C"})
        assert ran.code == 0
        assert ran.out.isascii()
        assert [line for line in ran.out.splitlines() if len(line) > width and "cnnstep" not in line] == []


def test_json_is_the_contracts(cnnstep: Program) -> None:
    ran = cnnstep("sweep", "first-filter", "--starts", "1000", "--seed", "1", "--json")
    data = json.loads(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert (data["schema"], data["runs"], data["seed"]) == (1, 1000, 1)
    assert list(data["outcomes"]) == ["converged", "settled", "stuck", "improving", "worse", "diverged"]
    assert sum(data["outcomes"].values()) == 1000


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_every_shipped_scenario_can_be_swept(cnnstep: Program, name: str) -> None:
    data = json.loads(cnnstep("sweep", name, "--starts", "8", "-n", "30", "--json").out)
    assert (data["runs"], sum(data["outcomes"].values())) == (8, 8)
    ran = cnnstep("sweep", name, "--learning-rate", "0.01:0.2:6", "-n", "200", width=60)
    assert (ran.code, ran.err) == (0, "")
    assert "Of 6 runs over learning_rate, " in ran.out


def test_the_same_seed_is_the_same_bytes_for_any_number_of_workers(cnnstep: Program, tmp_path: Path) -> None:
    arguments = ("sweep", "first-filter", "--starts", "9000", "-n", "50", "--seed", "7")
    one = cnnstep(*arguments, "--output", "one.csv")
    two = cnnstep(*arguments, "--output", "two.csv", "--workers", "2")
    assert (one.code, two.code, one.out) == (0, 0, two.out)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_output_is_written_whole_and_never_over_a_file_unasked(cnnstep: Program, tmp_path: Path) -> None:
    arguments = ("sweep", "first-filter", "--starts", "50", "--output", "runs.csv")
    ran = cnnstep(*arguments)
    assert (ran.code, ran.err) == (0, "Written: runs.csv.\n")
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert len(rows) == 50
    again = cnnstep(*arguments)
    assert (again.code, again.out) == (2, "")
    assert "exists already" in again.err
    assert cnnstep(*arguments, "--force").code == 0


def test_rates_are_rows_of_the_csv(cnnstep: Program, tmp_path: Path) -> None:
    assert cnnstep("sweep", "first-filter", "--learning-rate", "0.1:0.5:5", "-o", "runs.csv").code == 0
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert list(rows[0])[:4] == ["learning_rate", "status", "iterations", "loss"]
    assert [row["status"] for row in rows][:2] == ["converged"] * 2


def test_numbers_that_ran_away_are_no_obstacle(cnnstep: Program, tmp_path: Path) -> None:
    arguments = ("sweep", "first-filter-linear", "--learning-rate", "0.1:9:30", "-n", "2000")
    assert "diverged" in cnnstep(*arguments, "-o", "runs.npz").out
    data = json.loads(cnnstep(*arguments, "--json").out)
    assert data["outcomes"]["diverged"] > 0
    with np.load(tmp_path / "runs.npz") as file:
        assert set(file["status"]) >= {"converged", "diverged"}


@pytest.mark.parametrize(
    ("arguments", "what", "hint"),
    [
        ((), "There is nothing to sweep over.", "--starts 1000"),
        (("--starts", "3", "--learning-rate", "0.1:1:3"), "Random starts and axes don't go together.", "Leave out"),
        (("--learning-rate", "fast"), '--learning-rate "fast" is not a number.', "0.01:1:200"),
        (
            ("--learning-rate", "0.1:1"),
            '"learning_rate=0.1:1": its values are not start:stop:count',
            "start:stop:count",
        ),
        (("--axis", "filter[2,2]=0:1:3"), '"filter[2,2]=0:1:3": there is no filter[2,2].', "to filter[1,1]"),
        (("--starts", "3", "--init", "xavier"), 'There is no init called "xavier".', "normal, uniform, he, glorot"),
        (("--starts", "3", "--workers", "0"), "--workers is 0; it must be 1 or more.", "--workers 1"),
        (
            ("--starts", "3", "--scheduler", "x", "--workers", "2"),
            "--scheduler and --workers don't go together.",
            "Lea",
        ),
        (("--starts", "3", "--output", "runs.txt"), 'runs.txt: "runs.txt" has no ending that says', ".csv, .npz"),
        (("--starts", "3", "--output", "no/runs.csv"), 'no/runs.csv: there is no folder for "no/runs.csv".', "Make"),
        (("--starts", "3", "--resume", "no/part.npz"), 'no/part.npz: there is no folder for "no/part.npz".', "Make"),
        (("--starts", "3", "--start", "3"), "There is no option --start.", 'Did you mean "--starts"?'),
    ],
)
def test_a_slip_says_what_and_what_to_write(cnnstep: Program, arguments: tuple[str, ...], what: str, hint: str) -> None:
    ran = cnnstep("sweep", "first-filter", *arguments, width=200)
    assert (ran.code, ran.out) == (2, "")
    assert what in ran.err
    assert hint in ran.err


@without("fast")
def test_without_the_extra_fast_it_says_how_to_get_it(cnnstep: Program) -> None:
    ran = cnnstep("sweep", "first-filter", "--starts", "3", "--fast")
    assert ran.code == 2
    assert ran.err == "--fast needs numba, which is not installed.\n  Pip install 'cnnstep[fast]'.\n"


def test_all_slips_of_the_axes_come_at_once(cnnstep: Program) -> None:
    ran = cnnstep("sweep", "first-filter", "--axis", "bias=1:0:3", "--axis", "rate=0:1:3", "--learning-rate", "x")
    assert ran.err.count("\n\n") == 2


def test_help_says_how_starts_are_drawn_and_how_steps_are_spaced(cnnstep: Program) -> None:
    page = " ".join(cnnstep("sweep", "--help").out.split())
    assert "he (normal, deviation sqrt(2/inputs))" in page
    assert "start:stop:count in even steps or start:stop:count:log on a log scale" in page


class TestGoingOn:
    ARGUMENTS = (
        "sweep",
        "first-filter",
        "--starts",
        "9000",
        "-n",
        "40",
        "--resume",
        "part.npz",
        "--output",
        "runs.csv",
    )

    def test_ctrl_c_reports_what_is_done_and_the_same_command_does_the_rest(
        self, cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = carried_out.gather

        def stopped(swept: carried_out.Sweep, train: carried_out.Train, executor: None, done: object) -> None:
            def once(number: int) -> None:
                raise KeyboardInterrupt

            whole(swept, train, executor, once)

        with monkeypatch.context() as patch:
            patch.setattr(carried_out, "gather", stopped)
            ran = cnnstep(*self.ARGUMENTS)
        assert ran.code == 130
        assert "Written: runs.csv, with the 4096 runs that are done." in ran.err
        page = " ".join(ran.out.split())
        assert "Stopped early, with 4096 of 9000 runs finished. The same command continues" in page
        assert "Of 4096 random starts" in page
        assert len((tmp_path / "runs.csv").read_text().splitlines()) == 4097

        again = cnnstep(*self.ARGUMENTS, "--force")
        assert (again.code, "Stopped" in again.out) == (0, False)
        at_once = cnnstep("sweep", "first-filter", "--starts", "9000", "-n", "40", "--output", "all.csv")
        assert at_once.out == again.out
        assert (tmp_path / "runs.csv").read_bytes() == (tmp_path / "all.csv").read_bytes()

    def test_where_nothing_is_done_no_file_is_written(
        self, cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stopped(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(carried_out, "gather", stopped)
        ran = cnnstep("sweep", "first-filter", "--starts", "5", "--output", "runs.csv")
        assert (ran.code, (tmp_path / "runs.csv").exists()) == (130, False)
        assert "Not written: runs.csv. No run is finished yet." in ran.err
        assert "No run is finished yet." in ran.out

    def test_another_sweep_is_not_gone_on_with(self, cnnstep: Program) -> None:
        assert cnnstep("sweep", "first-filter", "--starts", "5", "--resume", "part.npz").code == 0
        ran = cnnstep("sweep", "first-filter", "--starts", "6", "--resume", "part.npz", width=200)
        assert (ran.code, ran.out) == (2, "")
        assert 'part.npz: "part.npz" belongs to another sweep: starts 5, not 6.' in ran.err

    def test_a_worker_that_was_ended_is_told_in_words(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        from concurrent.futures.process import BrokenProcessPool

        def broken(*_: object) -> None:
            raise BrokenProcessPool("a child process terminated abruptly")

        monkeypatch.setattr(carried_out, "gather", broken)
        ran = cnnstep("sweep", "first-filter", "--starts", "5")
        assert (ran.code, ran.out) == (2, "")
        assert "A worker process was killed." in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a Unix thing")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_at_a_terminal_ends_it_with_its_report_and_no_noise(tmp_path: Path, workers: str) -> None:
    """The whole process group hears of Ctrl-C, the worker processes too."""
    slowly = ("--learning-rate", "0.000001", "-n", "3000")  # no run is over before its last iteration
    command = ("sweep", "first-filter", "--starts", "400000", *slowly, "--workers", workers, "--resume", "part.npz")
    with started(tmp_path, *command, stdin=DEVNULL, text=True, start_new_session=True) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "part.npz").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "\nStopped.\n"
    assert "Stopped early, with " in out
