"""One epoch of a network for the digits, every step of it recorded, next to PyTorch's usual training loop.

conv 8 filters of 3×3 → relu → max pool 2×2 → dense 10 → softmax on 1437 images of 8×8, cross-entropy, Adam, one step
with all of them at once. Both reckon in float64; PyTorch's default, float32, is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, trace
from tests.benchmarks.against import in_turns, one_thread, pytorch, told

IMAGES = 1437
RATE = 0.001
GOAL = 1.5


def digits_network() -> Scenario:
    """Numbers of the digits' sizes and range: the time does not depend on what they show."""
    random = np.random.default_rng(0)
    images, classes = random.integers(0, 17, (IMAGES, 8, 8)) / 16, random.integers(0, 10, IMAGES)
    return network(
        layers=[
            {"type": "conv", "weights": {"init": "he_normal", "seed": 1, "filters": 8, "size": 3}, "bias": 0},
            {"type": "relu"},
            {"type": "max_pool", "size": 2},
            {"type": "flatten"},
            {"type": "dense", "weights": {"init": "glorot_uniform", "seed": 2, "outputs": 10}, "bias": 0},
            {"type": "softmax"},
        ],
        samples=[{"input": x, "target": {"class": int(y)}} for x, y in zip(images, classes, strict=True)],
        loss="cross_entropy",
        learning_rate=RATE,
        optimizer="adam",
    )


def recorded(scenario: Scenario) -> Callable[[], Iteration]:
    """Each call carries out the next iteration and keeps all of its steps."""
    iterations = trace(scenario)
    return lambda: next(iterations)


def eager(torch: ModuleType, scenario: Scenario, dtype: Any) -> Callable[[], float]:
    """Each call is the next epoch of the same network as PyTorch's users write it; it gives the loss before."""
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10)).to(dtype)
    conv, dense = (scenario.layers[index] for index in (0, 4))
    with torch.no_grad():
        for parameter, start in zip(model.parameters(), _weights(conv) + _weights(dense), strict=True):
            parameter.copy_(torch.tensor(start.copy()))
    x, classes = torch.tensor(scenario.inputs.copy(), dtype=dtype), torch.tensor(scenario.targets.argmax(axis=1))
    loss_of, optimizer = nn.CrossEntropyLoss(reduction="sum"), torch.optim.Adam(model.parameters(), lr=RATE)

    def epoch() -> float:
        optimizer.zero_grad()
        loss = loss_of(model(x), classes)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return epoch


def _weights(layer: Any) -> list[Any]:
    return [layer.weights, layer.bias]


@one_thread
def test_a_recorded_epoch_of_the_digits_network_is_faster_than_pytorchs_without_a_record(
    benchmark: BenchmarkFixture,
) -> None:
    torch, scenario = pytorch(), digits_network()
    ours, theirs = recorded(scenario), eager(torch, scenario, torch.float64)
    for _ in range(3):
        assert ours().loss == pytest.approx(theirs(), rel=1e-10)
    candidates = {"ours": ours, "PyTorch": theirs, "PyTorch in float32": eager(torch, scenario, torch.float32)}
    seconds = in_turns(benchmark, candidates, 60)
    print("\n" + ", ".join(f"{way} {1e3 * s:.1f} ms" for way, s in seconds.items()))
    in_float32 = seconds["PyTorch in float32"] / seconds["ours"]
    print(f"a recorded epoch next to PyTorch in float32: {in_float32:.2f} times as fast")
    told(benchmark, "a recorded epoch next to PyTorch in float64", seconds["PyTorch"] / seconds["ours"], GOAL)
