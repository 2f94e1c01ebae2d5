"""Why of one number of a large image: what is worked out, and what is said, does not grow with the image."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import Cell, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.step import Working
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.tutor.document import Block, Sum
from cnnstep.tutor.long_sum import SHOWN
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.why import why
from tests.counted import counted_calls

SIDE = 80


def image(**keys: Any) -> Scenario:
    """80×80 numbers through a 2×2 filter with a bias."""
    drawn, side = np.random.default_rng(1), keys.pop("side", SIDE - 1)
    asked: dict[str, Any] = {
        "input": drawn.integers(-9, 10, (SIDE, SIDE)),
        "target": drawn.integers(0, 2, (side, side)),
    }
    return one_filter(**asked, filter=[[1, -1], [1, 1]], bias=0.5, activation="relu", learning_rate=1e-5, **keys)


def sums(blocks: tuple[Block, ...]) -> list[Sum]:
    return [block for block in blocks if isinstance(block, Sum)]


def told(iteration: Iteration, name: str, *shown: int) -> tuple[Sum, Working, int]:
    """The sum that is shown, all products of it, and how many of them were worked out to show it."""
    step, asked = iteration.lesson.step(name), []

    def counted(values: Values, cell: Cell) -> Working:
        asked.append(step.working(values, cell))
        return asked[-1]

    (block,) = sums(why(iteration, replace(step, working=counted), shown, AS_USUAL))
    whole = step.working(iteration.values, step.quantity.cell(shown, iteration.values[step.name]))
    return block, whole, sum(len(one.terms) for one in asked)


@pytest.mark.parametrize(
    "keys",
    [{}, {"padding": 1, "side": SIDE + 1}, {"stride": 2, "side": SIDE // 2}, {"padding": "same", "side": SIDE}],
    ids=str,
)
@pytest.mark.parametrize("asked", [("gradient", 0, 0), ("gradient", 1, 0), ("bias_gradient",)], ids=str)
def test_of_a_gradient_the_first_products_the_largest_and_the_rest_are_told(
    keys: dict[str, Any], asked: tuple[Any, ...]
) -> None:
    iteration = first_iteration(lesson_of(image(**keys)))
    block, whole, worked_out = told(iteration, *asked)
    first, largest, rest = block.lines[:SHOWN], block.lines[SHOWN], block.lines[SHOWN + 1]
    assert [line.value for line in first] == [term.value for term in whole.terms[:SHOWN]]
    assert [line.labels for line in first] == [tuple(f.label for f in term.factors) for term in whole.terms[:SHOWN]]
    top = max(whole.terms, key=lambda term: abs(term.value))
    assert largest.labels == tuple(factor.label for factor in top.factors)
    assert (largest.value, prod(largest.numbers)) == (top.value, top.value)
    assert rest.labels == (f"the other {len(whole.terms) - SHOWN - 1}",)
    assert block.total == pytest.approx(whole.value)
    assert sum(line.value for line in block.lines) == pytest.approx(whole.value)
    assert worked_out < 4 * SIDE


def test_where_the_largest_is_among_the_first_it_is_told_once() -> None:
    target = np.zeros((SIDE - 1, SIDE - 1))
    target[0, 3] = -1e6
    keys: dict[str, Any] = {"filter": [[1, -1], [1, 1]], "activation": "linear", "learning_rate": 1}
    image = np.random.default_rng(1).integers(1, 10, (SIDE, SIDE))
    block, whole, _ = told(first_iteration(lesson_of(one_filter(input=image, target=target, **keys))), "gradient", 0, 0)
    assert [line.value for line in block.lines[:-1]] == [term.value for term in whole.terms[:SHOWN]]
    assert block.lines[-1].labels == (f"the other {len(whole.terms) - SHOWN}",)


def test_a_last_filter_whose_error_is_weighed_by_the_loss_has_the_right_products_too() -> None:
    drawn = np.random.default_rng(1)
    layers = [{"type": "conv", "weights": [[[[1, -1], [1, 1]]]]}]
    target = drawn.integers(0, 2, (1, SIDE - 1, SIDE - 1))
    keys: dict[str, Any] = {"target": target, "loss": "mean_squared_error", "learning_rate": 1}
    made = network(input=drawn.integers(-9, 10, (SIDE, SIDE)), layers=layers, **keys)
    block, whole, _ = told(first_iteration(lesson_of(made)), "conv1.gradient", 0, 0, 0, 0)
    assert [line.value for line in block.lines[:SHOWN]] == [term.value for term in whole.terms[:SHOWN]]
    assert block.total == pytest.approx(whole.value)


def sent_back(side: int, layer: dict[str, Any]) -> Iteration:
    """The first iteration of a network in which this layer reads maps of so many rows and columns, and sends back."""
    first: dict[str, Any] = {"type": "conv", "weights": [[[[1]]]]}
    drawn, (kept, _) = np.random.default_rng(1), sides(side, layer)
    target = np.zeros((len(layer.get("weights", [0])), kept, kept))
    image = drawn.integers(-9, 10, (side, side))
    return first_iteration(lesson_of(network(input=image, layers=[first, layer], target=target, learning_rate=1)))


def sides(side: int, layer: dict[str, Any]) -> tuple[int, int]:
    """How many rows and columns this layer makes of so many, and its stride."""
    size, stride = 2, layer["stride"]
    return ((side - 1) * stride + size if layer["type"] == "transposed_conv" else (side - size) // stride + 1), stride


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "conv", "weights": [[[[1, -1], [2, 1]]], [[[3, 1], [0, 1]]]], "stride": 1},
        {"type": "transposed_conv", "weights": [[[[1, -1], [2, 1]]]], "stride": 2},
        {"type": "max_pool", "size": 2, "stride": 1},
        {"type": "average_pool", "size": 2, "stride": 2},
    ],
    ids=lambda layer: str(layer["type"]),
)
def test_what_comes_back_to_a_number_asks_only_the_outputs_that_it_went_into(layer: dict[str, Any]) -> None:
    iteration = sent_back(40, layer)
    steps = [one for one in iteration.lesson.steps if one.layer != "conv1" or layer["type"] == "conv"]
    step = [one for one in steps if one.role == "input_gradient"][-1]
    with counted_calls() as calls:
        step.working(iteration.values, (0, 0, 4, 4))
    assert calls[0] < 400  # there are so many outputs, or more
