"""Roles: what an argument of a learner's function can be, and by which names it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnstep.engine.quantity import BIAS, Array
from cnnstep.tutor.grade.case import Case
from cnnstep.tutor.grade.form import Form


@dataclass(frozen=True)
class ArgumentRole:
    """What an argument can be: an array of the case, or something that is told besides; `names` are what it is called.

    `settings` are those of a case that a function with this argument knows.
    """

    names: tuple[str, ...]
    read: Callable[[Case, Form], Any] = field(repr=False)
    settings: tuple[str, ...] = ()


def _result(word: str) -> Callable[[Case, Form], Array]:
    """What the step of this word gives."""
    return lambda case, form: form.shown(case.axes(word), case.right(word))


def _input(case: Case, form: Form) -> Array:
    """What the layer reads."""
    return form.shown(*case.of(case.last.inputs[0]))


def _weights(case: Case, form: Form) -> Array:
    return form.shown(*case.of(case.weights))


def _bias(case: Case, form: Form) -> Array:
    return form.shown(BIAS, case.bias)


def _dout(case: Case, form: Form) -> Array:
    """What comes back to the layer: δ of a convolution, the error of a layer by itself."""
    return _result("delta" if case.last.word == "forward" else "error")(case, form)


def _classes(case: Case, form: Form) -> Array:
    """The right class of each sample, by its number."""
    found: Array = case.scenario.targets.argmax(axis=1)
    return found


def _shape(case: Case, form: Form) -> list[int]:
    return [*_input(case, form).shape]


def _setting(name: str) -> Callable[[Case, Form], int]:
    return lambda case, form: case.settings[name]


def _conv_param(case: Case, form: Form) -> dict[str, int]:
    return {"stride": case.settings["stride"], "pad": case.settings["padding"]}


def _pool_param(case: Case, form: Form) -> dict[str, int]:
    size = case.settings["size"]
    return {"pool_height": size, "pool_width": size, "stride": case.settings["pool stride"]}


def _pool_hyper(case: Case, form: Form) -> dict[str, int]:
    return {"f": case.settings["size"], "stride": case.settings["pool stride"]}


ROLES: Mapping[str, ArgumentRole] = {
    "x": ArgumentRole(("x",), _input),
    "w": ArgumentRole(("w",), _weights),
    "b": ArgumentRole(("b", "bias"), _bias, ("bias",)),
    "dout": ArgumentRole(("dout",), _dout),
    "X": ArgumentRole(("X", "x", "input", "image", "inputs", "img", "inp"), _input),
    "W": ArgumentRole(("W", "w", "filter", "kernel", "weights", "weight", "filters", "k"), _weights),
    "delta": ArgumentRole(("delta", "dout", "dz", "d", "grad", "grad_output", "upstream", "d_out"), _dout),
    "conv_param": ArgumentRole(("conv_param",), _conv_param, ("stride", "padding")),
    "pool_param": ArgumentRole(("pool_param",), _pool_param),
    "A_prev": ArgumentRole(("A_prev",), _input),
    "dZ": ArgumentRole(("dZ",), _dout),
    "dA": ArgumentRole(("dA",), _dout),
    "hparameters": ArgumentRole(("hparameters",), _conv_param, ("stride", "padding")),
    "pool hparameters": ArgumentRole(("hparameters",), _pool_hyper),
    "classes": ArgumentRole(("y",), _classes),
    "cache": ArgumentRole(("cache",), lambda case, form: None),
    "z": ArgumentRole(("z", "x"), _result("forward")),
    "e": ArgumentRole(("e", "error", "da", "dout"), _result("error")),
    "gradient": ArgumentRole(("gradient", "g", "dw", "grad"), _result("gradient")),
    "rate": ArgumentRole(("eta", "learning_rate", "lr", "rate"), lambda case, form: case.scenario.learning_rate),
    "shape": ArgumentRole(("x_shape", "input_shape", "shape", "size"), _shape),
    "stride": ArgumentRole(("stride", "s"), _setting("stride"), ("stride",)),
    "padding": ArgumentRole(("padding", "pad", "p"), _setting("padding"), ("padding",)),
    "dilation": ArgumentRole(("dilation",), _setting("dilation"), ("dilation",)),
}
"""All roles, by the names that signatures use for them."""
