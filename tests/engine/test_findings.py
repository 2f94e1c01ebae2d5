"""Each finding has a scenario that shows it and one that only just does not."""

from __future__ import annotations

from typing import Any

import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.findings import Finding, findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration, trace


def found(**scenario: Any) -> dict[str, Finding]:
    """The findings of the first iteration; unless told otherwise the input is 1, so that the filter is z."""
    given = {"input": [[1]], "filter": [[1]], "target": [[0]], "activation": "relu", "learning_rate": 0.1}
    return {
        finding.code: finding for finding in findings(first_iteration(lesson_of(one_filter(**{**given, **scenario}))))
    }


TWO_CELLS: dict[str, Any] = {"input": [[1, -1]], "filter": [[-1]]}
"""z = [−1, 1]: the left cell is dead, the right one lives."""


class TestDeadRelu:
    @pytest.mark.parametrize("z", [-1.0, -1e-12, 0.0])
    def test_a_cell_whose_z_is_not_above_0_is_dead(self, z: float) -> None:
        assert found(filter=[[z]])["dead-relu"].cells == ((0, 0),)

    def test_a_cell_whose_z_is_just_above_0_lives(self) -> None:
        assert "dead-relu" not in found(filter=[[1e-12]])

    def test_cells_are_told_apart(self) -> None:
        finding = found(**TWO_CELLS, target=[[0, 1]])["dead-relu"]
        assert finding.step == "delta"
        assert finding.cells == ((0, 0),)

    def test_a_dead_cell_that_is_right_already_loses_nothing(self) -> None:
        finding = found(**TWO_CELLS, target=[[0, 3]])["dead-relu"]
        assert finding.blocked == ()
        assert finding.harmless
        assert "No error is lost: it is right already." in finding.message

    def test_a_dead_cell_with_an_error_is_blocked(self) -> None:
        finding = found(**TWO_CELLS, target=[[1e-9, 3]])["dead-relu"]
        assert finding.blocked == ((0, 0),)
        assert not finding.harmless
        assert "It has an error left that nothing is learned from." in finding.message

    def test_some_of_several_dead_cells_are_blocked(self) -> None:
        finding = found(input=[[1, 2, 3]], filter=[[-1]], target=[[0, 5, 0]])["dead-relu"]
        assert finding.cells == ((0, 0), (0, 1), (0, 2))
        assert finding.blocked == ((0, 1),)
        assert "3 inactive cells" in finding.message
        assert "1 of them has an error left" in finding.message

    def test_a_slope_of_1_at_0_keeps_the_cell_alive(self) -> None:
        assert "dead-relu" not in found(filter=[[0]], relu_slope_at_zero=1)

    @pytest.mark.parametrize("name", ["linear", "leaky_relu", "elu", "softplus", "sigmoid", "tanh", "gelu", "silu"])
    def test_other_activations_have_no_dead_cells(self, name: str) -> None:
        assert {"dead-relu", "all-dead"}.isdisjoint(found(filter=[[-1]], activation=name))

    def test_channels_and_filters_are_counted_as_the_learner_wrote_them(self) -> None:
        finding = found(input=[[[1]]], filter=[[[[1]]], [[[-1]]]], target=[[[0]], [[0]]])["dead-relu"]
        assert finding.cells == ((1, 0, 0),)


class TestAllDead:
    def test_when_every_cell_is_dead_no_update_will_help(self) -> None:
        finding = found(input=[[1, 2]], filter=[[-1]], target=[[1, 1]])["all-dead"]
        assert finding.cells == finding.blocked == ((0, 0), (0, 1))
        assert "the filter will never change again" in finding.message

    def test_one_cell_alive_is_enough(self) -> None:
        assert "all-dead" not in found(**TWO_CELLS, target=[[1, 1]])

    def test_with_no_error_left_it_does_no_harm(self) -> None:
        finding = found(filter=[[-1]])["all-dead"]
        assert finding.harmless
        assert "no error is left" in finding.message


class TestAtKink:
    @pytest.mark.parametrize("name", ["relu", "leaky_relu"])
    def test_z_exactly_0_is_a_kink(self, name: str) -> None:
        finding = found(filter=[[0]], activation=name)["at-kink"]
        assert finding.cells == ((0, 0),)
        assert finding.harmless

    @pytest.mark.parametrize("z", [1e-300, -1e-300])
    def test_next_to_0_is_no_kink(self, z: float) -> None:
        assert "at-kink" not in found(filter=[[z]])

    @pytest.mark.parametrize("name", ["linear", "sigmoid", "tanh", "gelu", "silu", "softplus"])
    def test_a_smooth_activation_has_none(self, name: str) -> None:
        assert "at-kink" not in found(filter=[[0]], activation=name)

    def test_it_says_which_slope_is_taken_there(self) -> None:
        assert "here 0.5." in found(filter=[[0]], relu_slope_at_zero=0.5)["at-kink"].message


