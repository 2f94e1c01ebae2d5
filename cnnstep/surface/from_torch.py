"""A network made in PyTorch as a scenario, so that a learner steps through their own model.

PyTorch is not imported here: whoever has a model has it. The model's layers are read by their class's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnnstep.engine.build_network import network
from cnnstep.engine.checks import Faults
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError

Entry = dict[str, Any]


def from_torch(model: Any, input: Any, target: Any, *, learning_rate: float, **keys: Any) -> Scenario:
    """The scenario of an `nn.Sequential` and its batch: input [N, C, H, W], target [N, …] or N class numbers.

    One sample may come without its N. `keys` are a scenario file's: `loss`, `optimizer`, `iterations`. PyTorch's
    losses are means unless they are made with `reduction="sum"`; cnnstep's `cross_entropy` is a sum. Like
    `nn.CrossEntropyLoss`, it brings its softmax along where the model does not end with one. What there is no
    equal for is an `InputError` that names every such layer. Weights are copied; the model stays as it is.
    """
    faults = Faults()
    layers = _layers(model, faults)
    samples = _samples(_numbers(input), target, faults)
    faults.stop_if_any()
    if keys.get("loss") == "cross_entropy" and layers and layers[-1]["type"] != "softmax":
        layers.append({"type": "softmax"})
    return network(layers=layers, **samples, learning_rate=learning_rate, **keys)


def _layers(model: Any, faults: Faults) -> list[Entry]:
    """The model's layers as a scenario writes them, those of a Sequential inside another one in their place."""
    if not hasattr(model, "__iter__"):
        what = f"the model is a {type(model).__name__}, which does not say in which order its layers work"
        faults.add(what, (), "put the layers into nn.Sequential(…)", "unsupported")
        return []
    entries = []
    for path, module in _modules(model):
        index = ".".join(path)
        for entry in faults.attempt(partial(_layer, index, module)) or []:
            named = {} if path[-1].isdigit() else {"name": "-".join(path)}
            entries.append(entry | named)
    return entries


def _modules(model: Any, outside: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each layer with the names or numbers that lead to it."""
    children = model.named_children() if hasattr(model, "named_children") else enumerate(model)
    for name, module in children:
        path = (*outside, str(name))
        if type(module).__name__ == "Sequential":
            yield from _modules(module, path)
        else:
            yield path, module


def _samples(images: Array, target: Any, faults: Faults) -> dict[str, Any]:
    """`samples`, or `input` and `target` of a single one: as the scenario writes them."""
    wanted = _array(target)
    are_classes = wanted.dtype.kind in "iu" and wanted.ndim == (1 if images.ndim == 4 else 0)
    if images.ndim < 4:
        return {"input": images, "target": {"class": int(wanted)} if are_classes else wanted}
    if wanted.ndim == 0 or len(wanted) != len(images):
        what = f"there are {len(images)} inputs, and {len(wanted) if wanted.ndim else 'one target'} for them"
        faults.add(what, ("target",), "give a target for each", "shape")
        return {}
    targets = (
        [{"class": int(one)} for one in wanted]
        if are_classes
        else list(wanted[:, None] if wanted.ndim == 1 else wanted)
    )
    return {"samples": [{"input": image, "target": goal} for image, goal in zip(images, targets, strict=True)]}


def _array(tensor: Any) -> np.ndarray[Any, Any]:
    """A tensor's or an array's numbers as they are."""
    return np.asarray(tensor.detach().cpu().numpy() if hasattr(tensor, "detach") else tensor)


def _numbers(tensor: Any) -> Array:
    return _array(tensor).astype(np.float64)


def _layer(index: str, module: Any) -> list[Entry]:
    name = type(module).__name__
    if name not in READERS:
        what = f"layer {index} of the model is {name}, and there is no such layer here"
        raise InputError(Fault("unknown-layer", what, f"there is: {', '.join(READERS)}"))
    return READERS[name](index, module)


def _refuse(index: str, module: Any, **allowed: Any) -> None:
    """A fault where an option of the module has another value than the one that there is here."""
    for option, usual in allowed.items():
        value = getattr(module, option, usual)
        if value != usual:
            what = f"layer {index} of the model has {option}={value!r}"
            raise InputError(Fault("unsupported", what, f"only {option}={usual!r} has an equal here"))


def _one(index: str, option: str, value: Any) -> int:
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


def _conv(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, groups=1, padding_mode="zeros")
    moves = {option: _one(index, option, getattr(module, option)) for option in ("stride", "dilation")}
    padding = _one(index, "padding", _padding(module))
    return [{"type": "conv", **_trained(module), **moves, "padding": padding}]


def _padding(module: Any) -> Any:
    """The numbers that PyTorch's words stand for; "same" stays where a rim would be wider on one side."""
    if not isinstance(module.padding, str):
        return module.padding
    if module.padding == "valid":
        return 0
    reach = [d * (k - 1) for d, k in zip(_pair(module.dilation), _pair(module.kernel_size), strict=True)]
    return module.padding if any(room % 2 for room in reach) else tuple(room // 2 for room in reach)


def _pool(kind: str, **allowed: Any) -> Callable[[str, Any], list[Entry]]:
    def read(index: str, module: Any) -> list[Entry]:
        _refuse(index, module, ceil_mode=False, **allowed)
        size = _pair(module.kernel_size)
        stride = size if module.stride is None else _pair(module.stride)
        padding = _one(index, "padding", module.padding)
        return [{"type": kind, "size": size, "stride": stride, "padding": padding}]

    return read


def _flatten(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, start_dim=1, end_dim=-1)
    return [{"type": "flatten"}]


def _activation(kind: str, **options: str) -> Callable[[str, Any], list[Entry]]:
    """`options` are the scenario's names for the module's numbers."""

    def read(index: str, module: Any) -> list[Entry]:
        return [{"type": kind, **{ours: float(getattr(module, theirs)) for ours, theirs in options.items()}}]

    return read


def _gelu(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, approximate="none")
    return [{"type": "gelu"}]


def _softplus(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, beta=1.0)
    return [{"type": "softplus"}]


def _softmax(index: str, module: Any) -> list[Entry]:
    if module.dim not in (1, -1):
        what = f"layer {index} of the model is a softmax along axis {module.dim}"
        raise InputError(Fault("unsupported", what, "only one along the last axis of one row has an equal here"))
    return [{"type": "softmax"}]


READERS: Mapping[str, Callable[[str, Any], list[Entry]]] = {
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
