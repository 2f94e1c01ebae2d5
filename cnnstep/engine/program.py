"""A lesson as plain data, from which a program that knows +, · and a few named functions gets every number.

Arrays are flat, in reading order over all their axes. A step is written as its `sums` are: a list of sums of products,
`{"over": [2, 2], "factors": […]}`, whose letters are numbers: first the cell's own indices, then those summed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from cnnstep.engine.activations import ACTIVATIONS, Activation
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.quantity import Values, number
from cnnstep.engine.step import Factor, Step, Working
from cnnstep.engine.sums import (
    FUNCTIONS,
    LEARNING_RATE,
    Argument,
    Call,
    Each,
    Function,
    Index,
    Part,
    Products,
    Read,
    Sums,
    letters,
)

Data = dict[str, Any]


@cache
def functions() -> Mapping[str, Function]:
    """Every function that a product may name: those of the activations and of the losses, and a few more."""
    return {**_of_activations(), **_of_losses(), **FUNCTIONS}


def _of_activations() -> dict[str, Function]:
    def phi(name: str, own: tuple[float, ...]) -> Activation:
        return ACTIVATIONS[name](*own)

    found = {}
    for name, make in ACTIVATIONS.items():
        own = ", ".join(("z", *make().parameters))
        of_slope = ", ".join((own, *(["slope_at_zero"] if make().of_slope else [])))
        value, slope = f"{name}({own}) = φ(z)", f"{name}_slope({of_slope}) = φ′(z)"
        found[name] = Function(value, lambda z, *own, name=name: phi(name, own).value_at(z))
        found[f"{name}_slope"] = Function(slope, lambda z, *own, name=name: phi(name, own).slope_at(z))
    return found


def _of_losses() -> dict[str, Function]:
    found = {}
    for name, loss in LOSSES.items():
        found[name] = Function(f"{name}(a, t, n) = what a cell adds to L, n cells in all", loss.part_at)
        found[f"{name}_slope"] = Function(f"{name}_slope(a, t, n) = ∂L/∂a", loss.slope_at)
        found[f"{name}_weight"] = Function(loss.weighted, loss.weight_of)
    return found


def program(lesson: Lesson, values: Values) -> Data:
    """All that is needed to work a lesson out again after any of its numbers was changed.

    `quantities` by name, the leaves with the numbers that they `start` from, unless these are zeros. `steps` in their
    order: a mistaken step has no sums, for nobody says how it comes about. `loss` is L. `carried` are the leaves of the
    next iteration with the steps that give them; `iteration` counts on by itself.
    """
    return {
        "quantities": dict(_quantities(lesson, values)),
        "steps": [_step(lesson, step, values) for step in lesson.steps],
        "loss": _sums(_loss(lesson)),
        "carried": dict(lesson.carried),
    }


def _quantities(lesson: Lesson, values: Values) -> Iterator[tuple[str, Data]]:
    rate = number(lesson.scenario.learning_rate)
    yield LEARNING_RATE.quantity, {"symbol": "η", "kind": "given", "shape": [], "start": [rate]}
    for quantity in (*lesson.leaves, *(step.quantity for step in lesson.steps)):
        name, layout = quantity.name, quantity.layout
        data: Data = {"symbol": quantity.symbol, "kind": quantity.kind, "shape": list(values[name].shape)}
        if layout.hidden:
            data["hidden"] = [place for place, axis in enumerate(layout.axes) if axis in layout.hidden]
        if name in lesson.start and np.any(lesson.start[name]):
            data["start"] = [number(value) for value in lesson.start[name].ravel()]
        yield name, data


def _loss(lesson: Lesson) -> Sums:
    """L, the sum over all target cells."""
    targets, name = lesson.scenario.targets, lesson.scenario.loss.name
    at = letters(targets.ndim)
    part = Call(name, (Read(lesson.output.name, at), Read("target", at), float(targets.size)))
    return (Products((part,), targets.shape),)


def _step(lesson: Lesson, step: Step, values: Values) -> Data:
    if step.sums is not None:
        short = {} if step.short is None or step.short.sums is None else {"short": _sums(step.short.sums)}
        return {"name": step.name, "sums": _sums(step.sums), **short}
    if is_mistaken(lesson, step):
        return {"name": step.name}
    cells = np.ndindex(values[step.name].shape)
    return {"name": step.name, "cells": [_sums(sums_of(step.working(values, cell))) for cell in cells]}


def is_mistaken(lesson: Lesson, step: Step) -> bool:
    """Whether the step is carried out otherwise than its working says."""
    return not any(step is own for own in lesson.own)


def sums_of(working: Working) -> Sums:
    """One number's working in the form of the sums of a whole step: nothing in it has letters."""
    return tuple(
        Products((*([] if term.given is None else [term.given]), *map(_part, term.factors))) for term in working.terms
    )


def _part(factor: Factor) -> Part:
    if factor.call is not None:
        return factor.call
    return factor.value if factor.source is None else Read(factor.source, factor.cell)


def _sums(sums: Sums) -> list[Data]:
    return [
        ({"over": list(products.over)} if products.over else {}) | {"factors": list(map(_factor, products.parts))}
        for products in sums
    ]


def _factor(part: Part) -> Any:
    if isinstance(part, Call):
        return {"call": part.function, "with": [_argument(one) for one in part.arguments]}
    if isinstance(part, Read):
        return {"padded": _read(part)} if part.padded else _read(part)
    return number(part)


def _argument(argument: Argument) -> Any:
    match argument:
        case Index():
            return _in_full(argument)
        case Each():
            return {"each": list(argument.over), "read": _read(argument.read)}
        case Read():
            return _read(argument)
        case tuple():
            return {"row": [None if one is None else _read(one) for one in argument]}
    return number(argument)


def _read(read: Read) -> list[Any]:
    return [read.quantity, *map(_index, read.at)]


def _index(index: Index | int) -> Any:
    """The number of a letter that stands alone; else constant, divisor, and each letter with its multiple."""
    if isinstance(index, int):
        return [index]
    alone = len(index.parts) == 1 and index.parts[0][1] == 1 and not index.constant and index.divisor == 1
    return index.parts[0][0] if alone else _in_full(index)


def _in_full(index: Index) -> list[int]:
    return [index.constant, index.divisor, *(n for letter, times in index.parts for n in (letter, times))]
