"""Two things timed in turns, so that what slows the machine down slows both."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from pytest_benchmark.fixture import BenchmarkFixture


def ratio(
    benchmark: BenchmarkFixture, ours: Callable[[], object], other: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """The median seconds of ours, which is the benchmark, and its ratio to the median of the other."""
    times: list[float] = []

    def timed_other() -> None:
        began = time.perf_counter()
        other()
        times.append(time.perf_counter() - began)

    benchmark.pedantic(ours, setup=timed_other, rounds=rounds, warmup_rounds=2)  # type: ignore[no-untyped-call]
    assert benchmark.stats is not None
    seconds = float(benchmark.stats.stats.median)
    measured = seconds / median(times)
    benchmark.extra_info["ratio"] = round(measured, 3)
    return seconds, measured
