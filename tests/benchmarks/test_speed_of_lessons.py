"""An iteration of the first lesson, with and without its record, next to PyTorch; and how its cost grows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration, trace
from cnnstep.engine.training.runs import run
from cnnstep.surface.loading import scenario
from tests.benchmarks.against import in_turns, one_thread, pytorch, told, trained_by_lean_pytorch, trained_by_pytorch

LESSON = replace(scenario("first-filter-slow"), learning_rate=0.0001)
"""So slow that no run ends before its time."""
ITERATIONS, SHORT = 2560, 128


@one_thread
def test_all_find_the_same_filter() -> None:
    torch = pytorch()
    *_, last = trace(LESSON, SHORT)
    ours = run(LESSON, SHORT).filters
    np.testing.assert_array_equal(ours, last.following["filter"])
    for theirs in (trained_by_pytorch, trained_by_lean_pytorch):
        np.testing.assert_allclose(ours, theirs(torch, LESSON, SHORT), rtol=1e-12)


@one_thread
def test_an_iteration_without_its_record_is_forty_times_as_fast_as_in_pytorch(benchmark: BenchmarkFixture) -> None:
    torch = pytorch()
    ways = {
        "without record": lambda: run(LESSON, ITERATIONS),
        "with every loss": lambda: run(LESSON, ITERATIONS, losses=1),
        "PyTorch": lambda: trained_by_pytorch(torch, LESSON, SHORT),
        "PyTorch without optimizer": lambda: trained_by_lean_pytorch(torch, LESSON, SHORT),
    }
    seconds = in_turns(benchmark, ways, 25)
    each = {way: 1e6 * s / (SHORT if "PyTorch" in way else ITERATIONS) for way, s in seconds.items()}
    print("\n" + ", ".join(f"{way} {microseconds:.1f} µs" for way, microseconds in each.items()))
    told(benchmark, "an iteration without its record", each["PyTorch"] / each["without record"], 40)


@one_thread
def test_an_iteration_with_its_record_is_twenty_times_as_fast_as_in_pytorch(benchmark: BenchmarkFixture) -> None:
    torch = pytorch()
    lesson = lesson_of(LESSON)
    ways = {
        "with record": lambda: list(trace(lesson, ITERATIONS)),
        "with record in a short run": lambda: list(trace(lesson, SHORT)),
        "with record, step by step": lambda: step_by_step(lesson, SHORT),
        "PyTorch": lambda: trained_by_pytorch(torch, LESSON, SHORT),
    }
    seconds = in_turns(benchmark, ways, 25)
    each = {way: 1e6 * s / (ITERATIONS if way == "with record" else SHORT) for way, s in seconds.items()}
    print("\n" + ", ".join(f"{way} {microseconds:.1f} µs" for way, microseconds in each.items()))
    told(benchmark, "an iteration with its record", each["PyTorch"] / each["with record"], 20)


def step_by_step(lesson: Lesson, iterations: int) -> list[Iteration]:
    """As a session goes, and every lesson that cannot go by blocks."""
    run = [first_iteration(lesson)]
    while len(run) < iterations:
        run.append(run[-1].next())
    return run


def square(size: int) -> Scenario:
    random = np.random.default_rng(1)
    return one_filter(
        input=random.normal(size=(size, size)),
        filter=random.normal(size=(3, 3)),
        target=random.normal(size=(size - 2, size - 2)),
        activation="relu",
        learning_rate=1e-9,
    )


@one_thread
def test_the_cost_of_a_run_grows_with_its_iterations(benchmark: BenchmarkFixture) -> None:
    ways = {str(n): lambda n=n: run(LESSON, n) for n in (32000, 8000, 2000, 500, 100, 10, 1)}
    seconds = in_turns(benchmark, ways, 5)
    each = {n: 1e6 * s / int(n) for n, s in seconds.items()}
    print("\nµs an iteration, by iterations: " + ", ".join(f"{n}: {each[n]:.2f}" for n in reversed(each)))
    assert 0.67 < each["32000"] / each["8000"] < 1.5


@one_thread
def test_the_cost_of_an_iteration_grows_with_its_cells(benchmark: BenchmarkFixture) -> None:
    layers = {size: square(size) for size in (514, 258, 130, 66, 34, 18, 6, 4)}
    iterations = {size: max(4, 2**21 // size**2 // 16) for size in layers}
    ways = {str(size): lambda size=size: run(layers[size], iterations[size]) for size in layers}
    seconds = in_turns(benchmark, ways, 5)
    each = {(int(n) - 2) ** 2: 1e9 * s / iterations[int(n)] / (int(n) - 2) ** 2 for n, s in seconds.items()}
    print("\nns a cell and iteration, by cells: " + ", ".join(f"{n}: {each[n]:.1f}" for n in reversed(each)))
    assert 0.5 < each[512**2] / each[256**2] < 2
