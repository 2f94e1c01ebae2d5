"""A fourth route to a network's numbers: PyTorch's own layers, losses, gradients and optimizers, in float64."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

from cnnstep.engine.build import network
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration, trace
from tests.engine.network_strategies import network_keys
from tests.examples import examples
from tests.extras import marks

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'cnnstep[torch]'")
F = torch.nn.functional
pytestmark = marks("torch")

RELATIVE = 1e-10


def pooled(x: Any, layer: Mapping[str, Any], rim: float) -> tuple[Any, ...]:
    """Image, window, stride and padding; PyTorch's pooling knows no "same", so that rim is put around by itself."""
    if layer["padding"] != "same":
        return x, layer["size"], layer["stride"], layer["padding"]
    (above, below), (left, right) = (((taps - 1) // 2, taps // 2) for taps in layer["size"])
    return F.pad(x, (left, right, above, below), value=rim), layer["size"], 1, 0


LAYERS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "max_pool": lambda x, layer: F.max_pool2d(*pooled(x, layer, -math.inf)),
    "average_pool": lambda x, layer: F.avg_pool2d(*pooled(x, layer, 0.0)),
    "flatten": lambda x, layer: x.flatten(1),
    "softmax": lambda x, layer: F.softmax(x, 1),
    "linear": lambda x, layer: x * 1,
    "relu": lambda x, layer: F.relu(x),
    "leaky_relu": lambda x, layer: F.leaky_relu(x, layer.get("slope", 0.01)),
    "elu": lambda x, layer: F.elu(x, layer.get("alpha", 1)),
    "softplus": lambda x, layer: F.softplus(x, threshold=1e9),
    "sigmoid": lambda x, layer: torch.sigmoid(x),
    "tanh": lambda x, layer: torch.tanh(x),
    "gelu": lambda x, layer: F.gelu(x),
    "silu": lambda x, layer: F.silu(x),
}
LOSSES: Mapping[str, Callable[[list[Any], Any], Any]] = {
    "half_squared_error": lambda outputs, t: F.mse_loss(outputs[-1], t, reduction="sum") / 2,
    "squared_error": lambda outputs, t: F.mse_loss(outputs[-1], t, reduction="sum"),
    "mean_squared_error": lambda outputs, t: F.mse_loss(outputs[-1], t),
    "half_mean_squared_error": lambda outputs, t: F.mse_loss(outputs[-1], t) / 2,
    # these two take what goes into the last layer, which they contain
    "binary_cross_entropy": lambda outputs, t: F.binary_cross_entropy_with_logits(outputs[-2], t, reduction="sum"),
    "cross_entropy": lambda outputs, t: F.cross_entropy(outputs[-2], t, reduction="sum"),
}
OPTIMIZERS: Mapping[str, Callable[..., Any]] = {
    "sgd": lambda weights, rate: torch.optim.SGD(weights, rate),
    "momentum": lambda weights, rate, momentum=0.9: torch.optim.SGD(weights, rate, momentum),
    "nesterov": lambda weights, rate, momentum=0.9: torch.optim.SGD(weights, rate, momentum, nesterov=True),
    "adam": lambda weights, rate, beta1=0.9, beta2=0.999, epsilon=1e-8: torch.optim.Adam(
        weights, rate, (beta1, beta2), epsilon
    ),
}


@dataclass
class Theirs:
    """The same network in PyTorch: trained tensors by our names, and each pass's outputs, the input first."""

    keys: Mapping[str, Any]
    scenario: Scenario
    weights: dict[str, Any]

    @staticmethod
    def of(keys: Mapping[str, Any], lesson: Lesson) -> Theirs:
        trained = {name: a for name, a in lesson.start.items() if name.endswith((".weights", ".bias"))}
        tensors = {name: torch.tensor(np.array(array), requires_grad=True) for name, array in trained.items()}
        return Theirs(keys, lesson.scenario, tensors)

    def passed(self) -> tuple[list[Any], Any]:
        """Every layer's output after the input, each of which keeps its gradient, and the loss."""
        outputs = [torch.tensor(np.array(self.scenario.inputs), requires_grad=True)]
        for layer, name in zip(self.keys["layers"], self.scenario.names, strict=True):
            outputs.append(self._layer(outputs[-1], layer, name))
            outputs[-1].retain_grad()
        return outputs, LOSSES[self.scenario.loss.name](outputs, torch.tensor(np.array(self.scenario.targets)))

    def _layer(self, x: Any, layer: Mapping[str, Any], name: str) -> Any:
        if layer["type"] not in ("conv", "transposed_conv", "dense"):
            return LAYERS[layer["type"]](x, layer)
        weights, bias = self.weights[f"{name}.weights"], self.weights.get(f"{name}.bias")
        if layer["type"] == "dense":
            return F.linear(x, weights, bias)
        if layer["type"] == "transposed_conv":
            moves = {key: layer[key] for key in ("stride", "padding", "dilation")}
            return F.conv_transpose2d(x, weights, bias, **moves)
        with warnings.catch_warnings():  # that "same" with an even window costs PyTorch a copy
            warnings.filterwarnings("ignore", "Using padding='same' with even kernel lengths")
            return F.conv2d(x, weights, bias, layer["stride"], layer["padding"], layer["dilation"])


def assert_same(ours: Array, theirs: Any, largest: float, name: str) -> None:
    """Equal to 1e-10 of each number; what is left of numbers that cancel, to 1e-12 of the largest that took part."""
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=RELATIVE, atol=1e-12 * largest, err_msg=name)


