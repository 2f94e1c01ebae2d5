"""Every number of a page comes from the engine: pages on all kinds of scenarios, and pages of a sabotaged engine."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cnnstep.engine import patches
from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.build import one_filter
from cnnstep.engine.layers import conv
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Beside, Block, Command, Curve, Document, Matrix, Paragraph, Sum, Table
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from cnnstep.tutor.topics import TOPICS, explanation
from tests.examples import share
from tests.tutor import network_scenarios

FIRST: dict[str, Any] = {
    "input": [[1, -1, 0], [0, 1, 0], [0, -1, 1]],
    "filter": [[1, -1], [1, 1]],
    "target": [[1, 0], [0, 1]],
    "activation": "relu",
    "learning_rate": 0.5,
}
ROW = [1, -2, 0, 3, 1]
IMAGE = [ROW, [0, 1, 1, -1, 2], [2, 0, -1, 1, 0], [1, 1, 0, 2, -1], [0, 3, 1, 0, 1]]
WIDE: dict[str, Any] = {
    "input": [IMAGE, IMAGE[::-1]],
    "filter": [[[[1, 0], [0, -1]], [[0, 1], [1, 0]]], [[[0.5, 1], [-1, 0]], [[1, 1], [0, -0.5]]]],
    "bias": [0.5, -1],
    "target": [[[1, 0, 2], [0, 1, 0], [1, 1, 1]], [[0, 0, 1], [-1, 2, 0], [0, 1, 0]]],
    "activation": {"name": "leaky_relu", "slope": 0.2},
    "learning_rate": 0.05,
    "stride": 2,
    "padding": 1,
    "loss": "mean_squared_error",
    "error": "target_minus_output",
    "optimizer": {"name": "momentum", "momentum": 0.5},
}
WIDE_INPUT = [[[*row, 0] for row in [*image, [0, 0, 1, 0, 0]]] for image in WIDE["input"]]
SCENARIOS: dict[str, Scenario] = {
    "first": one_filter(**FIRST),
    "two filters, two channels, bias, stride 2": one_filter(
        **{**WIDE, "input": [[row[:4] for row in image[:4]] for image in WIDE_INPUT]}
    ),
    "sigmoid": one_filter(**{**FIRST, "activation": "sigmoid", "loss": "binary_cross_entropy", "bias": 0.25}),
    "a batch": one_filter(
        **{key: value for key, value in FIRST.items() if key not in ("input", "target")},
        samples=[
            {"input": FIRST["input"], "target": FIRST["target"]},
            {"input": [[0, 2, 1], [1, -1, 0], [0, 1, 1]], "target": [[0, 1], [-1, 2]]},
            {"input": [[1, 1, 1], [0, 0, 0], [2, 1, 0]], "target": [[0, 0], [1, 0]]},
        ],
        loss="half_mean_squared_error",
        optimizer="adam",
    ),
    "dead": one_filter(**{**FIRST, "filter": [[-1, -1], [-1, -1]], "input": [[1, 2, 3]] * 3}),
    "one weight": one_filter(input=[[2]], filter=[[3]], target=[[5]], activation="linear", learning_rate=0.1),
    "nothing to do": one_filter(input=[[0]], filter=[[0]], target=[[0]], activation="tanh", learning_rate=1),
}
DIGITS = "digits-edge-batch"


def page(topic: str, scenario: str, style: Numbers = AS_USUAL) -> tuple[Block, ...]:
    def find(name: str) -> Scenario:
        return SCENARIOS[name] if name in SCENARIOS else network_scenarios.find(name)

    return explanation(topic, find, scenario, style)


def flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        if isinstance(block, Beside):
            yield from flat(block.blocks)
        else:
            yield block


def matrix(blocks: tuple[Block, ...], title: str) -> list[list[float | None]]:
    (found,) = {m.rows for m in flat(blocks) if isinstance(m, Matrix) and m.title == title}
    return [list(row) for row in found]


def text(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def drawn(blocks: tuple[Block, ...], width: int = 80) -> str:
    return render(Document(blocks, AS_USUAL), Screen(io.StringIO(), io.StringIO(), width=width))


@pytest.mark.parametrize(("topic", "scenario"), share(TOPICS, ["", *SCENARIOS, DIGITS]))
def test_every_page_can_be_worked_on_every_scenario(topic: str, scenario: str) -> None:
    blocks = page(topic, scenario)
    assert drawn(blocks)
    for block in flat(blocks):
        if isinstance(block, Sum):
            assert sum(line.value for line in block.lines) == pytest.approx(block.total, nan_ok=True)
        if isinstance(block, Paragraph):
            assert "nan" not in block.text.split()


@pytest.mark.parametrize("topic", list(TOPICS))
def test_a_page_fits_in_two_screens_and_no_line_is_wider_than_the_window(topic: str) -> None:
    wide, narrow = (
        [line for line in drawn(page(topic, ""), width).splitlines() if not line.lstrip().startswith("cnnstep ")]
        for width in (80, 40)
    )  # a command stays on one line, so that it can be copied
    assert len(wide) <= 80
    assert max(len(line) for line in wide) <= 80
    assert max(len(line) for line in narrow) <= 40


WITHOUT_A_FILTER = (
    "receptive-field",
    "exploding-gradient",
    "initialisation",
    "cross_entropy",
    "accuracy",
    *ACTIVATIONS,
)
"""Pages whose numbers come from another part of the engine; they have tests of their own."""


@pytest.mark.parametrize("topic", [name for name in TOPICS if name not in WITHOUT_A_FILTER])
def test_a_page_follows_the_engine_where_it_goes_wrong(topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _numbers(page(topic, ""))
    right = conv.correlate
    monkeypatch.setattr(conv, "correlate", lambda *arguments: right(*arguments) * 1.25 + 0.5)
    assert _numbers(page(topic, "")) != before


def test_the_receptive_field_follows_the_engine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _numbers(page("receptive-field", ""))
    monkeypatch.setattr("cnnstep.tutor.topics.geometry.scatter", lambda *arguments: patches.scatter(*arguments) + 1)
    assert _numbers(page("receptive-field", "")) != before


@pytest.mark.parametrize("scenario", ["", "first"])
@pytest.mark.parametrize("part", ["value", "slope"])
@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_an_activation_page_follows_the_registry(
    name: str, part: str, scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown() -> list[Block]:
        monkeypatch.setitem(SCENARIOS, "first", one_filter(**{**FIRST, "activation": name}))
        return [block for block in page(name, scenario) if isinstance(block, Curve | Table)]

    before, phi = shown(), ACTIVATIONS[name]()
    off: dict[str, Any] = {
        f"{part}_at": lambda z: getattr(phi, f"{part}_at")(z) + 1,
        part: lambda z: getattr(phi, part)(z) + 1,
    }
    monkeypatch.setitem(ACTIVATIONS._entries, name, lambda *arguments: replace(phi, **off))
    after = shown()
    assert len(after) == (1 if scenario else 2)
    assert all(one != other for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_an_activation_at_work_goes_through_the_scenarios_own_z(name: str) -> None:
    phi = ACTIVATIONS[name]()
    (table,) = [block for block in page(name, "first") if isinstance(block, Table)]
    assert [row[:2] for row in table.rows] == [("[0,0]", 3.0), ("[0,1]", 0.0), ("[1,0]", -2.0), ("[1,1]", 1.0)]
    for (_, z, value, slope, error, delta), target in zip(table.rows, (1, 0, 0, 1), strict=True):
        assert float(value) == pytest.approx(phi.value_at(float(z)))
        assert float(slope) == pytest.approx(phi.slope_at(float(z)))
        assert float(error) == pytest.approx(phi.value_at(float(z)) - target)
        assert float(delta) == pytest.approx(float(error) * float(slope))


def _numbers(blocks: tuple[Block, ...]) -> list[Block]:
    """What a page shows between its words and its advice."""
    return [block for block in flat(blocks) if not isinstance(block, Command)]


def test_dead_relu_shows_the_first_lesson_dying_at_iteration_34() -> None:
    blocks = page("dead-relu", "")
    assert "At iteration 34 every z is 0 or less" in text(blocks)
    assert "it stays as it is, and the loss stays 1." in text(blocks)
    assert np.array(matrix(blocks, "Filter at 34")) == pytest.approx(
        np.array([[-0.0663, -0.0998], [-0.0663, -0.0998]]), abs=5e-5
    )
    (table,) = [block for block in blocks if isinstance(block, Table)]
    assert table.rows[0] == ("0", 2.0, 3.0, "2 of 4", 2.0)
    iteration, _, largest, dead, steepest = table.rows[-1]
    assert (iteration, dead, steepest) == ("34", "4 of 4", 0.0)
    assert float(largest) <= 0


def test_dead_relu_says_so_where_nothing_can_die_and_where_nothing_does() -> None:
    assert "sigmoid is nowhere exactly flat" in text(page("dead-relu", "sigmoid"))
    assert "It does not die in 100 iterations" in text(page("dead-relu", "first-filter-slow"))


def test_learning_rate_sets_a_half_and_a_tenth_side_by_side() -> None:
    (table,) = [block for block in page("learning-rate", "") if isinstance(block, Table)]
    assert [(row[0], row[-1]) for row in table.rows] == [("η = 0.5", "stuck"), ("η = 0.1", "improving")]
    assert table.rows[0][1:3] == (2.0, 1.5)


def test_more_than_one_solution_shows_the_filter_found_and_the_one_in_mind() -> None:
    blocks = page("more-than-one-solution", "")
    found = np.array(matrix(blocks, "from its own filter"))
    assert found == pytest.approx(np.array([[0.6328, 0.1836], [0.1836, 0.5508]]), abs=5e-5)
    assert matrix(blocks, "from a single 1 in the corner") == [[1, 0], [0, 0]]
    assert "give 2 independent equations for 4 weights" in text(blocks)


def test_both_signs_of_the_error_end_in_the_same_new_filter() -> None:
    blocks = page("error-sign", "")
    assert matrix(blocks, "e, target_minus_output") == [[-2, 0], [0, 0]]
    assert matrix(blocks, "W new, output_minus_target") == [[0, 0], [1, 0]]
    assert matrix(blocks, "W new, target_minus_output") == [[0, 0], [1, 0]]
    assert "The new weights are equal." in text(blocks)


def test_the_scale_page_shows_every_losss_factor() -> None:
    (table,) = [block for block in page("loss-scale", "") if isinstance(block, Table)]
    assert [(row[0], row[-1]) for row in table.rows] == [
        ("half_squared_error", 1.0),
        ("squared_error", 2.0),
        ("mean_squared_error", 0.5),
        ("half_mean_squared_error", 0.25),
    ]


@pytest.mark.parametrize("scenario", ["first", "two filters, two channels, bias, stride 2", "a batch"])
def test_the_input_gradient_is_the_same_both_ways(scenario: str) -> None:
    assert "The two are equal, cell by cell." in text(page("input_gradient", scenario))


@pytest.mark.parametrize("scenario", ["sigmoid", "two filters, two channels, bias, stride 2"])
def test_the_gradient_check_agrees_weight_by_weight(scenario: str) -> None:
    blocks = page("gradient-check", scenario)
    (table,) = [block for block in blocks if isinstance(block, Table)]
    for row in table.rows:
        assert row[5] in (0.0, "< 1e-06")
    assert "the gradient is right" in text(blocks)


@pytest.mark.parametrize("scenario", ["first", "sigmoid", "a batch", "two filters, two channels, bias, stride 2"])
def test_the_losses_that_the_gradient_check_prints_give_what_it_calls_measured(scenario: str) -> None:
    (table,) = [block for block in page("gradient-check", scenario) if isinstance(block, Table)]
    for _, below, above, measured, gradient, apart in table.rows:
        assert (float(above) - float(below)) / 2e-4 == pytest.approx(float(measured), abs=1e-6)
        assert apart == "< 1e-06" or float(apart) == pytest.approx(abs(float(measured) - float(gradient)))


def test_the_gradient_check_tells_of_a_wrong_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    right = conv.filter_gradient
    monkeypatch.setattr(conv, "filter_gradient", lambda *arguments: 2 * right(*arguments))
    assert "They differ at W[0,0], W[0,1], W[1,0] and W[1,1]" in text(page("gradient-check", "sigmoid"))


def test_the_gradient_check_names_the_weights_whose_nudge_crosses_a_kink() -> None:
    assert "At W[0,0] and W[1,0] the nudge moves some z across a kink" in text(page("gradient-check", "first"))


def test_the_three_links_of_the_chain_multiply_to_the_engines_product() -> None:
    for scenario in ("first", "sigmoid", "a batch"):
        table, _ = [block for block in page("chain-rule", scenario) if isinstance(block, Table)]
        for _, upstream, slope, met, product in table.rows:
            assert float(upstream) * float(slope) * float(met) == pytest.approx(float(product))


def test_a_page_says_what_it_changed_where_the_scenario_cant_show_the_concept() -> None:
    assert "This scenario has no bias" in text(page("bias", "first"))
    assert "This scenario has one channel" in text(page("channels", "first"))
    assert "This scenario has one sample" in text(page("batch", "first"))
    assert "This scenario has stride 1. No other value fits" in text(page("stride", "first"))
    assert "Next to it, the same with padding 1" in text(page("padding", "first"))
    assert "the activation is linear, not relu" in text(page("divergence", "first"))
    assert "becomes -1" in text(page("unreachable-target", "first"))
    assert "linear reaches every number" in text(page("unreachable-target", "one weight"))
    assert "needs targets from 0 to 1" in text(page("binary_cross_entropy", "a batch"))
    assert "no z is exactly 0" in text(page("slope-at-zero", "one weight"))
    assert "does not level out slowly" in text(page("saturation", "first"))
    assert "None of the learning rates tried here makes it diverge" in text(page("divergence", "nothing to do"))


def test_numbers_are_written_in_the_style_that_was_asked_for() -> None:
    assert "slope there is 2" in text(page("loss", "first", Numbers(1)))
    assert "1/3" in text(page("loss", "first", Numbers(4, fractions=True)))
