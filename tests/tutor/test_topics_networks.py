"""Pages on networks: every page on every network, what a learner's own may lack, and what goes on between layers."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.layers import dense, flatten, pool, softmax, window
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import ERROR_SIGNS, Scenario
from cnnstep.engine.trace import trace
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Command, Document, Matrix, Sum
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.topics import TOPICS
from cnnstep.tutor.topics.backward import trail
from cnnstep.tutor.topics.blocks import received
from tests.examples import share
from tests.tutor.network_scenarios import NETWORKS, find
from tests.tutor.topic_pages import first, flat, matrix, page, tables, text

BATCH = "two convs, channels, a batch"
ONE_FILTER = one_filter(
    input=[[1, 2], [3, 4]], filter=[[1]], target=[[1, 2], [3, 4]], activation="relu", learning_rate=1
)


@pytest.mark.parametrize(("topic", "scenario"), share(TOPICS, NETWORKS))
def test_every_page_can_be_worked_on_every_network(topic: str, scenario: str) -> None:
    blocks = page(topic, scenario)
    drawn = render(Document(blocks, AS_USUAL), Screen(io.StringIO(), io.StringIO(), width=80))
    assert "nan" not in drawn.split()
    for block in flat(blocks):
        if isinstance(block, Sum):
            assert sum(line.value for line in block.lines) == pytest.approx(block.total)
        if isinstance(block, Command):
            assert block.command.startswith("cnnstep ")


def test_a_page_about_one_filter_says_so_on_a_network_and_shows_its_own_scenario() -> None:
    said = "This page is about one filter, and your scenario is a network. Here is first-filter in its place."
    assert said in text(page("more-than-one-solution", "smallest-network"))
    assert page("more-than-one-solution", "smallest-network")[-2] == page("more-than-one-solution")[-2]


def test_a_page_about_networks_says_so_on_one_filter() -> None:
    said = "This page is about networks, and your scenario is one filter. Here is smallest-network in its place."
    assert said in text(page("softmax", "mine", mine=ONE_FILTER))


def test_a_network_without_the_layer_is_told_which_one_it_lacks() -> None:
    said = "Your network has no layer of type softmax. Here is smallest-network in its place."
    assert said in text(page("softmax", "dense alone"))
    assert "Your network has no layer of type tanh. Here it is by itself." in text(page("tanh", "smallest-network"))


def test_of_many_samples_the_first_are_used_and_that_is_said() -> None:
    assert "Of its 4 samples, the first is used here." in text(page("dense", BATCH))
    assert "Of its 4 samples, the first 3 are used here." in text(page("batch", BATCH))


def test_an_optimizers_page_follows_a_weight_of_the_first_layer_that_has_some() -> None:
    (table,) = tables(page("adam", BATCH))
    turns = list(trace(lesson_of(_one_sample(BATCH)), 4))
    steepest = np.unravel_index(np.abs(turns[0].values["edges.gradient"]).argmax(), (3, 1, 3, 3))
    steps = ("edges.weights", "edges.gradient", "edges.first_moment", "edges.second_moment", "edges.update")
    expected = [(str(turn.number), turn.loss, *(turn.values[step][steepest] for step in steps)) for turn in turns]
    assert list(table.rows) == expected


def test_on_a_network_both_signs_of_the_error_end_in_the_same_weights() -> None:
    blocks = page("error-sign", "smallest-network")
    assert matrix(blocks, "∂L/∂p6, output_minus_target") == [[-2, 0]]
    assert matrix(blocks, "−∂L/∂p6, target_minus_output") == [[2, 0]]
    one, other = (matrix(blocks, f"W1 new, {sign}, filter 0, channel 0") for sign in ERROR_SIGNS)
    assert one == other
    assert "The new weights are equal." in text(blocks)
    assert [row[0] for row in tables(blocks)[0].rows][1] == "softmax1.input_gradient"


def test_on_a_network_the_factors_of_the_losses_come_back_in_its_first_gradient() -> None:
    (table,) = tables(page("loss-scale", "smallest-network"))
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("half_squared_error", 1), ("squared_error", 2), ("mean_squared_error", 1), ("half_mean_squared_error", 0.5),
    ]  # fmt: skip  # 2/n and 1/n of n = 2 units


def test_a_squared_losss_page_takes_the_networks_own_output() -> None:
    blocks = page("squared_error", "smallest-network")
    assert "This scenario has cross_entropy. Here squared_error takes its place." in text(blocks)
    assert [row[1:] for row in tables(blocks)[0].rows] == [(0.5, 1, -0.5, 0.25, -1), (0.5, 0, 0.5, 0.25, 1)]
    assert np.array(matrix(blocks, "∂L/∂W1 with squared_error, filter 0, channel 0")) == pytest.approx(
        2 * np.array(matrix(blocks, "with half_squared_error, filter 0, channel 0"))
    )


def test_a_mistakes_page_looks_at_a_few_samples_of_a_large_network() -> None:
    assert "Of its 1437 samples, the first 3 are used here." in text(page("pool-spread", "digits-cnn"))


def test_what_to_type_next_names_the_learners_network() -> None:
    (command,) = [block.command for block in page("gradient", BATCH) if isinstance(block, Command)]
    assert command == f"cnnstep step '{BATCH}' --interactive"


def test_the_network_page_follows_one_weight_and_says_what_all_ways_give() -> None:
    for name in ("smallest-network", "vanishing-gradient", BATCH):
        iteration = first(find(name))
        crossings = trail(iteration)
        for before, after in pairwise(crossings):
            assert after.product == pytest.approx(before.product * after.slope)
        last = crossings[-1]
        whole = AS_USUAL.text(float(iteration.values[last.step.name][last.cell]))
        few = first(_one_sample(name))
        assert f"All paths together: {trail(few)[-1].label} = " in text(page("network", name))
        assert name == BATCH or f"All paths together: {last.label} = {whole}." in text(page("network", name))
    (overview, way) = tables(page("network", "smallest-network"))
    assert [row[0] for row in overview.rows] == list(find("smallest-network").names)
    assert way.rows[-1][0] == "conv1"


def _one_sample(name: str) -> Scenario:
    scenario = find(name)
    return replace(scenario, inputs=scenario.inputs[:1], targets=scenario.targets[:1])


def test_a_trail_of_a_network_without_branches_is_the_whole_gradient() -> None:
    scenario = network(
        layers=[
            {"type": "conv", "weights": [[[[2]]]]}, {"type": "tanh"}, {"type": "conv", "weights": [[[[3]]]]},
            {"type": "sigmoid"},
        ],
        input=[[0.5]], target=[[[0]]], learning_rate=1,
    )  # fmt: skip
    a = math.tanh(2 * 0.5)
    y = 1 / (1 + math.exp(-3 * a))
    expected = y * (y * (1 - y)) * 3 * (1 - a * a) * 0.5
    assert trail(first(scenario))[-1].product == pytest.approx(expected)


def test_initialisation_shows_that_he_keeps_the_size_and_normal_does_not() -> None:
    own, drawn = tables(page("initialisation"))
    sizes = {str(row[0]): float(row[3]) / float(row[2]) for row in drawn.rows if row[2]}
    assert [row[0] for row in drawn.rows] == list(INITIALISERS)
    assert 0.5 < sizes["he_normal"] < 2
    assert sizes["glorot_normal"] < 0.2
    assert sizes["normal"] > 1e4
    assert own.rows[0][5] == pytest.approx(math.sqrt(2 / float(own.rows[0][2])))


def test_vanishing_gradient_compares_the_first_layer_with_the_last() -> None:
    back, deeper = tables(page("vanishing-gradient"))
    learned = [float(row[3]) for row in back.rows if row[3] != "—"]
    assert learned[-1] < learned[0]
    shares = {row[0]: float(row[4]) for row in deeper.rows}
    assert shares["sigmoid"] < 1e-3 < 0.1 < shares["relu"]


def test_exploding_gradient_grows_with_normal_and_not_with_he_normal() -> None:
    said = text(page("exploding-gradient"))
    assert "times as much" in said
    assert "it grew on the way back" in text(page("exploding-gradient", "mine", mine=_growing()))


def _growing() -> Scenario:
    layers: list[dict[str, Any]] = [
        {"type": "flatten"},
        *({"type": "dense", "weights": [[3, 0], [0, 3]]} for _ in range(3)),
    ]
    return network(layers=layers, input=[[1, 2]], target=[0, 0], learning_rate=0.1)


@pytest.mark.parametrize("name", ["smallest-network", BATCH, "vanishing-gradient", "dense alone"])
def test_the_gradient_check_agrees_in_every_layer(name: str) -> None:
    blocks = page("gradient-check", name)
    (table,) = tables(blocks)
    parts = [leaf for one in lesson_of(find(name)).layers for leaf in one.leaves]
    assert len(table.rows) == len(parts)
    assert "the gradient is right" in text(blocks)


def test_the_gradient_check_of_a_network_tells_of_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    right = dense.Dense._gradient_step
    monkeypatch.setattr(dense.Dense, "_gradient_step", lambda *a: _doubled(right(*a)))
    assert "They differ at W3[" in text(page("gradient-check", "pool with nothing before it", **_seen_dense()))


def _seen_dense() -> dict[str, Scenario]:
    return {
        "pool with nothing before it": network(
            layers=[{"type": "max_pool", "size": 1}, {"type": "flatten"}, {"type": "dense", "weights": [[1, 2, 3, 4]]}],
            input=[[1, 2], [3, 4]], target=[1], learning_rate=0.1,
        )
    }  # fmt: skip


def _doubled(step: Any) -> Any:
    return replace(step, compute=lambda values: 2 * step.compute(values))


@pytest.mark.parametrize("name", ["smallest-network", BATCH])
def test_a_conv_layer_looked_at_by_itself_has_the_networks_own_numbers(name: str) -> None:
    scenario = find(name)
    iteration = first(scenario)
    blocks = page("input_gradient", name)
    last = [one for one in iteration.lesson.layers if isinstance(one.layer, Conv)][-1]
    gradient = iteration.values[f"{last.name}.input_gradient"][0, 0]
    shown = [m.rows for m in flat(blocks) if isinstance(m, Matrix) and ", scattered" in m.title]
    assert np.array(shown[0], dtype=float) == pytest.approx(gradient, abs=1e-12)
    assert "The two are equal, cell by cell." in text(blocks)


def test_samples_of_a_batch_say_what_adds_up_to_its_gradient() -> None:
    for name in ("smallest-network", "mine"):
        blocks = page("batch", name, mine=_two_samples())
        parts = [
            np.array(m.rows, dtype=float) for m in flat(blocks) if isinstance(m, Matrix) and m.title.startswith("from")
        ]
        (total,) = [m.rows for m in flat(blocks) if isinstance(m, Matrix) and ", the sum" in m.title]
        assert sum(parts) == pytest.approx(np.array(total, dtype=float))
    assert "is a mean over all 2 target cells" in text(page("batch", "mine", mine=_two_samples()))
    assert "cross_entropy, is a sum over all samples" in text(page("batch", "smallest-network"))


def _two_samples() -> Scenario:
    samples = [{"input": [[1, 2], [3, 4]], "target": [1]}, {"input": [[0, 1], [1, 0]], "target": [2]}]
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[[[1, 0], [0, 1]]]]}, {"type": "flatten"}]
    return network(layers=layers, samples=samples, loss="mean_squared_error", learning_rate=0.1)


def test_the_receptive_field_grows_by_window_and_stride() -> None:
    layers = [
        {"type": "conv", "weights": np.ones((1, 1, 3, 3)).tolist()}, {"type": "max_pool", "size": 2},
        {"type": "conv", "weights": np.ones((1, 1, 2, 2)).tolist()}, {"type": "flatten"},
    ]  # fmt: skip
    image = np.arange(64.0).reshape(8, 8).tolist()
    mine = network(layers=layers, input=image, target=[0, 0, 0, 0], learning_rate=1)
    (table,) = tables(page("receptive-field", "mine", mine=mine))
    assert [row[2] for row in table.rows] == ["3×3", "4×4", "6×6", "everything"]


def test_accuracy_tells_samples_learned_by_heart_from_those_held_back() -> None:
    few, many = tables(page("accuracy"))
    learned, held_back = (float(str(few.rows[-1][n]).removesuffix(" %")) for n in (3, 4))
    assert learned == 100
    assert held_back < learned
    assert float(str(many.rows[-1][4]).removesuffix(" %")) > 50
    assert float(few.rows[0][1]) == pytest.approx(float(_at_start(10)))


def _at_start(samples: int) -> float:
    scenario = find("digits-cnn")
    short = replace(scenario, inputs=scenario.inputs[:samples], targets=scenario.targets[:samples])
    return first(short).loss / samples


def test_accuracy_of_a_network_that_holds_nothing_back_is_shown_on_another() -> None:
    assert "Your network holds no samples back. Here is digits-cnn in its place." in text(page("accuracy", BATCH))


def test_dead_cells_of_a_network_are_counted_layer_by_layer() -> None:
    (table,) = tables(page("dead-relu", "smallest-network"))
    iteration = first(find("smallest-network"))
    z = iteration.values["conv1.forward"]
    assert table.rows[0][:2] == ("relu1", f"{int((z <= 0).sum())} of {z.size}")


@pytest.mark.parametrize(
    ("topic", "owner", "name"),
    [
        ("max_pool", pool.MaxPool, "_winner"),
        ("average_pool", window.Window, "cells"),
        ("dense", dense.Dense, "forward"),
        ("flatten", flatten.Flatten, "forward"),
        ("softmax", softmax, "softmax"),
        ("cross_entropy", softmax, "softmax"),
        ("accuracy", dense.Dense, "forward"),
        ("exploding-gradient", dense.Dense, "forward"),
        ("initialisation", dense.Dense, "forward"),
    ],
)
def test_a_page_follows_the_engine_where_a_layer_goes_wrong(
    topic: str, owner: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def numbers() -> list[Block]:
        return [block for block in flat(page(topic)) if not isinstance(block, Command)]

    before, right = numbers(), getattr(owner, name)
    monkeypatch.setattr(owner, name, _WRONG[name](right))
    assert numbers() != before


_WRONG: dict[str, Callable[[Any], Any]] = {
    "_winner": lambda right: lambda pooling, image, output, size: next(pooling.window.cells(output, size)),
    "cells": lambda right: lambda *a: iter(list(right(*a))[:1]),
    "forward": lambda right: lambda *a: _doubled(right(*a)),
    "softmax": lambda right: lambda z: right(z) * 0.5,
}


def test_something_comes_back_to_every_layer_of_a_page() -> None:
    lesson = lesson_of(find("smallest-network"), input_gradient=True)
    assert [received(one) for one in lesson.layers][-1] == "error"
