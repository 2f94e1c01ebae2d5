"""A large image through one filter: shades instead of numbers, a part on request, costs that grow with the cells."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import cnnstep
from cnnstep.engine.analysis import analyze
from cnnstep.engine.findings import Cells, findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import MAP, Layout
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.document import MOST_READ, Mark, Matrix, cut
from cnnstep.tutor.present import marks_of, planes
from tests.conftest import Program

SIDE = 60


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A scenario of 60×60 random numbers."""
    drawn = np.random.default_rng(1)
    np.save(tmp_path / "x.npy", drawn.integers(-9, 10, (SIDE, SIDE)))
    np.save(tmp_path / "t.npy", drawn.integers(0, 2, (SIDE - 1, SIDE - 1)))
    keys = ("input: {file: x.npy}", "filter: [[1, -1], [1, 1]]", "target: {file: t.npy}", "activation: relu")
    text = "\n".join((*keys, "learning_rate: 1e-5"))
    (tmp_path / "image.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return "image.yaml"


def forward(image: str) -> NDArray[np.float64]:
    """z of the image."""
    lesson = lesson_of(cnnstep.scenario(image))
    z: NDArray[np.float64] = lesson.carry_out(lesson.start)["forward"][0, 0]
    return z


class TestScreens:
    def test_a_matrix_that_nobody_reads_is_drawn_as_shades_with_its_range(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image)
        z = forward(image)
        assert f"z: 59×59, from {z.min():g} to {z.max():g}" in ran.out
        assert "Each sign is the mean of 3×3 numbers. --only forward[10:20,30:40] opens" in ran.out
        assert len(ran.out.splitlines()) < 300
        assert max(map(len, ran.out.splitlines())) <= 80

    def test_in_a_narrow_window_a_sign_stands_for_more(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image, width=40)
        assert "mean of 4×4 numbers" in ran.out
        assert max(map(len, ran.out.splitlines())) <= 40

    def test_a_part_is_opened_with_its_own_indices(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image, "--only", "forward[10:12,30:33]")
        z = forward(image)
        assert re.search("╭─+30─+31─+32─", ran.out)
        for row in (10, 11):
            (line,) = (line for line in ran.out.splitlines() if line.startswith(f"{row} │"))
            assert [float(word) for word in line.split("│")[1].split()] == z[row, 30:33].tolist()

    def test_all_prints_all(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image, "--only", "forward", "--all")
        found = [re.match(r" ?(\d+) │(.*)│$", line) for line in ran.out.split("What changed")[0].splitlines()]
        rows: dict[int, list[float]] = {}
        for one in found:
            if one:  # a wide matrix is printed in pieces
                rows.setdefault(int(one[1]), []).extend(float(word) for word in one[2].split())
        assert list(rows.values()) == forward(image).tolist()

    def test_json_has_the_part_and_says_which(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image, "--only", "forward[10:12,30:33]", "--json")
        (step,) = json.loads(ran.out)["iterations"][0]["steps"]
        assert step["window"] == [[10, 12], [30, 33]]
        assert step["value"] == forward(image)[10:12, 30:33].tolist()

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("forward[10:12,30:99]", "Forward has no columns 30:99."),
            ("forward[12:10,3:9]", "Forward has no rows 12:10."),
            ("forward[10:12]", "Give rows and columns: [10:20,30:40]."),
            ("forward[a:b,1:2]", "names no rows and columns"),
            ("forward[1:" + "9" * 400 + ",1:2]", "Forward has no rows 1:999999999."),
        ],
    )
    def test_a_part_that_is_not_there_is_told(self, cnnstep: Program, image: str, asked: str, said: str) -> None:
        ran = cnnstep("run", image, "--only", asked)
        assert (ran.code, said in " ".join(ran.err.split())) == (2, True)

    def test_why_draws_the_numbers_around_those_that_take_part(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("step", "--interactive", image, stdin="why z 40 50\n")
        assert "rows 39–44, columns 49–54" in ran.out
        assert "X[41,51] · W[1,1]" in ran.out

    def test_inactive_cells_are_marked_in_the_part_that_is_shown(self, cnnstep: Program, image: str) -> None:
        ran = cnnstep("run", image, "--only", "delta[10:12,30:33]")
        dead = int((forward(image)[10:12, 30:33] <= 0).sum())
        assert ran.out.split("inactive:")[0].count("✝") - 1 == dead


class TestCells:
    def test_they_are_the_cells_of_the_mask_in_reading_order(self) -> None:
        where = np.random.default_rng(2).random((1, 2, 3, 4)) < 0.4
        cells = Cells(Layout(MAP, frozenset({"sample"})), where)
        expected = [tuple(int(i) for i in cell[1:]) for cell in np.argwhere(where)]
        assert list(cells) == expected
        assert cells == tuple(expected)
        assert hash(cells) == hash(tuple(expected))
        assert (len(cells), cells[:3], cells[-1]) == (len(expected), tuple(expected[:3]), expected[-1])
        assert repr(cells) == repr(tuple(expected))

    def test_a_cell_is_among_them_where_the_mask_holds(self) -> None:
        cells = Cells(Layout(MAP, frozenset({"sample", "filter"})), np.eye(3, dtype=bool).reshape(1, 1, 3, 3))
        asked: list[tuple[int, ...]] = [(1, 1), (0, 1), (3, 3), (-1, -1), (0,)]
        assert [at for at in asked if at in cells] == [(1, 1)]

    def test_findings_of_a_million_cells_write_none_of_them_out(self, image: str) -> None:
        iteration = first_iteration(lesson_of(cnnstep.scenario(image)))
        (dead,) = (one for one in findings(iteration) if one.code == "dead-relu")
        assert isinstance(dead.cells, Cells)
        assert len(dead.cells) == int((forward(image) <= 0).sum()) > MOST_READ
        step = iteration.lesson.step("delta")
        marks = marks_of(step, [dead])
        (matrix,) = planes(step.quantity, iteration.matrix("delta"), marks)
        assert isinstance(matrix, Matrix)
        assert dict(matrix.marks) == {cell: marks[cell] for cell in dead.cells}
        assert len(matrix.marks) == len(dead.cells)


def test_a_part_of_a_matrix_keeps_its_numbers_marks_and_place() -> None:
    mark = Mark("*", "here")
    whole = Matrix(tuple(tuple(10.0 * r + c for c in range(9)) for r in range(9)), marks={(4, 5): mark, (0, 0): mark})
    part = cut(whole, range(3, 6), range(5, 7))
    expected = Matrix(((35.0, 36.0), (45.0, 46.0), (55.0, 56.0)), marks={(1, 0): mark}, corner=(3, 5))
    assert part == expected


def test_analyze_says_that_it_tries_nothing_else_at_this_size(
    cnnstep: Program, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("cnnstep.engine.analysis.forecast", "cnnstep.tutor.analyze.document"):
        monkeypatch.setattr(import_module(module), "MOST_TRIED", 1000)
    assert "no other learning rate, activation or start was tried" in " ".join(cnnstep("analyze", image).out.split())


def test_a_small_scenario_tries_others() -> None:
    assert analyze(cnnstep.scenario("first-filter")).trials
