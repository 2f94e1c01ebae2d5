"""What a command does not need is nowhere near it. Counted in modules, which no busy machine can blur."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import environment

HEAVY = {"numpy", "pydantic", "yaml", "rich", "typer", "difflib", "json"}
OF_OTHER_COMMANDS = {
    "cnnstep.surface.cli.conversation",
    "cnnstep.tutor.session",
    "cnnstep.tutor.what_if",
    "cnnstep.tutor.typed",
    "cnnstep.tutor.check",
    "cnnstep.tutor.sweep",
    "cnnstep.tutor.analyze",
    "cnnstep.surface.sweeping",
    "cnnstep.surface.scenario_file.schema",
    "cnnstep.surface.writing",
    "cnnstep.surface.practice",
    "cnnstep.tutor.practice",
    "cnnstep.tutor.grade",
    "cnnstep.surface.grading",
    "sqlite3",
    "platformdirs",
    "rich.progress",
    "rich.markdown",
    "rich.traceback",
    "pygments",
    "readline",
    "textual",
    "cnnstep.tutor.explore",
    "cnnstep.surface.explore",
    "cnnstep.surface.cli.line_editor",
    "shlex",
}


def modules(*arguments: str) -> set[str]:
    """Every module that was imported when the command had ended, the packages around them too."""
    program = (
        f"import sys; sys.argv = ['cnnstep', *{arguments!r}]\n"
        "from cnnstep.__main__ import main\n"
        "code = main(); sys.stdout.flush(); sys.stderr.write('\\n' + ' '.join(sys.modules)); sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return set(ran.stderr.splitlines()[-1].split())


@pytest.fixture(scope="module")
def run() -> set[str]:
    return modules("run", "first-filter")


def test_the_version_needs_nothing() -> None:
    loaded = modules("--version")
    assert loaded & HEAVY == set()
    assert {name for name in loaded if name.startswith("cnnstep")} == {"cnnstep", "cnnstep.__main__"}


def test_help_needs_typer_and_no_numbers_and_no_tables() -> None:
    assert modules("run", "--help") & {"numpy", "yaml", "rich"} == set()


def test_a_slip_of_the_keyboard_needs_no_numbers_either() -> None:
    assert modules("rnu") & {"numpy", "yaml", "rich"} == set()


def test_a_run_needs_nothing_of_other_commands(run: set[str]) -> None:
    assert "cnnstep.engine.trace" in run
    assert run & OF_OTHER_COMMANDS == set()
    if sys.version_info < (3, 13):  # there importlib.metadata brings it, which Typer needs
        assert "json" not in run


def test_a_run_as_json_draws_no_tables() -> None:
    loaded = modules("run", "first-filter", "--json")
    assert {name for name in loaded if name.split(".")[0] == "rich"} == set()


def test_the_list_of_scenarios_needs_no_numbers() -> None:
    assert "numpy" not in modules("scenarios")


def test_what_was_practised_is_shown_without_numbers_and_scenarios() -> None:
    for arguments in (("progress",), ("progress", "--csv"), ("paths", "--json")):
        assert modules(*arguments) & {"numpy", "yaml"} == set()


def test_a_bad_option_stops_before_anything_is_read() -> None:
    assert modules("run", "first-filter", "--iterations", "x") & {"numpy", "yaml", "rich"} == set()
