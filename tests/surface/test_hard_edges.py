"""What a stranger's file, a slip of the hand or a signal can do: a plain message, and the contract's exit code."""

from __future__ import annotations

import json
import re
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import cnnstep
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.number_files import FILE_LIMIT, all_from_npz, from_npy
from cnnstep.surface.files.source import Source, number_in, why_no_number
from cnnstep.surface.screen import harmless
from cnnstep.tutor.record import MOST_KEPT, Recording, record
from tests.conftest import Program, environment


def faults_of(action: Callable[[], object]) -> tuple[Fault, ...]:
    """What an action objects to."""
    with pytest.raises(InputError) as raised:
        action()
    return tuple(raised.value.faults)


ONE_FILTER = "filter: [[1]]\ntarget: [[1]]\nactivation: relu\nlearning_rate: 0.1\n"


class TestNames:
    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("save .", '"." is a folder'),
            ("save ~nobody9/x", "begins with no user's name"),
            ("save loop", "is a link that leads to itself"),
            ("save loop/x", "loop/x"),
        ],
    )
    def test_a_name_that_no_file_can_have_is_told_and_the_session_goes_on(
        self, cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, said: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("loop").symlink_to("loop")
        ran = cnnstep("step", "--interactive", stdin=f"{typed}\nquit\n")
        assert ran.code == 0
        assert said in " ".join(ran.err.split())
        assert [entry.name for entry in tmp_path.iterdir()] == ["loop"]

    @pytest.mark.parametrize("option", ["--save-weights"])
    def test_an_option_that_names_a_link_to_itself_is_told(
        self, cnnstep: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("loop.npz").symlink_to("loop.npz")
        ran = cnnstep("run", "first-filter", option, "loop.npz", "--force")
        assert (ran.code, "is a link that leads to itself" in ran.err) == (2, True)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps a folder that somebody is in")
    @pytest.mark.parametrize("command", ["progress", "run - < /dev/null", "run bad.yaml"])
    def test_a_folder_that_is_gone_is_told(self, tmp_path: Path, command: str) -> None:
        (tmp_path / "gone").mkdir()
        line = f"cd gone && rmdir ../gone && exec {sys.executable} -m cnnstep {command}"
        env = environment({"CNNSTEP_HOME": "relative"})
        ran = subprocess.run(line, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr.count("bug")) == (2, 0)
        assert command != "progress" or ran.stderr.startswith("The folder that you are in is gone.")

    @pytest.mark.parametrize(
        "command",
        [
            "sweep first-filter --starts 3 --force -o {}.csv",
            "sweep first-filter --starts 3 --resume {}.npz",
            "practice --skill delta --force --gift {}.gift",
        ],
    )
    def test_so_is_a_link_to_itself_wherever_a_file_is_written(
        self, cnnstep: Program, tmp_path: Path, command: str
    ) -> None:
        name = command.split("{}")[1]
        (tmp_path / f"loop{name}").symlink_to(f"loop{name}")
        ran = cnnstep(*command.format("loop").split())
        assert (ran.code, "is a link that leads to itself" in ran.err) == (2, True)

    @pytest.mark.parametrize(
        "text", ["root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:: {\n", "secret\n", "input: secret\n"]
    )
    def test_of_a_file_that_is_no_scenario_a_work_file_tells_nothing(
        self, cnnstep: Program, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "passwords").write_text(text, encoding="utf-8")
        path = tmp_path / "work.yaml"
        path.write_text(f"scenario: {tmp_path / 'passwords'}\nwork: {{gradient: [[1]]}}\n", encoding="utf-8")
        for ran in (cnnstep("check", str(path)), cnnstep("check", str(path), "--json")):
            assert (ran.code, "is no scenario" in " ".join(ran.err.split())) == (2, True)
            assert not any(word in ran.out + ran.err for word in ("root:x", "daemon", "secret"))

    @pytest.mark.parametrize(
        "text", ["root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1\n", "secret\n", "password, secret, 1\n"]
    )
    def test_of_a_file_that_is_no_table_of_numbers_a_scenario_tells_nothing(
        self, cnnstep: Program, tmp_path: Path, text: str
    ) -> None:
        (tmp_path / "x.csv").write_text(text, encoding="utf-8")
        path = tmp_path / "their.yaml"
        path.write_text("input: {file: x.csv}\n" + ONE_FILTER, encoding="utf-8")
        for options in ((), ("--json",)):
            ran = cnnstep("run", str(path), *options)
            assert (ran.code, "is no table of numbers" in " ".join(ran.err.split())) == (2, True)
            assert not any(word in ran.out + ran.err for word in ("root:x", "daemon", "secret", "password"))

    def test_of_a_scenario_it_shows_the_line_with_the_fault(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "mine.yaml").write_text(f"input: [[x]]\n{ONE_FILTER}", encoding="utf-8")
        path = tmp_path / "work.yaml"
        path.write_text("scenario: mine.yaml\nwork: {gradient: [[1]]}\n", encoding="utf-8")
        ran = cnnstep("check", str(path))
        assert (ran.code, "    input: [[x]]\n" in ran.err) == (2, True)

    @pytest.mark.parametrize(
        "text",
        [
            "scenario: {}\nwork: {{gradient: [[1]]}}\n",
            "scenario: first-filter\nwork: {{{}: [[1]]}}\n",
            "scenario: first-filter\n{}: 1\n",
        ],
    )
    def test_a_name_of_900_kb_is_cut_where_it_is_told(self, cnnstep: Program, tmp_path: Path, text: str) -> None:
        path = tmp_path / "work.yaml"
        path.write_text(text.format("x" * 900_000), encoding="utf-8")
        for options in ((), ("--json",)):
            ran = cnnstep("check", str(path), *options)
            assert (ran.code, len(ran.err) + len(ran.out) < 4_000) == (2, True)

    def test_what_takes_no_room_is_written_out(self) -> None:
        assert harmless("a\u200bb\ufeffc\u00add\u2060e") == "a\\u200bb\\ufeffc\\xadd\\u2060e"


class TestNumbers:
    @pytest.mark.parametrize("text", ["012", "00012", "-012", "+00"])
    def test_a_number_that_others_read_as_octal_is_refused(self, text: str) -> None:
        assert number_in(text) is None
        what, hint = why_no_number(text)
        assert "begins with a 0" in what
        assert hint == f"write {int(text)}"

    def test_a_zero_before_the_point_is_as_usual(self) -> None:
        assert (number_in("0"), number_in("0.5"), number_in("-0"), number_in("00.5")) == (0, 0.5, 0, 0.5)

    @pytest.mark.parametrize("digits", ["9" * 20, "9" * 4000])
    def test_a_count_of_many_digits_is_too_large(self, cnnstep: Program, digits: str) -> None:
        ran = cnnstep("run", "first-filter", "--iterations", digits)
        assert (ran.code, "or less" in ran.err, len(ran.err) < 300) == (2, True, True)

    @pytest.mark.parametrize(
        "axis", ["learning_rate=0:1:{}", "filter[0,{}]=0:1:3", "filter[{},0]=0:1:3", "learning_rate=0:{}:3"]
    )
    def test_so_is_an_axis_of_many_digits(self, cnnstep: Program, axis: str) -> None:
        ran = cnnstep("sweep", "first-filter", "--axis", axis.format("9" * 5_000))
        assert (ran.code, len(ran.err) < 600, "bug" in ran.err) == (2, True, False)

    def test_so_is_an_iteration_or_a_setting(self, cnnstep: Program) -> None:
        digits = "9" * 5_000
        assert cnnstep("step", "first-filter", "--iteration", digits).code == 2
        ran = cnnstep("step", "smallest-network", "-i", stdin=f"set max_pool1.size {digits}\nquit\n")
        assert (ran.code, "it must be at most 1000" in ran.out + ran.err) == (0, True)

    def test_there_are_only_so_many_workers(self, cnnstep: Program) -> None:
        assert "--workers is 257; it must be 256 or less" in cnnstep("sweep", "first-filter", "--workers", "257").err

    @pytest.mark.filterwarnings("error")
    def test_numbers_that_overflow_are_told_without_a_warning(self, cnnstep: Program, tmp_path: Path) -> None:
        path = tmp_path / "huge.yaml"
        path.write_text("input: [[1e200]]\n" + ONE_FILTER.replace("[[1]]\nt", "[[1e200]]\nt"), encoding="utf-8")
        ran = cnnstep("step", str(path))
        assert (ran.code, ran.err) == (0, "")


class TestReading:
    """Every list of faults ends, and no line is copied for each of them."""

    def test_a_word_of_many_digits_is_looked_at_once(self) -> None:
        assert number_in("1" * 200_000 + "x") is None  # for minutes, where each digit may be the last of the number

    def test_the_line_of_a_fault_is_one_text_however_many_faults_stand_in_it(self) -> None:
        source = Source("a b c")
        first, second = (source.fault("x", "what", "hint", index) for index in (0, 2))
        assert first.source is second.source

    def test_a_file_of_bad_numbers_is_given_up_after_a_screen_full(self, cnnstep: Program, tmp_path: Path) -> None:
        (tmp_path / "bad.csv").write_text("1,x\n" * 50_000, encoding="utf-8")
        path = tmp_path / "bad.yaml"
        path.write_text("input: {file: bad.csv}\n" + ONE_FILTER, encoding="utf-8")
        ran = cnnstep("run", str(path))
        assert (ran.code, ran.err.count("is not a number")) == (2, 20)
        assert ran.err.rstrip().endswith("Mend these first.")


def npy(header: str, body: bytes = b"") -> bytes:
    """An .npy file with a header of one's own."""
    text = header.encode("latin-1") + b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


LIES = {
    "more than there is": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }", bytes(8)),
    "a shape that is no number": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (True, 3), }", bytes(24)),
    "a negative size": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -3), }", bytes(24)),
    "a long header": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), " + " " * 40_000 + "}", bytes(8)),
    "nested": npy("(" * 9_000),
    "objects": npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", bytes(8)),
}


