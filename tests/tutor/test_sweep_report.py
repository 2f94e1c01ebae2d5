"""A sweep in words, as a figure and as JSON."""

from __future__ import annotations

import json

import pytest

from cnnstep.engine.scenario import Scenario
from cnnstep.surface.loading import scenario
from cnnstep.tutor.document import Block, Command, HeatMap, Histogram, Matrix, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.sweep.plan import Axis, Plan
from cnnstep.tutor.sweep.report import DOES, MARKS, figure, report, round_width, share_text
from cnnstep.tutor.sweep.runs import STATUSES, Own, Sweep, gather
from cnnstep.tutor.sweep.summary import summarize, sweep_data
from tests.tutor.blocks import blocks_of
from tests.tutor.sweep_reference import Row, stub

FIRST = scenario("first-filter")
STUCK = Own("stuck", 34, 1.0)


def ended(plan: Plan, *rows: Row, of: Scenario = FIRST) -> Sweep:
    planned = Sweep.planned(of, plan)
    gather(planned, stub(*rows))
    return planned


def starts(own: Own = STUCK, /, **counts: int) -> list[Block]:
    """The page of random starts with these outcomes."""
    rows: list[Row] = [(s, 10, [float(k), 0, 0, 0]) for s in STATUSES for k in range(counts.get(s, 0))]
    swept = ended(Plan(starts=len(rows)), *rows)
    return list(blocks_of(report(swept, summarize(swept), own, "first-filter", AS_USUAL)))


def paragraphs(blocks: list[Block]) -> list[str]:
    return [block.text.replace("\N{NO-BREAK SPACE}", " ") for block in blocks if isinstance(block, Paragraph)]


class TestWords:
    def test_the_answer_has_its_numbers_the_most_frequent_outcome_first(self) -> None:
        answer = paragraphs(starts(stuck=61, diverged=27, converged=12))[0]
        assert answer.startswith(
            "Of 100 random starts at learning rate 0.5, 61 % get stuck, 27 % diverge and 12 % converge, "
            "within 500 iterations."
        )
        assert "drawn normal with mean 0 and deviation 1, with seed 1" in answer

    def test_that_none_converges_is_said_first(self) -> None:
        assert "0.5, none converges, 75 % get stuck and 25 % settle with" in paragraphs(starts(stuck=3, settled=1))[0]

    @pytest.mark.parametrize(
        ("own", "counts", "said"),
        [
            (
                STUCK,
                {"stuck": 6, "converged": 4},
                "gets stuck at iteration 34, as 60 % of the starts do: that is not bad",
            ),
            (STUCK, {"stuck": 1, "converged": 9}, "It was unlucky: only 10 % of the starts get stuck."),
            (STUCK, {"stuck": 3, "converged": 7}, "30 % of the starts get stuck too: neither usual nor rare."),
            (
                Own("converged", 50, 0),
                {"stuck": 1, "converged": 9},
                "converges at iteration 50, as 90 % of the starts do: no luck",
            ),
            (Own("converged", 50, 0), {"stuck": 9, "converged": 1}, "It was lucky: only 10 % of the starts converge."),
            (Own("improving", 500, 0), {"improving": 9}, "own filter is still improving, as all of the starts do"),
        ],
    )
    def test_whether_the_scenarios_own_filter_was_unlucky(self, own: Own, counts: dict[str, int], said: str) -> None:
        assert said in paragraphs(starts(own, **counts))[1]

    @pytest.mark.parametrize(
        ("share", "text"),
        [
            (0, "0 %"),
            (1, "100 %"),
            (0.124, "12 %"),
            (0.0041, "0.4 %"),
            (0.00001, "less than 0.1 %"),
            (0.99999, "more than 99 %"),
            (0.99, "99 %"),
            (0.01, "1 %"),
        ],
    )
    def test_a_share_is_never_all_or_nothing_by_rounding(self, share: float, text: str) -> None:
        assert share_text(share, AS_USUAL) == text

    def test_a_number_and_its_percent_sign_stay_together(self) -> None:
        answer = next(block.text for block in starts(stuck=61, converged=39) if isinstance(block, Paragraph))
        assert "61\N{NO-BREAK SPACE}% get stuck" in answer

    def test_where_it_was_stopped_it_says_how_much_is_done_and_how_to_go_on(self) -> None:
        planned = Sweep.planned(FIRST, Plan(starts=5000))
        page = list(blocks_of(report(planned, summarize(planned), STUCK, "first-filter", AS_USUAL, kept=True)))
        assert paragraphs(page) == [
            "Stopped early, with 0 of 5000 runs finished. The same command continues from here.",
            "No run is finished yet.",
        ]

    @pytest.mark.parametrize(
        ("counts", "command"),
        [
            ({"stuck": 9, "converged": 1}, "cnnstep sweep first-filter --learning-rate 0.01:1:200"),
            ({"converged": 9}, "cnnstep analyze first-filter"),
        ],
    )
    def test_one_thing_to_type_next(self, counts: dict[str, int], command: str) -> None:
        assert [block.command for block in starts(**counts) if isinstance(block, Command)] == [command]


