"""`cnnstep practice` as it is typed, piped, left and killed."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from subprocess import PIPE

import pytest

from cnnstep.surface.practice.store import Store
from cnnstep.tutor.practice.generate import exercise
from cnnstep.tutor.practice.skills import SKILLS
from tests.conftest import Program, started
from tests.tutor.practice.learners import by_misconception

GRADIENT = ("practice", "--skill", "gradient", "--level", "1", "--seed", "0")


def answer(seed: int = 0) -> str:
    """What is right for the exercises of `GRADIENT`."""
    return exercise("gradient", 1, seed).question.answer


def kept() -> list[tuple[str, str]]:
    with Store.open() as store:
        return [(event.skill, event.outcome) for event in store.history()]


def test_answers_come_through_a_pipe_and_are_kept(cnnstep: Program) -> None:
    wrong = by_misconception("gradient-rotated", exercise("gradient", 1, 0).question)
    ran = cnnstep(*GRADIENT, stdin=f"{wrong}\n{answer()}\n")
    assert ran.code == 0
    assert "gradient-rotated" in ran.out
    assert "Mastery: 2 % → 18 %." in ran.out
    assert "The input has ended" in ran.err
    assert "gradient 0, your answer >" in ran.err
    assert kept() == [("gradient", "wrong"), ("gradient", "right")]


def test_practice_goes_on_where_it_was_left(cnnstep: Program) -> None:
    cnnstep(*GRADIENT, stdin="1 2; 3 4\nhint\nquit\n")
    ran = cnnstep("practice", stdin="hint\n")
    assert ran.out.startswith("Filter gradient   level 1, exercise 0: you left this one open\n")
    assert "Hint 2, the idea" in ran.out


def test_without_a_place_practice_goes_on_and_says_so(cnnstep: Program) -> None:
    ran = cnnstep(*GRADIENT, stdin=f"{answer()}\n\nquit\n", env={"CNNSTEP_HOME": "/dev/null/x"})
    assert ran.code == 0
    assert "not kept" in ran.err
    assert ran.err.count("not kept") == 1
    assert "exercise 1" in ran.out


def test_a_beginner_begins_the_first_course_from_the_prompt(cnnstep: Program) -> None:
    ran = cnnstep("practice", stdin="course first-steps\n")
    assert "new to this?" in ran.out
    assert "One output" in ran.out
    assert "One output, your answer >" in ran.err


def test_every_student_gets_other_exercises_and_goes_on_with_their_own(cnnstep: Program) -> None:
    heads = [cnnstep("practice", "--student", name, env={"CNNSTEP_HOME": name}).out[:60] for name in ("Anna", "Ben")]
    seeds = [int(re.findall(r"exercise (\d+)", head)[0]) for head in heads]
    assert seeds[0] // 1000 != seeds[1] // 1000
    same = cnnstep("practice", "--student", " anna", env={"CNNSTEP_HOME": "elsewhere"}).out
    assert f"exercise {seeds[0]}:" in same
    cnnstep("practice", "--student", "Anna", stdin="skip\n", env={"CNNSTEP_HOME": "Anna"})
    after = int(re.findall(r"exercise (\d+)", cnnstep("practice", env={"CNNSTEP_HOME": "Anna"}).out)[0])
    assert seeds[0] < after < seeds[0] + 1000


def test_the_list_has_all_skills_and_courses(cnnstep: Program) -> None:
    ran = cnnstep("practice", "--list")
    assert all(skill in ran.out for skill in (*SKILLS, "first-steps"))


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("--skill", "gradeint"), 'did you mean "gradient"?'),
        (("--level", "4"), "--level is 4; it must be 3 or less"),
        (("--level", "1", "--fast"), "--level and --fast don't go together"),
        (("--seed", "-3"), "--seed is -3; it must be 0 or more"),
        (("--seed", "3", "--student", "anna"), "--seed and --student don't go together"),
        (("first-steps", "--student", "anna"), "course and --student don't go together"),
        (("first-steps", "--skill", "delta"), "course and --skill don't go together"),
        (("first-stepz",), 'did you mean "first-steps"?'),
        (("nowhere.yaml",), "there is no file"),
        (("--check",), "--check checks a course"),
        (("--count", "0"), "--count is 0"),
    ],
)
def test_what_cannot_be_is_told(cnnstep: Program, arguments: tuple[str, ...], what: str) -> None:
    ran = cnnstep("practice", *arguments)
    assert ran.code == 2
    assert what.lower() in ran.err.lower()
    assert ran.out == ""


def test_a_course_is_checked(cnnstep: Program, tmp_path: Path) -> None:
    assert cnnstep("practice", "first-steps", "--check").code == 0
    text = "title: T\nexercises: [{title: A, skill: forward, scenario: first-filter, step: forward, hints: [a]}]\n"
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    ran = cnnstep("practice", "bad.yaml", "--check")
    assert ran.code == 1
    assert "1 hint" in ran.out


def test_gift_is_written_once_and_never_over_a_file(cnnstep: Program, tmp_path: Path) -> None:
    ran = cnnstep("practice", "--skill", "delta", "--count", "2", "--gift", "d.gift")
    assert ran.code == 0
    assert (tmp_path / "d.gift").read_text(encoding="utf-8").count("::Delta and the mask 2.") == 2
    assert cnnstep("practice", "--skill", "delta", "--gift", "d.gift").code == 2
    assert cnnstep("practice", "first-steps", "--gift", "d.gift", "--force").code == 0


@pytest.mark.parametrize("width", [40, 60])
def test_no_number_is_cut_in_a_narrow_window(cnnstep: Program, width: int) -> None:
    for skill in SKILLS:
        ran = cnnstep(
            "practice", "--skill", skill, "--level", "3", "--seed", "1", stdin="hint\nhint\nhint\n", width=width
        )
        assert ran.code == 0
        assert max(map(len, ran.out.splitlines())) <= width, skill


def test_what_was_answered_is_on_the_disk_before_what_it_was_worth_is_shown(tmp_path: Path) -> None:
    """A process that is killed the moment its feedback appears has kept the answer."""
    one = exercise("gradient", 1, 0)
    with started(tmp_path, *GRADIENT, stdin=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{one.question.answer}\n".encode())
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(b"Right."):
                break
        os.kill(process.pid, signal.SIGKILL)
    assert kept() == [("gradient", "right")]


@pytest.mark.skipif(sys.platform == "win32", reason="signals as a terminal sends them")
def test_ctrl_c_ends_it_with_130_and_keeps_everything(tmp_path: Path) -> None:
    with started(tmp_path, *GRADIENT, stdin=PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"1 2; 3 4\n")
        process.stdin.flush()
        seen = 0
        for line in process.stdout:
            if b"Work out all of" in line and (seen := seen + 1) == 2:  # above the prompt, and again after it
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    assert kept() == [("gradient", "wrong")]
