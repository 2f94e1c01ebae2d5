"""`why`: every number of every step can be asked about; its sum, its patch and its nudge agree with the matrix."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.document import Beside, Block, Heading, Matrix, Paragraph, Sum
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.why import why
from tests.tutor.blocks import comes_to


def opened(name: str = "first-filter") -> Iteration:
    return first_iteration(lesson_of(scenario(name), input_gradient=True))


def asked(iteration: Iteration, step: str, *cell: int) -> tuple[Block, ...]:
    return why(iteration, iteration.lesson.step(step), cell, AS_USUAL)


def words(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Heading))


def the_sum(blocks: tuple[Block, ...]) -> Sum:
    return next(block for block in blocks if isinstance(block, Sum))


def refused(iteration: Iteration, step: str, *cell: int) -> Fault:
    with pytest.raises(InputError) as caught:
        asked(iteration, step, *cell)
    return caught.value.faults[0]


@pytest.mark.parametrize(
    "name", [one.name for one in shipped() if not one.has_layers and not one.name.startswith("digit")]
)
def test_every_cell_of_every_step_says_where_it_comes_from(name: str) -> None:
    iteration = opened(name)
    on_a_kink = any(finding.code == "at-kink" for finding in findings(iteration))
    for step in iteration.lesson.steps:
        shown = iteration.matrix(step.name)
        for cell in np.ndindex(*shown.shape):
            blocks = asked(iteration, step.name, *cell)
            assert comes_to(blocks, float(shown[cell]))
            assert on_a_kink or "differ" not in words(blocks)


def test_a_gradient_is_proved_by_a_nudge() -> None:
    # w = −1 ± 0.001: L = ½ (3 − (w + 1) − 1)² there, so ½·2.001² = 2.0020005 and ½·1.999² = 1.9980005
    said = words(asked(opened(), "gradient", 0, 1))
    assert (
        "W[0,1] from -1.001 to -0.999 takes the loss from 2.0020005 to 1.9980005: slope -2. The numbers agree." in said
    )


NUDGED = re.compile(r" from (\S+) to (\S+) takes the loss from (\S+) to (\S+): slope (\S+)\. ")


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.name.startswith("digit")])
def test_the_printed_numbers_of_a_nudge_give_the_printed_slope(name: str) -> None:
    iteration = opened(name)
    for step in iteration.lesson.steps:
        for cell in np.ndindex(*iteration.matrix(step.name).shape):
            for found in NUDGED.findall(words(asked(iteration, step.name, *cell))):
                start, end, below, above, slope = map(float, found)
                assert (above - below) / (end - start) == pytest.approx(slope, rel=1e-4, abs=0.5001e-4)


@pytest.mark.parametrize(("step", "label"), [("bias_gradient", "b from"), ("input_gradient", "X[0,0] from")])
def test_a_bias_and_an_input_are_nudged_too(step: str, label: str) -> None:
    iteration = opened("bias")
    cell = () if step == "bias_gradient" else (0, 0)
    assert f"Nudge it: {label}" in words(asked(iteration, step, *cell))


@pytest.mark.parametrize("step", ["forward", "activation", "error", "delta", "update"])
def test_nothing_else_is_nudged(step: str) -> None:
    assert "Nudge" not in words(asked(opened(), step, 0, 0))


def test_with_target_minus_output_the_nudge_knows_the_sign() -> None:
    said = words(asked(opened("target-minus-output"), "gradient", 0, 1))
    assert "slope -2. With e = t − a the gradient has the other sign. The numbers agree." in said


def at_kink(**more: Any) -> Iteration:
    given: dict[str, Any] = {
        "input": [[1]],
        "filter": [[0]],
        "target": [[1]],
        "activation": "relu",
        "learning_rate": 0.1,
    }
    return first_iteration(lesson_of(one_filter(**(given | more))))


def test_a_nudge_across_a_kink_says_why_the_numbers_differ() -> None:
    # relu: half of the nudge is flat, so that the slope seen is −½ where the gradient is 0
    said = words(asked(at_kink(), "gradient", 0, 0))
    assert re.search(
        r"slope -0\.49\d+\. The gradient is 0\. The two differ because a pre-activation is so near a kink", said
    )


def test_a_kink_that_the_nudge_does_not_reach_is_not_blamed() -> None:
    # z = 3000·(−0.0015 ± 0.001) stays between −7.5 and −1.5, left of elu's kink at 0
    bent = at_kink(input=[[3000]], filter=[[-0.0015]], activation={"name": "elu", "alpha": 0.5}, target=[[0]])
    assert "bends so much here" in words(asked(bent, "gradient", 0, 0))


def test_a_nudge_that_is_too_long_for_a_sharp_bend_says_so() -> None:
    # an input of 3000 turns a nudge of 0.001 into a change of z by 3
    steep = at_kink(input=[[3000]], activation="sigmoid", target=[[0]])
    assert "bends so much here" in words(asked(steep, "gradient", 0, 0))


@pytest.mark.parametrize("weight", [1e17, 1e200])
def test_numbers_that_run_away_are_too_large_for_a_nudge(weight: float) -> None:
    assert "too large for so small a nudge" in words(
        asked(at_kink(filter=[[weight]], activation="linear"), "gradient", 0, 0)
    )


def test_a_smooth_activation_has_no_such_excuse() -> None:
    assert "The numbers agree." in words(asked(at_kink(activation="linear"), "gradient", 0, 0))


def test_the_patch_that_a_number_came_from_is_marked_in_the_input() -> None:
    (beside,) = (block for block in asked(opened(), "forward", 1, 0) if isinstance(block, Beside))
    matrix, window = beside.blocks
    assert isinstance(matrix, Matrix)
    assert isinstance(window, Matrix)
    assert (matrix.quantity, window.quantity) == ("input", "filter")
    assert sorted(matrix.marks) == [(1, 0), (1, 1), (2, 0), (2, 1)]
    assert {mark.word for mark in matrix.marks.values()} == {"takes part"}


def test_only_the_channels_that_take_part_are_shown() -> None:
    titles = [block.title for block in asked(opened("two-channels"), "gradient", 1, 0, 1) if isinstance(block, Matrix)]
    assert titles == ["Input X, channel 1"]


def test_a_dead_cell_is_named_as_the_reason_for_its_0() -> None:
    notes = [line.note for line in the_sum(asked(opened(), "gradient", 0, 1)).lines]
    assert notes == ["", "inactive", "inactive", "adds nothing"]


@pytest.mark.parametrize(
    ("cell", "what", "hint"),
    [
        ((), "named by its row and column", "ROW COLUMN"),
        ((0,), "named by its row and column", "ROW COLUMN"),
        ((0, 0, 0), "named by its row and column", "ROW COLUMN"),
        ((0, 2), "forward has no column 2", "counted from 0 to 1"),
        ((9, 0), "forward has no row 9", "counted from 0 to 1"),
    ],
)
def test_a_cell_that_is_not_there_is_told(cell: tuple[int, ...], what: str, hint: str) -> None:
    fault = refused(opened(), "forward", *cell)
    assert what in fault.what
    assert hint in fault.hint


def test_with_several_filters_a_cell_has_that_index_too() -> None:
    assert "FILTER ROW COLUMN" in refused(opened("two-filters"), "forward", 0, 0).hint


def test_an_input_number_that_no_patch_holds_gets_nothing_back_and_that_is_said() -> None:
    question: dict[str, Any] = {"input": [[1, 2, 3]], "filter": [[1, 1]], "target": [[1]], "activation": "linear"}
    dropping = one_filter(**question, learning_rate=1, stride=2, leftover="drop")
    iteration = first_iteration(lesson_of(dropping, input_gradient=True))
    blocks = asked(iteration, "input_gradient", 0, 2)
    assert "No patch holds this number, so nothing comes back to it: 0." in words(blocks)
    assert not [block for block in blocks if isinstance(block, Sum)]
    assert the_sum(asked(iteration, "input_gradient", 0, 1)).total == 2  # (1 + 2 − 1) · 1