class TestTables:
    def test_outcomes_have_sign_count_share_and_the_iterations_they_took(self) -> None:
        (table,) = [block for block in starts(stuck=3, improving=1) if isinstance(block, Table)]
        assert table.rows == (
            ("x stuck", 3, "75 %", 10, 10, 10, 10),
            (". improving", 1, "25 %", "", "", "", ""),
        )

    def test_along_one_axis_neighbours_that_end_alike_are_one_row(self) -> None:
        rows: list[Row] = [(status, 5, [0.0] * 4) for status in ("converged", "converged", "stuck", "converged")]
        swept = ended(Plan(axes=(Axis.read("learning_rate=0.1:0.4:4"),)), *rows)
        page = blocks_of(report(swept, summarize(swept), STUCK, "first-filter", AS_USUAL))
        (table,) = [block for block in page if isinstance(block, Table) and block.title == "Along learning_rate"]
        assert [(AS_USUAL.text(float(row[0])), AS_USUAL.text(float(row[1])), *row[2:]) for row in table.rows] == [
            ("0.1", "0.2", "converged", "2"),
            ("0.3", "0.3", "stuck", "1"),
            ("0.4", "0.4", "converged", "1"),
        ]

    def test_a_long_list_of_stretches_says_how_many_there_are(self) -> None:
        rows: list[Row] = [(STATUSES[k % 2], 5, [0.0] * 4) for k in range(20)]
        swept = ended(Plan(axes=(Axis.read("learning_rate=0.1:0.4:20"),)), *rows)
        page = blocks_of(report(swept, summarize(swept), STUCK, "first-filter", AS_USUAL))
        (table,) = [block for block in page if isinstance(block, Table) and block.title.startswith("Along")]
        assert (len(table.rows), table.title) == (12, "Along learning_rate (the first 12 of 20 stretches)")

    def test_the_filters_that_most_runs_came_to_are_shown_as_matrices(self) -> None:
        rows: list[Row] = [
            ("converged" if k < 4 else "settled", 5, [float(k < 4), 0, 0, 2.0 * (k > 3)]) for k in range(6)
        ]
        swept = ended(Plan(starts=6), *rows)
        page = list(blocks_of(report(swept, summarize(swept), STUCK, "first-filter", AS_USUAL)))
        found = [(block.title, block.rows) for block in page if isinstance(block, Matrix)]
        assert found == [("4 runs, converged", ((1, 0), (0, 0))), ("2 runs, settled", ((0, 0), (0, 2)))]
        assert "2 filters among the 6 runs that converged or settled, to three decimals." in " ".join(paragraphs(page))

    def test_where_every_run_has_its_own_filter_none_is_singled_out(self) -> None:
        page = starts(converged=9)
        assert not [block for block in page if isinstance(block, Matrix)]
        assert (
            "9 filters among the 9 runs that converged or settled: nearly every run has its own." in paragraphs(page)[2]
        )

    def test_one_filter_for_all_is_said_so(self) -> None:
        rows: list[Row] = [("converged", 5, [1.0, 0, 0, 0])] * 3
        swept = ended(Plan(starts=3), *rows)
        page = list(blocks_of(report(swept, summarize(swept), STUCK, "first-filter", AS_USUAL)))
        assert "All 3 runs that converged or settled came to the same filter, to three decimals:" in paragraphs(page)

    def test_several_filters_are_shown_with_their_bias(self) -> None:
        of = scenario("bias")
        planned = Sweep.planned(of, Plan(starts=2))
        from cnnstep.tutor.sweep.runs import train

        gather(planned, train)
        page = list(blocks_of(report(planned, summarize(planned), STUCK, "bias", AS_USUAL)))
        titles = [block.title for block in page if isinstance(block, Matrix)]
        assert all("bias" in title for title in titles)


