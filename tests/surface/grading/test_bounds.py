"""Code that would hang, fill or fool whoever runs it is ended and told of, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.grading import process, tree
from cnnstep.surface.grading.grading import grade_file, grade_in_place
from cnnstep.surface.grading.process import Limits
from cnnstep.surface.grading.tree import TOKEN
from cnnstep.tutor.grade.verdict import Graded
from tests.conftest import environment
from tests.examples import share
from tests.surface.grading.code import LOOPS, executed
from tests.surface.grading.hostile import CALLS, DETACHED, HARMLESS, IMPORTS, THREADS, backward

SHORT = Limits(seconds=30.0, memory=2**29, case=0.8)
"""A busy machine may take its time to begin; only what hangs takes this long."""


def graded(source: str, folder: Path, limits: Limits = SHORT) -> Graded:
    file = folder / "my_conv.py"
    file.write_bytes(source.encode("utf-8", "surrogateescape"))
    return grade_file(str(file), None, limits)


@pytest.fixture(autouse=True)
def _nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> object:
    """No process of a grading lives when its test has ended."""
    mark = f"test-{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv("CNNSTEP_TEST_OF_BOUNDS", mark)
    yield
    assert _living(f"CNNSTEP_TEST_OF_BOUNDS={mark}") == []


def _living(variable: str) -> list[int]:
    """The processes that have this in their environment, but for this one."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stands = variable.encode() in (folder / "environ").read_bytes()
            alive = (folder / "stat").read_text(encoding="latin-1").rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            continue
        if stands and alive and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("name", [name for (name,) in share(CALLS)])
def test_what_goes_wrong_in_a_call_is_told_in_a_line_and_what_was_right_is_kept(name: str, tmp_path: Path) -> None:
    source, words = CALLS[name]
    _is_told(graded(source, tmp_path), words)


@pytest.mark.parametrize("name", HARMLESS)
def test_what_goes_wrong_where_the_functions_are_is_told_in_the_same_words(name: str) -> None:
    source, words = HARMLESS[name]
    _is_told(grade_in_place(executed(source)), words)


def _is_told(found: Graded, words: str) -> None:
    forward, *back = found.marks
    assert (forward.verdict, forward.right_in) == ("right", 19)
    if words:
        faults = [answer.fault.what for mark in back for answer in mark.answers if answer.fault]
        assert any(word in fault for fault in faults for word in words.split("|")), faults[:3]
        assert all("\n" not in fault for fault in faults)


@pytest.mark.parametrize("name", [name for (name,) in share(IMPORTS)])
def test_what_goes_wrong_in_the_import_can_not_be_used(name: str, tmp_path: Path) -> None:
    source, words = IMPORTS[name]
    with pytest.raises(InputError) as fault:
        graded(source, tmp_path, Limits(seconds=2.0 if "loop" in name else 30.0))
    assert words in str(fault.value)
    assert fault.value.faults[0].file == str(tmp_path / "my_conv.py")


def test_processes_that_left_their_parents_are_ended_too(tmp_path: Path) -> None:
    assert graded(DETACHED, tmp_path).verdict == "right"


def test_threads_are_told_of_and_hold_nothing_up(tmp_path: Path) -> None:
    found = graded(THREADS, tmp_path)
    assert (found.verdict, found.remarks) == ("right", ("Your code left threads running. They were ended.",))


def test_the_file_finds_its_neighbours_and_prints_what_it_likes(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("answer = 42\n", encoding="utf-8")
    found = graded(f"import helper\nprint(helper.answer, '[red]')\n{LOOPS}", tmp_path)
    assert (found.verdict, found.printed) == ("right", "42 [red]\n")


def test_what_is_printed_is_kept_up_to_a_limit(tmp_path: Path) -> None:
    found = graded(f"print('x' * 10**5)\n{LOOPS}", tmp_path)
    assert found.verdict == "right"
    assert found.printed == "x" * process.MOST_PRINTED + f"\n… and {10**5 + 1 - process.MOST_PRINTED} bytes more"


def test_after_a_hang_the_other_functions_are_still_asked(tmp_path: Path) -> None:
    hangs_forward = LOOPS.replace("    cache = (x", "    while n or out.shape[2] > 2: pass\n    cache = (x", 1)
    found = graded(hangs_forward, tmp_path)
    forward, back = found.marks[0], found.marks[1]
    assert (forward.verdict, forward.right_in) == ("faulted", 3)
    assert back.verdict == "faulted"
    assert back.right_in == 3


def test_the_limit_holds_for_all_of_it(tmp_path: Path) -> None:
    found = graded(backward("__import__('time').sleep(0.2)"), tmp_path, Limits(seconds=1.5, case=1.4))
    faults = [answer.fault.what for answer in found.marks[1].answers if answer.fault]
    assert len(faults) > 10


def test_ctrl_c_ends_the_child_too(tmp_path: Path) -> None:
    file = tmp_path / "my_conv.py"
    file.write_text(backward("open('begun', 'w').close()\n    while True: pass"), encoding="utf-8")
    command = [sys.executable, "-m", "cnnstep", "grade", str(file), "--seconds", "60"]
    with subprocess.Popen(command, env={**environment(), **_marked()}, stderr=subprocess.PIPE, text=True) as running:
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert (running.returncode, said.strip()) == (130, "Stopped.")


def _marked() -> dict[str, str]:
    return {"CNNSTEP_TEST_OF_BOUNDS": os.environ["CNNSTEP_TEST_OF_BOUNDS"]}


def test_a_process_is_known_by_its_token_alone() -> None:
    token = "0123456789abcdef"
    program = "import time; print(1, flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, TOKEN: token}, stdout=subprocess.PIPE
    ) as one:
        assert one.stdout is not None
        one.stdout.read(1)
        assert tree.with_token(token) == [one.pid]
        one.kill()


def test_without_proc_psutil_finds_the_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for psutil, which tells of one child."""
    ended: list[str] = []
    child = SimpleNamespace(kill=lambda: ended.append("child"))
    leader = SimpleNamespace(children=lambda recursive: [child] if recursive else [])
    library = SimpleNamespace(Process=lambda pid: leader, Error=LookupError)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as one:
        with monkeypatch.context() as patch:
            patch.setattr(tree, "_running", lambda: iter(()))
            patch.setattr(tree, "find_spec", lambda name: library)
            patch.setattr(tree, "import_module", lambda name: library)
            tree.end_tree(one.pid, "no token")
        assert (one.wait(), ended) == (-signal.SIGKILL, ["child"])


def test_a_system_without_limits_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cnnstep.surface.grading.grading.is_limited", lambda: False)
    assert graded(LOOPS, tmp_path).remarks == (
        "This system has no limits of memory and processes, so only the time was limited.",
    )
