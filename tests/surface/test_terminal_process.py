"""What only a process of its own shows: terminals, Ctrl-C, readers that leave, full disks and closed streams."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE

import pytest

from tests.conftest import Program, environment, started

if sys.platform == "win32":  # pragma: no cover
    pytest.skip("pseudo-terminals are a Unix thing", allow_module_level=True)

import codecs
import fcntl
import pty
import struct
import termios

CTRL_C, CTRL_D = b"\x03", b"\x04"
PATIENCE = 30.0
"""Seconds to wait for words that must come; a machine that is busy takes its time."""


HAND = 0.3
"""Seconds between a prompt and a key: Python's readline misses a signal that comes in the moment of the prompt."""

ANSWER = 3.0
"""Seconds within which a key is echoed."""


class Terminal:
    """The program at a terminal: `type` keys, wait until it `says` something, and see how it ends."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self.process, self.screen, self.seen = process, screen, ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")  # a read may end inside a sign

    def says(self, words: str, after: int = 0) -> str:
        """Everything seen so far, once these words are among it."""
        until = time.monotonic() + PATIENCE
        while words not in self.seen[after:]:
            assert time.monotonic() < until, f"waited for {words!r} and saw {self.seen!r}"
            if select.select([self.screen], [], [], 0.1)[0] and not self._read():
                break
        assert words in self.seen[after:]
        return self.seen

    def type(self, keys: bytes) -> None:
        """Keys, as a person types them: once more where nothing happens."""
        time.sleep(HAND)
        for _ in range(5):
            os.write(self.screen, keys)
            if select.select([self.screen], [], [], ANSWER)[0]:
                return

    def ends(self) -> int:
        """The exit code, after everything that is still to be seen."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            ready = select.select([self.screen], [], [], 0.1)[0]
            if (ready and not self._read()) or (not ready and self.process.poll() is not None):
                break
        return self.process.wait(PATIENCE)

    def _read(self) -> bool:
        try:
            more = os.read(self.screen, 65536)
        except OSError:  # the other end is closed
            return False
        self.seen += self._decoder.decode(more)
        return bool(more)