class TestFigures:
    def test_two_axes_are_a_map_the_first_to_the_right_the_second_up(self) -> None:
        plan = Plan(axes=(Axis.read("filter[0,0]=0:1:2"), Axis.read("learning_rate=0.1:0.3:3:log")))
        # the second axis changes fastest: (0, 0.1), (0, …), (0, 0.3), (1, 0.1), …
        rows: list[Row] = [(status, 1, [0.0] * 4) for status in STATUSES]
        drawn = figure(ended(plan, *rows))
        assert isinstance(drawn, HeatMap)
        assert drawn.cells == ((0, 3), (1, 4), (2, 5))
        assert drawn.y is not None
        assert (drawn.x.label, drawn.x.stop, drawn.y.label, drawn.y.log) == ("filter[0,0]", 1, "learning_rate", True)

    def test_what_is_not_done_is_blank(self) -> None:
        drawn = figure(Sweep.planned(FIRST, Plan(axes=(Axis.read("learning_rate=0.1:0.3:3"),))))
        assert isinstance(drawn, HeatMap)
        assert (drawn.cells, drawn.y) == (((None, None, None),), None)

    def test_random_starts_are_a_histogram_of_the_iterations_they_took(self) -> None:
        rows: list[Row] = [("stuck", 0, [0.0] * 4), ("stuck", 9, [0.0] * 4), ("converged", 10, [0.0] * 4)]
        rows += [("diverged", 101, [0.0] * 4), ("improving", 300, [0.0] * 4)]
        drawn = figure(ended(Plan(starts=5, iterations=300), *rows))
        assert isinstance(drawn, Histogram)
        labels = [bar.label for bar in drawn.bars]
        assert (labels[:2], labels[-2:]) == (["0 to 9", "10 to 19"], ["100 to 109", "after 300"])
        assert drawn.bars[0].counts == (0, 0, 2, 0, 0, 0)
        assert drawn.bars[1].counts == (1, 0, 0, 0, 0, 0)
        assert drawn.bars[-1].counts == (0, 0, 0, 1, 0, 0)
        assert sum(bar.total for bar in drawn.bars) == 5

    def test_the_bars_begin_where_the_first_run_ended(self) -> None:
        rows: list[Row] = [("stuck", 431, [0.0] * 4), ("stuck", 442, [0.0] * 4)]
        drawn = figure(ended(Plan(starts=2), *rows))
        assert isinstance(drawn, Histogram)
        assert [bar.label for bar in drawn.bars] == [str(number) for number in range(431, 443)]

    def test_each_status_has_a_sign_of_its_own_in_ascii(self) -> None:
        assert len({mark.sign for mark in MARKS}) == len(MARKS) == len(STATUSES) == len(DOES)
        assert all(
            mark.sign.isascii() and mark.word.startswith(status) for mark, status in zip(MARKS, STATUSES, strict=True)
        )

    @pytest.mark.parametrize(("length", "width"), [(1, 1), (12, 1), (13, 2), (25, 5), (61, 10), (121, 20), (501, 50)])
    def test_bars_have_a_round_width(self, length: int, width: int) -> None:
        assert round_width(length, 12) == width


class TestData:
    KEYS = (
        *("schema", "runs", "planned", "seed", "init", "iterations", "learning_rate", "axes"),
        *("outcomes", "took", "filters", "own"),
    )

    def test_random_starts(self) -> None:
        rows: list[Row] = [("converged", 5, [1, 0, 0, 0]), ("stuck", 7, [0, 0, 0, 2])]
        swept = ended(Plan(starts=2, seed=9, init="he", iterations=50), *rows)
        data = sweep_data(swept, summarize(swept), STUCK)
        assert tuple(data) == self.KEYS
        assert [data[key] for key in self.KEYS[:8]] == [1, 2, 2, 9, "he", 50, 0.5, []]
        assert data["outcomes"] == {status: int(status in ("converged", "stuck")) for status in STATUSES}
        assert data["took"]["stuck"] == {"least": 7, "quarter": 7, "median": 7, "three_quarters": 7, "most": 7}
        frequent = [{"runs": 1, "status": "converged", "filter": [[1, 0], [0, 0]]}]
        assert data["filters"] == {"distinct": 1, "frequent": frequent}
        assert data["own"] == {"status": "stuck", "iterations": 34, "loss": 1}
        json.dumps(data, allow_nan=False)

    def test_axes_and_their_map(self) -> None:
        plan = Plan(axes=(Axis.read("filter[0,0]=0:1:2"), Axis.read("learning_rate=0.1:0.3:3:log")))
        rows: list[Row] = [(status, 1, [0.0] * 4) for status in STATUSES]
        swept = ended(plan, *rows)
        data = sweep_data(swept, summarize(swept), STUCK)
        assert (data["seed"], data["init"]) == (None, None)
        assert data["axes"][1] == {"name": "learning_rate", "start": 0.1, "stop": 0.3, "count": 3, "spacing": "log"}
        assert data["map"] == [list(STATUSES[:3]), list(STATUSES[3:])]

    def test_what_is_not_done_is_null_in_the_map(self) -> None:
        planned = Sweep.planned(FIRST, Plan(axes=(Axis.read("learning_rate=0.1:0.3:3"),)))
        data = sweep_data(planned, summarize(planned), STUCK)
        assert (data["runs"], data["planned"], data["map"]) == (0, 3, [None, None, None])


def test_one_and_many_have_their_verbs() -> None:
    assert {one == many for one, many in DOES.values()} == {False}
