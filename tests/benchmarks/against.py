"""What training is measured against: PyTorch as its users write it, and a numba kernel written by hand.

One thread each: start with `OPENBLAS_NUM_THREADS=1`. What is compared takes turns, and processor time counts, not
the clock, so that what else the machine does weighs less.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from statistics import median
from types import ModuleType
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.scenario import Scenario

one_thread = pytest.mark.skipif(
    os.environ.get("OPENBLAS_NUM_THREADS") != "1", reason="compared on one thread: start with OPENBLAS_NUM_THREADS=1"
)


def pytorch() -> ModuleType:
    """PyTorch on one thread; without it the test is skipped."""
    torch: ModuleType = pytest.importorskip("torch", reason="PyTorch is not installed: nothing to compare with")
    torch.set_num_threads(1)
    return torch


def in_turns(
    benchmark: BenchmarkFixture, candidates: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """The median processor time of each, in seconds; the first one is the benchmark."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    (first, ours), *others = candidates.items()

    def timed(name: str, call: Callable[[], object]) -> None:
        began = time.process_time()
        call()
        times[name].append(time.process_time() - began)

    def turns_of_the_others() -> None:
        for name, call in others:
            timed(name, call)

    benchmark.pedantic(lambda: timed(first, ours), setup=turns_of_the_others, rounds=rounds, warmup_rounds=2)  # type: ignore[no-untyped-call]
    return {name: median(measured[2:]) for name, measured in times.items()}


def told(benchmark: BenchmarkFixture, what: str, ratio: float, goal: float) -> None:
    """Writes a ratio and its goal down, and holds it to it."""
    benchmark.extra_info["ratio"] = round(ratio, 3)
    print(f"\n{what}: {ratio:.2f} times as fast (goal {goal:g})")
    assert ratio >= goal


def trained_by_pytorch(torch: ModuleType, scenario: Scenario, iterations: int) -> Any:
    """The usual loop: conv2d, relu, ½Σe², backward, a step of SGD."""
    conv2d, relu = torch.nn.functional.conv2d, torch.nn.functional.relu
    x, t = torch.tensor(scenario.inputs.copy()), torch.tensor(scenario.targets.copy())
    w = torch.tensor(scenario.conv.weights.copy(), requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=scenario.learning_rate)
    for _ in range(iterations):
        optimizer.zero_grad()
        loss = 0.5 * ((relu(conv2d(x, w)) - t) ** 2).sum()
        loss.backward()
        optimizer.step()
    return w.detach().numpy()


def trained_by_lean_pytorch(torch: ModuleType, scenario: Scenario, iterations: int) -> Any:
    """The same without an optimizer: the gradient asked for and taken away by hand."""
    conv2d, relu = torch.nn.functional.conv2d, torch.nn.functional.relu
    x, t = torch.tensor(scenario.inputs.copy()), torch.tensor(scenario.targets.copy())
    w = torch.tensor(scenario.conv.weights.copy(), requires_grad=True)
    for _ in range(iterations):
        loss = 0.5 * ((relu(conv2d(x, w)) - t) ** 2).sum()
        (gradient,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= scenario.learning_rate * gradient
    return w.detach().numpy()
