"""What only a particular case shows: each of these was wrong in a copy of the engine, and no other test saw it."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.activations import ACTIVATIONS, CaseFormula
from cnnstep.engine.analysis import analyze
from cnnstep.engine.analysis.curvature import patch_matrix
from cnnstep.engine.analysis.forecast import forecast, nears_a_bound, revived
from cnnstep.engine.analysis.gradient import NUDGE, check_gradient
from cnnstep.engine.analysis.solutions import solve
from cnnstep.engine.build import network, one_filter, rebuilt
from cnnstep.engine.initialisers import INITIALISERS
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import apart, in_words
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.scenario_keys import size_words
from cnnstep.engine.status import DIVERGED, GONE, LARGEST, Bounds, judged
from cnnstep.engine.trace import first_iteration
from cnnstep.engine.training.compiled import summed
from cnnstep.errors import Fault, InputError


def one(**keys: Any) -> Scenario:
    """One weight over one number."""
    asked: dict[str, Any] = {
        "input": [[1]],
        "filter": [[1]],
        "target": [[1]],
        "activation": "linear",
        "learning_rate": 0.1,
    }
    return one_filter(**asked | keys)


def faults_of(**keys: Any) -> tuple[Fault, ...]:
    asked: dict[str, Any] = {"input": [[1]], "layers": [{"type": "relu"}], "target": [[[1]]], "learning_rate": 0.1}
    with pytest.raises(InputError) as raised:
        network(**asked | keys)
    return tuple(raised.value.faults)


class TestStatus:
    def bounds(self, loss: float, least: float = 0.0, blank: float = 0.0) -> Bounds:
        return Bounds.of(np.array([loss]), np.array([1.0]), least, blank)

    @pytest.mark.parametrize(("loss", "steepest"), [(1.0, math.inf), (1.0, math.nan), (math.nan, 1.0), (math.inf, 1.0)])
    def test_a_loss_or_a_slope_alone_that_is_not_finite_has_diverged(self, loss: float, steepest: float) -> None:
        codes = judged(np.array([loss]), np.array([steepest]), self.bounds(1.0), 0.0, lambda runs: runs < 0)
        assert codes.tolist() == [DIVERGED]

    def test_what_rounding_may_leave_is_measured_from_the_least_loss_that_there_is(self) -> None:
        assert self.bounds(5.0, least=3.0).gone.tolist() == [3.0 + GONE * 2.0]

    def test_from_a_loss_of_0_nothing_but_infinity_is_a_millionfold(self) -> None:
        assert self.bounds(0.0).away.tolist() == [LARGEST]


class TestAnalysis:
    def test_cells_come_back_when_their_slope_is_no_longer_0(self) -> None:
        # z = (w, −w) with w = 1: the second is dead until w is below 0, which the first one's target asks for
        scenario = one(input=[[1, -1]], target=[[0, 3]], activation="relu", filter=[[0.1]], learning_rate=1)
        assert revived(scenario, 5) == {}
        assert revived(one(input=[[1, -1]], target=[[-9, 3]], activation="relu", learning_rate=0.3), 5) == {(0, 1): 1}

    def test_of_many_weights_so_many_are_nudged_as_the_work_allows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        scenario = one(input=np.ones((6, 6)), filter=np.ones((4, 4)), target=np.ones((3, 3)))
        iteration, matrix = first_iteration(lesson_of(scenario)), patch_matrix(scenario)
        assert check_gradient(iteration, matrix).checked == 16
        monkeypatch.setattr(import_module("cnnstep.engine.analysis.gradient"), "WORK", 1000)
        assert check_gradient(iteration, matrix).checked == 8

    def test_a_large_weight_is_nudged_farther_and_reaches_a_kink_that_is_farther_off(self) -> None:
        off = 0.5 * NUDGE * 1000
        scenario = one(filter=[[1000]], bias=-1000 + off, activation="relu")
        assert check_gradient(first_iteration(lesson_of(scenario)), patch_matrix(scenario)).near_kink.all()

    def test_a_run_that_comes_ever_nearer_to_an_open_bound_only_nears_it(self) -> None:
        near, far = one(activation="sigmoid", target=[[1]]), one(activation="sigmoid", target=[[0.9]])
        found = [
            nears_a_bound(forecast(scenario, 50), solve(lesson_of(scenario), patch_matrix(scenario)))
            for scenario in (near, far)
        ]
        assert found == [True, False]

    def test_where_a_target_is_out_of_reach_another_activation_is_tried_at_two_rates_at_most(self) -> None:
        tried = analyze(one(activation="relu", target=[[-1]], learning_rate=1000)).trials
        named = [trial.what.partition("; ")[2] for trial in tried if trial.change == "activation"]
        assert named == ["learning_rate 1000", "learning_rate 500"]

    def test_no_other_activation_is_tried_where_nothing_clips_and_all_can_be_met(self) -> None:
        tried = analyze(one(activation="linear", target=[[3]], learning_rate=3)).trials
        assert {trial.change for trial in tried} == {"rate"}

    def test_where_relu_clips_another_activation_is_tried_though_all_can_be_met(self) -> None:
        tried = analyze(one(activation="relu", filter=[[-1]])).trials
        assert "activation" in {trial.change for trial in tried}


class TestNames:
    def test_a_scenario_gives_its_weights_and_its_steps_make_results(self) -> None:
        steps = lesson_of(one(bias=1)).steps
        assert [quantity.kind for quantity in steps[0].inputs] == ["given", "parameter", "parameter"]
        assert {step.quantity.kind for step in steps} == {"result"}

    def test_with_the_error_turned_the_gradients_show_their_minus_and_nothing_forward_does(self) -> None:
        lesson = lesson_of(one(error="target_minus_output"))
        symbols = {step.name: step.symbol for step in lesson.steps}
        assert (symbols["forward"], symbols["delta"]) == ("z", "δ")
        assert "−" in symbols["gradient"]

    @pytest.mark.parametrize(
        ("size", "words"),
        [
            ((1,), "one number"),
            ((4,), "one row of 4 numbers"),
            ((1, 2, 3), "one map of 2×3"),
            ((4, 2, 3), "4 maps of 2×3"),
        ],
    )
    def test_a_size_is_told_in_words(self, size: tuple[int, ...], words: str) -> None:
        assert size_words(size) == words

    def test_two_numbers_that_are_the_same_are_told_as_one(self) -> None:
        assert (in_words((2, 2)), in_words((2, 1))) == ("2", "2 down and 1 across")
        assert (apart((2, 2)), apart((2, 1))) == ("2 apart", "2 apart down and 1 across")

    def test_at_0_the_case_above_0_does_not_hold(self) -> None:
        formula = CaseFormula("else", above="above")
        assert [formula.at_number(z, "z")[0] for z in (-1.0, 0.0, 1.0)] == ["else", "else", "above"]

    def test_a_sum_in_code_has_the_sign_of_each_number(self) -> None:
        assert summed([1, -1, 0, 0.5, -0.5], "w") == "w0 - w1 + 0.5*w3 - 0.5*w4"
        assert summed([-1, 2], "d") == "-d0 + 2.0*d1"
        assert summed([0.5, 1], "d") == "0.5*d0 + d1"
        assert summed([0, 0], "d") == "0.0"


class TestBuilding:
    def test_what_asks_for_one_filter_says_how_a_network_of_one_is_written_as_such(self) -> None:
        hints = []
        for layers in ([{"type": "conv", "weights": [[[[1]]]]}], [{"type": "relu"}]):
            scenario = network(input=[[1]], layers=layers, target=[[[1]]], learning_rate=0.1)
            with pytest.raises(InputError) as raised:
                scenario.check_one_filter("a sweep takes")
            hints.append(raised.value.faults[0].hint)
        assert hints == [
            "write its one layer as filter and activation, or run it: cnnstep run",
            "run it: cnnstep run",
        ]

    def test_a_fault_of_an_activation_lies_at_its_key(self) -> None:
        (fault,) = faults_of(layers=[{"type": "relu"}, {"type": "leaky_relu", "slope": "x"}])
        assert fault.path == ("layers", 1, "slope")

    @pytest.mark.parametrize(
        ("layer", "type_"), [("sigmod", "relu"), ("sigmoid", "sigmoid"), ([1], "relu"), (3, "relu")]
    )
    def test_a_layer_that_is_no_mapping_is_told_how_it_is_written(self, layer: object, type_: str) -> None:
        (fault,) = faults_of(layers=[layer])
        assert fault.hint == f"write {{type: {type_}}}"

    def test_so_many_weights_may_be_drawn_and_not_one_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(import_module("cnnstep.engine.layers.entry"), "MOST_WEIGHTS", 8)
        drawn = {"init": "zeros", "size": 2}
        keys: dict[str, Any] = {"input": [[1, 1], [1, 1]], "learning_rate": 1}
        network(**keys, layers=[{"type": "conv", "weights": {**drawn, "filters": 2}}], target=np.ones((2, 1, 1)))
        (fault,) = faults_of(**keys, layers=[{"type": "conv", "weights": {**drawn, "filters": 3}}], target=[1])
        assert "12 weights; 8 are the most" in fault.what

    def test_what_is_held_back_is_written_again(self) -> None:
        held_back = [{"input": [[2]], "target": [[[3]]]}]
        keys: dict[str, Any] = {"input": [[1]], "target": [[[1]]], "learning_rate": 0.1}
        made = network(**keys, layers=[{"type": "relu"}], test=held_back)
        assert made.data()["test"] == held_back
        again = rebuilt(made.data())
        assert again.test_inputs is not None
        assert again.test_inputs.tolist() == [[[[2]]]]
        assert "test" not in network(**keys, layers=[{"type": "relu"}]).data()

    def test_a_target_of_one_map_may_be_a_matrix_and_one_of_two_maps_may_not(self) -> None:
        keys: dict[str, Any] = {"layers": [{"type": "relu"}], "learning_rate": 0.1}
        assert network(**keys, input=[[1, 2]], target=[[3, 4]]).targets.tolist() == [[[[3, 4]]]]
        (fault,) = faults_of(**keys, input=[[[1, 2]], [[1, 2]]], target=[[3, 4]])
        assert fault.path == ("target",)
        flat = [{"type": "flatten"}]
        assert network(**{**keys, "layers": flat}, input=[[1, 2]], target=[[3, 4]]).targets.tolist() == [[3, 4]]

    def test_one_iteration_is_what_a_run_takes_unless_told(self) -> None:
        assert (one().iterations, one(iterations=1).iterations) == (1, 1)

    def test_uniform_weights_lie_evenly_between_minus_1_and_1(self) -> None:
        drawn = INITIALISERS["uniform"].draw(np.random.default_rng(1), (1, 1, 100, 100), 1, 1)
        assert (abs(drawn) <= 1).all()
        assert drawn.mean() == pytest.approx(0, abs=0.02)
        assert drawn.var() == pytest.approx(1 / 3, rel=0.05)

    @pytest.mark.parametrize("filter", [[[math.nan]], [[math.inf]]])
    def test_weights_are_finite(self, filter: Any) -> None:
        with pytest.raises(InputError, match="not finite"):
            one(filter=filter)

    def test_a_bent_elu_has_its_kink_at_0_and_a_smooth_one_none(self) -> None:
        assert (ACTIVATIONS["elu"](alpha=2).kinks, ACTIVATIONS["elu"](alpha=1).kinks) == ((0.0,), ())


def test_an_error_is_written_with_the_minus_that_it_carries() -> None:
    keys: dict[str, Any] = {"input": [[1]], "layers": [{"type": "flatten"}, {"type": "softmax"}], "target": [1]}
    formulas = []
    for error in ("output_minus_target", "target_minus_output"):
        lesson = lesson_of(network(**keys, loss="cross_entropy", error=error, learning_rate=1))
        formulas.append(lesson.step("error").formula.partition(" = ")[2])
    assert formulas == ["−y / p", "−[−y / p]"]
