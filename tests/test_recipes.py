"""The README's recipes for graders: who flips δ reads so in the feedback, and right numbers get all points."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import environment
from tests.extras import ALL_THERE

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "tests" / "recipes"
HOMEWORK = (RECIPES / "homework.py").read_text(encoding="utf-8")
RIGHT, FLIPPED = "correlate(X, delta)\n", "correlate(X, np.rot90(delta, 2))\n"
WORDS = "What you did: You rotated δ by 180°, then slid it over the input."

on_request = [
    pytest.mark.extra,
    pytest.mark.skipif(
        not (ALL_THERE or os.environ.get("GRADERS")),
        reason="otter-grader and nbgrader are installed from the registry where GRADERS=1 asks for it",
    ),
]


def handed_in(folder: Path, work: str = RIGHT) -> Path:
    """A student's file."""
    assert RIGHT in HOMEWORK
    (folder / "homework.py").write_text(HOMEWORK.replace(RIGHT, work), encoding="utf-8")
    return folder


def recipe(name: str) -> str:
    return (RECIPES / f"with_{name}.py").read_text(encoding="utf-8")


def ran(folder: Path, *command: str | Path, code: int = 0) -> str:
    """What a command says in a folder, where it ends as it should."""
    path = os.pathsep.join((str(Path(command[0]).parent), os.environ["PATH"]))
    env = environment({"PATH": path, "HOME": str(folder)})
    ended = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.py")), ids=lambda path: path.stem)
def test_the_readme_shows_each_recipe_as_it_is_tested(path: Path) -> None:
    assert f"```python\n{path.read_text(encoding='utf-8')}```\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_homework.py").write_text(recipe("pytest"), encoding="utf-8")
    pytest_ = (sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "2 passed" in ran(handed_in(tmp_path), *pytest_)
    said = ran(handed_in(tmp_path, FLIPPED), *pytest_, code=1)
    assert "delta-flipped" in said
    assert WORDS in said
    assert "1 failed, 1 passed" in said


def test_gradescope(tmp_path: Path) -> None:
    (tmp_path / "grade.py").write_text(recipe("gradescope"), encoding="utf-8")

    def tests() -> dict[str, tuple[int, int, str]]:
        ran(tmp_path, sys.executable, "-B", "grade.py", "results.json")
        found = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["tests"]
        return {one["name"]: (one["score"], one["max_score"], one["output"]) for one in found}

    handed_in(tmp_path)
    assert {name: one[:2] for name, one in tests().items()} == {"delta": (1, 1), "gradient": (2, 2)}
    handed_in(tmp_path, FLIPPED)
    wrong = tests()
    assert (wrong["delta"][0], wrong["gradient"][0]) == (1, 0)
    assert "delta-flipped" in wrong["gradient"][2]
    assert WORDS in wrong["gradient"][2]
    handed_in(tmp_path, "correlate(X, dleta)\n")
    assert tests()["gradient"] == (0, 2, "NameError: name 'dleta' is not defined")


@pytest.fixture(scope="module")
def graders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment of their own, with both graders and this package."""
    home = tmp_path_factory.mktemp("graders") / "env"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, timeout=120)
    pip = (str(home / "bin" / "pip"), "-q", "--disable-pip-version-check")
    subprocess.run([*pip, "install", "otter-grader>=6", "nbgrader>=0.9", str(ROOT)], check=True, timeout=900)
    return home / "bin"


OTTER = """
import runpy, otter
found = otter.Notebook(tests_dir="tests").check("gradient", global_env=runpy.run_path("homework.py"))
print(found.grade, found)
"""


class TestInAnEnvironmentOfTheirOwn:
    pytestmark = on_request

    def test_otter(self, graders: Path, tmp_path: Path) -> None:
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "gradient.py").write_text(recipe("otter"), encoding="utf-8")
        said = ran(handed_in(tmp_path), graders / "python", "-c", OTTER)
        assert said.startswith("1.0 gradient results: All test cases passed!")
        said = ran(handed_in(tmp_path, FLIPPED), graders / "python", "-c", OTTER)
        assert said.startswith("0.0 ")
        assert "delta-flipped" in said
        assert WORDS in said

    def test_nbgrader(self, graders: Path, tmp_path: Path) -> None:
        begun = f"### BEGIN SOLUTION\n{HOMEWORK}### END SOLUTION\n"
        write_notebook(tmp_path / "source" / "week1", begun)
        write_notebook(tmp_path / "submitted" / "ada" / "week1", HOMEWORK)
        write_notebook(tmp_path / "submitted" / "bob" / "week1", HOMEWORK.replace(RIGHT, FLIPPED))
        (tmp_path / "nbgrader_config.py").write_text('get_config().CourseDirectory.course_id = "course"\n')
        for command in ("generate_assignment", "autograde", "generate_feedback"):
            ran(tmp_path, graders / "nbgrader", command, "week1", "--log-level=ERROR")
        assert json.loads(ran(tmp_path, graders / "python", "-W", "ignore", "-c", POINTS)) == {
            "ada": [2, 2],
            "bob": [0, 2],
        }
        right, wrong = (
            (tmp_path / "feedback" / who / "week1" / "homework.html").read_text(encoding="utf-8")
            for who in ("ada", "bob")
        )
        assert "delta-flipped" in wrong
        assert WORDS in wrong
        assert "delta-flipped" not in right


POINTS = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({one.student.id: [one.score, one.max_score] for one in book.assignment_submissions("week1")}))
"""


def write_notebook(folder: Path, work: str) -> None:
    """A student's cell, and the cell that grades it."""
    cells = [cell("work", work, solution=True), cell("gradient", recipe("nbgrader"), locked=True, grade=True, points=2)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}
    folder.mkdir(parents=True)
    (folder / "homework.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def cell(name: str, source: str, **grading: object) -> dict[str, object]:
    kind = {"schema_version": 3, "grade_id": name, "locked": False, "solution": False, "grade": False, "task": False}
    content: dict[str, object] = {"source": source, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "id": name, "metadata": {"nbgrader": {**kind, **grading}}, **content}
