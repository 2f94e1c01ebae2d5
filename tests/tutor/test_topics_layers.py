"""The layers' pages in numbers: pooling, flatten, softmax with cross-entropy."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Block, Matrix
from tests.tutor.network_scenarios import find
from tests.tutor.topic_pages import first, flat, matrix, page, tables, text

BATCH = "two convs, channels, a batch"

MAPS: dict[str, Any] = {"input": [[1, 5, 5, 2], [0, 3, 1, 4], [2, 2, 6, 0], [1, 0, 3, 7]], "learning_rate": 1}


def pooled(kind: str, **keys: Any) -> Scenario:
    return network(layers=[{"type": kind, "size": 2, **keys}], target=[[[1, 2], [3, 4]]], **MAPS)


def test_max_pool_marks_the_winners_and_sends_all_of_it_to_them() -> None:
    blocks = page("max_pool", "mine", mine=pooled("max_pool"))
    (image,) = {m for m in map(_marked, flat(blocks)) if m}
    assert image == frozenset({(0, 1), (0, 2), (2, 0), (3, 3)})
    assert matrix(blocks, "max_pool1.input_gradient ∂L/∂X") == [
        [0, 5 - 1, 5 - 2, 0], [0, 0, 0, 0], [2 - 3, 0, 0, 0], [0, 0, 0, 7 - 4],
    ]  # fmt: skip
    assert "1 window has several numbers that are equally large: a tie." in text(blocks)


def _marked(block: Block) -> frozenset[tuple[int, int]]:
    return frozenset(block.marks) if isinstance(block, Matrix) else frozenset()


def test_max_pool_shows_a_tie_where_the_scenario_has_none() -> None:
    image = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [13, 14, 15, 16]]
    mine = network(layers=[{"type": "max_pool", "size": 2}], input=image, target=[[[0, 0], [0, 0]]], learning_rate=1)
    blocks = page("max_pool", "mine", mine=mine)
    assert "No window has a tie here" in text(blocks)
    assert matrix(blocks, "What comes back") == [[2, 0], [0, 0]]


def test_average_pool_gives_every_cell_its_share_and_stands_in_for_max_pool() -> None:
    blocks = page("average_pool", "mine", mine=pooled("max_pool"))
    assert "This network has max_pool. Here average_pool takes its place." in text(blocks)
    top = (9 / 4 - 1) / 4
    back = matrix(blocks, "average_pool1.input_gradient ∂L/∂X")
    assert back[0][:2] == pytest.approx([top, top])
    assert back[1][:2] == pytest.approx([top, top])


def test_flatten_shows_where_each_number_goes_and_what_comes_back_to_it() -> None:
    (table,) = tables(page("flatten", "smallest-network"))
    iteration = first(find("smallest-network"))
    source = iteration.lesson.step("flatten1.forward").inputs[0]
    for row, value, back in zip(
        table.rows,
        iteration.values[source.name][0].ravel(),
        iteration.values["flatten1.input_gradient"][0].ravel(),
        strict=False,
    ):
        assert row[2:] == (value, back)
    assert [row[1] for row in table.rows][:2] == [
        f"{iteration.lesson.step('flatten1.forward').symbol}[{n}]" for n in (0, 1)
    ]


def test_softmax_shows_the_whole_jacobian_and_p_minus_y_equal() -> None:
    blocks = page("softmax", BATCH)
    p = first(find(BATCH)).values["softmax1.forward"][0]
    (shown,) = [m for m in flat(blocks) if isinstance(m, Matrix) and m.title.startswith("∂p")]
    assert np.array(shown.rows, dtype=float) == pytest.approx(np.diag(p) - np.outer(p, p))
    table, _ = tables(blocks)
    for _, share, target, upstream, through, short in table.rows:
        assert through == pytest.approx(short)
        assert float(short) == pytest.approx(float(target) - float(share))
        assert float(upstream) == pytest.approx(float(target) / float(share))
    assert "The last two columns are equal" in text(blocks)


def test_softmax_says_that_p_minus_y_is_for_targets_that_add_up_to_1_and_shows_others() -> None:
    blocks = page("softmax", "smallest-network")
    assert "holds for targets that add up to 1, as those of one class do. For others it is p·Σy − y." in text(blocks)
    _, table = tables(blocks)
    assert table.title == "With a target of 1 at every unit, p·Σy − y"
    # p = ½, ½: 2p − y = 0, where p − y is −½
    assert table.rows == (("0", 0.5, 1, 0, -0.5), ("1", 0.5, 1, 0, -0.5))


def test_with_the_other_sign_that_table_turns_round_too() -> None:
    _, table = tables(page("softmax", BATCH))
    p = first(find(BATCH)).values["softmax1.forward"][0]
    assert table.columns[-1] == "y − p"
    assert [row[3] for row in table.rows] == pytest.approx((1 - 3 * p).tolist())
    assert [row[4] for row in table.rows] == pytest.approx((1 - p).tolist())


@pytest.mark.parametrize(("sign", "form"), [("output_minus_target", "p·Σy − y"), ("target_minus_output", "y − p·Σy")])
def test_softmax_on_targets_of_another_sum_has_the_short_form_with_the_sum(sign: str, form: str) -> None:
    mine = replace(find("smallest-network"), targets=np.array([[0.5, 1.0]]), error=sign)
    blocks = page("softmax", "mine", mine=mine)
    (table,) = tables(blocks)
    assert table.columns[-1] == form
    for _, share, target, _, through, short in table.rows:
        assert through == pytest.approx(short)
        assert abs(float(short)) == pytest.approx(abs(float(share) * 1.5 - float(target)))
    assert f"The last two columns are equal: with cross_entropy it simplifies to {form}." in text(blocks)
    assert "The targets here add up to 1.5. Where they add up to 1 it is p − y." in text(blocks)


def test_softmax_with_another_loss_has_no_short_form() -> None:
    assert "belongs to cross_entropy" in text(page("softmax", "pool with nothing before it"))


def test_cross_entropy_lists_what_shares_cost_and_what_comes_back() -> None:
    costs, units = tables(page("cross_entropy", BATCH))
    assert [row[1] for row in costs.rows] == pytest.approx([-math.log(float(row[0])) for row in costs.rows])
    iteration = first(find(BATCH))
    p, y = iteration.values["softmax1.forward"][0], iteration.values["target"][0]
    assert [row[5] for row in units.rows] == pytest.approx((y - p).tolist())
    assert "Here cross_entropy takes its place." in text(page("cross_entropy", "pool with nothing before it"))
