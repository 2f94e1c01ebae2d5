"""The numbers of a document know which cells they stand for, so that a format can link them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest

import cnnstep
from cnnstep.engine.trace import Iteration, trace
from cnnstep.surface.loading import shipped
from cnnstep.tutor.cards import iteration_cards, question
from cnnstep.tutor.document import Beside, Block, Matrix, Sum, cut
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.why import why

SHIPPED = [one.name for one in shipped()]
FEW_SAMPLES = 3
FEW_NUMBERS = 100
"""Arrays of more than this may be left out, or drawn as shades."""


def first_iteration(name: str) -> Iteration:
    scenario = cnnstep.scenario(name)
    few = replace(scenario, inputs=scenario.inputs[:FEW_SAMPLES], targets=scenario.targets[:FEW_SAMPLES])
    return next(trace(few))


def flat(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield from flat(block.blocks) if isinstance(block, Beside) else (block,)


def stands_there(iteration: Iteration, matrix: Matrix) -> bool:
    for row, column in np.ndindex(len(matrix.rows), len(matrix.rows[0])):
        place = matrix.place(row, column)
        assert place is not None
        if iteration.matrix(place[0])[place[1]] != pytest.approx(matrix.rows[row][column], rel=1e-12, abs=1e-12):
            return False  # the same by correlation has its last digits rounded otherwise
    return True


@pytest.mark.parametrize("name", SHIPPED)
def test_every_matrix_of_an_iteration_knows_its_cells(name: str) -> None:
    iteration = first_iteration(name)
    steps = iteration.lesson.names
    blocks = flat((*question(iteration, None), *iteration_cards(iteration, AS_USUAL, steps, None)))
    matrices = [block for block in blocks if isinstance(block, Matrix) and block.quantity]
    shown = {matrix.quantity for matrix in matrices}
    assert {step for step in steps if iteration.values[step].size <= FEW_NUMBERS} <= shown
    assert all(stands_there(iteration, matrix) for matrix in matrices)
    assert all(stands_there(iteration, cut(matrix, range(1, 2), range(1, 2))) for matrix in matrices if large(matrix))


def large(matrix: Matrix) -> bool:
    return len(matrix.rows) > 1 and len(matrix.rows[0]) > 1


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sum_knows_the_cell_it_works_out_and_the_cells_that_it_reads(name: str) -> None:
    iteration = first_iteration(name)
    for step in iteration.lesson.steps:
        cell = tuple(size - 1 for size in iteration.matrix(step.name).shape)
        for block in flat(why(iteration, step, cell, AS_USUAL)):
            if isinstance(block, Sum):
                assert block.place == (step.name, cell)
                for line in block.lines:
                    for label, number, place in zip(line.labels, line.numbers, line.places, strict=bool(line.places)):
                        quantity = iteration.lesson.quantity(place[0]) if place else None
                        if quantity and place and label == quantity.label(quantity.layout.full_cell(place[1])):
                            assert iteration.matrix(place[0])[place[1]] == number


def test_a_product_names_both_numbers_that_were_multiplied() -> None:
    iteration = first_iteration("first-filter")
    (worked,) = (
        one for one in why(iteration, iteration.lesson.step("gradient"), (0, 1), AS_USUAL) if isinstance(one, Sum)
    )
    assert worked.place == ("gradient", (0, 1))
    assert worked.lines[0].places == (("delta", (0, 0)), ("input", (0, 1)))


def test_a_matrix_of_no_quantity_names_none() -> None:
    assert Matrix(((1.0,),)).place(0, 0) is None
    assert Matrix(((1.0,),), quantity="bias", axes=0).place(0, 0) == ("bias", ())
    assert Matrix(((1.0, 2.0),), quantity="bias", axes=1).place(0, 1) == ("bias", (1,))
    assert Matrix(((1.0, 2.0),), quantity="z", part=(3,), corner=(4, 5)).place(0, 1) == ("z", (3, 4, 6))
