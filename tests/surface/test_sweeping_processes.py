"""Worker processes: what they are given, what comes back, and that their end is never waited for in vain."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from cnnstep.surface.sweeping.executors import THREADS, for_children, workers
from tests.conftest import environment

ROOT = Path(__file__).parents[2]


def surroundings() -> tuple[list[str | None], bool, int]:
    """What a worker sees: its threads, whether it leaves Ctrl-C alone, and who it is."""
    deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return [os.environ.get(name) for name in THREADS], deaf, os.getpid()


def half_a_result(mark: str = "") -> bytes:
    """A worker that writes half of this, makes a file of that name, and waits; without a name it dies there."""

    def write_half(pipe: Connection, content: bytes, *_: object) -> None:
        os.write(pipe.fileno(), content[: len(content) // 2])
        if not mark:
            os._exit(1)
        Path(mark).touch()
        time.sleep(60)

    Connection._send = write_half  # type: ignore[attr-defined]
    return bytes(1000)


def broken_off(mark: str) -> None:
    """What Ctrl-C does while one worker writes its result, the other is at work, and there is more to do."""
    with workers(2) as executor:
        assert executor is not None
        executor.submit(half_a_result, mark)
        for _ in range(3):
            executor.submit(time.sleep, 60)
        while not Path(mark).exists():
            time.sleep(0.01)
        raise KeyboardInterrupt


def dead_halfway() -> None:
    """One worker of two dies while it writes its result."""
    with workers(2) as executor:
        assert executor is not None
        dead = executor.submit(half_a_result)
        alive = executor.submit(pow, 2, 5)
        assert isinstance(dead.exception(), BrokenExecutor)
        assert alive.result() == 32


def fails() -> None:
    raise ZeroDivisionError("of a worker")


def test_a_worker_has_one_thread_and_leaves_ctrl_c_alone() -> None:
    before = dict(os.environ), signal.getsignal(signal.SIGINT)
    with workers(2) as executor:
        assert executor is not None
        threads, deaf, process = executor.submit(surroundings).result(timeout=30)
    assert (threads, deaf, process != os.getpid()) == (["1"] * len(THREADS), True, True)
    assert (dict(os.environ), signal.getsignal(signal.SIGINT)) == before


def test_a_fault_comes_back_with_its_place_and_the_worker_goes_on() -> None:
    with workers(2) as executor:
        assert executor is not None
        for _ in range(3):
            with pytest.raises(ZeroDivisionError, match="of a worker") as caught:
                executor.submit(fails).result(timeout=30)
            assert "in fails" in caught.value.__notes__[0]
        assert executor.submit(pow, 2, exp=5).result(timeout=30) == 32


def test_a_worker_that_dies_in_the_middle_of_its_result_breaks_that_one_alone() -> None:
    ended = python("tests.dead_halfway()")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_work_that_is_broken_off_is_not_waited_for_whatever_the_workers_are_doing(tmp_path: Path) -> None:
    ended = python(f"tests.broken_off({str(tmp_path / 'mark')!r})")
    assert (tmp_path / "mark").exists()
    assert ended.stderr.endswith("KeyboardInterrupt\n")


def test_no_worker_outlives_the_process_that_asked_it() -> None:
    ended = python("print(Processes(2).submit(tests.surroundings).result(), flush=True); os._exit(1)")
    assert str(["1"] * len(THREADS)) in ended.stdout


def python(line: str) -> subprocess.CompletedProcess[str]:
    """This line in a process of its own; its output ends, and so does the wait, when its last worker has gone."""
    code = f"""
import os
from cnnstep.surface.sweeping.executors import Processes
from tests.surface import test_sweeping_processes as tests
{line}"""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal that can be kept waiting")
def test_ctrl_c_while_processes_are_started_is_heard_by_the_one_who_starts_them() -> None:
    started: list[str] = []

    def start() -> None:
        with for_children():
            os.kill(os.getpid(), signal.SIGINT)
            started.append("all of them")

    with pytest.raises(KeyboardInterrupt):
        start()
    assert started == ["all of them"]
