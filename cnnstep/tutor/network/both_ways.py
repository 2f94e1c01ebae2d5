"""Two ways to one number, side by side: scatter and full correlation, softmax's Jacobian and p − y."""

from __future__ import annotations

from typing import cast

import numpy as np

from cnnstep.engine.layers.conv import Conv, input_gradient, input_gradient_by_correlation
from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.step import Step, Working
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.document import Beside, Block, Matrix, Paragraph
from cnnstep.tutor.network.overview import BIG
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.present import planes

AGREE = 1e-12
"""Two ways that differ by no more, relative to the largest number, differ by rounding."""
MOST_UNITS = 10
"""A Jacobian of so many rows can still be read."""


def verdict(one: Array, other: Array, what: str, numbers: Numbers) -> str:
    """Whether the two ways give the same numbers."""
    apart = float(np.abs(one - other).max())
    if apart <= AGREE * max(1.0, float(np.abs(one).max())):
        return f"{what} are equal{', cell by cell' if one.size > 1 else ''}."
    return f"{what} differ by {numbers.text(apart)}."


def input_gradient_both_ways(iteration: Iteration, step: Step, numbers: Numbers) -> tuple[Block, ...]:
    """∂L/∂ of a convolution's input: each δ × the filter added to its patch; or the rotated filter over a padded δ."""
    conv, (signal, *_, weights) = cast("Conv", step.part), step.inputs
    delta, w = iteration.values[signal.name], iteration.values[weights.name]
    size = cast("tuple[int, int]", iteration.values[step.name].shape[2:])
    scattered = input_gradient(delta, w, size, conv.geometry)
    correlated = input_gradient_by_correlation(delta, w, size, conv.geometry)
    words = (
        f"Two ways lead here. Scatter: each {signal.symbol}, times its whole filter, is added to the patch that it "
        f"came from. Full correlation: {signal.symbol} is surrounded by zeros, and the filter, rotated by 180°, slides "
        "over it. "
    )
    equal = verdict(scattered, correlated, "The two", numbers)
    if scattered.size > BIG or w.size > BIG:
        return (Paragraph(words + equal),)
    turned = planes(weights, weights.layout.show(w[:, :, ::-1, ::-1]), title=f"{weights.symbol} rotated")
    one, other = (
        planes(step.quantity, step.quantity.layout.show(array), title=f"{step.symbol}, {way}")
        for array, way in ((scattered, "scattered"), (correlated, "by correlation"))
    )
    return Paragraph(words), Beside((*turned[:2], *one[:1], *other[:1])), Paragraph(equal)


def softmax_both_ways(iteration: Iteration, step: Step, numbers: Numbers) -> tuple[Block, ...]:
    """∂L/∂z = ∂L/∂p · (diag(p) − pᵀp), worked out whole, next to its short form p − y where there is one."""
    signal, p = step.inputs[0], step.inputs[-1]
    shares, upstream = iteration.values[p.name], iteration.values[signal.name]
    if len(shares) > 1:
        return ()
    table = jacobian(shares[0])
    passed = upstream[0] @ table
    blocks: list[Block] = []
    if len(table) <= MOST_UNITS:
        blocks += [
            Matrix(
                tuple(map(tuple, table.tolist())),
                f"∂{p.symbol}/∂z: row i, column j is p[i]·(1 − p[i]) where i is j, else −p[i]·p[j]",
            ),
            Paragraph(f"{signal.symbol} × this matrix, row by row, gives {step.symbol}: {_row(passed, numbers)}."),
        ]
    if step.short:
        short = iteration.values[step.name][0]
        words = f"The short form, {step.short.formula}: {_row(short, numbers)}. {_same(passed, short, numbers)}"
        blocks.append(Paragraph(words))
    return tuple(blocks)


def short_form(iteration: Iteration, step: Step, cell: Cell, value: float, numbers: Numbers) -> tuple[Block, ...]:
    """The other way to one number of ∂L/∂z, where there is one: p − y; p·Σy − y where the targets add up to no 1."""
    if step.short is None:
        return ()
    short = Working(step.short.terms(iteration.values, cell))
    # one of the two terms is taken from the other: a factor −1 says which, and is not written
    terms = sorted(short.terms, key=lambda term: any(factor.label in ("−1", "-1") for factor in term.factors))
    parts = [[factor for factor in term.factors if factor.label not in ("1", "−1", "-1")] for term in terms]
    labels = ["·".join(factor.label for factor in each) for each in parts]
    written = ["·".join(numbers.factor(factor.value) for factor in each) for each in parts]
    equal = verdict(np.array([value]), np.array([short.value]), "The two", numbers)
    sums = " = ".join(" − ".join(two) for two in (labels, written))
    return (Paragraph(f"The short form: {sums} = {numbers.text(short.value)}. {equal}"),)


def jacobian(p: Array) -> Array:
    """∂p_i/∂z_j = p_i (δ_ij − p_j)."""
    return np.asarray(np.diag(p) - np.outer(p, p))


def _same(passed: Array, short: Array, numbers: Numbers) -> str:
    return verdict(passed, short, "The two", numbers)


def _row(array: Array, numbers: Numbers) -> str:
    return f"[{', '.join(numbers.text(float(value)) for value in array)}]"