def largest_of(iteration: Iteration) -> float:
    return max(1.0, *(float(np.abs(array).max()) for array in iteration.values.values()))


def rounding_decides(iteration: Iteration) -> bool:
    """Whether a last digit says which side of a kink a number lies on, or which of two wins its window.

    Quarters are added and multiplied exactly; behind a curved activation equal numbers may differ in their last digit.
    """
    exact = True
    for step in iteration.lesson.steps:
        if step.name == "error":
            return False
        source = iteration.values[step.inputs[0].name]
        exact = exact and bool((source * 2.0**30 % 1 == 0).all())
        if not exact and _is_close(step, source):
            return True
    return False


def _is_close(step: Step, source: Array) -> bool:
    if isinstance(step.part, ActivationLayer):
        return any(bool((np.abs(source - kink) < 1e-9).any()) for kink in step.part.phi.kinks)
    if not isinstance(step.part, MaxPool) or math.prod(step.part.window.size) == 1:
        return False
    windows = step.part.window.views(source, -math.inf)
    best = np.sort(windows.reshape(*windows.shape[:4], -1))[..., -2:]
    return bool((best[..., 1] - best[..., 0] < 1e-9).any())


@given(network_keys())
@examples(120)
def test_every_output_and_every_gradient_is_pytorchs(keys: dict[str, Any]) -> None:
    keys["relu_slope_at_zero"] = 0
    lesson = lesson_of(network(**keys), input_gradient=True)
    (iteration,) = trace(lesson, 1)
    assume(not rounding_decides(iteration))
    theirs = Theirs.of(keys, lesson)
    outputs, loss = theirs.passed()
    loss.backward()
    largest, sign = largest_of(iteration), lesson.scenario.sign
    assert iteration.loss == pytest.approx(loss.item(), rel=RELATIVE, abs=1e-12)
    for name, source, output in zip(lesson.scenario.names, outputs, outputs[1:], strict=False):
        assert_same(iteration.values[f"{name}.forward"], output, largest, f"{name}.forward")
        assert_same(sign * iteration.values[f"{name}.input_gradient"], source.grad, largest, f"{name}.input_gradient")
    for leaf, weights in theirs.weights.items():
        name = leaf.replace(".weights", ".gradient").replace(".bias", ".bias_gradient")
        assert_same(sign * iteration.values[name], weights.grad, largest, name)


def is_rounding(weights: Any) -> bool:
    """Whether a gradient has numbers that are not 0, and yet next to nothing."""
    size = weights.grad.abs()
    return bool(((size > 0) & (size < 1e-9)).any())


@given(network_keys(smooth=True))
@examples(80)
def test_every_optimizer_moves_every_weight_as_pytorchs_does_iteration_after_iteration(keys: dict[str, Any]) -> None:
    keys["relu_slope_at_zero"] = 0
    lesson = lesson_of(network(**keys))
    theirs = Theirs.of(keys, lesson)
    assume(bool(theirs.weights))
    settings = dict(keys["optimizer"])
    optimizer = OPTIMIZERS[settings.pop("name")](list(theirs.weights.values()), keys["learning_rate"], **settings)
    for iteration in trace(lesson, 5):
        assume(bool(np.isfinite(iteration.loss_after)))
        optimizer.zero_grad()
        _, loss = theirs.passed()
        assert iteration.loss == pytest.approx(loss.item(), rel=RELATIVE, abs=1e-12)
        loss.backward()
        # Adam divides a gradient by its own size: where nothing is left of it but rounding, rounding sets the direction
        assume(keys["optimizer"]["name"] != "adam" or not any(map(is_rounding, theirs.weights.values())))
        optimizer.step()
        for name, weights in theirs.weights.items():
            assert_same(iteration.following[name], weights, largest_of(iteration), name)


def gradient_of_pool(layer: dict[str, Any], image: Any, target: Any) -> tuple[Array, Any]:
    keys = {"layers": [layer], "learning_rate": 1, "input": image, "target": target}
    lesson = lesson_of(network(**keys), input_gradient=True)
    (iteration,) = trace(lesson, 1)
    outputs, loss = Theirs.of(keys, lesson).passed()
    loss.backward()
    return iteration.values[f"{lesson.scenario.names[0]}.input_gradient"], outputs[0].grad


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
def test_of_equal_maxima_pytorch_lets_the_same_one_win(stride: int, padding: int) -> None:
    image = [[2, 2, 0, 0], [2, 2, 0, 0], [-1, -1, 2, 2], [-1, -1, 2, 2]]
    layer = {"type": "max_pool", "size": 2, "stride": stride, "padding": padding}
    outputs = (4 + 2 * padding - 2) // stride + 1
    layer |= {"size": [2, 2], "stride": [stride, stride]}
    ours, theirs = gradient_of_pool(layer, image, np.arange(outputs**2).reshape(outputs, outputs))
    np.testing.assert_array_equal(ours, theirs.numpy())


def test_pytorchs_average_counts_the_rim_too() -> None:
    layer = {"type": "average_pool", "size": [3, 3], "stride": [1, 1], "padding": 1}
    ours, theirs = gradient_of_pool(layer, np.arange(12).reshape(3, 4), np.zeros((3, 4)))
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=RELATIVE)
