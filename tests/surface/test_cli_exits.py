"""Every way the program can end is an exit code, whatever is raised on the way."""

from __future__ import annotations

import errno
import sys

import pytest

from cnnstep import __main__ as program_itself
from cnnstep.surface.cli import app as cli
from cnnstep.surface.cli import context
from tests.conftest import Program

WAYS = [
    (KeyboardInterrupt(), 130, "\nStopped.\n"),
    (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
    (OSError(errno.ENOSPC, "No space left on device"), 2, "The output can't be written: no space left on device.\n"),
    (OSError(errno.EIO, "Input/output error"), 2, "The output can't be written: input/output error.\n"),
    (SystemExit(0), 0, ""),
    (SystemExit(7), 7, ""),
    (SystemExit(None), 0, ""),
]


@pytest.mark.parametrize(("raised", "code", "said"), WAYS, ids=lambda way: repr(way)[:40])
def test_every_way_to_end_has_its_code(
    cnnstep: Program, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: int, said: str
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "_close_quietly", lambda stream: None)
    monkeypatch.setattr(cli, "app", ends)
    ran = cnnstep("run", "first-filter")
    assert (ran.code, ran.out, ran.err) == (code, "", said)


@pytest.mark.parametrize("raised", [OSError(errno.EBADF, "Bad file descriptor"), ZeroDivisionError("division by zero")])
def test_anything_else_is_a_fault_of_the_program(
    cnnstep: Program, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(cli, "app", ends)
    ran = cnnstep("run", "first-filter")
    assert ran.code == 3
    assert ran.err.startswith(f"This is a bug in cnnstep, not your mistake: {type(raised).__name__}: ")


def test_a_fault_without_words_is_told_too(cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(cli, "app", ends)
    assert "not your mistake: RuntimeError" in cnnstep("run", "first-filter").err


class TestMain:
    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["cnnstep", *arguments])
        monkeypatch.setattr("gc.freeze", lambda: None)
        monkeypatch.setattr("gc.set_threshold", lambda _: None)
        monkeypatch.setattr("signal.signal", lambda told, handler: None)
        return program_itself.main()

    def test_the_version_is_printed(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run(monkeypatch, "--version") == 0
        assert capsys.readouterr().out.startswith("cnnstep ")

    def test_a_command_is_carried_out(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "run", "first-filter", "--only", "forward") == 0
        assert "1 Forward pass" in capsys.readouterr().out

    def test_its_exit_code_is_handed_on(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.run(monkeypatch, "rnu") == 2
        assert "no command" in capsys.readouterr().err

    def test_ctrl_c_while_modules_are_imported_is_130(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def stop(_: object) -> int:
            raise KeyboardInterrupt

        monkeypatch.setattr(cli, "run_app", stop)
        assert self.run(monkeypatch, "run", "first-filter") == 130
        assert capsys.readouterr().err == "\nStopped.\n"

    @pytest.mark.parametrize(("code", "way"), [(0, "exit"), (1, "exit"), (130, "at once")])
    def test_the_process_ends_with_the_code(self, monkeypatch: pytest.MonkeyPatch, code: int, way: str) -> None:
        ended: list[tuple[str, int]] = []
        monkeypatch.setattr(program_itself, "main", lambda: code)
        monkeypatch.setattr("os._exit", lambda given: ended.append(("at once", given)))
        monkeypatch.setattr("sys.exit", lambda given: ended.append(("exit", given)))
        program_itself.entry()
        assert ended[0] == (way, code)


class TestProgress:
    def test_a_bar_appears_at_a_terminal_after_a_while(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(context, "PATIENCE", -1.0)
        ran = cnnstep("run", "first-filter", "-n", "50", "--json", terminal=True, env={"TERM": "xterm"})
        assert ran.code == 0
        assert "iterations" in ran.err
        assert "iterations" not in ran.out.partition('"scenario"')[0]

    def test_in_ascii_where_our_signs_can_not_be_shown(self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(context, "PATIENCE", -1.0)
        ran = cnnstep("run", "first-filter", "-n", "50", terminal=True, env={"TERM": "xterm", "LC_ALL": "C"})
        assert "iterations" in ran.err
        assert ran.err.isascii()

    @pytest.mark.parametrize(("terminal", "kind"), [(False, "xterm"), (True, "dumb")])
    def test_nobody_watches_no_bar(
        self, cnnstep: Program, monkeypatch: pytest.MonkeyPatch, terminal: bool, kind: str
    ) -> None:
        monkeypatch.setattr(context, "PATIENCE", -1.0)
        assert cnnstep("run", "first-filter", "-n", "50", terminal=terminal, env={"TERM": kind}).err == ""
