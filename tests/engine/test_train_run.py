"""A run without its record is the recorded run: the same filter, losses, status and iteration."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import judge
from cnnstep.engine.trace import Iteration, trace
from cnnstep.engine.training import runs
from cnnstep.engine.training.runs import LOOK, RunResult, run
from cnnstep.surface.loading import scenario, shipped
from tests.engine.strategies import scenarios
from tests.engine.test_first_filter_run import first_filter
from tests.examples import examples

FINAL = ("converged", "settled", "stuck", "diverged")


def at(iteration: int, of: Scenario) -> Iteration:
    return next(islice(trace(of), iteration, None))


def one_weight(**keys: Any) -> Scenario:
    """L = ½ (w − 1)² from w = 0."""
    usual = {"input": [[1]], "filter": [[0]], "target": [[1]], "activation": "linear", "learning_rate": 0.1}
    return one_filter(**{**usual, **keys})


def same(trained: RunResult, recorded: Iteration, rtol: float = 1e-12) -> None:
    np.testing.assert_allclose(trained.filters, recorded.values["filter"], rtol=rtol, atol=1e-15)
    if trained.bias is not None:
        np.testing.assert_allclose(trained.bias, recorded.values["bias"], rtol=rtol, atol=1e-15)
    np.testing.assert_allclose(trained.loss, recorded.loss, rtol=rtol, atol=1e-15)


def alike(one: str, other: str) -> bool:
    """Whether two statuses are the same; a last digit may decide whether what is level is stuck or has settled."""
    return one == other or {one, other} == {"stuck", "settled"}


@examples(150)
@given(of=scenarios())
def test_over_all_the_registries_a_run_ends_where_the_recorded_one_does(of: Scenario) -> None:
    trained = run(of, 20)
    recorded = at(trained.iterations, of)
    first = at(0, of)
    same(trained, recorded)
    assert alike(judge(recorded.lesson, recorded.values, recorded.loss, first), trained.status)
    assert trained.iterations == 20 or trained.status in FINAL


@examples(60)
@given(of=scenarios("sgd"))
def test_no_iteration_before_the_one_that_is_told_has_a_final_status(of: Scenario) -> None:
    trained = run(of, 12)
    before = list(islice(trace(of), trained.iteration))
    statuses = [judge(i.lesson, i.values, i.loss, before[0]) for i in before]
    assert not set(statuses) & set(FINAL)


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_every_shipped_scenario_of_one_filter_trains_as_it_is_recorded_to_the_last_bit_of_its_filter(name: str) -> None:
    of = scenario(name)
    trained = run(of, min(of.iterations, 300), losses=1)
    recorded = list(islice(trace(of), trained.iterations + 1))
    same(trained, recorded[-1])
    assert [i.loss for i in recorded] == pytest.approx(trained.losses, rel=1e-12, abs=1e-15)


def test_the_chaos_of_the_first_lesson_at_a_half_ends_at_34_with_the_same_bits() -> None:
    trained = run(first_filter(0.5), 2000)
    assert (trained.status, trained.iteration, trained.iterations, trained.loss) == ("stuck", 34, 34, 1.0)
    np.testing.assert_array_equal(trained.filters, at(34, first_filter(0.5)).values["filter"])


def test_at_a_tenth_it_converges_where_the_recorded_loss_is_first_gone() -> None:
    trained = run(first_filter(0.1), 2000)
    recorded = list(islice(trace(first_filter(0.1)), trained.iteration + 1))
    gone = 1e-12 * 2  # the first loss is 2
    assert trained.status == "converged"
    assert recorded[-1].loss <= gone < recorded[-2].loss


@pytest.mark.parametrize("iterations", [1, 2, 3, LOOK - 1, LOOK, LOOK + 1, 2 * LOOK + 5])
def test_any_number_of_iterations_is_made_exactly(iterations: int) -> None:
    of = one_weight(learning_rate=0.001)
    trained = run(of, iterations)
    # w − 1 shrinks by 1 − 0.001 each time
    assert trained.iterations == trained.iteration == iterations
    assert 1 - trained.filters.item() == pytest.approx(0.999**iterations, rel=1e-12)


@pytest.mark.parametrize("rate", [0.4, 0.05, 0.02, 0.01])
def test_the_iteration_is_found_wherever_in_a_block_it_lies(rate: float) -> None:
    of = one_weight(learning_rate=rate)
    first = next(n for n in range(5000) if (1 - rate) ** (2 * n) <= 1e-12)  # (w − 1)² of the first 1
    assert run(of, 5000).iteration == first


def test_no_iteration_at_all_leaves_the_filter_as_it_is() -> None:
    trained = run(one_weight(), 0)
    assert (trained.status, trained.iterations, trained.loss) == ("worse", 0, 0.5)


def test_what_is_stuck_from_the_beginning_makes_no_iteration() -> None:
    trained = run(one_weight(filter=[[-1]], activation="relu"), 100)
    assert (trained.status, trained.iteration, trained.iterations) == ("stuck", 0, 0)


def test_a_run_that_runs_away_is_left_where_it_first_did() -> None:
    trained = run(one_weight(learning_rate=3), 1000)
    # w − 1 is multiplied by −2, the loss by 4: 4¹⁰ is more than a million
    assert (trained.status, trained.iterations) == ("diverged", 10)
    assert trained.loss == 0.5 * 4**10


def test_with_momentum_dead_cells_are_not_the_end_while_the_velocity_moves_on() -> None:
    keys = {"activation": "relu", "optimizer": {"name": "momentum", "momentum": 0.9}, "learning_rate": 2.6}
    of = one_weight(filter=[[0.1]], **keys)
    trained = run(of, 1000)
    dead = [bool(i.values["gradient"] == 0) for i in islice(trace(of), 1000)]
    assert trained.status == "stuck"
    assert trained.iteration == len(dead) - dead[::-1].index(False)  # dead from there to the end
    assert trained.iterations > trained.iteration
    np.testing.assert_array_equal(trained.filters, at(1000, of).values["filter"])


def test_with_momentum_a_minimum_that_is_only_passed_through_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    # ∂L/∂w = 2w − 2: the first step lands on w = 1 exactly, and the velocity carries it on
    optimizer = {"name": "momentum", "momentum": 0.5}
    of = one_weight(input=[[1, 1]], target=[[0, 2]], optimizer=optimizer, learning_rate=0.5)
    monkeypatch.setattr(runs, "LOOK", 4)
    trained = run(of, 1000)
    recorded = list(islice(trace(of), trained.iterations + 1))
    statuses = [judge(i.lesson, i.values, i.loss, recorded[0]) for i in recorded]
    assert statuses[1] == trained.status == "settled"
    last_other = max(number for number, status in enumerate(statuses) if status != "settled")
    assert trained.iteration == last_other + 1 > 1


def test_with_adam_it_is_over_where_the_loss_is_first_gone() -> None:
    assert run(scenario("adam"), 300).iteration == 242  # it comes back for a moment before the next look


def test_a_dead_cell_whose_error_was_all_that_could_be_reached_has_settled() -> None:
    trained = run(one_weight(filter=[[-1]], target=[[-1]], activation="relu"), 10)
    assert (trained.status, trained.loss) == ("settled", 0.5)


def test_a_beginning_that_is_right_but_for_rounding_has_converged() -> None:
    assert run(one_weight(filter=[[1 + 1e-9]]), 10).status == "converged"


@pytest.mark.parametrize("every", [1, 7, 100])
def test_losses_are_kept_at_every_so_many_iterations(every: int) -> None:
    of = first_filter(0.1)
    recorded = [i.loss for i in islice(trace(of), 101)]
    assert recorded[::every] == pytest.approx(run(of, 100, losses=every).losses, rel=1e-12)


def test_losses_are_kept_where_no_short_way_is_gone() -> None:
    of = replace(scenario("sigmoid"), learning_rate=0.1)
    recorded = [i.loss for i in islice(trace(of), 11)]
    assert recorded == pytest.approx(run(of, 10, losses=1).losses, rel=1e-12)


def test_losses_that_are_not_asked_for_are_not_there() -> None:
    assert run(one_weight(), 10).losses.size == 0
