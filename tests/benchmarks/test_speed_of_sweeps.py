"""A sweep next to the best that PyTorch does without autograd, and to a numba kernel written by hand."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.quantity import Array
from cnnstep.engine.status import STATUSES
from cnnstep.engine.training.problem import Problem
from cnnstep.engine.training.runs import sweep_block
from cnnstep.surface.loading import scenario
from tests.benchmarks.against import in_turns, one_thread, pytorch, told

LESSON = scenario("first-filter")
PROBLEM = Problem.of(LESSON)
RATE = 0.0001
"""So slow that no run ends before its time: every one of these iterations is made."""
RUNS, ITERATIONS, LONG = 2**14, 1024, 4096
FILTERS = np.random.default_rng(1).normal(size=(RUNS, 2, 2))
WIDTHS = (2048, 4096, 8192, 16384)


def by_mask(torch: ModuleType, width: int) -> Callable[[], Any]:
    """Filters as columns; z, its sign as a mask, e times the mask, and the update in one product."""
    forward, back, t = (torch.tensor(a) for a in (PROBLEM.patches, RATE * PROBLEM.patches.T, PROBLEM.targets))
    z = torch.empty(4, width, dtype=torch.float64)
    e, mask = torch.empty_like(z), torch.empty_like(z, dtype=torch.bool)

    def train() -> Any:
        w = torch.tensor(FILTERS.reshape(RUNS, 4).T.copy())
        with torch.inference_mode():
            for block in w.split(width, dim=1):
                part = block.contiguous()
                for _ in range(ITERATIONS):
                    torch.mm(forward, part, out=z)
                    torch.gt(z, 0, out=mask)
                    torch.sub(z, t, out=e)
                    e.mul_(mask)
                    part.addmm_(back, e, alpha=-1)
                block.copy_(part)
        return w.numpy().T.reshape(RUNS, 1, 1, 2, 2)

    return train


def by_threshold(torch: ModuleType, width: int) -> Callable[[], Any]:
    """The same with the kernel that autograd itself uses for relu's slope: one pass instead of two."""
    forward, back, t = (torch.tensor(a) for a in (PROBLEM.patches, RATE * PROBLEM.patches.T, PROBLEM.targets))
    z = torch.empty(4, width, dtype=torch.float64)
    e, targets = torch.empty_like(z), t.expand(4, width).contiguous()

    def train() -> Any:
        w = torch.tensor(FILTERS.reshape(RUNS, 4).T.copy())
        with torch.inference_mode():
            for block in w.split(width, dim=1):
                part = block.contiguous()
                for _ in range(ITERATIONS):
                    torch.mm(forward, part, out=z)
                    torch.sub(z, targets, out=e)
                    torch.ops.aten.threshold_backward(e, z, 0.0, grad_input=e)
                    part.addmm_(back, e, alpha=-1)
                block.copy_(part)
        return w.numpy().T.reshape(RUNS, 1, 1, 2, 2)

    return train


def by_hand(iterations: int = ITERATIONS) -> Callable[[], Array]:
    """This lesson's iteration written out in numba, over blocks of 512 filters; it looks at no status."""
    numba: Any = pytest.importorskip("numba", reason="the extra fast is not installed")

    def iterate(w: Array, rate: float, iterations: int) -> None:
        first, second, third, fourth = w[0], w[1], w[2], w[3]
        for start in range(0, w.shape[1], 512):
            a, b = first[start : start + 512], second[start : start + 512]
            c, d = third[start : start + 512], fourth[start : start + 512]
            for _ in range(iterations):
                for r in range(len(a)):
                    w0, w1, w2, w3 = a[r], b[r], c[r], d[r]
                    z0, z1, z2, z3 = w0 - w1 + w3, w2 - w0, w1 - w3, w0 - w2 + w3
                    d0 = z0 - 1.0 if z0 > 0.0 else 0.0
                    d1 = z1 if z1 > 0.0 else 0.0
                    d2 = z2 if z2 > 0.0 else 0.0
                    d3 = z3 - 1.0 if z3 > 0.0 else 0.0
                    a[r] = w0 - rate * (d0 - d1 + d3)
                    b[r] = w1 - rate * (d2 - d0)
                    c[r] = w2 - rate * (d1 - d3)
                    d[r] = w3 - rate * (d0 - d2 + d3)

    kernel = numba.njit(error_model="numpy")(iterate)

    def train() -> Array:
        w = FILTERS.reshape(RUNS, 4).T.copy()
        kernel(w, RATE, iterations)
        return w.T.reshape(RUNS, 1, 1, 2, 2)

    return train


