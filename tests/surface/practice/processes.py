"""Sessions as processes of their own, for what only they show: one that is killed, several at once, a full disk."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.conftest import environment

START = """
import sys
from contextlib import ExitStack
from pathlib import Path
from cnnstep.surface.practice.store import Store
from cnnstep.tutor.practice.history import Event
home, number = Path(sys.argv[1]), int(sys.argv[2])
"""


def session(program: str, home: Path, number: int = 0) -> subprocess.Popen[str]:
    """A process that knows `home`, `number`, Store and Event."""
    command = [sys.executable, "-c", START + program, str(home), str(number)]
    return subprocess.Popen(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(*processes: subprocess.Popen[str]) -> list[str]:
    """The lines that these sessions have printed when they have come to their ends without a fault.

    However that goes, no process and no pipe is left.
    """
    with ExitStack() as left:
        for process in processes:
            left.enter_context(process)
            left.callback(process.kill)
        said = [process.communicate(timeout=60) for process in processes]
    ends = {(process.returncode, err) for process, (_, err) in zip(processes, said, strict=True)}
    assert ends == {(0, "")}, ends
    return [line for out, _ in said for line in out.splitlines()]
