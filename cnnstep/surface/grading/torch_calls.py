"""PyTorch's ways to write a layer, an `autograd.Function` or an `nn.Module`, made functions of arrays.

Nothing of PyTorch is imported here: whoever has such a class has imported it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

FUNCTION, MODULE = "torch.autograd.Function", "torch.nn.Module"
BASES = {
    ("torch.autograd.function", "Function"): FUNCTION,
    ("torch.nn.modules.module", "Module"): MODULE,
}
"""The classes that say what a learner's class is, by where they stand."""
ODD = "odd"
"""The key of words that stand in the place of numbers."""
SETTINGS = ("stride", "padding", "dilation")


class WrongPartsError(Exception):
    """A module whose parameters are not a convolution's."""


def torch_kind(value: Any) -> str:
    """What of PyTorch a class is; "" for anything else, and for PyTorch's own."""
    if not isinstance(value, type) or value.__module__.split(".")[0] == "torch":
        return ""
    return next((BASES[key] for base in value.__mro__ if (key := (base.__module__, base.__name__)) in BASES), "")


def parameters(function: Any) -> list[list[Any]] | None:
    """The names that a function is called with, each with whether it can be left out; None where nobody can tell."""
    try:
        found = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [[one.name, one.default is not inspect.Parameter.empty] for one in found if one.kind in plain]


def torch_parameters(cls: Any, kind: str) -> list[list[Any]]:
    """Those of the forward pass, without ctx; a module takes its settings where it is made, and has a bias or not."""
    if kind == FUNCTION:
        return (parameters(cls.forward) or [])[1:]
    made = {name for name, _ in parameters(cls) or []}
    return [["x", False], ["w", False], ["b", True], *([name, True] for name in SETTINGS if name in made)]


def as_function(value: Any) -> Callable[..., Any]:
    """The learner's function itself; of a class of PyTorch's, a function of arrays that gives out, dx, dw and db."""
    kind = torch_kind(value)
    if kind == FUNCTION:
        return lambda **given: _applied(value, given)
    if kind == MODULE:
        return lambda **given: _of_module(value, given)
    function: Callable[..., Any] = value
    return function


def _applied(cls: Any, given: Mapping[str, Any]) -> tuple[Any, ...]:
    """`apply` with its arguments in their order; then backward, from dout."""
    torch = sys.modules["torch"]
    order = [name for name, _ in torch_parameters(cls, FUNCTION) if name in given]
    values = {name: _tensor(torch, given[name]) for name in order}
    out = cls.apply(*(values[name] for name in order))
    return out, *_gradients(torch, out, given["dout"], [one for one in values.values() if hasattr(one, "grad")])


def _gradients(torch: Any, out: Any, dout: Any, leaves: list[Any]) -> list[Any]:
    """What comes back to each leaf; words in its place, where dout does not fit the output."""
    if tuple(out.shape) != dout.shape:
        return [{ODD: "not there, because the output has a wrong shape"}] * len(leaves)
    out.backward(torch.tensor(dout))
    return [one.grad for one in leaves]


def _tensor(torch: Any, value: Any) -> Any:
    return torch.tensor(value, requires_grad=True) if hasattr(value, "shape") else value


def _of_module(cls: Any, given: Mapping[str, Any]) -> tuple[Any, ...]:
    """The module made for these sizes, its parameters set; then forward, and backward from dout."""
    torch = sys.modules["torch"]
    filters, channels, *window = given["w"].shape
    known = {
        "in_channels": channels,
        "out_channels": filters,
        "kernel_size": window[0] if window[0] == window[1] else tuple(window),
        **{name: given[name] for name in SETTINGS if name in given},
    }
    names = {name for name, _ in parameters(cls) or []}
    module = cls(**{name: value for name, value in known.items() if name in names}).double()
    weight, bias = _parts(module, given["w"].shape)
    with torch.no_grad():
        weight.copy_(torch.tensor(given["w"]))
        if bias is not None:
            bias.copy_(torch.tensor(given["b"]).reshape(bias.shape))
    x = torch.tensor(given["x"], requires_grad=True)
    out = module(x)
    found = _gradients(torch, out, given["dout"], [x, weight, *([] if bias is None else [bias])])
    return out, *found, *([torch.zeros(filters)] if bias is None else [])


def _parts(module: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The module's weight and bias, told by their shapes."""
    found = [one for _, one in module.named_parameters()]
    weights = [one for one in found if tuple(one.shape) == tuple(shape)]
    biases = [one for one in found if one.numel() == shape[0] and one not in set(weights)]
    if not weights or len(found) > 2:
        sizes = ", ".join("×".join(map(str, one.shape)) for one in found) or "none"
        raise WrongPartsError(f"its parameters are {sizes}; a weight of {'×'.join(map(str, shape))} is looked for")
    return weights[0], biases[0] if biases else None
