"""A network made in PyTorch as a scenario, so that a learner steps through their own model.

PyTorch is not imported here: whoever has a model has it. The model's layers are read by the name of their class, which
must be one of PyTorch's own: a class of somebody else's may do something else under the same name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from cnnstep.engine.build import network
from cnnstep.engine.keys import Faults
from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError

Entry = dict[str, Any]


def from_torch(model: Any, input: Any, target: Any, *, learning_rate: float, **keys: Any) -> Scenario:
    """The scenario of an `nn.Sequential` and its batch: input [N, C, H, W], target [N, …] or N class numbers.

    One sample may come without its N. `keys` are a scenario file's: `loss`, `optimizer`, `iterations`. PyTorch's
    losses are means unless they are made with `reduction="sum"`; cnnstep's `cross_entropy` is a sum. Like
    `nn.CrossEntropyLoss`, it brings its softmax along where the model does not end with one. What there is no
    equal for is an `InputError` that names every such layer. Weights are copied; the model stays as it is. Every layer
    is trained: of one that is frozen in the model a warning says so.
    """
    faults = Faults()
    layers = _layers(model, faults)
    samples = _samples(_array(input), target, faults)
    faults.stop_if_any()
    if keys.get("loss") == "cross_entropy" and layers and layers[-1]["type"] != "softmax":
        layers.append({"type": "softmax"})
    return network(layers=layers, **samples, learning_rate=learning_rate, **keys)


def _layers(model: Any, faults: Faults) -> list[Entry]:
    """The model's layers as a scenario writes them, those of a Sequential inside another one in their place."""
    if not (isinstance(model, list | tuple) or _is_sequence(model)):
        what = f"the model is a {type(model).__name__}, which does not say in which order its layers work"
        faults.add(what, (), "put the layers into nn.Sequential(…)", "unsupported")
        return []
    entries = []
    owners: dict[int, str] = {}
    for path, module in _modules(model):
        index = ".".join(path)
        for entry in faults.attempt(partial(_layer, index, module)) or []:
            named = {} if path[-1].isdigit() else {"name": "-".join(path)}
            entries.append(entry | named)
        _check_parameters(index, module, owners, faults)
    return entries


def _is_sequence(module: Any) -> bool:
    """Whether it is a Sequential whose layers work one after another, as PyTorch's own does it."""
    own = next((kind for kind in type(module).__mro__ if kind.__name__ == "Sequential" and _is_pytorchs(kind)), None)
    return own is not None and type(module).forward is own.forward  # type: ignore[attr-defined]  # PyTorch is not there


def _is_pytorchs(kind: type) -> bool:
    return kind.__module__.startswith("torch.nn.")


