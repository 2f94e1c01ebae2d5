"""Signatures: the functions that learners are asked to write, what these take and give, and how they are recognised."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnnstep.engine.quantity import Array
from cnnstep.registry import Registry
from cnnstep.tutor.grade.case import Case
from cnnstep.tutor.grade.form import FULL, Form


@dataclass(frozen=True)
class Role:
    """What an argument can be: an array of the case, or something that is told besides; `names` are what it is called.

    `setting` is the name among the case's settings that it tells; a function that takes none of this name is asked only
    cases that go without.
    """

    names: tuple[str, ...]
    read: Callable[[Case, Form], Any] = field(repr=False)
    setting: str = ""


@dataclass(frozen=True)
class Result:
    """One array that a function gives: what learners call it, and the step of the lesson that it is."""

    name: str
    word: str


@dataclass(frozen=True)
class LearnerFunction:
    """One function: its usual name, the roles of its arguments in their order, its results.

    `pattern` are the names that it is known by. With `keeps` it gives a cache besides, which the function that names it
    in `cache_of` takes. `optional` are roles that it may take by name.
    """

    name: str
    pattern: str
    kind: str
    roles: tuple[str, ...]
    results: tuple[Result, ...]
    keeps: bool = False
    cache_of: str = ""
    optional: tuple[str, ...] = ()

    def known_by(self, name: str) -> bool:
        """Whether this is one of its names."""
        return re.fullmatch(self.pattern, name, re.IGNORECASE) is not None

    @property
    def line(self) -> str:
        """`conv_backward(dout, cache) → dx, dw, db`."""
        gives = [result.name for result in self.results] + (["cache"] if self.keeps else [])
        return f"{self.name}({', '.join(ROLES[role].names[0] for role in self.roles)}) → {', '.join(gives)}"


@dataclass(frozen=True)
class Signature:
    """Functions that belong together. With `by_name` arguments are told by what a learner calls them."""

    name: str
    about: str
    functions: tuple[LearnerFunction, ...]
    template: str = field(repr=False)
    by_name: bool = False
    forms: tuple[Form, ...] = (FULL,)

    def function(self, name: str) -> LearnerFunction:
        """The function of this usual name."""
        return next(one for one in self.functions if one.name == name)


SIGNATURES: Registry[Signature] = Registry("signature")


def _array(name: str) -> Callable[[Case, Form], Array]:
    def read(case: Case, form: Form) -> Array:
        return form.shown(case.lesson.quantity(name).layout.axes, case.values[name])

    return read


def _weights(case: Case, form: Form) -> Array:
    return form.shown(case.lesson.trained[0].leaf.layout.axes, case.weights)


def _bias(case: Case, form: Form) -> Array:
    return form.shown(("filter",), case.bias)


def _dout(case: Case, form: Form) -> Array:
    """What comes back to the layer: δ of a convolution, the error of a layer by itself."""
    name = "delta" if "delta" in case.values else "error"
    return _array(name)(case, form)


def _conv_param(case: Case, form: Form) -> dict[str, int]:
    return {"stride": case.settings["stride"], "pad": case.settings["padding"]}


def _setting(name: str) -> Callable[[Case, Form], int]:
    return lambda case, form: case.settings[name]


ROLES: Mapping[str, Role] = {
    "x": Role(("x", "input", "image", "inputs", "img", "inp"), _array("input")),
    "w": Role(("w", "filter", "kernel", "weights", "weight", "filters", "k"), _weights),
    "b": Role(("b", "bias"), _bias, "bias"),
    "dout": Role(("dout", "delta", "dz", "d", "grad", "grad_output", "upstream", "d_out"), _dout),
    "conv_param": Role(("conv_param",), _conv_param),
    "cache": Role(("cache",), lambda case, form: None),
    "stride": Role(("stride", "s"), _setting("stride"), "stride"),
    "padding": Role(("padding", "pad", "p"), _setting("padding"), "padding"),
    "dilation": Role(("dilation",), _setting("dilation"), "dilation"),
}
"""All roles by the names that functions use below."""

CS231N = '''"""Fill in the two functions, then: cnnstep grade my_conv.py"""

import numpy as np


def conv_forward(x, w, b, conv_param):
    """x (N, C, H, W), w (F, C, HH, WW), b (F,); conv_param has "stride" and "pad". Gives out and a cache."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    out = None
    cache = (x, w, b, conv_param)
    return out, cache


def conv_backward(dout, cache):
    """dout has the shape of out. Gives the gradients dx, dw, db, in the shapes of x, w and b."""
    x, w, b, conv_param = cache
    dx, dw, db = None, None, None
    return dx, dw, db
'''

_SPEEDS = "(_naive|_fast|_im2col|_strides)?"

SIGNATURES.add("cs231n")(
    Signature(
        "cs231n",
        "a forward and a backward function, which hands a cache on",
        (
            LearnerFunction(
                "conv_forward",
                f"conv(2d)?_forward{_SPEEDS}",
                "conv",
                ("x", "w", "b", "conv_param"),
                (Result("out", "forward"),),
                keeps=True,
            ),
            LearnerFunction(
                "conv_backward",
                f"conv(2d)?_backward{_SPEEDS}",
                "conv",
                ("dout", "cache"),
                (Result("dx", "input_gradient"), Result("dw", "gradient"), Result("db", "bias_gradient")),
                cache_of="conv_forward",
            ),
        ),
        CS231N,
    )
)
