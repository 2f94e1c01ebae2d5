"""A learner's own arithmetic put right: a line of matrices where each cell stands alone, else the products of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cnnstep.engine.quantity import Array, Cell
from cnnstep.engine.step import Factor, Term, Working
from cnnstep.tutor.document import Block, Formula, Line
from cnnstep.tutor.long_sum import MANY, first_products, products_of
from cnnstep.tutor.mistakes import StepContext
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.why import as_sum

MOST_CELLS = 9
"""A matrix of more is no line."""
LONGEST = 150
"""Characters of a line that wraps to two on a usual screen."""
IN_ONE_PIECE = 24
"""A matrix of more characters has spaces, at which a narrow window breaks it."""


def put_right(context: StepContext, times: float, wrong: Cell, style: Numbers) -> Block:
    """The step carried out rightly: `[[1,-1],[1,1]] + 0.5·[[-2,2],[0,-2]] = [[0,0],[1,0]]`.

    Where that can't be said in a line or two it is the cell that was `wrong`, every axis present. `times` is what a
    convention multiplies the result by.
    """
    line = _of_matrices(context, times, style)
    return (
        Formula(line, context.step.formula)
        if 0 < len(line) <= LONGEST
        else put_right_cell(context, times, wrong, style)
    )


def put_right_cell(context: StepContext, times: float, cell: Cell, style: Numbers) -> Block:
    """One number, `z[0,0] = 1·1 + (-1)·(-1) + 0·1 + 1·1 = 3`; where it has many products, a line for each."""
    if is_long_sum(context):
        return _first_products(context, times, cell, style)
    working, label = context.step.working(context.values, cell), context.step.quantity.label(cell)
    if not working.terms:
        return Formula(f"{label} = 0", context.step.formula)
    if context.step.word == "pool":  # which number won is no sum
        return as_sum("", working, context.step, cell)
    if len(working.terms) == len(working.terms[0].factors) == 1:
        summed = _put_in(working.terms[0].factors[0], context, style)
    else:
        summands = [_summand(term.factors, lambda factor: style.factor(factor.value), style) for term in working.terms]
        summed = _added(summands, times, style)
    line = f"{label} = {summed} = {style.text(times * working.value)}"
    if len(line) <= LONGEST:
        return Formula(line, context.step.formula)
    return as_sum("", _times(working, times, style), context.step, cell)


def is_long_sum(context: StepContext) -> bool:
    """Whether each number of the step is a sum over all cells of a matrix that nobody writes down."""
    return products_of(context.step, context.values) > MANY


def _first_products(context: StepContext, times: float, cell: Cell, style: Numbers) -> Block:
    """The first products of a sum over all outputs, and what the others come to; only the first are worked out."""
    working = Working(first_products(context.step, context.values, cell))
    total, shown = times * float(context.right[cell]), as_sum("", _times(working, times, style), context.step, cell)
    rest = total - sum(line.value for line in shown.lines)
    left = products_of(context.step, context.values) - len(shown.lines)
    others = Line((f"the other {left}",), (rest,), rest, "added up")
    return replace(shown, lines=(*shown.lines, others), total=total)


def _put_in(factor: Factor, context: StepContext, style: Numbers) -> str:
    """`relu(-2)`; where no function is asked, what the number was called."""
    if factor.source is None or not factor.function:
        return factor.label
    return f"{factor.function}({style.text(float(context.values[factor.source][factor.cell]))})"


@dataclass(frozen=True)
class _Summand:
    """A product as it stands in a sum: the sign before it, and what is multiplied."""

    minus: bool
    text: str


def _summand(factors: Sequence[Factor], written: Callable[[Factor], str], style: Numbers) -> _Summand:
    """A number in front of the others gives the sign, and is left out where it is 1: `−1 · t` is `− t`."""
    first, *rest = factors
    minus = bool(rest) and first.source is None and first.value < 0
    front = [] if rest and first.source is None and abs(first.value) == 1.0 else [written(first)]
    if minus and front:
        front = [style.text(-first.value)]
    text = ""
    for part in [*front, *map(written, rest)]:
        both = text.endswith("]") and part.startswith("[")
        text += part if not text else f" ⊙ {part}" if both else f"·{part}"
    return _Summand(minus, text)


def _added(summands: Sequence[_Summand], times: float, style: Numbers) -> str:
    """`1·1 − 2·3`; what a convention multiplies all of it by stands before it in brackets."""
    first, *others = summands
    text = ("−" if first.minus else "") + first.text
    text += "".join(f" {'−' if one.minus else '+'} {one.text}" for one in others)
    if times == 1.0:
        return text
    front = "−" if times == -1.0 else f"{style.text(times)}·"
    return front + (f"({text})" if others or first.minus else text)


def _times(working: Working, times: float, style: Numbers) -> Working:
    """The working with this number in each product."""
    if times == 1.0:
        return working
    factor = Factor(style.text(times), times)
    return Working(tuple(Term((factor, *term.factors), term.note) for term in working.terms))


def _of_matrices(context: StepContext, times: float, style: Numbers) -> str:
    """The whole step in a line, where each cell is made of the same places of other matrices; else nothing."""
    size = context.right.shape
    if np.prod(size) > MOST_CELLS or is_long_sum(context):
        return ""
    workings = {cell: context.step.working(context.values, cell) for cell in np.ndindex(*size)}
    if not _cell_by_cell(workings.items()):
        return ""
    show = context.step.quantity.layout.show
    columns = _columns(list(workings.values()))
    right = _matrix(show(times * np.array([w.value for w in workings.values()]).reshape(size)), style.text, style)

    def written(column: tuple[Factor, ...]) -> str:
        if column[0].source is None and len({factor.value for factor in column}) == 1:
            return style.factor(column[0].value)
        return _matrix(show(np.array([factor.value for factor in column]).reshape(size)), style.factor, style)

    if len(columns) == 1 and len(columns[0]) == 1:
        left = _of_one(columns[0][0], context, style)
    else:
        texts = {id(column[0]): written(column) for factors in columns for column in factors}
        summands = [_summand([c[0] for c in factors], lambda f: texts[id(f)], style) for factors in columns]
        left = _added(summands, times, style)
    return f"{left} = {right}" if left else ""


def _of_one(column: tuple[Factor, ...], context: StepContext, style: Numbers) -> str:
    """What is made of a single matrix: `relu([[3,0],[-2,1]])`; nothing where it says no more than the result."""
    source, name = column[0].source, column[0].function
    if source is None or not name:
        return ""
    array = context.values[source]
    return f"{name}({_matrix(context.lesson.quantity(source).layout.show(array), style.text, style)})"


def _cell_by_cell(workings: Iterable[tuple[Cell, Working]]) -> bool:
    """Whether all cells are worked alike, each from its own place in the matrices that it reads."""
    shapes = set()
    for cell, working in workings:
        shapes.add(tuple(len(term.factors) for term in working.terms))
        if any(f.cell != cell for term in working.terms for f in term.factors if f.source is not None):
            return False
    return len(shapes) == 1 and () not in shapes


def _columns(workings: Sequence[Working]) -> list[list[tuple[Factor, ...]]]:
    """By term and factor: that factor in every cell."""
    terms = zip(*(working.terms for working in workings), strict=True)
    return [list(zip(*(term.factors for term in column), strict=True)) for column in terms]


def _matrix(array: Array, alone: Callable[[float], str], style: Numbers) -> str:
    """`[[1,-1],[1,1]]`; a single number without brackets, as it is written `alone`."""
    if array.size == 1:
        return alone(float(array.ravel()[0]))
    text = _nested(array, style, ",")
    return text if len(text) <= IN_ONE_PIECE else _nested(array, style, ", ")


def _nested(array: Array, style: Numbers, comma: str) -> str:
    if array.ndim == 0:
        return style.text(float(array))
    return f"[{comma.join(_nested(part, style, comma) for part in array)}]"
