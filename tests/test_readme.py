"""The README tells the truth: its commands run, its outputs are the program's, its keys are the schema's."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import cnnstep
from cnnstep.surface.loading import load
from cnnstep.surface.practice.course_file import load_course
from cnnstep.surface.scenario_file.schema import json_schema
from cnnstep.tutor.practice.mastery import GUESSES, USUAL
from tests.conftest import environment
from tests.examples import share
from tests.surface.grading.code import NOT_ROTATED

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [found["text"] for found in BLOCK.finditer(README) if found["kind"] == kind]


SHELL = [line for block in blocks("sh") for line in block.splitlines()]
SET_UP = [line for line in SHELL if "venv" in line]
ENDS = ("cnnstep run first-filter", "pytest")
WORK, SCENARIO = blocks("yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a reader would be: with the page's scenario as my.yaml, its sheet as work.yaml, and code with a mistake."""
    (tmp_path / "my.yaml").write_text(SCENARIO, encoding="utf-8")
    (tmp_path / "work.yaml").write_text(WORK, encoding="utf-8")
    (tmp_path / "my_conv.py").write_text(NOT_ROTATED, encoding="utf-8")
    return tmp_path


def typed(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A line in the shell, with this very environment's `cnnstep` and `python3` first."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        env=environment({"PATH": path, "HOME": str(folder)}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_page_begins_with_the_two_commands() -> None:
    assert SHELL[:2] == SET_UP
    assert README.index(SET_UP[1]) < README.index("\n## ")


@pytest.mark.parametrize(("line", "end"), list(zip(SET_UP, ENDS, strict=True)))
def test_ci_runs_the_two_commands_as_they_stand_here(line: str, end: str) -> None:
    assert f"readme_command '{end}'" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert line.startswith("python3 -m venv .venv && ")
    assert line.endswith(f" && .venv/bin/{end}")


@pytest.mark.parametrize("line", [line for (line,) in share(line for line in SHELL if line not in SET_UP)])
def test_a_command_of_the_page_runs(line: str, folder: Path) -> None:
    ran = typed(f"set -o pipefail; {line}", folder)
    assert ran.returncode == 0, ran.stdout


def test_every_output_shown_is_what_the_program_prints(folder: Path, golden: Callable[[str, str], None]) -> None:
    def anew(found: re.Match[str]) -> str:
        if found["kind"] != "console":
            return found[0]
        command = found["text"].splitlines()[0].removeprefix("$ ")
        output = "".join(f"{line.rstrip()}\n" for line in typed(command, folder).stdout.strip("\n").splitlines())
        return f"```console\n$ {command}\n{output}```"

    assert len(blocks("console")) >= 4
    golden("../README.md", BLOCK.sub(anew, README))


def test_the_python_of_the_page_gives_what_it_shows() -> None:
    source = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(source, {}, "README.md", "README.md", 0)
    assert len(test.examples) > 10
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_the_scenario_of_the_page_has_every_key_with_its_default(folder: Path) -> None:
    properties = json_schema()["properties"]
    lines = [line.partition("#")[0].partition(":") for line in SCENARIO.splitlines()]
    shown = {key: value.strip() for key, _, value in lines}
    assert {*properties} == {*shown, "samples", "layers", "test"}
    needed = ["input", "filter", "target", "activation", "learning_rate"]
    assert needed == [*shown][:5]
    defaults = {key: properties[key]["default"] for key in [*shown][5:]}
    written = {None: "null", "": '""', 0.0: "0"}
    assert {key: written.get(value, str(value)) for key, value in defaults.items()} == {
        key: value for key, value in shown.items() if key not in needed
    }


def test_the_scenario_of_the_page_is_the_first_lesson(folder: Path) -> None:
    mine, lesson = (next(cnnstep.trace(load(name).scenario)) for name in (str(folder / "my.yaml"), "first-filter"))
    assert mine.matrix("update").tolist() == lesson.matrix("update").tolist()


def test_every_public_name_is_on_the_page() -> None:
    assert [name for name in cnnstep.__all__ if name not in README] == []


def test_the_course_shown_is_one(folder: Path) -> None:
    (course,) = (block for block in blocks("text") if "exercises:" in block)
    (folder / "week.yaml").write_text(course, encoding="utf-8")
    assert [item.skill for item in load_course(str(folder / "week.yaml")).items] == ["gradient"]


def test_what_mastery_is_stands_here_as_it_is_worked_out() -> None:
    usual, told = USUAL, re.sub(r"\s+", " ", README)
    for number in (usual.known, usual.known_fast, usual.slips, usual.learns, usual.mastered, *GUESSES.values()):
        assert number in (GUESSES["cell"], GUESSES["number"]) or f"{100 * number:.0f} %" in told
    assert "each hint and each wrong answer before halves what a right one proves" in told


def test_every_extra_is_on_the_page() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [name for name in extras if name != "dev" and f"the extra `{name}`" not in README] == []
