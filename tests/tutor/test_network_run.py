"""Runs of a network: what is recorded, what is said of it, its JSON; what can be typed in its session."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.findings import findings
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import MOST_TESTS, Accuracies, accuracy, has_classes
from cnnstep.engine.trace import trace
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.cards import lesson_for
from cnnstep.tutor.document import Block, Command, Curve, Heading, Matrix, Note, Paragraph, Picture, Table
from cnnstep.tutor.network.overview import misread
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.record import Record, record
from cnnstep.tutor.run import (
    FIRST_CELLS,
    MOST_NUMBERS,
    iteration_data,
    keeps_all,
    run_data,
    run_document,
    sample_shown,
    step_data,
    step_document,
)
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.state import Session, begin
from cnnstep.tutor.view import NetworkWatch
from cnnstep.tutor.what_if import changed
from tests.tutor.blocks import blocks_of
from tests.tutor.networks import Layers, batch, digits_like, smallest


def ran(scenario: Scenario, iterations: int, names: tuple[str, ...] = ()) -> Record:
    return record(trace(lesson_for(scenario, names), iterations))


def page(recorded: Record, *only: str) -> list[Block]:
    sample = sample_shown(recorded.first, None)
    return list(blocks_of(run_document(recorded, "net", AS_USUAL, only, sample)))


def titles(blocks: list[Block]) -> list[str]:
    return [block.text for block in blocks if isinstance(block, Heading)]


def words(blocks: tuple[Block, ...] | list[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Note))


def with_tests(samples: int = 20) -> Scenario:
    """The learner of noisy patterns, with other noisy pictures of the same patterns held back."""
    given = digits_like(60 + samples).data()["samples"]
    return digits_like(samples=60, test=given[60:])


class TestAccuracy:
    def test_it_is_the_share_of_samples_whose_largest_output_is_their_class(self) -> None:
        assert accuracy(np.array([[0.6, 0.4], [0.3, 0.7], [0.9, 0.1]]), np.array([[1, 0], [1, 0], [1, 0]])) == 2 / 3

    def test_only_softmax_with_one_class_a_sample_has_classes(self) -> None:
        assert has_classes(smallest())
        assert not has_classes(smallest(target=[0.5, 0.5]))
        assert not has_classes(smallest(target=[1, 1]))
        layers: Layers = [{"type": "flatten"}, {"type": "dense", "weights": [[0] * 16] * 2}]
        assert not has_classes(smallest(layers=layers, loss="half_squared_error"))
        filter_ = one_filter(input=[[1]], filter=[[1]], target=[[1]], activation="linear", learning_rate=1)
        assert not has_classes(filter_)

    def test_a_record_has_it_before_every_update_and_after_the_last(self) -> None:
        recorded = ran(with_tests(), 5)
        assert len(recorded.accuracy) == len(recorded.losses) == 6
        assert recorded.accuracy[-1] > recorded.accuracy[0]
        assert recorded.accuracy[0] == accuracy(
            recorded.first.values["softmax1.forward"], recorded.first.values["target"]
        )
        assert len(recorded.test_accuracy) == 6

    def test_without_classes_a_record_has_none(self) -> None:
        assert ran(smallest(target=[0.5, 0.5]), 2).accuracy == ()

    def test_a_long_run_reads_the_samples_held_back_a_bounded_number_of_times(self) -> None:
        lesson = lesson_for(with_tests())
        first = next(trace(lesson, 1))
        kept = Accuracies(lesson)
        for _ in range(10 * MOST_TESTS):
            kept.look(first.values)
        kept.look(first.values, last=True)
        assert len(kept.training) == 10 * MOST_TESTS + 1
        assert MOST_TESTS / 2 <= len(kept.held_back) <= MOST_TESTS + 1

    def test_the_misread_are_those_read_most_surely_as_another_class(self) -> None:
        recorded = ran(digits_like(), 3)
        found, wrong, out_of = misread(recorded.lesson, recorded.outcome.values, 4)
        output, target = recorded.outcome.values["softmax1.forward"], recorded.outcome.values["target"]
        assert out_of == 60
        assert wrong == int((output.argmax(axis=1) != target.argmax(axis=1)).sum()) > 4
        assert [one.surely for one in found] == sorted((one.surely for one in found), reverse=True)
        assert all(one.is_class == target[one.sample].argmax() != one.read_as for one in found)

    def test_of_samples_held_back_they_are_read_by_the_last_weights(self) -> None:
        recorded = ran(with_tests(), 3)
        _, wrong, out_of = misread(recorded.lesson, recorded.outcome.values, 4)
        assert out_of == 20
        assert 1 - wrong / out_of == pytest.approx(recorded.test_accuracy[-1])


class TestEvents:
    def test_a_layer_that_dies_is_said_once(self) -> None:
        scenario, _ = changed(shipped_scenario("smallest-network"), "conv1.weights 0 0 1 1 -2")
        recorded = ran(changed(scenario, "learning_rate 0.5")[0], 4)
        told = [event.text for event in recorded.events if "all of relu1;" in event.text]
        assert len(told) == 1

    def test_units_that_die_and_come_back_are_named(self) -> None:
        layers: Layers = [{"type": "flatten"}, {"type": "dense", "weights": [[1], [1]]}, {"type": "relu"}]
        steady: dict[str, Any] = {"layers": layers, "input": [[1]], "target": [0, 0], "learning_rate": 0.1}
        watch = NetworkWatch()
        alive, dead = (next(trace(lesson_for(network(**(steady | {"input": [[x]]}))), 1)) for x in (1.0, -1.0))
        assert watch.changes(alive) == []
        assert watch.changes(dead) == ["now inactive: all of relu1; the layers before it learn nothing"]
        assert watch.changes(dead) == []
        assert watch.changes(alive) == ["now active: units 0 and 1 of relu1"]

    def test_a_gradient_that_vanishes_is_said_when_it_begins_to(self) -> None:
        recorded = ran(shipped_scenario("vanishing-gradient"), 3)
        assert [event.text for event in recorded.events if "vanishing" in event.text] == [
            "vanishing-gradient: next to nothing comes back to the first layers"
        ]
        assert recorded.events[0].iteration == 0

    def test_no_iteration_is_kept_but_the_first_and_the_last(self) -> None:
        iterations = list(trace(lesson_for(batch()), 4))
        middle = iterations[1]
        before = sys.getrefcount(middle)
        recorded = record(iter(iterations))
        assert sys.getrefcount(middle) == before
        assert (recorded.first, recorded.last) == (iterations[0], iterations[3])


class TestPages:
    def test_of_a_small_network_every_card_is_shown(self) -> None:
        recorded = ran(smallest(), 1)
        assert sum(title.split()[0].isdigit() for title in titles(page(recorded))) == len(recorded.lesson.steps)

    def test_of_a_large_one_the_overview_before_and_after_and_curves(self) -> None:
        blocks = page(ran(with_tests(), 4))
        assert [block.title for block in blocks if isinstance(block, Curve)] == ["Loss", "Accuracy"]
        assert [block.title for block in blocks if isinstance(block, Table)].count("The network") == 2
        assert not any(title.split()[0].isdigit() for title in titles(blocks))
        assert any(
            block.command.endswith("--iteration 3 --only conv1") for block in blocks if isinstance(block, Command)
        )

    def test_what_is_asked_for_is_opened(self) -> None:
        recorded = ran(digits_like(), 1)
        assert titles(page(recorded, "conv1.gradient[3]"))[:2] == ["net", "15 conv1: filter gradient"]

    def test_the_filters_learned_and_the_misread_are_drawn(self) -> None:
        recorded = ran(digits_like(), 3)
        drawn = [block for block in page(recorded) if isinstance(block, Picture)]
        filters = [block for block in drawn if block.title.startswith("filter")]
        assert len(filters) == 8
        assert filters[2].rows == tuple(map(tuple, recorded.outcome.values["conv1.weights"][2, 0].tolist()))
        assert sum("taken for" in block.title for block in drawn) == 6

    def test_accuracy_is_told_of_both_kinds_of_samples(self) -> None:
        recorded = ran(with_tests(), 2)
        training, held_back = recorded.accuracy[-1], recorded.test_accuracy[-1]
        text = words(page(recorded))
        assert f"Correct: {100 * training:.1f} % of 60 training samples".replace(".0 %", " %") in text
        assert f"{100 * held_back:.1f} % of 20 samples held back from training".replace(".0 %", " %") in text

    def test_a_level_accuracy_and_one_samples_draw_no_curve(self) -> None:
        for scenario in (batch(learning_rate=1e-9), smallest()):
            blocks = page(ran(scenario, 3))
            assert [block.title for block in blocks if isinstance(block, Curve)] == ["Loss"]

    def test_step_shows_one_sample_of_a_large_network_and_what_it_is_read_as(self) -> None:
        first = next(trace(lesson_for(digits_like()), 1))
        blocks = step_document(first, "net", AS_USUAL, (), 13)
        read = int(first.values["softmax1.forward"][13].argmax())
        assert f"Its class is 3. The network says {read}, with p = " in words(blocks)
        (picture,) = (block for block in blocks if isinstance(block, Picture))
        assert picture.rows == tuple(map(tuple, first.values["input"][13, 0].tolist()))

    def test_unless_told_a_networks_batch_shows_its_first_sample_and_one_filters_all(self) -> None:
        assert sample_shown(next(trace(lesson_for(batch()), 1)), None) == 0
        assert sample_shown(next(trace(lesson_for(smallest()), 1)), None) is None
        assert sample_shown(next(trace(lesson_for(shipped_scenario("digits-edge-batch")), 1)), None) is None

    def test_a_sample_that_is_not_there_is_refused(self) -> None:
        first = next(trace(lesson_for(batch()), 1))
        with pytest.raises(InputError, match="there is no sample 3: the batch has 3 samples"):
            sample_shown(first, 3)
        with pytest.raises(InputError, match="one sample only"):
            sample_shown(next(trace(lesson_for(smallest()), 1)), 0)


class TestData:
    def test_steps_carry_their_layers_names_and_the_outcome_its_weights_and_accuracy(self) -> None:
        recorded = ran(smallest(), 1)
        data = json.loads(json.dumps(run_data(recorded, {}), allow_nan=False))
        names = [step["name"] for step in data["iterations"][0]["steps"]]
        assert names == list(recorded.lesson.names)
        assert {f"{layer}.input_gradient" for layer in recorded.lesson.scenario.names} <= set(names)
        assert set(data["outcome"]["weights"]) == {"conv1.weights", "conv1.bias", "dense1.weights", "dense1.bias"}
        assert data["outcome"]["weights"]["dense1.bias"] == recorded.outcome.values["dense1.bias"].tolist()
        assert data["outcome"]["accuracy"] == 1
        assert data["outcome"]["status"] == "improving"

    def test_a_part_is_the_part_alone(self) -> None:
        first = next(trace(lesson_for(digits_like()), 1))
        (step,) = step_data(first, {}, ("dense1.gradient[2]",))["iterations"][0]["steps"]
        assert step["part"] == [2]
        assert step["value"] == first.values["dense1.gradient"][2].tolist()

    def test_a_very_large_array_is_summed_up_unless_it_is_asked_for(self) -> None:
        first = next(trace(lesson_for(digits_like()), 1))
        z = first.values["conv1.forward"]
        whole = {step["name"]: step for step in step_data(first, {})["iterations"][0]["steps"]}
        assert whole["conv1.forward"]["value"] is None
        assert whole["conv1.forward"]["summary"]["shape"] == [60, 8, 6, 6]
        assert whole["conv1.forward"]["summary"]["norm"] == pytest.approx(np.linalg.norm(z))
        (asked,) = step_data(first, {}, ("conv1.forward",))["iterations"][0]["steps"]
        assert asked["value"] == z.tolist()

    def test_very_many_cells_of_a_finding_are_counted_and_the_first_of_them_listed(self) -> None:
        first = next(trace(lesson_for(digits_like(20)), 1))
        dead = next(finding for finding in findings(first) if finding.code == "dead-relu")
        assert len(dead.cells) * 4 > MOST_NUMBERS  # sample, filter, row, column
        told = next(one for one in iteration_data(first)["findings"] if one["code"] == "dead-relu")
        assert told["cells"] == dead.cells[:FIRST_CELLS]
        assert told["summary"] == {"cells": len(dead.cells), "blocked": len(dead.blocked)}

    def test_a_finding_of_fewer_cells_lists_them_all_and_has_no_summary(self) -> None:
        first = next(trace(lesson_for(digits_like(10)), 1))
        dead = next(finding for finding in findings(first) if finding.code == "dead-relu")
        assert len(dead.cells) > FIRST_CELLS
        told = next(one for one in iteration_data(first)["findings"] if one["code"] == "dead-relu")
        assert set(told) == {"code", "step", "cells", "blocked", "message"}
        assert told["cells"] == dead.cells

    def test_a_long_run_of_a_large_network_holds_its_first_and_last_iteration(self) -> None:
        assert keeps_all(smallest(), 300)
        assert not keeps_all(digits_like(), 30)
        data = run_data(ran(digits_like(), 3), {})
        assert [iteration["iteration"] for iteration in data["iterations"]] == [0, 2]
        assert data["left_out"] == {
            "iterations": 1,
            "message": "1 iteration is not listed here; --every 1 lists them all",
        }


class TestSession:
    def talk(self, scenario: Scenario, *lines: str, **more: Any) -> tuple[Session, str]:
        session, reply = begin("net", scenario, AS_USUAL, **more)
        for line in lines:
            session, reply = advance(session, line)
        return session, words(list(blocks_of(reply.blocks)))

    def test_a_batch_is_looked_at_one_sample_at_a_time_and_back_undoes_it(self) -> None:
        session, _ = self.talk(batch(), "", "sample 2")
        assert (session.sample, session.position) == (2, 0)
        session, _ = advance(session, "back")
        assert session.sample == 0

    def test_one_filters_batch_is_shown_whole_until_a_sample_is_asked_for(self) -> None:
        digits = shipped_scenario("digits-edge-batch")
        assert begin("digits", digits)[0].sample is None
        session, _ = self.talk(digits, "", "sample 1")
        assert session.sample == 1
        assert advance(session, "sample all")[0].sample is None

    @pytest.mark.parametrize("line", ["sample", "sample x", "sample 3", "sample -1"])
    def test_what_is_no_sample_changes_nothing(self, line: str) -> None:
        session, text = self.talk(batch(), line)
        assert session.sample == 0
        assert text

    def test_a_topic_is_worked_on_the_learners_own_network_as_it_is_now(self) -> None:
        session, _ = begin("net", smallest())
        _, reply = advance(session, "explain dense")
        assert "z5[1] = 1.5" in {block.text for block in reply.blocks if isinstance(block, Heading)}
        session, _ = advance(session, "set dense1.weights 1 0 77")
        _, reply = advance(session, "explain dense")  # 2 · 77, where 2 · (-0.25) was
        assert "z5[1] = 156" in {block.text for block in reply.blocks if isinstance(block, Heading)}

    def test_a_page_that_the_network_can_not_serve_says_so_and_shows_a_shipped_one(self) -> None:
        _, text = self.talk(smallest(), "explain saturation", load=shipped_scenario)
        assert "Your network has no layer of type" in text
        assert "Here is sigmoid in its place." in text

    def test_a_page_of_another_scenario_is_refused_where_none_can_be_found(self) -> None:
        session, text = self.talk(smallest(), "explain saturation")
        assert "The page is worked on sigmoid, which can't be found from here" in text
        assert session.step is None

    def test_a_page_does_not_propose_to_open_the_session_that_it_is_read_in(self) -> None:
        session, _ = begin("net", smallest())
        for topic in ("dense", "gradient", "network"):
            _, reply = advance(session, f"explain {topic}")
            assert [block for block in reply.blocks if isinstance(block, Command)] == []

    def test_a_layer_is_opened_by_its_name_under_either_word(self) -> None:
        opened = [advance(begin("net", smallest())[0], line)[1] for line in ("show conv1", "layer conv1")]
        assert opened[0] == opened[1]
        headings = [block.text for block in opened[0].blocks if isinstance(block, Heading)]
        assert headings[0] == "1 conv1: forward pass"
        assert headings[-1].endswith("conv1: bias update")

    def test_a_bare_name_works_where_it_can_mean_only_one(self) -> None:
        conv_alone: Layers = [{"type": "conv", "weights": [[[[1, 2]]]], "name": "eyes"}, {"type": "relu"}]
        scenario = network(input=[[1, 2, 3]], target=[[1, 2]], layers=conv_alone, learning_rate=0.1)
        _, text = self.talk(scenario, "why gradient 0 0 0 1")
        assert "The numbers agree." in text
        (shown,) = blocks_of(advance(begin("net", scenario)[0], "show weights")[1].blocks)
        assert isinstance(shown, Matrix)
        assert shown.rows == ((1.0, 2.0),)

    def test_goto_takes_a_layer(self) -> None:
        session, _ = self.talk(smallest(), "goto dense1")
        assert session.step is not None
        assert session.step.name == "dense1.forward"


class TestWhatIf:
    @pytest.mark.parametrize(
        ("line", "words", "where", "value"),
        [
            ("conv1.weights 0 0 1 1 -2", "conv1.weights[0,0,1,1] were -2", ("weights", 0, 0, 1, 1), -2),
            ("conv1.bias 0 0.5", "conv1.bias[0] were 0.5", ("bias", 0), 0.5),
            ("conv1.bias none", "there were no conv1.bias", ("bias",), None),
            ("conv1.padding 0", "conv1.padding were 0", ("padding",), 0),
        ],
    )
    def test_a_layers_number_is_set_by_its_name(
        self, line: str, words: str, where: tuple[Any, ...], value: Any
    ) -> None:
        kept = {"layers": [{"type": "conv", "weights": [[[[1, -1], [0, 1]]]], "bias": [0]}], "loss": "squared_error"}
        scenario, said = changed(smallest(**kept, target=np.zeros((1, 3, 3)).tolist()), line)
        found: Any = scenario.data()["layers"][0]
        for key in where:
            found = found[key]
        assert (found, said) == (value, words)

    def test_what_belongs_to_no_layer_is_set_as_ever(self) -> None:
        scenario, said = changed(smallest(), "learning_rate 0.5")
        assert (scenario.learning_rate, said) == (0.5, "learning_rate were 0.5")
        assert changed(smallest(), "optimizer momentum momentum 0.9")[0].optimizer.name == "momentum"
        assert changed(smallest(), "input 0 0 9")[0].inputs[0, 0, 0, 0] == 9

    def test_a_windows_size_may_be_two_numbers(self) -> None:
        layers: Layers = [{"type": "average_pool", "size": 2}]
        scenario = smallest(layers=layers, target=[[0, 0], [0, 0]], loss="squared_error")
        assert changed(scenario, "average_pool1.size 2")[0].data()["layers"][0]["size"] == [2, 2]
        with pytest.raises(InputError, match="2×1"):  # windows of 2 rows and 4 columns
            changed(scenario, "average_pool1.size 2 4")
        with pytest.raises(InputError, match="1×2×2"):  # the target fits no more
            changed(scenario, "average_pool1.size 4")
        with pytest.raises(InputError, match="must be a whole number"):
            changed(scenario, "average_pool1.size big")

    @pytest.mark.parametrize(
        "line", ["conv1.wights 0", "conv1.type relu", "filter 0 0 1", "target 0", "conv1", "conv1.bias"]
    )
    def test_what_is_not_there_or_needs_a_value_is_refused(self, line: str) -> None:
        with pytest.raises(InputError, match=r"can't be set|needs a value|can mean several"):
            changed(smallest(), line)

    def test_samples_held_back_stay(self) -> None:
        scenario, _ = changed(with_tests(), "learning_rate 0.5")
        assert scenario.test_inputs is not None
        assert len(scenario.test_inputs) == 20


def test_who_takes_one_filter_tells_a_network_so() -> None:
    with pytest.raises(InputError, match="a sweep takes one filter and its activation, not a network of layers"):
        smallest().check_one_filter("a sweep takes")
    shipped_scenario("first-filter").check_one_filter("a sweep takes")