class TestArrays:
    @pytest.mark.parametrize("lie", LIES)
    def test_a_header_that_lies_is_refused_before_room_is_made(self, tmp_path: Path, lie: str) -> None:
        path = tmp_path / "a.npy"
        path.write_bytes(LIES[lie])
        (fault,) = faults_of(lambda: from_npy(path, "a.npy"))
        assert fault.what == '"a.npy" can\'t be read as a NumPy array'

    @pytest.mark.parametrize("lie", LIES)
    def test_so_is_one_inside_an_archive(self, tmp_path: Path, lie: str) -> None:
        path = tmp_path / "a.npz"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("w.npy", LIES[lie])
        (fault,) = faults_of(lambda: all_from_npz(path, "a.npz"))
        assert fault.what == '"a.npz" can\'t be read as a NumPy array'

    def test_what_numpy_writes_is_read(self, tmp_path: Path) -> None:
        for array in (np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)), np.float32(3)):
            np.save(tmp_path / "a.npy", array)
            assert np.array_equal(from_npy(tmp_path / "a.npy", "a.npy"), array)

    def test_the_limit_is_for_all_arrays_together(self, tmp_path: Path) -> None:
        half = np.zeros(FILE_LIMIT // 16)
        np.savez_compressed(tmp_path / "a.npz", a=half, b=half)
        (fault,) = faults_of(lambda: all_from_npz(tmp_path / "a.npz", "a.npz"))
        assert fault.what == 'what "a.npz" holds is larger than 20 MB, the most that is read'

    @pytest.mark.parametrize("key", ['{"plan": null}', '{"plan": null, "scenario": null}', "null", "[" * 100_000])
    def test_a_state_of_a_sweep_that_is_none_is_told(self, cnnstep: Program, tmp_path: Path, key: str) -> None:
        np.savez(tmp_path / "state.npz", key=np.array(key))
        ran = cnnstep("sweep", "first-filter", "--starts", "3", "--resume", "state.npz")
        assert (ran.code, "is not the state of a sweep" in ran.err) == (2, True)

    @pytest.mark.parametrize("flag", [1, 9], ids=["encrypted", "unknown compression"])
    def test_what_zipfile_can_not_open_is_told(self, tmp_path: Path, flag: int) -> None:
        stream = BytesIO()
        np.savez(stream, a=np.zeros(3))
        content = bytearray(stream.getvalue())
        central = content.index(b"PK\x01\x02")
        for at in (6, central + 8) if flag == 1 else (8, central + 10):
            content[at] = flag if flag == 1 else 99
        (tmp_path / "a.npz").write_bytes(content)
        (fault,) = faults_of(lambda: all_from_npz(tmp_path / "a.npz", "a.npz"))
        assert fault.what == '"a.npz" can\'t be read as a NumPy array'


class TestInterrupted:
    def test_what_a_run_has_done_until_ctrl_c_is_kept(self) -> None:
        heard = iter([False, False, True])
        cut = record(cnnstep.trace(cnnstep.scenario("first-filter")), stop=lambda: next(heard))
        whole = record(cnnstep.trace(cnnstep.scenario("first-filter"), 3))
        assert (cut.interrupted, whole.interrupted) == (True, False)
        assert (cut.losses, cut.events, cut.last.number) == (whole.losses, whole.events, 2)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
    @pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
    def test_each_signal_ends_a_long_run_with_what_is_done(self, sent: str) -> None:
        out = self.ended_by(sent)
        assert re.search(r"The loss went from 2 to \S+ in\s+[0-9]+\s+iterations", out)

    def test_json_is_written_while_the_run_goes_on_and_ends_as_json(self) -> None:
        data = json.loads(self.ended_by("SIGINT", "--json"))
        listed = [one["iteration"] for one in data["iterations"]]
        assert listed == list(range(len(listed)))
        assert data["left_out"]["iterations"] == 10**9 - len(listed)
        assert data["left_out"]["message"].endswith("were not carried out: the run was interrupted")

    def test_what_python_makes_of_ctrl_c_in_an_import_is_told_as_ctrl_c(
        self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*arguments: object, **options: object) -> None:
            raise SyntaxError("can't load unicodedata module")

        app = import_module("cnnstep.surface.cli.app")
        monkeypatch.setattr(app, "app", interrupted)
        assert cnnstep("run", "first-filter").code == 3
        monkeypatch.setattr(app, "came", lambda: True)
        ran = cnnstep("run", "first-filter")
        assert (ran.code, ran.out, ran.err) == (130, "", "\nStopped.\n")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
    @pytest.mark.parametrize("sent", ["SIGINT", "SIGTERM", "SIGHUP"])
    def test_it_is_remembered_that_a_signal_came(self, sent: str) -> None:
        lines = ("import os, signal", "from cnnstep.surface.cli.interruption import came, listen", "listen()")
        send = f"try: os.kill(os.getpid(), signal.{sent})"
        program = "\n".join((*lines, "print(came())", send, "except KeyboardInterrupt: print(came())"))
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert ran.stdout.split() == ["False", "True"]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer that sends a signal")
    def test_one_that_comes_where_python_ignores_errors_is_heard_a_moment_later(self) -> None:
        program = """
import os, signal, time
from cnnstep.surface.cli.interruption import listen
class Dropped:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1)
listen()
try:
    Dropped()
    time.sleep(20)
except KeyboardInterrupt:
    print("heard")
"""
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert (ran.stdout, ran.stderr) == ("heard\n", "")

    @classmethod
    def ended_by(cls, sent: str, *options: str) -> str:
        """What a run prints that is ended like this, once it is under way: on a busy machine that takes longer."""
        return next(filter(None, (cls.ended_after(seconds, sent, *options) for seconds in (2, 6, 18))))

    @staticmethod
    def ended_after(seconds: float, sent: str, *options: str) -> str:
        command = [sys.executable, "-m", "cnnstep", "run", "first-filter-slow", "-n", "1000000000", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            try:
                running.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                running.send_signal(getattr(signal, sent))
            out, err = running.communicate(timeout=60)
        assert (running.returncode, err) == (130, "\nStopped.\n")
        return out


class TestLongRuns:
    """A run of a million iterations holds what a run of some thousand does."""

    def test_losses_beyond_what_anyone_looks_at_are_thinned_evenly(self) -> None:
        recorded = record(cnnstep.trace(cnnstep.scenario("first-filter-slow"), 2 * MOST_KEPT + 5))
        first = record(cnnstep.trace(cnnstep.scenario("first-filter-slow"), 20))
        assert len(recorded.losses) == MOST_KEPT + 4
        assert recorded.losses[:10] == first.losses[:20:2]
        assert recorded.losses[-1] == recorded.outcome.loss

    def test_of_the_events_the_first_and_the_last_remain_and_the_rest_are_counted(self) -> None:
        recording = Recording()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cnnstep.tutor.record._RunWatch.happened", lambda self, iteration: ["something"])
            for _ in recording.taking(iterations(2 * MOST_KEPT + 7), lambda _: False, lambda _: None, lambda: False):
                pass
        events = recording.whole.events
        assert [event.iteration for event in events[:2]] == [0, 1]
        assert events[-1].iteration == 2 * MOST_KEPT + 6
        assert (len(events), recording.whole.events_left_out) == (2 * MOST_KEPT, 7)


def iterations(count: int) -> Iterator[Iteration]:
    """So many iterations, all like the first."""
    first = first_iteration(lesson_of(cnnstep.scenario("first-filter")))
    return (replace(first, number=number) for number in range(count))
