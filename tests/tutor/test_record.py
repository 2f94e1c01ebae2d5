"""A run, recorded: the losses, where cells become inactive or active, and where the loss rises or is gone."""

from __future__ import annotations

from typing import Any

import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.trace import trace
from cnnstep.surface.loading import scenario
from cnnstep.tutor.document import Command, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.run import MOST_EVENTS, run_data, run_document


def recorded(name: str, iterations: int, **more: Any) -> Record:
    return record(trace(scenario(name), iterations), **more)


def one_weight(iterations: int = 1, **more: Any) -> Record:
    given: dict[str, Any] = {
        "input": [[1]],
        "filter": [[0]],
        "target": [[1]],
        "activation": "linear",
        "learning_rate": 0.5,
    }
    return record(trace(one_filter(**(given | more)), iterations))


def test_there_is_one_loss_more_than_there_are_iterations() -> None:
    run = recorded("first-filter", 3)
    assert run.losses == (2.0, 1.5, 0.625, 0.15625)
    assert run.iterations == 3
    assert (run.first.number, run.last.number) == (0, 2)


def test_only_the_iterations_asked_for_are_kept() -> None:
    run = recorded("first-filter", 7, keep=lambda number: number % 3 == 0)
    assert [iteration.number for iteration in run.kept] == [0, 3, 6]


def test_progress_is_told_of_every_iteration() -> None:
    seen: list[int] = []
    recorded("first-filter", 4, progress=seen.append)
    assert seen == [0, 1, 2, 3]


def test_cells_that_die_and_come_back_are_named() -> None:
    run = recorded("first-filter", 3)
    assert [(event.iteration, event.text) for event in run.events] == [
        (1, "now inactive: [0,0] and [1,1]; now active: [0,1]"),
        (2, "now inactive: [0,1]; now active: [0,0]"),
    ]


def test_the_end_of_the_first_lesson_is_told_once() -> None:
    texts = [event.text for event in recorded("first-filter", 60).events if "every cell is inactive" in event.text]
    assert len(texts) == 1


def test_a_rising_loss_is_told_where_it_begins_to_rise() -> None:
    run = one_weight(5, learning_rate=2.1)
    assert [(event.iteration, event.text) for event in run.events] == [(0, "the update makes the loss rise")]


def test_a_loss_that_is_gone_is_told_once() -> None:
    run = one_weight(5, learning_rate=1)
    assert [(event.iteration, event.text) for event in run.events] == [(1, "the loss is gone")]


def test_a_run_stops_where_the_numbers_are_no_longer_finite() -> None:
    run = one_weight(100, learning_rate=1e200)
    assert run.iterations < 5
    assert run.outcome.status == "diverged"


def test_a_long_list_of_cells_is_counted_and_not_read_out() -> None:
    # the step turns all ten positive cells negative
    run = one_weight(2, input=[[1] * 10], filter=[[1]], target=[[0] * 10], activation="relu", learning_rate=0.2)
    (event,) = (event for event in run.events if "now inactive" in event.text)
    assert event.text.startswith("now inactive: [0,0], [0,1], [0,2], [0,3], [0,4] and [0,5] and 4 more")


def test_no_iterations_are_no_run() -> None:
    with pytest.raises(ValueError, match="at least one iteration"):
        record([])


class TestDocument:
    def test_a_long_story_is_cut_in_the_middle(self) -> None:
        run = recorded("first-filter", 40)
        assert len(run.events) > MOST_EVENTS
        (table,) = (block for block in run_document(run, "first-filter", AS_USUAL) if isinstance(block, Table))
        assert len(table.rows) == MOST_EVENTS + 1 - 0
        assert f"{len(run.events) - MOST_EVENTS} more event" in str(table.rows[MOST_EVENTS - 5][2])

    @pytest.mark.parametrize(
        ("run", "words", "command"),
        [
            (one_weight(), "improving: the loss is smaller", "cnnstep step NAME --interactive"),
            (one_weight(2), "improving: the loss is smaller", "cnnstep run NAME --iterations 20"),
            (one_weight(2, learning_rate=1), "converged: the loss is gone", "cnnstep step NAME --interactive"),
            (
                one_weight(2, filter=[[-1]], activation="relu"),
                "stuck: an error is left, but every gradient is 0",
                "cnnstep explain learning-rate",
            ),
            (one_weight(2, learning_rate=2.1), "worse: the loss is larger", "cnnstep explain learning-rate"),
            (one_weight(2, learning_rate=2), "worse: the loss is no smaller", "cnnstep explain learning-rate"),
            (one_weight(2, learning_rate=1e5), "diverged: the loss exploded", "cnnstep explain learning-rate"),
            (
                one_weight(2, input=[[1, 1]], target=[[0, 2]]),
                "settled: at a minimum",
                "cnnstep step NAME --interactive",
            ),
        ],
    )
    def test_it_ends_with_how_it_stands_and_one_thing_to_type(self, run: Record, words: str, command: str) -> None:
        blocks = run_document(run, "NAME", AS_USUAL)
        assert any(words in block.text for block in blocks if isinstance(block, Paragraph))
        assert [block.command for block in blocks if isinstance(block, Command)] == [command]

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("my file.yaml", "'my file.yaml'"),
            ("it's.yaml", "'it'\"'\"'s.yaml'"),
            ("a/b.yaml", "a/b.yaml"),
            ("-", "FILE"),
        ],
    )
    def test_the_name_is_written_as_a_shell_takes_it(self, name: str, typed: str) -> None:
        (command,) = (block for block in run_document(one_weight(), name, AS_USUAL) if isinstance(block, Command))
        assert command.command == f"cnnstep step {typed} --interactive"


def test_the_data_of_a_run_has_what_the_outcome_trained() -> None:
    data = run_data(recorded("momentum", 2), {})
    assert set(data["outcome"]) == {"status", "loss", "filter"}
    assert set(run_data(recorded("bias", 2), {})["outcome"]) == {"status", "loss", "filter", "bias"}
