"""A process with all that came of it: found and ended, whatever has become of the parents in between.

Where the system has no /proc, as on Windows, psutil finds the children (the extra `grade`); without it the process
itself is ended, and its group where there are groups.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TOKEN = "CNNSTEP_GRADING"
"""The variable by which a process is known to be of a tree."""
ROUNDS = 20
"""So often is looked for whoever has come up meanwhile."""


def signal_number(name: str) -> int:
    """A signal by its name; 0 where the system has none of it."""
    return int(getattr(signal, name, 0))


def is_limited() -> bool:
    """Whether the system has limits of memory, files and processes."""
    return find_spec("resource") is not None


def end_tree(leader: int, token: str) -> None:
    """Ends the leader's session, then whoever left it, known by the token, until nobody comes up any more."""
    children = _children(leader)
    with suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(leader, signal_number("SIGKILL"))
        else:
            os.kill(leader, signal.SIGTERM)
    for child in children:
        with suppress(Exception):  # psutil's own, of one that has gone
            child.kill()
    for _ in range(ROUNDS):
        left = {*in_session(leader), *with_token(token)} - {leader}
        if not left:
            return
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal_number("SIGKILL"))
        time.sleep(0.005)


def _children(leader: int) -> list[Any]:
    """All that came of a process, where only psutil can tell."""
    if any(True for _ in _running()) or find_spec("psutil") is None:
        return []
    psutil = import_module("psutil")
    with suppress(psutil.Error):
        return list(psutil.Process(leader).children(recursive=True))
    return []


def _running() -> Iterator[int]:
    """The processes that the system tells of; none where it has no /proc."""
    with suppress(OSError):
        yield from (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208  # paths take twice as long


def _stat(pid: int) -> list[str]:
    """State, parent, group, session, …; nothing where the process has gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def in_session(leader: int) -> list[int]:
    """The living processes of a session."""
    return [pid for pid in _running() if (stat := _stat(pid)) and stat[3] == str(leader) and stat[0] not in "ZX"]


def with_token(token: str) -> list[int]:
    """The living processes that were started with this token in their environment."""
    wanted, found = f"{TOKEN}={token}".encode(), []
    for pid in _running():
        with suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes() and (_stat(pid) or "Z")[0] not in "ZX":
                found.append(pid)
    return found


MOST_USUAL = 4096
"""Tasks that a user may have where nobody counts them."""


def tasks_of_user() -> int:
    """How many tasks this user has: what the limit of processes counts from."""
    if not hasattr(os, "getuid"):
        return 0
    own, count = os.getuid(), 0
    for pid in _running():
        with suppress(OSError):
            path = f"/proc/{pid}/task"
            if os.stat(path).st_uid == own:  # noqa: PTH116  # as above
                count += len(os.listdir(path))  # noqa: PTH208
    return count or MOST_USUAL
