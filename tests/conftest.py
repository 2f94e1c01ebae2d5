"""What many tests share: the program with captured streams, in this process or in one of its own, and kept texts.

`pytest --update-goldens` writes what the program says now into tests/golden and tests/transcripts; read the
difference before you commit it.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, TypeVar

import pytest
from hypothesis import settings

from tests.browser import chromium, tab, tabs
from tests.examples import some
from tests.extras import ALL_THERE

# A busy machine proves nothing about an example. In CI a tree is always tried on the same examples: what is found
# there has to be found again; whoever works on it tries new ones each time.
IN_CI = bool(os.environ.get("CI"))
settings.register_profile("unhurried", settings(), deadline=None, derandomize=IN_CI, max_examples=some(100))
settings.load_profile("unhurried")

__all__ = ["chromium", "tab", "tabs"]  # fixtures that have a file of their own

HERE = Path(__file__).parent
SPEAKS_OF_THE_TERMINAL = ("NO_COLOR", "FORCE_COLOR", "TERM", "COLORTERM", "COLUMNS", "LC_ALL", "LC_CTYPE", "LANG")
ALSO_READ = ("PYTHONIOENCODING", "PYTHONUTF8", "CNNSTEP_DEBUG", "_CNNSTEP_COMPLETE")


@dataclass(frozen=True)
class Ran:
    """How a run of the program ended, and what it wrote where."""

    code: int
    out: str
    err: str


_NUMBERS = count(1)

Program = Callable[..., Ran]
Golden = Callable[[str, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-goldens", action="store_true", help="write tests/golden and tests/transcripts anew; never in CI"
    )


def pytest_configure(config: pytest.Config) -> None:
    # a script that starts the tests in the background has them, and all they start, ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--update-goldens") and os.environ.get("CI"):
        raise pytest.UsageError("--update-goldens would make every golden test pass; in CI that proves nothing")


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return seen((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return seen((yield))


def seen(report: Report) -> Report:
    """A test that is skipped says why, and where everything is installed none is: else it has failed."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""
        unstated = reason in ("", "Skipped", "unconditional skip") or reason.startswith("could not import")
        if ALL_THERE or unstated:
            why = "and nothing says why" if unstated else "though everything is installed"
            report.outcome, report.longrepr = "failed", f"skipped, {why}: {reason}"
    return report


class _Stream(io.TextIOWrapper):
    """A stream of bytes that says it is a terminal where a test wants one."""

    def __init__(self, content: bytes = b"", encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__(io.BytesIO(content), encoding=encoding, errors="strict", write_through=True)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal

    @property
    def written(self) -> str:
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode(self.encoding)


@pytest.fixture(autouse=True, scope="session")
def somewhere_else(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test, and no process that a test starts, ever comes near the progress of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("homes")
        patch.setenv("CNNSTEP_HOME", str(folder / "first"))
        yield folder


@pytest.fixture(autouse=True)
def own_home(somewhere_else: Path) -> Iterator[Path]:
    """Each test has a home of its own, which is not there until something is kept in it."""
    with pytest.MonkeyPatch.context() as patch:
        home = somewhere_else / f"home-{next(_NUMBERS)}"
        patch.setenv("CNNSTEP_HOME", str(home))
        yield home


@pytest.fixture
def cnnstep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Program:
    """Runs the program in this process, in an empty folder: `cnnstep("run", "first-filter", width=40)`."""

    def run(
        *arguments: str,
        stdin: str | bytes = "",
        env: Mapping[str, str] | None = None,
        width: int = 80,
        terminal: bool = False,
        encoding: str = "utf-8",
    ) -> Ran:
        from cnnstep.surface.cli.app import run_app

        content = stdin.encode() if isinstance(stdin, str) else stdin
        streams = _Stream(content), _Stream(b"", encoding, terminal), _Stream(b"", encoding, terminal)
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name in (*SPEAKS_OF_THE_TERMINAL, *ALSO_READ):
                patch.delenv(name, raising=False)
            for name, value in {"COLUMNS": str(width), "LANG": "C.UTF-8", **(env or {})}.items():
                patch.setenv(name, value)
            for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
                patch.setattr(sys, name, stream)
            code = run_app(arguments)
        return Ran(int(code), streams[1].written, streams[2].written)

    return run


def environment(env: Mapping[str, str] | None = None, width: int = 80) -> dict[str, str]:
    """The environment of a process of its own: what speaks of the terminal is set here and nowhere else."""
    kept = {name: value for name, value in os.environ.items() if name not in (*SPEAKS_OF_THE_TERMINAL, *ALSO_READ)}
    return kept | {"COLUMNS": str(width), "LANG": "C.UTF-8"} | dict(env or {})


@contextmanager
def started(folder: Path, *arguments: str, **more: Any) -> Iterator[subprocess.Popen[Any]]:
    """The program as a process of its own, while it runs; however the test ends, no process or pipe is left."""
    command, streams = [sys.executable, "-m", "cnnstep", *arguments], dict.fromkeys(("stdout", "stderr"), PIPE)
    with subprocess.Popen(command, cwd=folder, **({"env": environment()} | streams | more)) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Runs the program as a process of its own, for what only a process shows: closed streams, pipes, signals."""

    def run(*arguments: str, env: Mapping[str, str] | None = None, width: int = 80, **more: Any) -> Ran:
        streams = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE} | more
        if "input" in more:
            del streams["stdin"]
        command = [sys.executable, "-m", "cnnstep", *arguments]
        ended: subprocess.CompletedProcess[Any] = subprocess.run(
            command, cwd=tmp_path, env=environment(env, width), timeout=60, check=False, **streams
        )
        return Ran(ended.returncode, (ended.stdout or b"").decode(), (ended.stderr or b"").decode())

    return run


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compares a text with the one kept in tests/, or keeps it where `--update-goldens` was given."""

    def compare(name: str, text: str) -> None:
        path = HERE / name
        if request.config.getoption("--update-goldens"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        assert kept == text, (
            f"{name} has changed; if it should have, run pytest --update-goldens and read the difference"
        )

    return compare
