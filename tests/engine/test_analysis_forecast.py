"""The forecast is the run itself, and what is offered instead was run too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from cnnstep.engine.analysis import MOST_RUNS, Analysis, analyze
from cnnstep.engine.analysis.forecast import Forecast, falls_below, forecast, patience, well_on_its_way
from cnnstep.engine.build import network, one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import outcome
from cnnstep.engine.trace import trace
from cnnstep.errors import InputError
from cnnstep.surface.loading import load, shipped


def given(name: str, **changes: Any) -> Scenario:
    return one_filter(**(load(name).scenario.data() | changes))


def run(name: str, limit: int = 3000, **changes: Any) -> Forecast:
    return forecast(given(name, **changes), limit)


def line(**keys: Any) -> Scenario:
    """One weight w that is to become 1: each update multiplies w − 1 by 1 − η."""
    return one_filter(**{"input": [[1]], "filter": [[0]], "target": [[1]], "activation": "linear", **keys})


ANALYSES: dict[str, Analysis] = {}


def analysis(name: str) -> Analysis:
    """The analysis of a shipped scenario, made once."""
    if name not in ANALYSES:
        ANALYSES[name] = analyze(load(name).scenario)
    return ANALYSES[name]


@pytest.mark.parametrize(
    ("name", "status", "iteration"),
    [
        ("first-filter", "stuck", 34),
        ("first-filter-slow", "converged", 128),
        ("first-filter-linear", "converged", 733),
        ("first-filter-linear-fast", "diverged", 9),
        ("unreachable-target", "settled", 167),
        ("dead-from-the-start", "stuck", 0),
        ("leaky-relu-rescue", "converged", 49),
        ("momentum", "converged", 120),
        ("adam", "converged", 242),
        ("two-filters", "converged", 126),
        ("digits-edge-batch", "converged", 425),
    ],
)
def test_what_becomes_of_the_shipped_scenarios(name: str, status: str, iteration: int) -> None:
    found = analysis(name).forecast
    assert (found.status, found.iteration) == (status, iteration)


def test_the_first_lesson_dies_with_a_loss_of_1() -> None:
    found = analysis("first-filter").forecast
    assert found.loss == 1
    assert_allclose(found.matrix("filter"), [[-0.0663, -0.0998], [-0.0663, -0.0998]], atol=5e-5)
    assert found.losses[:4] == (2, 1.5, 0.625, 0.15625)
    assert found.rises[0] == 4
    assert not found.oscillates


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_the_status_is_the_runs_own_after_as_many_updates(name: str) -> None:
    found = analysis(name).forecast
    if not found.iterations:
        return
    recorded = list(trace(load(name).scenario, found.iterations))
    end = outcome(recorded[0], recorded[-1])
    assert end.status == found.status
    assert_allclose([*(one.loss for one in recorded), end.loss], found.losses, rtol=1e-6)
    assert_allclose(end.matrix("filter"), found.matrix("filter"), rtol=1e-9, atol=1e-12)


def test_a_loss_that_is_gone_already_is_gone_at_0() -> None:
    found = forecast(line(filter=[[1]], learning_rate=0.5), 10)
    assert (found.status, found.iteration, found.iterations) == ("converged", 0, 0)


def test_an_undecided_run_goes_to_its_limit_and_says_so() -> None:
    found = forecast(line(learning_rate=0.001), 20)
    assert (found.status, found.final, found.iterations) == ("improving", False, 20)
    assert found.iteration == 1  # before the first update nothing has improved


@pytest.mark.parametrize("rate", [2, 1e-20])  # there and back again, or not at all
def test_a_run_that_goes_nowhere_is_not_improving_and_other_rates_are_tried(rate: float) -> None:
    found = forecast(line(learning_rate=rate), 20)
    assert (found.status, found.iteration, found.goes_nowhere) == ("worse", 0, True)
    tried = [trial.what for trial in analyze(line(learning_rate=rate)).trials if trial.change == "rate"]
    assert tried[0] == ("learning_rate 1" if rate == 2 else "learning_rate 1e-12")


def test_worse_holds_from_where_the_loss_stays_above_the_first() -> None:
    found = forecast(line(learning_rate=2.1), 20)  # w − 1 goes −1, 1.1, −1.21, …
    assert (found.status, found.iteration) == ("worse", 1)


def test_what_runs_away_is_not_followed() -> None:
    found = forecast(line(learning_rate=10, optimizer={"name": "momentum", "momentum": 0.5}), 1000)
    assert found.status == "diverged"
    assert found.iteration == found.iterations < 20


def test_a_loss_that_goes_up_and_down_to_the_end_oscillates() -> None:
    # below 0 the slope is small and the rate stable, above 0 it is not: thrown out there, brought back from here
    found = run("first-filter", limit=200, filter=[[1, -1], [1, 1]], activation={"name": "leaky_relu", "slope": 0.1})
    assert found.oscillates
    assert len(found.rises) > 20


def test_a_loss_that_only_grows_does_not_oscillate() -> None:
    found = forecast(line(learning_rate=2.001), 100)
    assert (found.status, found.oscillates, len(found.rises)) == ("worse", False, 100)


def test_a_stumble_at_the_beginning_is_no_oscillation() -> None:
    found = run("momentum", limit=60)
    assert found.rises
    assert found.status == "improving"
    calm = forecast(line(learning_rate=0.01), 60)
    assert (calm.oscillates, calm.rises) == (False, ())


def test_a_standstill_counts_for_a_momentum_only_when_it_lasts() -> None:
    # relu, w = 0.5 goes over 0 at iteration 1, where it is dead, and the velocity carries it on; nothing brings it back
    question: dict[str, Any] = {"input": [[1, -1]], "filter": [[0.5]], "target": [[0, 1]], "activation": "relu"}
    found = forecast(one_filter(**question, learning_rate=0.5, optimizer="momentum"), 1000)
    assert (found.status, found.iteration) == ("converged", found.iterations)
    assert found.iterations > 2


def test_dead_cells_that_come_back_are_named_with_when() -> None:
    assert dict(analysis("first-filter").revived) == {(0, 1): 1, (1, 0): 7}
    assert dict(analysis("dead-from-the-start").revived) == {}


def test_every_run_is_told_to_whoever_waits() -> None:
    heard: list[int] = []
    found = analyze(load("first-filter").scenario, 100, heard.append)
    assert heard == list(range(1 + len(found.trials)))
    assert len(heard) <= MOST_RUNS


def test_a_network_is_a_fault_that_says_what_to_do() -> None:
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[[[1]]]]}, {"type": "relu"}]
    scenario = network(input=[[1]], target=[[[1]]], layers=layers, learning_rate=0.1)
    with pytest.raises(InputError, match="one filter and its activation, not a network") as raised:
        analyze(scenario)
    assert raised.value.faults[0].hint


def test_a_large_layer_gets_fewer_iterations() -> None:
    assert patience(load("first-filter").scenario) == 3000
    large = one_filter(
        input=np.ones((16, 34, 34)), filter=np.zeros((32, 16, 3, 3)), target=np.zeros((32, 32, 32)),
        activation="relu", learning_rate=0.1,
    )  # fmt: skip
    assert patience(large) == 6 * 10**8 // (3 * 32 * 32 * 32 * 16 * 9)


class TestTrials:
    @pytest.mark.parametrize(
        "name", [one.name for one in shipped() if not one.has_layers and analysis(one.name).trials]
    )
    def test_each_was_run_and_says_what_it_became(self, name: str) -> None:
        for trial in analysis(name).trials:
            further = trial.forecast.iterations + trial.forecast.final  # what ends a run does so however long it is
            again = forecast(trial.scenario, further)
            assert (again.status, again.iteration) == (trial.forecast.status, trial.forecast.iteration)
            if trial.helps and trial.forecast.final:
                assert trial.forecast.status in ("converged", "settled")

    def test_the_first_lesson_is_saved_by_a_quarter(self) -> None:
        (rate,) = [t for t in analysis("first-filter").trials if t.change == "rate"]
        assert (rate.scenario.learning_rate, rate.forecast.status, rate.helps) == (0.25, "converged", True)

    def test_what_ends_no_lower_than_the_run_as_it_is_is_not_offered(self) -> None:
        # L = ½(w₀ − 1)² + ½·0.01(w₁ − 1)²: from 0 the second part is 0.005·(1 − 0.01η)²ᵏ after k updates, so at
        # η = 0.1 and k = 3000 it is 0.005·e⁻⁶, and a trial of 1000 updates is above that at 0.2 and 0.25, below at 0.5
        creeping = analyze(line(input=[[1, 0, 0, 0.1]], filter=[[0, 0]], target=[[1, 0, 0.1]], learning_rate=0.1))
        rates = {t.scenario.learning_rate: (t.helps, t.forecast.loss) for t in creeping.trials if t.change == "rate"}
        assert {rate: helps for rate, (helps, _) in rates.items()} == {0.2: False, 0.25: False, 0.5: True}
        assert rates[0.5][1] < creeping.forecast.loss < rates[0.25][1] < rates[0.2][1]

    @pytest.mark.parametrize("seed", range(6))
    def test_whatever_is_offered_ends_lower_than_the_run_as_it_is(self, seed: int) -> None:
        drawn = np.random.default_rng(seed)
        keys = {"input": drawn.integers(-2, 3, (3, 3)), "filter": drawn.integers(-2, 3, (2, 2))}
        target, phi = drawn.integers(0, 2, (2, 2)), ("elu", "leaky_relu", "silu", "relu", "softplus", "tanh")[seed]
        scenario = line(**keys, target=target, activation=phi, learning_rate=0.3, optimizer="adam")
        found = analyze(scenario, limit=1500)
        for trial in found.trials:
            assert not trial.helps or trial.forecast.loss < found.forecast.loss

    def test_one_thing_is_changed_at_a_time(self) -> None:
        own = load("first-filter").scenario
        for trial in analysis("first-filter").trials:
            same_rate = trial.scenario.learning_rate == own.learning_rate
            same_start = np.array_equal(trial.scenario.conv.weights, own.conv.weights)
            same_phi = trial.scenario.activation == own.activation
            assert {"rate": same_start and same_phi, "start": same_rate and same_phi, "activation": same_start}[
                trial.change
            ]

    def test_what_is_dead_from_the_start_is_not_offered_another_rate(self) -> None:
        trials = analysis("dead-from-the-start").trials
        assert [(t.change, t.helps) for t in trials] == [("activation", True), ("start", True)]

    def test_a_run_that_arrives_needs_nothing(self) -> None:
        for name in ("first-filter-slow", "sigmoid", "adam"):
            assert analysis(name).trials == ()

    def test_another_activation_is_tried_at_the_rate_that_was_found(self) -> None:
        found = analyze(given("first-filter", learning_rate=1), 500)  # 0.5 dies, 0.25 does not
        rates = [t.scenario.learning_rate for t in found.trials if t.change == "activation"]
        assert rates == [1, 0.25]

    def test_a_run_that_diverges_is_not_offered_another_start(self) -> None:
        assert {t.change for t in analysis("first-filter-linear-fast").trials} == {"rate"}

    def test_a_run_that_creeps_is_offered_larger_rates_within_the_bound(self) -> None:
        found = analyze(given("first-filter-linear", learning_rate=0.001), 1000)
        assert found.forecast.status == "improving"
        rates = [t.scenario.learning_rate for t in found.trials if t.change == "rate"]
        assert rates == sorted(rates)
        assert rates[0] > 0.001
        short = analyze(given("first-filter-linear", learning_rate=0.2), 5)  # the bound is 0.2918, and 0.5 above it
        assert [t.scenario.learning_rate for t in short.trials if t.change == "rate"] == [0.25]

    def test_a_target_out_of_reach_is_offered_an_activation_that_reaches_it(self) -> None:
        found = analysis("unreachable-target")
        assert found.forecast.status == "settled"
        assert {t.change for t in found.trials} == {"activation"}
        assert found.trials[-1].helps
        assert found.trials[-1].forecast.loss < 0.5 == found.solutions.floor

    def test_a_start_that_is_the_answer_is_not_offered(self) -> None:
        assert all(t.forecast.iteration > 0 for t in analysis("first-filter").trials if t.helps and t.change == "start")


class TestOnTheWay:
    """A run that has not ended counts as a remedy only where it is low, falls, and does not jump."""

    FALLS = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.008)
    JUMPS = (8.0, *([0.004, 0.008] * 20))

    def ended(self, status: Any, losses: tuple[float, ...]) -> Forecast:
        return replace(run("first-filter-slow", 5), status=status, losses=losses)

    def test_it_is_down_to_a_thousandth_and_falls_on(self) -> None:
        assert well_on_its_way(self.ended("improving", self.FALLS))
        assert not well_on_its_way(self.ended("improving", (*self.FALLS[:-1], 0.0081)))
        assert not well_on_its_way(self.ended("settled", self.FALLS))
        assert not well_on_its_way(self.ended("improving", self.JUMPS))

    def test_it_falls_below_a_run_that_has_ended(self) -> None:
        own = self.ended("stuck", (8.0, 1.0, 1.0))
        assert falls_below(self.ended("improving", self.FALLS), own)
        assert not falls_below(self.ended("improving", (8.0, 4.0, 2.0)), own)
        assert not falls_below(self.ended("worse", self.FALLS), own)
        assert not falls_below(self.ended("improving", self.JUMPS), own)
        assert not falls_below(self.ended("improving", self.FALLS), self.ended("improving", (8.0, 1.0, 1.0)))
