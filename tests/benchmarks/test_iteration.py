"""What one iteration of the first lesson costs, with every step kept, and next to a loop that keeps nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.trace import trace
from cnnstep.surface.loading import scenario
from cnnstep.tutor.record import record
from tests.benchmarks.turns import ratio

ITERATIONS = 100
ROUNDS = 50
LESSON = lesson_of(scenario("first-filter-slow"))


def plain_loop(iterations: int) -> Array:
    """The same lesson as it is written in a notebook: two loops over the output cells, nothing kept."""
    x = np.array([[1.0, -1, 0], [0, 1, 0], [0, -1, 1]])
    w = np.array([[1.0, -1], [1, 1]])
    t = np.array([[1.0, 0], [0, 1]])
    for _ in range(iterations):
        z = np.zeros((2, 2))
        for i in range(2):
            for j in range(2):
                z[i, j] = np.sum(x[i : i + 2, j : j + 2] * w)
        delta = (np.maximum(z, 0) - t) * (z > 0)
        gradient = np.zeros((2, 2))
        for i in range(2):
            for j in range(2):
                gradient += delta[i, j] * x[i : i + 2, j : j + 2]
        w = w - 0.1 * gradient
    return w


def compare(benchmark: BenchmarkFixture, what: str, ours: Callable[[], object]) -> None:
    seconds, measured = ratio(benchmark, ours, lambda: plain_loop(ITERATIONS), ROUNDS)
    microseconds = 1e6 * seconds / ITERATIONS
    benchmark.extra_info["microseconds"] = round(microseconds, 1)
    print(f"\n{what}: {microseconds:.0f} µs an iteration, {measured:.1f} times a plain loop")


def test_both_find_the_same_filter() -> None:
    *_, last = trace(LESSON, ITERATIONS)
    np.testing.assert_allclose(last.following["filter"][0, 0], plain_loop(ITERATIONS), rtol=1e-12)


def test_an_iteration_with_every_step_kept(benchmark: BenchmarkFixture) -> None:
    compare(benchmark, "trace", lambda: list(trace(LESSON, ITERATIONS)))


def test_an_iteration_with_its_findings_recorded(benchmark: BenchmarkFixture) -> None:
    compare(benchmark, "record", lambda: record(trace(LESSON, ITERATIONS)))
