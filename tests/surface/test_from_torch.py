"""A model made in PyTorch becomes a scenario; read by the names of its layers, so that PyTorch need not be there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cnnstep
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import InputError


def module(kind: str, **options: Any) -> Any:
    """Something that looks like a PyTorch layer of this class."""
    return type(kind, (SimpleNamespace,), {})(**options)


def conv(**options: Any) -> Any:
    usual = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1, "padding_mode": "zeros"}
    weights = {"weight": np.array([[[[1.0, -1.0], [1.0, 1.0]]]]), "bias": np.array([0.5])}
    return module("Conv2d", **usual | weights | options)


def pool(kind: str = "MaxPool2d", **options: Any) -> Any:
    return module(kind, **{"kernel_size": 2, "stride": None, "padding": 0, "ceil_mode": False} | options)


def scenario_of(*modules: Any, **keys: Any) -> Scenario:
    images = np.array([[[[1.0, -1, 0], [0, 1, 0], [0, -1, 1]]]])
    usual: dict[str, Any] = {"learning_rate": 0.5, "input": images, "target": np.array([[[[1.0, 0], [0, 1]]]])}
    return cnnstep.from_torch(modules, **usual | keys)


def test_the_first_filter_as_a_model_gives_the_first_filters_numbers() -> None:
    scenario = scenario_of(conv(bias=None), module("ReLU"))
    first = next(cnnstep.trace(scenario))
    assert first.matrix("conv1.forward")[0, 0].tolist() == [[3, 0], [-2, 1]]
    assert first.matrix("conv1.gradient")[0, 0].tolist() == [[2, -2], [0, 2]]


def test_class_numbers_become_targets_and_every_layer_finds_its_equal() -> None:
    dense = module("Linear", weight=np.array([[1.0], [2.0]]), bias=np.zeros(2))
    scenario = scenario_of(
        conv(),
        module("LeakyReLU", negative_slope=0.2),
        pool(),
        module("Identity"),
        module("Flatten", start_dim=1, end_dim=-1),
        dense,
        module("Softmax", dim=1),
        target=np.array([1]),
        loss="cross_entropy",
    )
    assert [layer.kind for layer in scenario.layers] == [
        "conv",
        "leaky_relu",
        "max_pool",
        "flatten",
        "dense",
        "softmax",
    ]
    assert scenario.targets.tolist() == [[0, 1]]
    assert scenario.data()["layers"][1]["slope"] == 0.2
    assert scenario.data()["layers"][0]["bias"] == [0.5]


@pytest.mark.parametrize(
    ("layer", "told"),
    [
        (module("BatchNorm2d"), "layer 0 of the model is BatchNorm2d"),
        (conv(groups=2), "groups=2"),
        (conv(padding_mode="reflect"), "padding_mode='reflect'"),
        (conv(stride=(1, 2)), r"stride=\(1, 2\)"),
        (conv(padding="same"), "padding='same'"),
        (pool(ceil_mode=True), "ceil_mode=True"),
        (pool("AvgPool2d", count_include_pad=False), "count_include_pad=False"),
        (module("GELU", approximate="tanh"), "approximate='tanh'"),
        (module("Softplus", beta=2.0), "beta=2.0"),
        (module("Softmax", dim=0), "softmax along axis 0"),
    ],
)
def test_what_has_no_equal_here_is_named(layer: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        scenario_of(layer)


def test_pytorchs_own_gradients_are_the_same() -> None:
    torch = pytest.importorskip("torch", reason="the comparison with PyTorch needs torch")
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 2),
        nn.Tanh(),
        nn.AvgPool2d(3, padding=1, stride=1),
        nn.Flatten(),
        nn.Linear(27, 4),
        nn.Softmax(1),
    ).double()
    images, classes = torch.randn(5, 1, 8, 8, dtype=torch.float64), torch.tensor([0, 1, 2, 3, 1])
    loss = -torch.log(model(images)[torch.arange(5), classes]).sum()
    loss.backward()
    scenario = cnnstep.from_torch(model, images, classes, learning_rate=0.1, loss="cross_entropy")
    first = next(cnnstep.trace(scenario))
    assert first.loss == pytest.approx(loss.item(), rel=1e-12)
    for name, index in (("conv1", 0), ("conv2", 3), ("dense1", 7)):
        for ours, theirs in (("gradient", model[index].weight), ("bias_gradient", model[index].bias)):
            expected = theirs.grad.numpy()
            scale = np.abs(expected).max()
            np.testing.assert_allclose(first.values[f"{name}.{ours}"], expected, rtol=0, atol=1e-10 * scale)
