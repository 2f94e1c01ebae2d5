"""Real processes: one that is killed at any moment, four that write at once."""

from __future__ import annotations

import random
import signal
import sys
import time
from pathlib import Path

import pytest

from cnnstep.surface.practice.store import Store
from tests.surface.practice.processes import ended, session

if sys.platform == "win32":  # pragma: no cover
    pytest.skip("a process is killed otherwise there", allow_module_level=True)

ANSWERS = """
with Store.open(home) as store:
    for seed in range(number, 100_000):
        assert store.add(Event("delta", "right", seed=seed)) == ""
        print(seed, flush=True)
"""
HOMES = """
for seed in range(number, 100_000):
    with Store.open(home / str(seed)) as store:
        assert store.notes == ()
        store.add(Event("delta", "right", seed=seed))
    print(seed, flush=True)
"""
ROUNDS = 10


def killed(program: str, home: Path, number: int, delay: float) -> list[int]:
    """What a session had printed when it was killed, so long after its first line."""
    with session(program, home, number) as process:
        assert process.stdout
        first = process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    assert process.returncode == -signal.SIGKILL
    return [int(line) for line in (first + rest).splitlines()]


def test_a_session_that_is_killed_has_kept_every_answer_that_it_went_on_from(tmp_path: Path) -> None:
    rng, kept = random.Random(7), list[int]()
    for _ in range(ROUNDS):
        number = kept[-1] + 1 if kept else 0
        printed = killed(ANSWERS, tmp_path, number, rng.uniform(0, 0.03))
        with Store.open(tmp_path) as store:
            assert store.notes == ()
            kept = [event.seed for event in store.history()]
        assert kept[number : number + len(printed)] == printed
        assert len(kept) - number - len(printed) in (0, 1)  # the last one may have been kept and not yet printed


def test_a_session_that_is_killed_while_it_makes_its_file_leaves_one_that_can_be_used(tmp_path: Path) -> None:
    rng, number = random.Random(8), 0
    for _ in range(3):
        printed = killed(HOMES, tmp_path, number, rng.uniform(0, 0.03))
        number = printed[-1] + 2
        for seed in range(printed[0], number):
            with Store.open(tmp_path / str(seed)) as store:
                assert store.notes == ()
                assert [event.seed for event in store.history()] in ([[seed]] if seed in printed else [[], [seed]])
                assert store.add() == ""


def test_four_sessions_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    program = """
with Store.open(home) as store:
    assert store.notes == ()
    for seed in range(15):
        assert store.add(Event("delta", "right", level=number, seed=seed)) == ""
    print(len(store.history()))
"""
    seen = [int(line) for line in ended(*(session(program, tmp_path, number) for number in range(4)))]
    with Store.open(tmp_path) as store:
        kept = [(event.level, event.seed) for event in store.history()]
    assert len(kept) == 60
    assert max(seen) == 60
    for number in range(4):
        assert [seed for level, seed in kept if level == number] == list(range(15))
