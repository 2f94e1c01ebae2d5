"""The child process from outside: started with a channel of its own, asked one thing at a time, ended with its tree.

This is no sandbox: the learner's code runs as whoever started it. It is kept from running on, from eating all memory,
from asking for input and from flooding the screen.
"""

from __future__ import annotations

import json
import os
import queue
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any, Literal

from cnnstep.surface.grading import child
from cnnstep.surface.grading.frames import Frame, read_frame, write_frame
from cnnstep.surface.grading.tree import TOKEN, end_tree, in_session, signal_number, tasks_of_user

MOST_PRINTED = 4000
"""Bytes of what the learner's code prints that are kept."""
MOST_PROCESSES = 32
"""So many may the learner's code have at once; more are taken for a chain without end."""
TICK = 0.1
"""Seconds between two looks at how many processes there are."""
PROGRAM = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop()); "
    "from cnnstep.surface.grading.child import serve; serve()"
)
"""What the child runs: it finds what this program finds, and nothing of the folder that it is in."""
PATIENCE = 60.0
"""Seconds that Python and the libraries may take to begin, which are not the learner's."""
End = Literal["ended", "time", "processes", "channel", "forked", "seized"]
"""Why there is no answer."""


@dataclass(frozen=True)
class Limits:
    """`seconds` for all, `case` for one; bytes of memory."""

    seconds: float = 5.0
    memory: int = 2**30
    case: float = 0.0

    def __post_init__(self) -> None:
        if not self.case:  # half of all: what hangs in one function leaves time for the others
            object.__setattr__(self, "case", self.seconds / 2)


@dataclass
class Clock:
    """Counts the seconds down, from when the learner's code may begin."""

    seconds: float
    until: float | None = None

    def begin(self) -> None:
        """From now on, unless it runs already."""
        if self.until is None:
            self.until = time.monotonic() + self.seconds

    @property
    def left(self) -> float:
        """How many are left."""
        return self.seconds if self.until is None else self.until - time.monotonic()


@dataclass(frozen=True)
class Lost:
    """No answer came: why, and how the process ended, where it ended by itself."""

    why: End
    code: int | None = None


class Process:
    """One child, from its start to its `end`, after which nothing of it is left."""

    def __init__(self, file: str, limits: Limits, clock: Clock, libraries: Sequence[str] = ("numpy",)) -> None:
        self._clock, self._token = clock, secrets.token_hex(16)
        self._printed, self._cut = bytearray(), 0
        self._frames: queue.Queue[Frame | ValueError | None] = queue.Queue()
        threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", PROGRAM, json.dumps([str(Path(one).resolve()) for one in sys.path])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **threads, TOKEN: self._token},
            cwd=Path(file).parent,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._requests = self._process.stdin
        self._readers = [
            Thread(target=self._read_frames, args=(self._process.stdout,), daemon=True),
            Thread(target=self._read_output, args=(self._process.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()
        try:
            self.loaded = self._begun(file, limits, libraries)
        except BaseException:  # Ctrl-C: there is nobody yet who would end it
            self.end()
            raise

    def _begun(self, file: str, limits: Limits, libraries: Sequence[str]) -> Frame | Lost:
        """What the file offers, once the child is ready and has imported it."""
        nonce = secrets.token_hex(8)
        begin = {
            "file": file,
            "seconds": max(0.1, self._clock.left),
            "memory": limits.memory,
            "processes": tasks_of_user() + MOST_PROCESSES,
            "libraries": libraries,
            "nonce": nonce,
        }
        self._send(json.dumps(begin).encode() + b"\n")
        ready = self._answer(nonce, time.monotonic() + PATIENCE)
        if isinstance(ready, Lost):
            return ready
        self._clock.begin()
        return self._answer(nonce, time.monotonic() + self._clock.left)

    def ask(self, request: dict[str, Any], arrays: Sequence[Any], seconds: float) -> Frame | Lost:
        """The answer to a request, within so many seconds and the time that is left."""
        from io import BytesIO

        nonce, frame = secrets.token_hex(8), BytesIO()
        write_frame(frame, {**request, "nonce": nonce}, arrays)
        self._send(frame.getvalue())
        return self._answer(nonce, time.monotonic() + min(self._clock.left, seconds))

    def _send(self, data: bytes) -> None:
        with suppress(OSError):  # whoever has ended says so by the end of the answers
            self._requests.write(data)
            self._requests.flush()

    def _answer(self, nonce: str, until: float) -> Frame | Lost:
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return Lost("time")
            try:
                frame = self._frames.get(timeout=min(TICK, left))
            except queue.Empty:
                if len(in_session(self._process.pid)) > MOST_PROCESSES:
                    return Lost("processes")
                continue
            if isinstance(frame, ValueError):
                return Lost("seized")
            if frame is None:
                return self._gone()
            if frame[0].get("nonce") == nonce:
                return frame
            return Lost("seized")

    def _gone(self) -> Lost:
        """How the process ended whose channel is closed."""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(timeout=TICK)
            ends: dict[int, End] = {child.CHANNEL_LOST: "channel", child.OTHER_WAY: "forked"}
            return Lost("time" if code == -signal_number("SIGXCPU") else ends.get(code, "ended"), code)
        return Lost("channel")  # it goes on, and can't be heard

    def _read_frames(self, stream: IO[bytes]) -> None:
        while True:
            try:
                frame = read_frame(stream)
            except (ValueError, KeyError, TypeError, OSError):
                self._frames.put(ValueError())
                return
            self._frames.put(frame)
            if frame is None:
                return

    def _read_output(self, stream: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while data := os.read(stream.fileno(), 2**16):
                room = MOST_PRINTED - len(self._printed)
                self._printed += data[:room]
                self._cut += len(data[room:])

    @property
    def printed(self) -> str:
        """What the learner's code printed; the end says how much of it is left out."""
        text = self._printed.decode("utf-8", "replace")
        return f"{text}\n… and {self._cut} bytes more" if self._cut else text

    def end(self) -> None:
        """Ends the process and all that came of it, and waits until they are gone."""
        end_tree(self._process.pid, self._token)
        with suppress(OSError):
            self._requests.close()
        self._process.wait()
        for reader in self._readers:
            reader.join(timeout=1.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None and not any(reader.is_alive() for reader in self._readers):
                stream.close()