def told_in_millions(seconds: dict[str, float], iterations: int = ITERATIONS) -> None:
    rates = {way: RUNS * iterations / s / 1e6 for way, s in seconds.items()}
    print("\nmillion filter-iterations a second: " + ", ".join(f"{way} {rate:.0f}" for way, rate in rates.items()))


@one_thread
def test_all_find_the_same_filters() -> None:
    torch = pytorch()
    ours = sweep_block(LESSON, FILTERS, RATE, ITERATIONS).filters
    for theirs in (by_mask(torch, 4096)(), by_threshold(torch, 4096)(), by_hand()()):
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


@one_thread
def test_a_sweep_is_a_fifth_faster_than_the_best_of_pytorch_without_autograd(benchmark: BenchmarkFixture) -> None:
    """Held against documented operations; autograd's own kernel for relu's slope comes close, which is printed."""
    torch = pytorch()
    ways: dict[str, Callable[[], object]] = {"sweep": lambda: sweep_block(LESSON, FILTERS, RATE, ITERATIONS)}
    for width in WIDTHS:
        ways[f"PyTorch by mask, {width}"] = by_mask(torch, width)
        ways[f"PyTorch by threshold_backward, {width}"] = by_threshold(torch, width)
    seconds = in_turns(benchmark, ways, 9)
    told_in_millions(seconds)
    written = min(s for way, s in seconds.items() if "mask" in way)
    inner = min(s for way, s in seconds.items() if "threshold" in way)
    print(f"against PyTorch's inner threshold_backward: {inner / seconds['sweep']:.2f}")
    told(benchmark, "a sweep in NumPy, against what PyTorch documents", written / seconds["sweep"], 1.2)


@one_thread
def test_the_extra_fast_reaches_four_fifths_of_a_kernel_written_by_hand(benchmark: BenchmarkFixture) -> None:
    ways: dict[str, Callable[[], object]] = {
        "sweep, fast": lambda: sweep_block(LESSON, FILTERS, RATE, LONG, fast=True),
        "by hand": by_hand(LONG),
    }
    seconds = in_turns(benchmark, ways, 15)
    told_in_millions(seconds, LONG)
    told(benchmark, "a sweep in machine code", seconds["by hand"] / seconds["sweep, fast"], 0.8)


@one_thread
def test_the_cost_of_a_sweep_grows_with_its_starts(benchmark: BenchmarkFixture) -> None:
    starts = np.random.default_rng(2).normal(size=(2**16, 2, 2))
    sizes = [2**16, 2**14, 2**12, 2**10, 2**8, 2**4, 2]
    ways = {str(n): lambda n=n: sweep_block(LESSON, starts[:n], RATE, 256) for n in sizes}
    seconds = in_turns(benchmark, ways, 3)
    each = {n: 1e9 * s / int(n) / 256 for n, s in seconds.items()}
    print("\nns a filter and iteration, by starts: " + ", ".join(f"{n}: {each[n]:.1f}" for n in reversed(each)))
    assert 0.67 < each[str(2**16)] / each[str(2**14)] < 1.5


@one_thread
def test_runs_that_are_over_leave(benchmark: BenchmarkFixture) -> None:
    ways = {str(n): lambda n=n: sweep_block(LESSON, FILTERS, 0.1, n) for n in (20000, 2000)}
    seconds = in_turns(benchmark, ways, 5)
    swept = sweep_block(LESSON, FILTERS, 0.1, 20000)
    shares = {status: float((swept.codes == code).mean()) for code, status in enumerate(STATUSES)}
    print(f"\n{RUNS} starts at 0.1 until all are over: {seconds['20000']:.2f} s processor time, {shares}")
    assert seconds["20000"] < 1.5 * seconds["2000"]
