"""Sessions as processes of their own, for what only they show: one that is killed, several at once, a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conftest import environment

START = """
import sys
from pathlib import Path
from cnnstep.surface.practice.store import Store
from cnnstep.tutor.practice.event import Event
home, number = Path(sys.argv[1]), int(sys.argv[2])
"""


def session(program: str, home: Path, number: int = 0) -> subprocess.Popen[str]:
    """A process that knows `home`, `number`, Store and Event."""
    command = [sys.executable, "-c", START + program, str(home), str(number)]
    return subprocess.Popen(
        command, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> list[str]:
    """The lines that a session has printed when it has come to its end without a fault."""
    with process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()
