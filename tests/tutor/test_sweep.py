"""Runs carried out block by block, whoever does it, and what is counted of them."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import scenario
from cnnstep.tutor.sweep.plan import Axis, Plan, RunBlock, block
from cnnstep.tutor.sweep.runs import STATUSES, BlockResult, Sweep, Train, gather, own_run, sweep, train
from cnnstep.tutor.sweep.summary import columns, summarize
from tests.extras import needs
from tests.tutor.sweep_reference import Row, ended, recorded, stub

FIRST = scenario("first-filter")
RATES = Plan(axes=(Axis.read("learning_rate=0.05:1:20"),), iterations=200)


@pytest.fixture
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4 runs, so that a small sweep has several."""
    monkeypatch.setattr("cnnstep.tutor.sweep.plan.CELLS_OF_A_BLOCK", 4 * FIRST.targets.size)


def gathered(plan: Plan, train: Train, of: Scenario = FIRST, **more: Any) -> Sweep:
    planned = Sweep.planned(of, plan)
    gather(planned, train, **more)
    return planned


def same(one: Sweep, other: Sweep) -> None:
    for name in ("statuses", "iterations", "losses", "weights", "done"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("first-filter", Plan(starts=40, iterations=100)),
        ("first-filter", Plan(axes=(Axis.read("learning_rate=0.05:0.38:12"),), iterations=200)),
        ("first-filter-linear", Plan(starts=20, iterations=150, init="he")),
        ("bias", Plan(axes=(Axis.read("bias=-2:2:5"), Axis.read("learning_rate=0.05:0.8:4")), iterations=100)),
        ("two-filters", Plan(starts=10, iterations=100)),
        ("unreachable-target", Plan(starts=20, iterations=200)),
    ],
)
def test_the_fast_way_ends_where_each_run_by_itself_ends(name: str, plan: Plan) -> None:
    of = scenario(name)
    slow, fast = gathered(plan, recorded, of), sweep(of, plan)
    still = [STATUSES.index("settled"), STATUSES.index("stuck")]  # which of the two hangs on the last bit of a slope
    alike = (slow.statuses == fast.statuses) | (np.isin(slow.statuses, still) & np.isin(fast.statuses, still))
    assert alike.all()
    ended = slow.statuses != STATUSES.index("diverged")
    np.testing.assert_allclose(slow.losses[ended], fast.losses[ended], rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(slow.weights[ended], fast.weights[ended], rtol=1e-5, atol=1e-5)


@needs("fast")
def test_machine_code_ends_where_numpy_ends() -> None:
    plan = Plan(starts=100, iterations=300, learning_rate=0.1)
    plain, fast = sweep(FIRST, plan), sweep(FIRST, replace(plan, fast=True))
    np.testing.assert_array_equal(plain.statuses, fast.statuses)
    np.testing.assert_allclose(plain.weights, fast.weights, rtol=1e-6, atol=1e-6)


@pytest.mark.usefixtures("short_blocks")
def test_an_executor_gives_the_very_same_bits() -> None:
    alone = gathered(RATES, recorded)
    with ThreadPoolExecutor(3) as executor:
        same(alone, gathered(RATES, recorded, executor=executor))


@pytest.mark.usefixtures("short_blocks")
def test_few_blocks_are_handed_out_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cnnstep.tutor.sweep.runs.WINDOW", 2)
    at_once: list[int] = []

    class Counting(ThreadPoolExecutor):
        def submit(self, *arguments: Any, **more: Any) -> Future[Any]:
            future = super().submit(*arguments, **more)
            under_way.append(future)
            at_once.append(sum(not one.done() for one in under_way))
            return future

    under_way: list[Future[Any]] = []
    with Counting(1) as executor:
        assert gathered(RATES, recorded, executor=executor).finished
    assert (len(at_once), max(at_once)) == (5, 2)


@pytest.mark.usefixtures("short_blocks")
def test_progress_counts_the_runs_that_are_done() -> None:
    heard: list[int] = []
    gathered(Plan(starts=18, iterations=20), recorded, done=heard.append)
    assert heard == [3, 7, 11, 15, 17]


class Interrupted:
    """Trains so many blocks, and then Ctrl-C comes."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks

    def __call__(self, scenario: Scenario, block: RunBlock, iterations: int) -> BlockResult:
        self.blocks -= 1
        if self.blocks < 0:
            raise KeyboardInterrupt
        return recorded(scenario, block, iterations)


@pytest.mark.usefixtures("short_blocks")
def test_ctrl_c_keeps_the_finished_blocks_and_a_second_call_does_the_rest() -> None:
    planned = Sweep.planned(FIRST, RATES)
    with pytest.raises(KeyboardInterrupt):
        gather(planned, Interrupted(2))
    assert (planned.done.tolist(), planned.finished) == ([True, True, False, False, False], False)
    assert planned.runs.tolist() == list(range(8))
    assert sum(planned.outcomes.values()) == 8
    rest = Interrupted(3)
    gather(planned, rest)
    assert rest.blocks == 0
    same(planned, gathered(RATES, recorded))


class AtOnce(Executor):
    """Does its work while it is handed in; the third block ends its worker."""

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, work: Any, /, *arguments: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.submitted == 2:
            future.set_exception(BrokenExecutor())
        else:
            future.set_result(work(*arguments, **more))
        self.submitted += 1
        return future


@pytest.mark.usefixtures("short_blocks")
def test_a_worker_that_dies_leaves_all_that_the_others_have_done() -> None:
    planned = Sweep.planned(FIRST, RATES)
    with pytest.raises(BrokenExecutor):
        gather(planned, recorded, AtOnce())
    assert planned.done.tolist() == [True, True, False, True, True]


def test_the_first_lessons_own_run_gets_stuck_at_iteration_34() -> None:
    own = own_run(Sweep.planned(FIRST, Plan(starts=1)), train)
    assert (own.status, own.iterations, own.loss) == ("stuck", 34, 1)
    slow = own_run(Sweep.planned(FIRST, Plan(starts=1, learning_rate=0.1)), recorded)
    assert slow.status == "converged"


class TestSummary:
    def test_outcomes_and_quartiles_are_counted_by_status(self) -> None:
        rows: list[Row] = [("stuck", turns, [0.0] * 4) for turns in (40, 10, 30, 20)]
        rows.append(("worse", 99, [0.0] * 4))
        summary = summarize(gathered(Plan(starts=5), stub(*rows)))
        assert (summary.runs, summary.outcomes["stuck"], summary.outcomes["worse"]) == (5, 4, 1)
        assert summary.share("stuck") == 0.8
        took = summary.took["stuck"]
        # of 10, 20, 30, 40 a quarter had ended by 10, half by 20, three quarters by 30
        assert (took.least, took.quarter, took.median, took.three_quarters, took.most) == (10, 10, 20, 30, 40)
        assert set(summary.took) == {"stuck"}

    def test_filters_that_differ_by_less_than_a_grain_are_one(self) -> None:
        # 0.5005 lies between two steps of 0.001: rounding alone would make two filters of it
        rows: list[Row] = [
            ("converged", 5, [0.50049, 0, 0, 0]),
            ("converged", 5, [0.50051, 0, 0, 0]),
            ("settled", 5, [1, 0, 0, 0]),
            ("stuck", 5, [7, 0, 0, 0]),
        ]
        summary = summarize(gathered(Plan(starts=4), stub(*rows)))
        assert summary.distinct == 2
        assert [(found.runs, found.status) for found in summary.found] == [(2, "converged"), (1, "settled")]
        np.testing.assert_allclose([0.5005, 0, 0, 0], summary.found[0].weights, rtol=1e-12)

    def test_the_most_frequent_ones_come_first_and_only_a_few(self) -> None:
        rows: list[Row] = [("converged", 1, [float(k), 0, 0, 0]) for k in (3, 1, 2, 2, 3, 3, 4, 5)]
        summary = summarize(gathered(Plan(starts=8), stub(*rows)), frequent=2)
        assert [(found.runs, found.weights[0]) for found in summary.found] == [(3, 3), (2, 2)]
        assert summary.distinct == 5

    def test_nothing_done_is_nothing_counted(self) -> None:
        summary = summarize(Sweep.planned(FIRST, RATES))
        assert (summary.runs, summary.distinct, summary.found, summary.share("stuck")) == (0, 0, (), 0)

    def test_many_different_filters_are_counted_without_comparing_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cnnstep.tutor.sweep.summary.MOST_MERGED", 2)
        rows: list[Row] = [("converged", 1, [weight, 0, 0, 0]) for weight in (1, 2, 3, 0.50049, 0.50051)]
        assert summarize(gathered(Plan(starts=5), stub(*rows))).distinct == 5


class TestTable:
    @pytest.mark.usefixtures("short_blocks")
    def test_a_row_a_run_with_its_start_rate_end_and_final_weights(self) -> None:
        swept = gathered(Plan(starts=6, iterations=60), recorded)
        table = columns(swept)
        names = "w0 w1 w2 w3 learning_rate status iterations loss v0 v1 v2 v3"
        assert list(table) == names.split()
        np.testing.assert_array_equal(block(swept.plan, FIRST, 1).filters[1, 2], table["w2"][5])
        np.testing.assert_array_equal(swept.weights[:, 3] + 0.0, table["v3"])
        assert table["status"].tolist() == [STATUSES[code] for code in swept.statuses]
        assert set(table["learning_rate"]) == {0.5}

    def test_axes_stand_first_and_the_rate_once(self) -> None:
        plan = Plan(axes=(Axis.read("learning_rate=0.1:0.2:2"), Axis.read("bias=-1:1:2")), iterations=5)
        table = columns(gathered(plan, recorded, scenario("bias")))
        assert list(table)[:4] == ["learning_rate", "bias", "status", "iterations"]
        assert list(table)[-1] == "b0"
        of = scenario("bias")
        begun = replace(of.with_weights(of.conv.weights, np.array([-1.0])), learning_rate=0.1)
        np.testing.assert_allclose(ended(begun, 5)[1].values["bias"], table["b0"][:1], rtol=1e-12)
        np.testing.assert_allclose(
            [[0.1, -1], [0.1, 1], [0.2, -1], [0.2, 1]], np.transpose([table["learning_rate"], table["bias"]])
        )

    @pytest.mark.usefixtures("short_blocks")
    def test_only_finished_runs_have_rows(self) -> None:
        planned = Sweep.planned(FIRST, RATES)
        assert columns(planned) == {}
        with pytest.raises(KeyboardInterrupt):
            gather(planned, Interrupted(2))
        assert {len(column) for column in columns(planned).values()} == {8}

    def test_a_weight_of_minus_0_is_0(self) -> None:
        table = columns(gathered(Plan(starts=1), stub(("stuck", 1, [-0.0, 1, 1, 1]))))
        assert not np.signbit(table["v0"][0])
