"""Signatures: the functions that learners are asked to write, what these take and give, and how they are recognised."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnstep.registry import Registry
from cnnstep.tutor.grade.form import CHANNELS_LAST, FULL, ONE_FILTER, ONE_SAMPLE, PLAIN, Form
from cnnstep.tutor.grade.roles import ROLES
from cnnstep.tutor.grade.templates import CS231N, DEEPLEARNING, STEPS, TORCH


@dataclass(frozen=True)
class Result:
    """One array that a function gives: what learners call it, and the step of the lesson that it is.

    With `mean` it is divided by the number of samples, as where the loss is a mean.
    """

    name: str
    word: str
    mean: bool = False


GEOMETRY = ("stride", "padding", "dilation")


@dataclass(frozen=True)
class LearnerFunction:
    """One function: its usual name, the roles of its arguments in their order, its results.

    `pattern` are the names that it is known by. With `keeps` it gives a cache besides, which the function that names it
    in `cache_of` takes; without that one the cache is made of the roles in `cached`. `optional` are roles that it may
    take by name, and `minds` the settings that its numbers depend on. With `graph` it is a class of PyTorch's, which
    gives its output and, from dout, a gradient of each array that goes in.
    """

    name: str
    pattern: str
    kind: str
    roles: tuple[str, ...]
    results: tuple[Result, ...]
    keeps: bool = False
    cache_of: str = ""
    cached: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    minds: tuple[str, ...] = ()
    graph: bool = False

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
    """Functions that belong together. With `by_name` arguments are told by what a learner calls them.

    `told_by` are names of parameters that only these functions have, among others of the same name.
    `forms` are how arrays may be laid out; where there are several, the first that a function can do with counts.
    """

    name: str
    about: str
    functions: tuple[LearnerFunction, ...]
    template: str = field(repr=False)
    by_name: bool = False
    forms: tuple[Form, ...] = (FULL,)
    told_by: frozenset[str] = frozenset()


SIGNATURES: Registry[Signature] = Registry("signature")

_SPEEDS = "(_naive|_fast|_im2col|_strides)?"


def _pair(
    name: str,
    pattern: str,
    kind: str,
    roles: tuple[str, ...],
    forward: str,
    back: Sequence[Result],
    minds: tuple[str, ...] = (),
) -> tuple[LearnerFunction, LearnerFunction]:
    """`NAME_forward`, which keeps a cache, and `NAME_backward`, which takes it."""
    first = LearnerFunction(
        *(f"{name}_forward", f"({pattern})_forward{_SPEEDS}", kind, roles, (Result("out", forward),)),
        keeps=True,
        minds=minds,
    )
    second = LearnerFunction(
        *(f"{name}_backward", f"({pattern})_backward{_SPEEDS}", kind, ("dout", "cache"), tuple(back)),
        cache_of=first.name,
        cached=roles,
        minds=minds,
    )
    return first, second


_CONV_BACK = (Result("dx", "input_gradient"), Result("dw", "gradient"), Result("db", "bias_gradient"))
_POOL_BACK = (Result("dx", "pool_gradient"),)
_DENSE_BACK = (
    Result("dx", "dense_input_gradient"),
    Result("dw", "dense_gradient"),
    Result("db", "dense_bias_gradient"),
)

SIGNATURES.add("cs231n")(
    Signature(
        "cs231n",
        "a forward and a backward function for each layer; a cache goes from one to the other",
        (
            *_pair(
                *("conv", "conv(2d)?", "conv", ("x", "w", "b", "conv_param"), "forward", _CONV_BACK),
                minds=(*GEOMETRY, "bias"),
            ),
            *_pair(
                "max_pool", "max_?pool(2d)?", "max_pool", ("x", "pool_param"), "pool", (Result("dx", "pool_gradient"),)
            ),
            *_pair(
                *("avg_pool", "(avg|average|mean)_?pool(2d)?", "average_pool", ("x", "pool_param"), "pool", _POOL_BACK),
            ),
            *_pair("relu", "relu", "relu", ("x",), "activation", (Result("dx", "delta"),)),
            *_pair("affine", "affine|dense|linear|fc", "dense", ("x", "w", "b"), "dense", _DENSE_BACK),
            LearnerFunction(
                *("softmax_loss", "softmax_loss", "softmax", ("x", "classes")),
                (Result("loss", "loss", mean=True), Result("dx", "softmax_gradient", mean=True)),
            ),
        ),
        CS231N,
    )
)

_X, _D = "(x|image|input)", "(filter|kernel|weights?|w)"

SIGNATURES.add("steps")(
    Signature(
        "steps",
        "a function for each step; arrays of two, three or four axes, arguments in any order under their usual names",
        (
            LearnerFunction(
                *("forward", "forward|conv(2d|olve|olution)?|(cross_)?correlat(e|ion)", "conv", ("X", "W")),
                (Result("z", "forward"),),
                optional=("b", *GEOMETRY),
                minds=(*GEOMETRY, "bias"),
            ),
            LearnerFunction("activation", "activation|relu", "lesson", ("z",), (Result("a", "activation"),)),
            LearnerFunction(
                "delta",
                "delta|(get|compute)_delta|relu_(backward|gradient)",
                "lesson",
                ("e", "z"),
                (Result("delta", "delta"),),
            ),
            LearnerFunction(
                *("gradient", f"gradient|{_D}_gradient|grad(ient)?_{_D}|dw", "conv", ("X", "delta")),
                (Result("dW", "gradient"),),
                optional=("W", *GEOMETRY),
                minds=GEOMETRY,
            ),
            LearnerFunction(
                "bias_gradient",
                "bias_gradient|grad(ient)?_b(ias)?|db",
                "conv",
                ("delta",),
                (Result("db", "bias_gradient"),),
            ),
            LearnerFunction(
                *("input_gradient", f"{_X}_gradient|grad(ient)?_{_X}|dx", "conv", ("delta", "W")),
                (Result("dX", "input_gradient"),),
                optional=("shape", "X", *GEOMETRY),
                minds=GEOMETRY,
            ),
            LearnerFunction(
                "update", "update|step|sgd", "lesson", ("W", "gradient", "rate"), (Result("W new", "update"),)
            ),
        ),
        STEPS,
        by_name=True,
        forms=(FULL, ONE_SAMPLE, ONE_FILTER, PLAIN),
    )
)

SIGNATURES.add("torch")(
    Signature(
        "torch",
        "PyTorch: an autograd.Function whose forward takes x, w and what else it can do with; or an nn.Module",
        (
            LearnerFunction(
                *("Conv2d", ".*", "conv", ("X", "W")),
                (Result("out", "forward"), *_CONV_BACK),
                optional=("b", *GEOMETRY),
                minds=GEOMETRY,
                graph=True,
            ),
        ),
        TORCH,
        by_name=True,
    )
)

SIGNATURES.add("deeplearning")(
    Signature(
        "deeplearning",
        "channels last: maps (m, n_H, n_W, n_C), filters (f, f, n_C_prev, n_C); hparameters has stride and pad",
        (
            LearnerFunction(
                *(
                    "conv_forward",
                    "conv_forward",
                    "conv",
                    ("A_prev", "W", "b", "hparameters"),
                    (Result("Z", "forward"),),
                ),
                keeps=True,
                minds=(*GEOMETRY, "bias", "oblong"),
            ),
            LearnerFunction(
                *("conv_backward", "conv_backward", "conv", ("dZ", "cache")),
                (Result("dA_prev", "input_gradient"), Result("dW", "gradient"), Result("db", "bias_gradient")),
                cache_of="conv_forward",
                cached=("A_prev", "W", "b", "hparameters"),
                minds=(*GEOMETRY, "bias", "oblong"),
            ),
            LearnerFunction(
                *("pool_forward", "pool_forward", "max_pool", ("A_prev", "pool hparameters"), (Result("A", "pool"),)),
                keeps=True,
            ),
            LearnerFunction(
                *("pool_backward", "pool_backward", "max_pool", ("dA", "cache"), (Result("dA_prev", "pool_gradient"),)),
                cache_of="pool_forward",
                cached=("A_prev", "pool hparameters"),
            ),
        ),
        DEEPLEARNING,
        forms=(CHANNELS_LAST,),
        told_by=frozenset({"hparameters", "a_prev", "dz", "da"}),
    )
)
