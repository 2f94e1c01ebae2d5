"""Whether every command, interrupted at any moment, ends as it should: exit 130, one line, nothing left behind.

`python -m tests.signals 200 --seed 1` starts each command so many times and sends it SIGINT, SIGTERM or SIGHUP at a
random moment of its life. What is wrong is printed: another exit code, other words than "Stopped.", a file that stays,
more than two seconds of processor time from the signal to the end. Who is hit before Python has read this program's
first line can't say anything: those are counted apart, and so are those that had ended before.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
SENT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ALLOWED = 2.0
"""Seconds of processor time from the signal to the end."""
LONGEST = 3.0
"""Seconds; a command that takes longer, or waits for what is typed, is hit within them."""
STARTING = "before it began"
WORK = "scenario: first-filter\nwork: {gradient: [[1, 2], [3, 4]], update: [[2, -2], [1, 7]]}\n"

COMMANDS = {
    "run": "run first-filter-slow -n 1000000000",
    "run --json": "run first-filter-slow -n 1000000000 --json",
    "run, saved": "run smallest-network -n 20000 --save-weights weights.npz --force",
    "sweep": "sweep sigmoid --starts 3000 -n 30000 -o runs.csv --force --workers 2",
    "sweep, resumed": "sweep first-filter --starts 200000 --resume state.npz --workers 1",
    "check": "check work.yaml",
    "check -i": "check --interactive first-filter",
    "practice": "practice",
    "step -i": "step --interactive first-filter",
    "step": "step pooling",
    "analyze": "analyze sigmoid",
    "why": "step --interactive pooling",
    "explain": "explain softmax",
    "schema": "schema --of run",
    "progress": "progress",
    "scenarios": "scenarios",
}
TYPED = {"why": "why max_pool1.forward 0 0 0\n" * 50, "practice": "?\n"}
"""What has been typed when the signal comes; the input stays open."""
MAY_STAY = {"work.yaml", "runs.csv", "state.npz", "weights.npz", "home"}


@dataclass(frozen=True)
class Ended:
    """How one try ended: the exit code, the words on standard error, processor time since the signal, files left."""

    code: int
    words: str
    seconds: float
    left: frozenset[str]

    def began(self, sent: signal.Signals) -> bool:
        """Whether the program had begun: before, Python ends as it does, with its own traceback for Ctrl-C."""
        python_alone = "KeyboardInterrupt" in self.words and f"{os.sep}cnnstep{os.sep}" not in self.words
        return self.code != -sent and not python_alone

    def fault(self, sent: signal.Signals) -> str:
        """What is wrong; nothing where all is as it should be."""
        if not self.began(sent):
            return "" if self.left <= MAY_STAY else f"left {sorted(self.left - MAY_STAY)}"
        last = self.words.strip().splitlines()[-1:]
        wrong = {
            f"exit {self.code}": self.code not in (0, 1, 130),
            f"said {self.words[-300:]!r}": "Traceback" in self.words or (self.code == 130 and last != ["Stopped."]),
            f"{self.seconds:.1f} s": self.seconds > ALLOWED,
            f"left {sorted(self.left - MAY_STAY)}": not self.left <= MAY_STAY,
        }
        return ", ".join(what for what, is_so in wrong.items() if is_so)


def used(pid: int) -> float:
    """Seconds of processor time of a process so far; 0 where it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tried(name: str, after: float, sent: signal.Signals) -> tuple[Ended, bool]:
    """One try, and whether the command had ended by itself."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "work.yaml").write_text(WORK, encoding="utf-8")
        env = os.environ | {"PYTHONPATH": str(ROOT), "CNNSTEP_HOME": str(Path(folder) / "home")}
        command = [sys.executable, "-m", "cnnstep", *COMMANDS[name].split()]
        with subprocess.Popen(
            command, cwd=folder, env=env, start_new_session=True, stdin=PIPE, stdout=DEVNULL, stderr=PIPE
        ) as running:
            assert running.stdin is not None
            assert running.stderr is not None
            running.stdin.write(TYPED.get(name, "").encode())
            running.stdin.flush()
            time.sleep(after)
            ended, before = running.poll() is not None, used(running.pid)
            os.killpg(running.pid, sent) if not ended else None
            words = running.stderr.read().decode(errors="replace")
            _, status, usage = os.wait4(running.pid, 0) if running.returncode is None else (0, 0, None)
            code = running.returncode if usage is None else os.waitstatus_to_exitcode(status)
            running.returncode = code
            seconds = 0.0 if usage is None else usage.ru_utime + usage.ru_stime - before
        left = frozenset(str(one.name) for one in Path(folder).iterdir())
        home = Path(folder) / "home"
        unfinished = (str(one.relative_to(folder)) for one in home.rglob("*.tmp"))
        return Ended(code, words, seconds, left | frozenset(unfinished)), ended


def main() -> int:
    """Prints what is wrong, and for each command how its tries ended."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(COMMANDS), choices=list(COMMANDS))
    asked = parser.parse_args()
    signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # in the background it would be ignored, by those started too
    drawn, wrong = random.Random(asked.seed), 0
    for name in asked.only:
        ends = Counter[str]()
        for _ in range(asked.count):
            after, sent = drawn.uniform(0.0, LONGEST) ** 2 / LONGEST, drawn.choice(SENT)
            ended, by_itself = tried(name, after, sent)
            fault = "" if by_itself else ended.fault(sent)
            wrong += bool(fault)
            if fault:
                print(f"{name}, {sent.name} after {after:.3f} s: {fault}", flush=True)
            ends["ended before" if by_itself else str(ended.code) if ended.began(sent) else STARTING] += 1
        print(f"{name}: {dict(ends)}", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
