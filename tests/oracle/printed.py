"""What a report prints as right, matrix by matrix, beside what is right."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.check.report import report
from cnnstep.tutor.document import Beside, Block, Matrix
from cnnstep.tutor.numbers import AS_USUAL
from tests.oracle.cells import Cells, apart
from tests.oracle.judge import NEAR, rightly
from tests.oracle.sheet import Page


def printed_wrongly(page: Page, found: Diagnosis) -> str:
    """The first number that is called right, or expected, and is not; for sheets of one step, which is one matrix."""
    (step,) = page.numbers
    right = [page.question.shown(step, cells) for cells in rightly(page, step)]
    for matrix in _matrices(report(found, AS_USUAL)):
        if "right" in matrix.title and min(apart(_cells(matrix), cells) for cells in right) > NEAR:
            return f"{matrix.title}: {matrix.rows}"
    for slip in found.mark(step).slips:
        if min(abs(slip.expected - cells[slip.cell]) for cells in right) > NEAR:
            return f"expected {slip.expected} at {slip.cell}"
    return ""


def _matrices(blocks: tuple[Block, ...]) -> Iterator[Matrix]:
    for block in blocks:
        if isinstance(block, Matrix):
            yield block
        if isinstance(block, Beside):
            yield from _matrices(block.blocks)


def _cells(matrix: Matrix) -> Cells:
    """The numbers that the matrix shows; a blank one is far from everything."""
    rows = enumerate(matrix.rows)
    return {(i, j): inf if x is None else x for i, row in rows for j, x in enumerate(row)}