@contextmanager
def at_a_terminal(folder: Path, *arguments: str, columns: int = 80, **env: str) -> Iterator[Terminal]:
    """The program with a terminal for all its streams."""
    screen, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    around = {name: value for name, value in environment({"TERM": "xterm", **env}).items() if name != "COLUMNS"}
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), inside)
    own = {"start_new_session": True, "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)}
    try:
        with started(folder, *arguments, env=around, **streams, **own) as process:
            os.close(inside)
            yield Terminal(process, screen)
    finally:
        os.close(screen)


class TestTerminal:
    def test_a_lesson_is_typed_through(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i", NO_COLOR="1") as terminal:
            terminal.says("iteration 0 · start > ")
            terminal.type(b"\n")
            terminal.says("iteration 0 · 1/6 forward > ")
            terminal.type(b"quit\n")
            assert terminal.ends() == 0
            assert "Until next time." in terminal.seen

    def test_in_a_narrow_window_the_place_stands_above_the_prompt(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i", NO_COLOR="1", columns=40) as terminal:
            terminal.says("first-filter · iteration 0 · start\r\n> ")
            terminal.type(b"set learning_rate 0.25\n")
            terminal.says("first-filter · what if · iteration 0 ·\r\nstart\r\n> ")
            terminal.type(b"guess\n")
            terminal.says("your z: ")  # there is room behind it
            terminal.type(b"quit\n")
            assert terminal.ends() == 0

    def test_the_width_is_the_terminals_own(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "scenarios", NO_COLOR="1", columns=50) as terminal:
            assert terminal.ends() == 0
            assert 40 < max(len(line) for line in terminal.seen.splitlines()) <= 50

    def test_colour_is_there_for_a_terminal_and_not_for_a_dumb_one(self, tmp_path: Path) -> None:
        for kind, coloured in (("xterm", True), ("dumb", False)):
            with at_a_terminal(tmp_path, "run", "first-filter", TERM=kind) as terminal:
                assert terminal.ends() == 0
                assert ("\x1b[" in terminal.seen) is coloured

    def test_ctrl_d_ends_a_session_politely(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i") as terminal:
            terminal.says("start > ")
            terminal.type(CTRL_D)
            assert terminal.ends() == 0
            assert "The input has ended, so the lesson ends here." in terminal.seen

    def test_ctrl_c_in_a_guess_is_130_in_one_line(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i", NO_COLOR="1") as terminal:
            terminal.says("start > ")
            terminal.type(b"guess\n")
            terminal.says("your z: ")
            before = len(terminal.seen)
            terminal.type(CTRL_C)
            assert terminal.ends() == 130
            assert terminal.seen[before:].split("\r\n")[1:] == ["Stopped.", ""]

    def test_ctrl_c_at_the_prompt_is_130(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i") as terminal:
            terminal.says("start > ")
            terminal.type(CTRL_C)
            assert terminal.ends() == 130
            assert "Stopped." in terminal.seen
            assert "Traceback" not in terminal.seen

    def test_ctrl_c_takes_back_a_line_that_was_begun_and_a_second_one_ends(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i") as terminal:
            terminal.says("start > ")
            terminal.type(b"why 0")
            terminal.says("why 0")
            before = len(terminal.seen)
            terminal.type(CTRL_C)
            terminal.says("start > ", after=before)
            assert "Stopped." not in terminal.seen
            terminal.type(CTRL_C)
            assert terminal.ends() == 130

    def test_tab_completes_commands_steps_and_topics(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i", "--no-pager") as terminal:
            terminal.says("start > ")
            terminal.type(b"wh\tgra\t0 1\n")
            terminal.says("Nudge it")
            terminal.type(b"expl\tpat\t\n")
            terminal.says("explain patch ")
            terminal.type(b"quit\n")
            assert terminal.ends() == 0

    def test_what_was_typed_comes_back_in_the_next_session(self, tmp_path: Path) -> None:
        for keys in (b"goto gradient\n", b"\x1b[A\x1b[A\n"):
            with at_a_terminal(tmp_path, "step", "-i", CNNSTEP_HOME=str(tmp_path / "home")) as terminal:
                terminal.says("start > ")
                terminal.type(keys)
                terminal.says("5/6 gradient > ")
                terminal.type(b"quit\n")
                assert terminal.ends() == 0
        assert (tmp_path / "home" / "history").read_text() == "goto gradient\nquit\ngoto gradient\nquit\n"
        assert (tmp_path / "home" / "history").stat().st_mode & 0o077 == 0

    def test_clear_empties_the_screen_and_says_where_one_is(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i", NO_COLOR="1") as terminal:
            terminal.says("start > ")
            terminal.type(b"clear\n")
            terminal.says("\x1b[H\x1b[2J")
            terminal.says("Input X", after=terminal.seen.index("\x1b[2J"))
            terminal.type(b"quit\n")
            assert terminal.ends() == 0

    @pytest.mark.parametrize("how", ["paged", "no variable", "no option"])
    def test_a_long_answer_goes_through_the_pager_that_is_named(self, tmp_path: Path, how: str) -> None:
        pager = "" if how == "no variable" else "sed -e s/^/PAGED:/"
        more = ("--no-pager",) if how == "no option" else ()
        with at_a_terminal(tmp_path, "step", "-i", *more, CNNSTEP_PAGER=pager, NO_COLOR="1") as terminal:
            terminal.says("start > ")
            terminal.type(b"why forward 0 0\n")
            terminal.says("z[0,0] = 3")
            terminal.type(b"show all\n")
            terminal.says("6 Update")
            assert ("PAGED:6 Update" in terminal.seen) is (how == "paged")
            assert "PAGED:z[0,0]" not in terminal.seen  # which the terminal has room for
            terminal.type(b"quit\n")
            assert terminal.ends() == 0

    def test_ctrl_c_in_a_long_run_is_130_and_takes_the_bar_away(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "run", "first-filter", "--iterations", "100000000") as terminal:
            terminal.says("iterations")
            terminal.type(CTRL_C)
            assert terminal.ends() == 130
            assert "Traceback" not in terminal.seen

    def test_a_short_run_shows_no_bar(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "run", "first-filter", "-n", "40", "--json") as terminal:
            assert terminal.ends() == 0
            assert terminal.seen.startswith('{"schema"')

    def test_ctrl_c_in_a_run_of_the_session_is_130(self, tmp_path: Path) -> None:
        with at_a_terminal(tmp_path, "step", "-i") as terminal:
            terminal.says("start > ")
            terminal.type(b"run 100000\n")
            terminal.says("run 100000")
            terminal.type(CTRL_C)
            assert terminal.ends() == 130


class TestPipes:
    @pytest.mark.parametrize(
        "arguments", [["run", "first-filter"], ["--help"], ["schema"], ["step", "-i"]], ids=" ".join
    )
    def test_a_reader_that_has_seen_enough_is_no_fault(self, tmp_path: Path, arguments: list[str]) -> None:
        with started(tmp_path, *arguments, stdin=PIPE) as process:
            assert process.stdout
            process.stdout.close()
            _, said = process.communicate(b"\n" * 100, PATIENCE)
            assert process.returncode == 0
        assert [line for line in said.decode().splitlines() if not line.startswith("first-filter · ")] == []

    def test_a_session_whose_input_has_ended_does_not_wait(self, program: Program) -> None:
        ran = program("step", "--interactive")
        assert ran.code == 0
        assert ran.err.endswith("The input has ended, so the lesson ends here.\n")

    def test_piped_answers_script_a_session(self, program: Program) -> None:
        assert "All right." in program("step", "-i", input=b"guess\n3 0; -2 1\n").out

    def test_an_interrupted_process_is_130(self, tmp_path: Path) -> None:
        with started(tmp_path, "step", "-i", stdin=PIPE) as process:
            assert process.stderr
            said = b""
            while b"start >" not in said:
                more = os.read(process.stderr.fileno(), 4096)
                assert more, said
                said += more
            time.sleep(HAND)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
        assert said.decode() == "\nStopped.\n"


class TestStreamsThatFail:
    FULL = Path("/dev/full")

    @pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
    @pytest.mark.parametrize(
        "arguments",
        [
            ["run", "first-filter"],
            ["run", "first-filter", "--json"],
            ["--help"],
            ["--version"],
            ["step", "-i"],
            ["run", "nope", "--json"],
        ],
        ids=" ".join,
    )
    def test_a_full_disk_is_told_and_is_exit_2(self, program: Program, arguments: list[str]) -> None:
        with self.FULL.open("wb") as full:
            ran = program(*arguments, stdout=full)
        assert ran.code == 2
        assert "The output can't be written: no space left on device." in ran.err
        assert "Traceback" not in ran.err

    @pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
    def test_with_no_room_for_messages_the_exit_code_speaks(self, program: Program) -> None:
        with self.FULL.open("wb") as full:
            assert program("run", "nope", stderr=full).code == 2

    @pytest.mark.parametrize(
        ("arguments", "closed", "code"),
        [
            ("run first-filter", ">&-", 0),
            ("--version", ">&-", 0),
            ("step -i", "<&-", 0),
            ("run -", "<&-", 2),
            ("run nope", "2>&-", 2),
            ("step -i", "</dev/null 2>&-", 0),
        ],
    )
    def test_a_stream_that_the_shell_has_closed_is_no_fault(
        self, tmp_path: Path, arguments: str, closed: str, code: int
    ) -> None:
        line = f"{sys.executable} -m cnnstep {arguments} {closed}"
        ran = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment(), capture_output=True, timeout=60, check=False
        )
        assert ran.returncode == code
        assert b"fault of cnnstep" not in ran.stdout + ran.stderr
        assert b"Traceback" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("env", "plain"), [({"LC_ALL": "C"}, True), ({"PYTHONIOENCODING": "ascii"}, True), ({}, False)]
)
def test_the_locale_decides_about_our_signs(program: Program, env: dict[str, str], plain: bool) -> None:
    ran = program("run", "first-filter", env=env)
    assert ran.code == 0
    assert ran.out.isascii() is plain


def test_two_processes_print_the_same_bytes(program: Program) -> None:
    assert program("run", "digits-edge-batch", "--json", "-n", "3") == program(
        "run", "digits-edge-batch", "--json", "-n", "3"
    )
