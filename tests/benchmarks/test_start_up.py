"""How long a command takes as a whole process, as a ratio to the least that its libraries take, in one run.

Both programs take turns, on one thread, from warm .pyc files; the ratio is that of their medians.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.turns import ratio

CNNSTEP = str(Path(sys.executable).with_name("cnnstep"))
ROUNDS = 21
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")} | ONE_THREAD

BARE_TYPER = """
import typer

app = typer.Typer()


@app.command()
def explain(topic: str) -> None:
    print(f"{topic} is a concept.")


app()
"""

BARE_TABLES = """
import numpy
import typer
import yaml
from rich.console import Console
from rich.table import Table

app = typer.Typer()


@app.command()
def run(tables: int) -> None:
    console = Console()
    values = numpy.arange(4.0).reshape(2, 2)
    for number in range(tables):
        table = Table(title=f"Step {number}")
        for column in range(2):
            table.add_column(str(column))
        for row in values:
            table.add_row(*(f"{value:g}" for value in row))
        console.print(table)


app()
"""


def output_of(command: Sequence[str]) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRONMENT)
    return done.stdout


def times_as_long(benchmark: BenchmarkFixture, ours: Sequence[str], bare: Sequence[str]) -> float:
    """The ratio of our command's median time to the bare one's; both run once before, for their .pyc files."""
    seconds, measured = ratio(benchmark, lambda: output_of(ours), lambda: output_of(bare), ROUNDS)
    print(f"\n{' '.join(ours[1:])}: {1000 * seconds:.0f} ms, {measured:.2f} times the bare program")
    return measured


@pytest.fixture
def bare_typer(tmp_path: Path) -> str:
    return written(tmp_path / "bare_typer.py", BARE_TYPER)


@pytest.fixture
def bare_tables(tmp_path: Path) -> str:
    return written(tmp_path / "bare_tables.py", BARE_TABLES)


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_the_version_takes_at_most_twice_as_long_as_python_alone(benchmark: BenchmarkFixture) -> None:
    assert times_as_long(benchmark, [CNNSTEP, "--version"], [sys.executable, "-c", "pass"]) <= 2


def test_a_page_takes_at_most_half_as_long_again_as_a_line_from_typer(
    benchmark: BenchmarkFixture, bare_typer: str
) -> None:
    assert times_as_long(benchmark, [CNNSTEP, "explain", "relu"], [sys.executable, bare_typer, "relu"]) <= 1.5


def test_the_first_lesson_takes_at_most_a_quarter_longer_than_as_many_bare_tables(
    benchmark: BenchmarkFixture, bare_tables: str
) -> None:
    ours = [CNNSTEP, "run", "first-filter"]
    tables = output_of(ours).count("╭")
    assert tables >= 10
    assert times_as_long(benchmark, ours, [sys.executable, bare_tables, str(tables)]) <= 1.25
