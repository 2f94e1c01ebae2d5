"""One pass of a large layer, forward and back, next to PyTorch: its time and its memory."""

from __future__ import annotations

import os
import subprocess
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.training.problem import layer_gradient
from tests.benchmarks.against import in_turns, one_thread, pytorch, told

LAYERS = {"64 filters over 64×56×56": (64, 56, 64), "64 filters over 3×224×224": (3, 224, 64)}
GOALS = {"64 filters over 64×56×56": 1.2, "64 filters over 3×224×224": 1.4}


def layer(channels: int, size: int, filters: int) -> Scenario:
    random = np.random.default_rng(1)
    return one_filter(
        input=random.normal(size=(channels, size, size)),
        filter=random.normal(size=(filters, channels, 3, 3)),
        target=random.normal(size=(filters, size - 2, size - 2)),
        activation="relu",
        learning_rate=1e-6,
    )


class Pytorch:
    """conv2d, relu, ½Σe² and backward; x needs no gradient, as in a first layer."""

    def __init__(self, torch: ModuleType, of: Scenario) -> None:
        self.functional = torch.nn.functional
        self.x, self.t = torch.tensor(of.inputs.copy()), torch.tensor(of.targets.copy())
        self.w = torch.tensor(of.conv.weights.copy(), requires_grad=True)

    def __call__(self) -> tuple[float, Any]:
        loss = 0.5 * ((self.functional.relu(self.functional.conv2d(self.x, self.w)) - self.t) ** 2).sum()
        self.w.grad = None
        loss.backward()
        return float(loss.detach()), self.w.grad


@one_thread
@pytest.mark.parametrize("name", LAYERS)
def test_a_pass_is_faster_than_in_pytorch(benchmark: BenchmarkFixture, name: str) -> None:
    of = layer(*LAYERS[name])
    theirs = Pytorch(pytorch(), of)
    loss, gradient, _ = layer_gradient(of)
    their_loss, their_gradient = theirs()
    assert loss == pytest.approx(their_loss, rel=1e-12)
    np.testing.assert_allclose(gradient, their_gradient.numpy(), rtol=1e-9, atol=1e-9)
    seconds = in_turns(benchmark, {"ours": lambda: layer_gradient(of), "PyTorch": theirs}, 25)
    print("\n" + ", ".join(f"{way} {1e3 * s:.1f} ms" for way, s in seconds.items()))
    told(benchmark, name, seconds["PyTorch"] / seconds["ours"], GOALS[name])


PEAK = """
import sys
from tests.benchmarks.test_speed_of_layers import LAYERS, Pytorch, layer, layer_gradient
def peak():
    with open("/proc/self/status") as status:  # getrusage would tell the parent's peak
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
of = layer(*LAYERS[sys.argv[1]])
if sys.argv[2] == "PyTorch":
    import torch
    torch.set_num_threads(1)
    once = Pytorch(torch, layer(1, 8, 1))
    work = Pytorch(torch, of)
else:
    once = lambda: layer_gradient(layer(1, 8, 1))
    work = lambda: layer_gradient(of)
once()
with open("/proc/self/clear_refs", "w") as refs:
    refs.write("5")  # the peak begins anew
before = peak()
for _ in range(3):
    work()
print(peak() - before)
"""


def peak_megabytes(name: str, way: str) -> float:
    """By how much the peak of a process of its own grows over what libraries and numbers already take."""
    command = [sys.executable, "-c", PEAK, name, way]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": "."})
    return float(done.stdout)


@one_thread
@pytest.mark.parametrize("name", LAYERS)
def test_a_pass_takes_no_more_memory_than_in_pytorch(benchmark: BenchmarkFixture, name: str) -> None:
    pytorch()
    ours = benchmark.pedantic(lambda: peak_megabytes(name, "ours"), rounds=1)  # type: ignore[no-untyped-call]
    theirs = peak_megabytes(name, "PyTorch")
    print(f"\n{name}: {ours:.1f} MB more, PyTorch {theirs:.1f} MB")
    assert ours <= theirs


@one_thread
def test_the_cost_of_a_pass_grows_with_its_filters(benchmark: BenchmarkFixture) -> None:
    layers = {count: layer(16, 58, count) for count in (128, 64, 32, 16, 4, 1)}
    ways = {str(count): lambda of=of: layer_gradient(of) for count, of in layers.items()}
    seconds = in_turns(benchmark, ways, 9)
    print("\nms a filter of 16×3×3: " + ", ".join(f"{n}: {1e3 * s / int(n):.3f}" for n, s in reversed(seconds.items())))
    assert 0.6 < seconds["128"] / seconds["64"] / 2 < 1.5
