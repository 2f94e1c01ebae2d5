"""The package as others get it: built, installed into a new environment far from the checkout, and run from there."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Ran, environment

CHECKOUT = Path(__file__).parents[1]
pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built with what is installed here."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)]
    subprocess.run(build, cwd=folder, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """A new environment with the wheel and what it depends on, outside the checkout."""
    home = tmp_path_factory.mktemp("elsewhere") / "env"
    empty = [sys.executable, "-m", "venv", "--without-pip", str(home)]  # this environment's pip fills it
    subprocess.run(empty, check=True, capture_output=True, timeout=120)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", str(wheel)], cwd=home, check=True, timeout=300)
    return home


def run(home: Path, *arguments: str, stdin: str = "") -> Ran:
    """The installed command, from a folder that knows nothing of the checkout."""
    around = {name: value for name, value in environment().items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    command = home / ("Scripts" if os.name == "nt" else "bin") / "cnnstep"
    ran = subprocess.run(
        [str(command), *arguments],
        input=stdin.encode(),
        cwd=home,
        env=around,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


def test_the_version_is_the_one_that_was_built(home: Path, wheel: Path) -> None:
    ran = run(home, "--version")
    assert ran.code == 0
    assert wheel.name.startswith(ran.out.strip().replace(" ", "-") + "-")


def test_the_first_lesson_runs(home: Path) -> None:
    ran = run(home, "run", "first-filter")
    assert (ran.code, ran.err) == (0, "")
    assert "The loss went from 2 to 1.5" in ran.out


def test_the_tutor_is_answered_through_a_pipe(home: Path) -> None:
    ran = run(home, "step", "--interactive", stdin="guess\n3 0\n-2 1\nwhy gradient 0 1\nexplain dead-relu\nquit\n")
    assert ran.code == 0
    assert "All right." in ran.out
    assert "The numbers agree." in ran.out
    assert "Until next time." in ran.out


def test_it_runs_from_there_and_not_from_the_checkout(home: Path) -> None:
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    ran = subprocess.run(
        [str(python), "-c", "import cnnstep; print(cnnstep.__file__)"],
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ran.stdout.strip()).is_relative_to(home)


def test_real_data_came_along(home: Path) -> None:
    assert run(home, "run", "digits-edge-batch", "--iterations", "2").code == 0


def test_html_has_its_style_sheet(home: Path) -> None:
    assert ".cnnstep table {" in run(home, "run", "first-filter", "--format", "html").out


def test_a_page_has_its_scripts(home: Path) -> None:
    assert run(home, "page", "first-filter", "-n", "2", "-o", "lesson.html").code == 0
    assert (home / "lesson.html").stat().st_size > 20_000


def test_practice_has_its_courses_and_keeps_what_was_done(home: Path) -> None:
    ran = run(home, "practice", "first-steps", stdin="3\nquit\n")
    assert ran.code == 0
    assert "Right." in ran.out
    assert "with 1 answer." in run(home, "progress").out


class TestContent:
    def test_all_scenarios_and_all_of_their_data_are_inside(self, wheel: Path) -> None:
        inside = set(zipfile.ZipFile(wheel).namelist())
        shipped = {path.relative_to(CHECKOUT) for path in (CHECKOUT / "scenarios").rglob("*") if path.is_file()}
        assert {f"cnnstep/{path.as_posix()}" for path in shipped} <= inside

    def test_all_modules_and_the_mark_of_typed_packages_are_inside(self, wheel: Path) -> None:
        inside = set(zipfile.ZipFile(wheel).namelist())
        modules = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "cnnstep").rglob("*.py")}
        assert modules | {"cnnstep/py.typed"} <= inside
        assert any(name.startswith("cnnstep/tutor/topics/") for name in inside)

    def test_nothing_else_is(self, wheel: Path) -> None:
        names = zipfile.ZipFile(wheel).namelist()
        assert {name.split("/")[0].removesuffix(".dist-info").split("-")[0] for name in names} == {"cnnstep"}
        kinds = (".py", ".typed", ".css", ".yaml", ".csv", ".npy", ".md", ".json", ".js", ".html")
        strays = [
            name for name in names if ".dist-info/" not in name and not name.endswith(kinds) and "LICENSE" not in name
        ]
        assert strays == []
        code = [name for name in names if name.endswith((".py", ".pyc"))]
        assert [name for name in code if "test" in Path(name).name or "__pycache__" in name] == []

    def test_the_licence_is_inside(self, wheel: Path) -> None:
        assert any(name.endswith("licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())
