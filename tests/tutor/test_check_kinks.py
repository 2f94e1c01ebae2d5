"""A right sheet whose z are 0 but for rounding: on which side of the kink a program's came out, is no mistake."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cnnstep.engine.build import one_filter
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.sheet import Sheet, written

Rows = list[list[float]]
TAPS = [(0, 0), (0, 1), (1, 0), (1, 1)]
FILTER = [[0.1, 0.2], [-0.3, 0.1]]
SIZE = 6
CELLS = [(i, j) for i in range(SIZE) for j in range(SIZE)]
HAIR = 1e-12
SEEDS = 1, 2, 4


def question(seed: int) -> tuple[Rows, Rows]:
    """An input of tenths, of which no float is one, and a target."""
    random = Random(seed)
    image = [[random.randint(-3, 3) / 10 for _ in range(SIZE + 1)] for _ in range(SIZE + 1)]
    return image, [[random.randint(1, 4) / 10 for _ in range(SIZE)] for _ in range(SIZE)]


def rows(cells: dict[tuple[int, int], float]) -> Rows:
    return [[cells[i, j] for j in range(SIZE)] for i in range(SIZE)]


def by_loops(seed: int, order: list[tuple[int, int]], sides: Random | None = None) -> dict[str, Rows]:
    """One iteration by plain loops, its products added up in this order.

    With `sides` each z that is 0 but for rounding is on any side.
    """
    image, target = question(seed)
    z = {(i, j): 0.0 + sum(image[i + u][j + v] * FILTER[u][v] for u, v in order) for i, j in CELLS}
    open_to = {cell for cell in CELLS if abs(z[cell]) < HAIR}
    above = {cell: sides.random() < 0.5 if sides and cell in open_to else z[cell] > 0 for cell in CELLS}
    a = {cell: max(z[cell], 0.0) for cell in CELLS}
    e = {(i, j): a[i, j] - target[i][j] for i, j in CELLS}
    d = {cell: e[cell] if above[cell] else 0.0 for cell in CELLS}
    g = [[sum(d[i, j] * image[i + u][j + v] for i, j in CELLS) for v in (0, 1)] for u in (0, 1)]
    new = [[FILTER[u][v] - 0.1 * g[u][v] for v in (0, 1)] for u in (0, 1)]
    maps = {"forward": z, "activation": a, "error": e, "delta": d}
    return {name: rows(cells) for name, cells in maps.items()} | {"gradient": g, "update": new}


def found(seed: int, work: dict[str, Any], *names: str) -> Diagnosis:
    image, target = question(seed)
    scenario = one_filter(input=image, filter=FILTER, target=target, activation="relu", learning_rate=0.1)
    return diagnose(Sheet(scenario, {name: written(work[name]) for name in names or work}))


def hairs(seed: int) -> int:
    return sum(abs(z) < HAIR for row in by_loops(seed, TAPS)["forward"] for z in row)


def test_these_questions_have_such_cells() -> None:
    assert [hairs(seed) for seed in SEEDS] == [2, 1, 4]
    assert any(0 < z < HAIR for seed in SEEDS for row in by_loops(seed, TAPS)["forward"] for z in row)


@pytest.mark.parametrize("order", [TAPS, TAPS[::-1]])
@pytest.mark.parametrize("names", [(), ("delta",), ("gradient",), ("error", "delta"), ("update",)])
def test_a_program_that_adds_up_in_its_own_order_is_right(order: list[tuple[int, int]], names: tuple[str, ...]) -> None:
    for seed in SEEDS:
        one = found(seed, by_loops(seed, order), *names)
        assert (one.verdict, one.conventions) == ("correct", ())


@pytest.mark.parametrize("names", [(), ("delta",), ("delta", "gradient")])
def test_each_such_cell_may_be_on_either_side(names: tuple[str, ...]) -> None:
    one = found(1, by_loops(1, TAPS, Random(0)), *names)
    assert (one.verdict, one.conventions) == ("correct", ())


def test_another_cell_that_is_off_is_told_alone() -> None:
    work = by_loops(1, TAPS, Random(0))
    i, j = next((i, j) for i, j in CELLS if work["forward"][i][j] > HAIR)
    work["delta"][i][j] += 0.5
    assert [slip.cell for slip in found(1, work, "delta").mark("delta").slips] == [(i, j)]


def test_where_sums_are_exact_a_kink_is_a_convention_for_all_cells_alike() -> None:
    """z = 1·1 − 1·1 = 0 twice; an error that passes in one of them alone is a slip."""
    keys: dict[str, Any] = {"input": [[1, 1, 1]], "filter": [[1, -1]], "target": [[1, 2]]}
    scenario = one_filter(**keys, activation="relu", learning_rate=0.5)
    both = diagnose(Sheet(scenario, {"delta": written([[-1, -2]])}))
    assert (both.verdict, [one.key for one in both.conventions]) == ("correct", ["relu_slope_at_zero"])
    assert diagnose(Sheet(scenario, {"delta": written([[-1, 0]])})).verdict != "correct"
