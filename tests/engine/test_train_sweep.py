"""Many filters at once: each column is the run that its filter would make alone."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstep.engine.build import one_filter
from cnnstep.engine.quantity import Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import STATUSES
from cnnstep.engine.training import runs
from cnnstep.engine.training.compiled import has_kernel
from cnnstep.engine.training.problem import Problem
from cnnstep.engine.training.runs import Swept, run, sweep_block
from tests.engine.strategies import SEEDS, scenarios
from tests.engine.test_first_filter_run import first_filter
from tests.examples import examples
from tests.extras import marks, needs

WAYS = [False, pytest.param(True, marks=marks("fast"))]
"""In NumPy, and in machine code."""


def starts(of: Scenario, runs: int, seed: int) -> tuple[Array, Array | None]:
    random = np.random.default_rng(seed)
    filters = random.normal(size=(runs, *of.conv.weights.shape))
    return filters, None if of.conv.bias is None else random.normal(size=(runs, len(of.conv.bias)))


def same(swept: Swept, of: Scenario, filters: Array, rates: Array, biases: Array | None, iterations: int) -> None:
    for number, rate in enumerate(rates):
        bias = None if biases is None else biases[number]
        alone = run(replace(of.with_weights(filters[number], bias), learning_rate=float(rate)), iterations)
        assert STATUSES[swept.codes[number]] == alone.status
        assert (swept.iteration[number], swept.iterations[number]) == (alone.iteration, alone.iterations)
        np.testing.assert_allclose(swept.filters[number], alone.filters, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(swept.losses[number], alone.loss, rtol=1e-9, atol=1e-12)
        if alone.bias is not None and swept.biases is not None:
            np.testing.assert_allclose(swept.biases[number], alone.bias, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("fast", WAYS)
@examples(40)
@given(of=scenarios("sgd", "momentum", "nesterov"), seed=SEEDS, rates=st.booleans())
def test_over_the_registries_every_column_is_its_own_run(fast: bool, of: Scenario, seed: int, rates: bool) -> None:
    filters, biases = starts(of, 5, seed)
    each = np.array([0.01, 0.02, 0.005, 0.001, 0.01]) if rates else np.full(5, of.learning_rate)
    swept = sweep_block(of, filters, each, 10, biases=biases, fast=fast and not rates and seed % 8 == 0)
    same(swept, of, filters, each, biases, 10)


@pytest.mark.parametrize("fast", WAYS)
@pytest.mark.parametrize("rates", [np.full(7, 0.01), np.linspace(0.001, 0.03, 7)], ids=["one rate", "a rate each"])
@pytest.mark.parametrize("loss", ["half_squared_error", "mean_squared_error"])
@pytest.mark.parametrize("filters", [1, 2])
@pytest.mark.parametrize("size", [4, 6], ids=["by outputs", "by filters"])
def test_columns_of_one_filter_and_of_several(size: int, filters: int, loss: str, rates: Array, fast: bool) -> None:
    random = np.random.default_rng(size)
    of = one_filter(
        input=random.normal(size=(size, size)),
        filter=random.normal(size=(filters, 1, 3, 3)),
        target=random.integers(0, 4, (filters, size - 2, size - 2)) / 2,  # zeros, and numbers that come again
        bias=[0.5] * filters,
        activation="relu",
        learning_rate=1,
        loss=loss,
    )
    starting, biases = starts(of, 7, 1)
    assert (Problem.of(of).columns.gram is not None) == (size == 4)
    same(sweep_block(of, starting, rates, 60, biases=biases, fast=fast), of, starting, rates, biases, 60)


@examples(15)
@given(of=scenarios("adam"), seed=SEEDS)
def test_adam_counts_its_iterations_in_every_block(of: Scenario, seed: int) -> None:
    filters, biases = starts(of, 3, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "LOOK", 4)
        swept = sweep_block(of, filters, 0.001, 11, biases=biases)
    same(swept, of, filters, np.full(3, 0.001), biases, 11)


@pytest.mark.parametrize("fast", WAYS)
@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_what_becomes_of_sixty_first_lessons_from_their_beginning_to_their_end(rate: float, fast: bool) -> None:
    filters, _ = starts(first_filter(rate), 60, 3)
    swept = sweep_block(first_filter(rate), filters, rate, 3000, fast=fast)
    same(swept, first_filter(rate), filters, np.full(60, rate), None, 3000)
    assert {"converged", "stuck"} <= {STATUSES[code] for code in swept.codes}


@pytest.mark.parametrize("fast", WAYS)
def test_every_status_there_is(fast: bool) -> None:
    # one weight, L = ½ (w·x − t)²: from 0, at the target, beyond repair, dead, and too slow or too fast
    of = one_filter(input=[[1]], filter=[[0]], target=[[1]], activation="relu", learning_rate=0.1)
    swept = sweep_block(of, [[[0.5]], [[1.0]], [[-1.0]], [[0.5]], [[0.5]]], [0.1, 0.1, 0.1, 1e-9, 1e-3], 400, fast=fast)
    words = [STATUSES[code] for code in swept.codes]
    assert words == ["converged", "converged", "stuck", "improving", "improving"]
    linear = one_filter(input=[[1, 1]], filter=[[0]], target=[[0, 2]], activation="linear", learning_rate=0.1)
    swept = sweep_block(linear, [[[0.5]], [[0.5]], [[0.5]], [[0.5]]], [0.1, 1.005, 2.0, 1.0], 100, fast=fast)
    assert [STATUSES[code] for code in swept.codes] == ["settled", "worse", "diverged", "worse"]  # 1: there and back


def test_blocks_that_are_smaller_than_the_sweep_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    filters, _ = starts(first_filter(0.1), 100, 5)
    whole = sweep_block(first_filter(0.1), filters, 0.1, 700)
    monkeypatch.setattr(runs, "WIDTH", 7)
    monkeypatch.setattr(runs, "LOOK", 16)
    parts = sweep_block(first_filter(0.1), filters, 0.1, 700)
    np.testing.assert_array_equal(whole.codes, parts.codes)
    np.testing.assert_array_equal(whole.iteration, parts.iteration)
    np.testing.assert_allclose(whole.filters, parts.filters, rtol=1e-12)


@pytest.mark.parametrize("fast", WAYS)
def test_a_filter_of_zeros_under_relu_learns_nothing_whatever_the_signs_of_its_zeros(fast: bool) -> None:
    zeros = np.array([[[0.0, -0.0], [-0.0, 0.0]], [[-0.0, -0.0], [-0.0, -0.0]]])
    swept = sweep_block(first_filter(0.1), zeros, 0.1, 9, fast=fast)
    assert [STATUSES[code] for code in swept.codes] == ["stuck", "stuck"]
    np.testing.assert_array_equal(swept.filters, 0)


@pytest.mark.parametrize("fast", WAYS)
def test_a_cell_at_exactly_0_gets_nothing_back(fast: bool) -> None:
    # z = [w0 − w1, w1] = [0, ½]: only the second cell's error −½ moves a weight, w1 by 0.1·½
    of = one_filter(input=[[1, -1], [0, 1]], filter=[[0, 0]], target=[[1], [1]], activation="relu", learning_rate=0.1)
    swept = sweep_block(of, [[[0.5, 0.5]], [[0.5, 0.5]]], 0.1, 1, fast=fast)
    np.testing.assert_allclose(swept.filters.reshape(2, 2), [[0.5, 0.55], [0.5, 0.55]], rtol=1e-12)


def test_filters_may_be_written_as_the_scenario_writes_its_own() -> None:
    filters = np.random.default_rng(0).normal(size=(4, 2, 2))
    bare, full = (sweep_block(first_filter(0.1), f, 0.1, 5) for f in (filters, filters[:, None, None]))
    assert bare.filters.shape == full.filters.shape == (4, 1, 1, 2, 2)
    np.testing.assert_array_equal(bare.filters, full.filters)


def test_without_a_rate_it_is_the_scenarios_own() -> None:
    filters = np.random.default_rng(0).normal(size=(4, 2, 2))
    own, given_ = sweep_block(first_filter(0.3), filters, None, 9), sweep_block(first_filter(0.3), filters, 0.3, 9)
    np.testing.assert_array_equal(own.filters, given_.filters)


def swept_elsewhere(data: dict[str, Any], filters: Array) -> Swept:
    return sweep_block(one_filter(**data), filters, 0.1, 50)


def test_another_process_gives_the_same_bits() -> None:
    filters, _ = starts(first_filter(0.1), 20, 1)
    data = first_filter(0.1).data()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        there = pool.submit(swept_elsewhere, data, filters).result()
    assert pickle.dumps(swept_elsewhere(data, filters)) == pickle.dumps(there)


@needs("fast")
@examples(8)
@given(of=scenarios("sgd").filter(lambda of: has_kernel(Problem.of(of))), seed=SEEDS)
def test_machine_code_makes_the_same_runs(of: Scenario, seed: int) -> None:
    filters, biases = starts(of, 6, seed)
    rates = np.array([0.01, 0.02, 0.005, 0.001, 0.01, 0.03])
    same(sweep_block(of, filters, rates, 10, biases=biases, fast=True), of, filters, rates, biases, 10)