class TestSaturated:
    # sigmoid′ is 0.25 at its steepest, and under 0.0025 from |z| = 5.99 on; tanh′ is 1, and under 0.01 from 2.99 on
    @pytest.mark.parametrize(("name", "z"), [("sigmoid", 6.0), ("sigmoid", -6.0), ("tanh", 3.0), ("tanh", -3.0)])
    def test_far_out_next_to_nothing_passes(self, name: str, z: float) -> None:
        finding = found(filter=[[z]], activation=name)["saturated"]
        assert finding.cells == finding.blocked == ((0, 0),)
        assert not finding.harmless

    @pytest.mark.parametrize(("name", "z"), [("sigmoid", 5.98), ("sigmoid", -5.98), ("tanh", 2.99), ("tanh", -2.99)])
    def test_a_little_nearer_enough_passes(self, name: str, z: float) -> None:
        assert "saturated" not in found(filter=[[z]], activation=name)

    @pytest.mark.parametrize("name", ["linear", "relu", "leaky_relu"])
    def test_straight_pieces_are_as_steep_as_they_were_made(self, name: str) -> None:
        assert "saturated" not in found(filter=[[-50]], activation=name)

    def test_an_output_rounded_to_1_whose_target_is_0_has_an_infinite_loss_and_says_so(self) -> None:
        codes = found(filter=[[40]], activation="sigmoid", loss="binary_cross_entropy")  # −ln(1 − 1)
        assert codes["saturated"].cells == ((0, 0),)
        assert "the loss is infinite" in codes["saturated"].message
        assert "converged" not in codes
        near = found(filter=[[30]], activation="sigmoid", loss="binary_cross_entropy")  # 1 − σ(30) = 9.4e-14
        assert "saturated" not in near

    def test_a_slope_that_underflows_to_0_is_saturated_too(self) -> None:
        assert "saturated" in found(filter=[[-800]], activation="sigmoid")

    def test_nothing_is_blocked_where_nothing_is_wrong(self) -> None:
        assert found(filter=[[-800]], activation="sigmoid")["saturated"].blocked == ()

    def test_cross_entropy_makes_up_for_it(self) -> None:
        # δ = e there, however flat the sigmoid: all of the error passes
        codes = found(filter=[[8]], activation="sigmoid", loss="binary_cross_entropy")
        assert "saturated" not in codes


class TestUnreachableTarget:
    @pytest.mark.parametrize(
        ("name", "target", "bound"),
        [
            ("relu", -0.01, "below 0"),
            ("sigmoid", 1.01, "above 1"),
            ("sigmoid", -0.01, "below 0"),
            ("tanh", -1.01, "below -1"),
        ],
    )
    def test_a_target_beyond_the_range_is_out_of_reach(self, name: str, target: float, bound: str) -> None:
        finding = found(activation=name, target=[[target]])["unreachable-target"]
        assert finding.step == "error"
        assert finding.cells == ((0, 0),)
        assert f"{name} never gives a number {bound}" in finding.message

    @pytest.mark.parametrize(
        ("name", "target"), [("relu", 0), ("sigmoid", 1), ("sigmoid", 0), ("tanh", -1), ("linear", -99)]
    )
    def test_a_target_on_the_edge_can_at_least_be_approached(self, name: str, target: float) -> None:
        assert "unreachable-target" not in found(activation=name, target=[[target]])

    def test_it_names_the_loss_that_stays(self) -> None:
        # ½ (0 − (−1))²
        assert "can't fall below 0.5." in found(target=[[-1]])["unreachable-target"].message


class TestTheLoss:
    @pytest.mark.parametrize("rate", [2.1, 1001])
    def test_a_step_that_is_too_long_overshoots(self, rate: float) -> None:
        # L = ½w², w ← (1 − η)w
        finding = found(activation="linear", learning_rate=rate)["overshoot"]
        assert finding.step == "update"
        assert "the loss rose from 0.5" in finding.message

    @pytest.mark.parametrize("rate", [2.0, 1.9])
    def test_a_loss_that_stays_or_falls_does_not(self, rate: float) -> None:
        assert "overshoot" not in found(activation="linear", learning_rate=rate)

    @pytest.mark.parametrize("rate", [1002, 1e200])
    def test_more_than_a_millionfold_is_divergence_and_no_mere_overshoot(self, rate: float) -> None:
        codes = found(activation="linear", learning_rate=rate)
        assert "diverged" in codes
        assert "overshoot" not in codes

    def test_a_millionfold_is_not(self) -> None:
        # (1 − 1001)² is a million exactly
        assert "diverged" not in found(activation="linear", learning_rate=1001)

    def test_divergence_is_measured_from_the_beginning_of_the_run(self) -> None:
        # the loss grows 4-fold each time: 4⁹ = 262,144 is not yet a million, 4¹⁰ is more
        scenario = one_filter(input=[[1]], filter=[[1]], target=[[0]], activation="linear", learning_rate=3)
        codes = [{finding.code for finding in findings(iteration)} for iteration in trace(scenario, 10)]
        assert "diverged" not in codes[8]
        assert "diverged" in codes[9]

    @pytest.mark.parametrize("off", [0.0, 1e-7])
    def test_a_loss_that_is_gone_has_converged(self, off: float) -> None:
        finding = found(filter=[[1 + off]], target=[[1]])["converged"]
        assert finding.harmless

    def test_a_loss_that_is_only_small_has_not(self) -> None:
        assert "converged" not in found(filter=[[1 + 1e-5]], target=[[1]])
