"""A sum over so many outputs that nobody writes it down: its first products, the largest, and what the others come to.

Nothing else of it is made: what it costs to say does not grow with the image, but for a look at the arrays.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import cast

import numpy as np

from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.patches import patches
from cnnstep.engine.quantity import Cell, Values
from cnnstep.engine.step import Step, Term
from cnnstep.tutor.document import Line, Sum

SHOWN = 30
"""At most this many products of a long sum are written out."""
MANY = 1_000
"""A sum of more products is a long one."""


def products_of(step: Step, values: Values) -> int:
    """How many products each number of a filter's gradient, or its bias's, is the sum of; 0 for any other step.

    A loss that weighs the error of a last filter asks for the whole output, of which no part can be taken.
    """
    reads = {"gradient": 2 if isinstance(step.part, Conv) else 0, "bias_gradient": 1}.get(step.role)
    size = values[step.inputs[-1].name].shape
    return size[0] * prod(size[2:]) if len(step.inputs) == reads and len(size) == 4 else 0


def first_products(step: Step, values: Values, cell: Cell) -> tuple[Term, ...]:
    """The first products; only they are worked out: those of the first rows of what comes back to the layer."""
    back = step.inputs[-1].name
    rows = -(-SHOWN // values[back].shape[3])
    return step.working({**values, back: values[back][:1, :, :rows]}, cell).terms[:SHOWN]


def long_sum(step: Step, values: Values, cell: Cell, first: Sum) -> Sum:
    """The sum of which `first` has the first products: with the largest, if it is another, and what remains."""
    lines, total = first.lines, float(values[step.name][cell])
    lines += _largest(step, values, cell)
    left = products_of(step, values) - len(lines)
    rest = total - sum(line.value for line in lines)
    return replace(first, lines=(*lines, Line((f"the other {left}",), (rest,), rest, "added up")), total=total)


def _largest(step: Step, values: Values, cell: Cell) -> tuple[Line, ...]:
    """The product farthest from 0, unless it is among the first."""
    back = step.inputs[-1]
    factors = [values[back.name][:, cell[0]]]
    if step.role == "gradient":
        part, image = cast("Conv", step.part), values[step.inputs[0].name]
        factors.append(patches(image, part.window, part.geometry)[:, cell[1], :, :, cell[2], cell[3]])
    sizes = np.abs(prod(factors))
    number = int(sizes.argmax())
    if number < SHOWN:
        return ()
    n, i, j = map(int, np.unravel_index(number, sizes.shape))
    read = [(back, (n, cell[0], i, j))]
    if step.role == "gradient":
        read.append((step.inputs[0], (n, cell[1], *part.geometry.met((i, j), (cell[2], cell[3])))))
    numbers = tuple(float(factor[n, i, j]) for factor in factors)
    labels = tuple(quantity.label(at) for quantity, at in read)
    places = tuple((quantity.name, quantity.layout.shown_cell(at)) for quantity, at in read)
    return (Line(labels, numbers, prod(numbers), "the largest", places),)
