"""Cells whose z is at a kink but for rounding: on which side a program's z came out is chance; either slope is right.

Floats miss 0.1·0.3 − 0.3·0.1 by a hair or don't, as the products were added up. Whole numbers and short binary
fractions they add up exactly: there a z of 0 is 0, and its slope a convention.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.tutor.mistakes import StepContext

NOTHING = 1e-12
"""A sum that comes to less than this share of its largest number is 0: by hand it would be, floats miss it."""
FEW = 3
"""For so many cells every choice of sides is tried; for more, those that come of adding up in the usual orders."""
FRACTION, LARGEST = 2.0**12, 2.0**12
"""Multiples of 1/FRACTION up to LARGEST have sums of products that are floats."""


def near_kink(context: StepContext) -> NDArray[np.bool_] | None:
    """The cells of a step called delta where either slope is right; None where there are none."""
    phi, z = context.phi, context.input(-1)
    if phi is None or not phi.kinks or context.step.word != "delta":
        return None
    hair = NOTHING * max(1.0, float(np.abs(z).max(initial=0.0)))
    near: NDArray[np.bool_] = np.any([np.abs(z - kink) < hair for kink in phi.kinks], axis=0)
    made = _made_by(context)
    if made is None or not near.any() or all(_is_exact(context.values[one.name]) for one in made.inputs):
        return None
    return near


def either_side(context: StepContext, near: NDArray[np.bool_]) -> tuple[Array, Array]:
    """δ where z is just below the kink in all these cells, and where it is just above."""
    return _with_z(context, _moved(context, near, -1.0)), _with_z(context, _moved(context, near, 1.0))


def sides(context: StepContext) -> Iterator[Array]:
    """δ for each choice of sides that somebody's program may have made."""
    near = near_kink(context)
    if near is None:
        return
    yield from either_side(context, near)
    cells = tuple(np.argwhere(near))
    if len(cells) <= FEW:
        for choice in product((-1.0, 1.0), repeat=len(cells)):
            way = np.zeros(near.shape)
            way[near] = choice
            yield _with_z(context, _moved(context, near, way))
        return
    for sums in _added_up(context, near):
        z = context.input(-1).copy()
        z[near] = sums
        yield _with_z(context, z)


def _made_by(context: StepContext) -> Step | None:
    """The step that z comes from; None where it was given."""
    z = context.step.inputs[-1]
    return context.made_by(z.name) if z.kind == "result" else None


def _is_exact(numbers: Array) -> bool:
    scaled = numbers * FRACTION
    return bool((scaled == np.round(scaled)).all()) and float(np.abs(numbers).max(initial=0.0)) <= LARGEST


def _moved(context: StepContext, near: NDArray[np.bool_], way: Array | float) -> Array:
    """z, moved off the kink in these cells by more than rounding does."""
    return np.where(near, context.input(-1) + way * NOTHING * 10.0, context.input(-1))


def _with_z(context: StepContext, z: Array) -> Array:
    return context.changed({context.step.inputs[-1].name: z}).right


def _added_up(context: StepContext, near: NDArray[np.bool_]) -> Iterator[Array]:
    """z in these cells, its products added up in each of the usual orders: as a matrix product, by loops, by `sum`."""
    made = _made_by(context)
    assert made is not None
    yield made.compute(context.values)[near]
    if not isinstance(made.part, Conv):
        return
    forward = StepContext(context.lesson, made, context.values)
    samples, filters, rows, columns = np.nonzero(near)
    windows = forward.windows(forward.input(0))[samples, :, rows, columns]
    products = (windows * forward.input(1)[filters]).reshape(len(samples), -1)
    bias = forward.input(2)[filters] if len(made.inputs) > 2 else np.zeros(len(samples))
    for terms in (products, products[:, ::-1]):
        yield np.cumsum(terms, axis=1)[:, -1] + bias
        yield np.cumsum(np.column_stack([bias, terms]), axis=1)[:, -1]
    yield products.sum(axis=1) + bias
