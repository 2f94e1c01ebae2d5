"""A network made in PyTorch as a scenario, so that a learner steps through their own model.

PyTorch is not imported here: whoever has a model has it. The model's layers are read by their class's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cnnstep.engine.build_network import network
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError

Entry = dict[str, Any]


def from_torch(model: Any, input: Any, target: Any, *, learning_rate: float, **keys: Any) -> Scenario:
    """The scenario of an `nn.Sequential` and its batch: input [N, C, H, W], target [N, …] or N class numbers.

    `keys` are a scenario file's: `loss`, `optimizer`, `iterations`. PyTorch's losses are means unless they are
    made with `reduction="sum"`; cnnstep's `cross_entropy` is a sum. A layer that there is no equal for is an
    `InputError` that names it. Weights are copied; the model stays as it is.
    """
    layers = [entry for index, module in enumerate(model) for entry in _layer(index, module)]
    images, wanted = _numbers(input), _numbers(target)
    classes = wanted.ndim == 1 and images.shape[0] == wanted.size
    targets = [{"class": int(one)} for one in wanted] if classes else list(wanted)
    samples = [{"input": image, "target": goal} for image, goal in zip(images, targets, strict=True)]
    return network(layers=layers, samples=samples, learning_rate=learning_rate, **keys)


def _numbers(tensor: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A tensor's or an array's numbers as float64."""
    if hasattr(tensor, "detach"):
        tensor = tensor.detach().cpu().numpy()
    return np.asarray(tensor, dtype=np.float64)


def _layer(index: int, module: Any) -> list[Entry]:
    name = type(module).__name__
    if name not in READERS:
        what = f"layer {index} of the model is {name}, and there is no such layer here"
        raise InputError(Fault("unknown-layer", what, f"there is: {', '.join(READERS)}"))
    return READERS[name](index, module)


def _refuse(index: int, module: Any, **allowed: Any) -> None:
    """A fault where an option of the module has another value than the one that there is here."""
    for option, usual in allowed.items():
        value = getattr(module, option, usual)
        if value != usual:
            what = f"layer {index} of the model has {option}={value!r}"
            raise InputError(Fault("unsupported", what, f"only {option}={usual!r} has an equal here"))


def _one(index: int, option: str, value: Any) -> int:
    """A number that may be written once for rows and once for columns."""
    pair = value if isinstance(value, tuple | list) else (value, value)
    if len(set(pair)) != 1 or isinstance(value, str):
        what = f"layer {index} of the model has {option}={value!r}"
        raise InputError(Fault("unsupported", what, f"use the same {option} for rows and columns"))
    return int(pair[0])


def _pair(value: Any) -> list[int]:
    return [int(one) for one in value] if isinstance(value, tuple | list) else [int(value)] * 2


def _trained(module: Any) -> Entry:
    bias = None if module.bias is None else _numbers(module.bias)
    return {"weights": _numbers(module.weight), "bias": bias}


def _conv(index: int, module: Any) -> list[Entry]:
    _refuse(index, module, groups=1, padding_mode="zeros")
    moves = {option: _one(index, option, getattr(module, option)) for option in ("stride", "padding", "dilation")}
    return [{"type": "conv", **_trained(module), **moves}]


def _pool(kind: str, **allowed: Any) -> Callable[[int, Any], list[Entry]]:
    def read(index: int, module: Any) -> list[Entry]:
        _refuse(index, module, ceil_mode=False, **allowed)
        size = _pair(module.kernel_size)
        stride = size if module.stride is None else _pair(module.stride)
        padding = _one(index, "padding", module.padding)
        return [{"type": kind, "size": size, "stride": stride, "padding": padding}]

    return read


def _flatten(index: int, module: Any) -> list[Entry]:
    _refuse(index, module, start_dim=1, end_dim=-1)
    return [{"type": "flatten"}]


def _activation(kind: str, **options: str) -> Callable[[int, Any], list[Entry]]:
    """`options` are the scenario's names for the module's numbers."""

    def read(index: int, module: Any) -> list[Entry]:
        return [{"type": kind, **{ours: float(getattr(module, theirs)) for ours, theirs in options.items()}}]

    return read


def _gelu(index: int, module: Any) -> list[Entry]:
    _refuse(index, module, approximate="none")
    return [{"type": "gelu"}]


def _softplus(index: int, module: Any) -> list[Entry]:
    _refuse(index, module, beta=1.0)
    return [{"type": "softplus"}]


def _softmax(index: int, module: Any) -> list[Entry]:
    if module.dim not in (1, -1):
        what = f"layer {index} of the model is a softmax along axis {module.dim}"
        raise InputError(Fault("unsupported", what, "only one along the last axis of one row has an equal here"))
    return [{"type": "softmax"}]


READERS: Mapping[str, Callable[[int, Any], list[Entry]]] = {
    "Conv2d": _conv,
    "Linear": lambda index, module: [{"type": "dense", **_trained(module)}],
    "MaxPool2d": _pool("max_pool", dilation=1),
    "AvgPool2d": _pool("average_pool", count_include_pad=True, divisor_override=None),
    "Flatten": _flatten,
    "Softmax": _softmax,
    "ReLU": _activation("relu"),
    "LeakyReLU": _activation("leaky_relu", slope="negative_slope"),
    "ELU": _activation("elu", alpha="alpha"),
    "Softplus": _softplus,
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "GELU": _gelu,
    "SiLU": _activation("silu"),
    "Identity": lambda index, module: [],
}
"""How each of PyTorch's layers is written in a scenario."""