def _modules(model: Any, outside: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each layer with the names or numbers that lead to it, one that is used twice in both places."""
    names = model.named_modules(remove_duplicate=False) if hasattr(model, "named_modules") else ()
    own = [name for name, _ in names if name and "." not in name]
    for name, module in zip(own or map(str, range(len(model))), model, strict=True):
        path = (*outside, name)
        if _is_sequence(module):
            yield from _modules(module, path)
        else:
            yield path, module


def _check_parameters(index: str, module: Any, owners: dict[int, str], faults: Faults) -> None:
    """Weights that two layers share, or that others make, are a fault; that frozen ones are trained is a warning."""
    parameters = [value for name in ("weight", "bias") if (value := getattr(module, name, None)) is not None]
    named = module.named_parameters() if hasattr(module, "named_parameters") else ()
    if others := [name for name, _ in named if name not in ("weight", "bias")]:
        what = f"layer {index} of the model makes its weights from {' and '.join(others)}"
        faults.add(what, (), "take that off the layer first, as torch.nn.utils has it", "unsupported")
    shared = {owners.setdefault(id(parameter), index) for parameter in parameters} - {index}
    if shared:
        what = f"layer {index} of the model shares its weights with layer {min(shared)}"
        faults.add(what, (), "give each layer weights of its own: here they are trained apart", "unsupported")
    if not all(getattr(parameter, "requires_grad", True) for parameter in parameters):
        warnings.warn(f"layer {index} of the model is frozen there; here it is trained like the others", stacklevel=4)


def _samples(images: np.ndarray[Any, Any], target: Any, faults: Faults) -> dict[str, Any]:
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
    """A tensor's or an array's numbers as they are; fractions as float64, for NumPy knows no bfloat16."""
    if not hasattr(tensor, "detach"):
        return np.asarray(tensor)
    tensor = tensor.detach().cpu()
    return np.asarray((tensor.double() if tensor.is_floating_point() else tensor).numpy())


def _layer(index: str, module: Any) -> list[Entry]:
    name = type(module).__name__
    if name in READERS and not _is_pytorchs(type(module)):
        what = f"layer {index} of the model is {type(module).__module__}.{name}, not PyTorch's own torch.nn.{name}"
        raise InputError(Fault("unknown-layer", what, "what it works out is not known here; use PyTorch's"))
    if name not in READERS:
        what = f"layer {index} of the model is {name}, and there is no such layer here"
        raise InputError(Fault("unknown-layer", what, f"available: {', '.join(READERS)}"))
    return READERS[name](index, module)


def _refuse(index: str, module: Any, **allowed: Any) -> None:
    """A fault where an option of the module has another value than the one that there is here."""
    for option, usual in allowed.items():
        value = getattr(module, option, usual)
        if value != usual:
            what = f"layer {index} of the model has {option}={value!r}"
            raise InputError(Fault("unsupported", what, f"only {option}={usual!r} has an equal here"))


def _pair(value: Any) -> list[int]:
    return [int(one) for one in value] if isinstance(value, tuple | list) else [int(value)] * 2


def _trained(module: Any) -> Entry:
    bias = None if module.bias is None else _array(module.bias)
    return {"weights": _array(module.weight), "bias": bias}


def _conv(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, groups=1, padding_mode="zeros")
    return [{"type": "conv", **_trained(module), **_moves(module), "dilation": _pair(module.dilation)}]


def _transposed_conv(index: str, module: Any) -> list[Entry]:
    _refuse(index, module, groups=1, padding_mode="zeros", output_padding=(0, 0))
    moves = {key: _pair(getattr(module, key)) for key in ("stride", "padding", "dilation")}
    return [{"type": "transposed_conv", **_trained(module), **moves}]


def _moves(module: Any) -> Entry:
    """Stride and padding; PyTorch's words for a padding are ours but for "valid", and what is left over it drops."""
    padding = 0 if module.padding == "valid" else module.padding
    stride = _pair(module.kernel_size if module.stride is None else module.stride)
    leftover = {} if stride == [1, 1] else {"leftover": "drop"}
    return {"stride": stride, "padding": padding if isinstance(padding, str) else _pair(padding), **leftover}


def _pool(kind: str, **allowed: Any) -> Callable[[str, Any], list[Entry]]:
    def read(index: str, module: Any) -> list[Entry]:
        _refuse(index, module, ceil_mode=False, **allowed)
        return [{"type": kind, "size": _pair(module.kernel_size), **_moves(module)}]

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
    if module.threshold < EXACT_ENOUGH:
        what = f"layer {index} of the model has threshold={module.threshold!r}"
        hint = f"from there on it is a straight line; only threshold={EXACT_ENOUGH} and more have an equal here"
        raise InputError(Fault("unsupported", what, hint))
    return [{"type": "softplus"}]


def _softmax(index: str, module: Any) -> list[Entry]:
    if module.dim not in (1, -1):
        what = f"layer {index} of the model is a softmax along axis {module.dim}"
        raise InputError(Fault("unsupported", what, "only one along the last axis of one row has an equal here"))
    return [{"type": "softmax"}]


EXACT_ENOUGH = 20
"""ln(1 + eᶻ) and z itself, which PyTorch takes above its threshold, differ by 2e-9 there, and by less further on."""

READERS: Mapping[str, Callable[[str, Any], list[Entry]]] = {
    "Conv2d": _conv,
    "ConvTranspose2d": _transposed_conv,
    "Linear": lambda index, module: [{"type": "dense", **_trained(module)}],
    "MaxPool2d": _pool("max_pool", dilation=1, return_indices=False),
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
