"""A network's screens: the overview, one layer's cards, one sample of a batch, where a number comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network
from cnnstep.engine.findings import findings
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import mean
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.cards import SILENT, iteration_cards, lesson_for, names_of, question, step_card
from cnnstep.tutor.document import Block, Heading, Matrix, Note, Paragraph, Sum, Table
from cnnstep.tutor.network.cards import TIED, WON, jacobian
from cnnstep.tutor.network.overview import BIG, is_small, overview
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.present import one_sample
from cnnstep.tutor.sentences import title_of, words_of
from cnnstep.tutor.why import why
from tests.tutor.blocks import blocks_of, comes_to
from tests.tutor.networks import Layers, batch, digits_like, smallest


def opened(scenario: Scenario) -> Iteration:
    return first_iteration(lesson_for(scenario))


def card(iteration: Iteration, step: str, **more: Any) -> list[Block]:
    return list(blocks_of(step_card(iteration, iteration.lesson.step(step), AS_USUAL, **more)))


def matrices(blocks: list[Block]) -> list[Matrix]:
    return [block for block in blocks if isinstance(block, Matrix)]


def words(blocks: list[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Note))


def asked(iteration: Iteration, step: str, *cell: int, sample: int | None = None) -> list[Block]:
    return list(blocks_of(why(iteration, iteration.lesson.step(step), cell, AS_USUAL, sample)))


class TestOverview:
    def test_every_layer_has_its_shape_its_weights_and_three_lengths(self) -> None:
        iteration = opened(smallest())
        table = overview(iteration)[0]
        assert isinstance(table, Table)
        assert [row[0] for row in table.rows] == ["input", *iteration.lesson.scenario.names]
        dense = table.rows[5]
        assert dense[1:4] == ("dense", "2", 10)  # 2 × 4 weights and 2 biases
        assert dense[4] == pytest.approx(np.hypot(0.5, 1.5))  # z = [0.5, 1.5], worked out on its card
        p = np.exp(0.5) / (np.exp(0.5) + np.exp(1.5))
        assert dense[5] == pytest.approx(np.sqrt(2) * p)  # p − y = [p, −p]
        assert dense[6] == pytest.approx(np.sqrt(2) * p * np.sqrt(4 * 2**2 + 1))  # each row is ±p·[2, 2, 2, 2], and ±p

    def test_where_nothing_is_sent_back_there_is_no_length(self) -> None:
        layers: Layers = [
            {"type": "max_pool", "size": 1},
            {"type": "flatten"},
            {"type": "dense", "weights": [[1, 1]]},
        ]
        scenario = network(input=[[1, 2]], target=[0], layers=layers, learning_rate=0.1)
        table = overview(first_iteration(lesson_of(scenario)))[0]
        assert isinstance(table, Table)
        assert [row[5] for row in table.rows] == ["", "", "", 3.0]

    def test_a_question_begins_with_it_and_a_large_network_shows_input_and_target_alone(self) -> None:
        assert isinstance(question(opened(smallest()))[0], Table)
        titles = [block.title for block in matrices(list(blocks_of(question(opened(digits_like()), 3))))]
        assert titles == ["Input X", "Target t"]

    def test_a_mean_that_is_nothing_but_rounding_is_shown_as_0(self) -> None:
        assert mean(np.array([0.1, 0.2, -0.3])) == 0  # 0.1 + 0.2 − 0.3 is 5.55e-17 in floating point
        assert mean(np.array([0.1, 0.2, -0.3 + 3e-12])) == pytest.approx(1e-12, rel=1e-3)

    def test_small_means_that_no_array_has_more_numbers_than_stated(self) -> None:
        assert BIG == 256
        assert is_small(smallest())
        assert not is_small(digits_like())
        flat = {"layers": [{"type": "flatten"}, {"type": "dense", "weights": [[0] * 16] * 17}], "loss": "squared_error"}
        assert not is_small(smallest(**flat, target=[0] * 17))  # 272 weights
        flat = {"layers": [{"type": "flatten"}, {"type": "dense", "weights": [[0] * 16] * 16}], "loss": "squared_error"}
        assert is_small(smallest(**flat, target=[0] * 16))


class TestCards:
    @pytest.mark.parametrize("sample", [None, 1])
    def test_every_step_has_a_title_with_its_layer_and_a_sentence(self, sample: int | None) -> None:
        iteration = opened(batch() if sample is not None else smallest())
        for step in iteration.lesson.steps:
            blocks = card(iteration, step.name, sample=sample)
            assert isinstance(blocks[0], Heading)
            assert blocks[0].text == f"{iteration.lesson.names.index(step.name) + 1} {title_of(step)}"
            assert title_of(step).startswith(f"{step.layer}: " if step.layer else "Error")
            assert words_of(iteration, step).why
            assert isinstance(blocks[1], Paragraph)
            assert blocks[1].text.endswith(".")

    def test_max_pooling_marks_who_won_and_who_was_as_large_but_later(self) -> None:
        layers: Layers = [{"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2}]
        scenario = network(input=[[3, 1], [3, 3]], target=[[0]], layers=layers, learning_rate=0.1)
        source, pooled = matrices(card(opened(scenario), "max_pool1.forward"))
        assert source.marks == {(0, 0): WON, (1, 0): TIED, (1, 1): TIED}
        assert pooled.rows == ((3.0,),)
        assert "the first in reading order wins" in words(card(opened(scenario), "max_pool1.forward"))

    def test_its_input_gradient_goes_to_the_winner_alone_which_is_marked(self) -> None:
        layers: Layers = [{"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2}]
        scenario = network(input=[[3, 1], [3, 3]], target=[[0]], layers=layers, learning_rate=0.1)
        blocks = card(opened(scenario), "max_pool1.input_gradient")
        (matrix,) = matrices(blocks)
        assert matrix.rows == ((3.0, 0.0), (0.0, 0.0))
        assert matrix.marks[0, 0] == WON
        assert "1 of 4 cells gets something" in words(blocks)

    def test_a_padded_window_marks_the_cells_of_the_image(self) -> None:
        layers: Layers = [
            {"type": "conv", "weights": [[[[1]]]]},
            {"type": "max_pool", "size": 2, "stride": 2, "padding": 1},
        ]
        scenario = network(input=[[1, 2], [3, 4]], target=[[0, 0], [0, 0]], layers=layers, learning_rate=0.1)
        source = matrices(card(opened(scenario), "max_pool1.forward"))[0]
        assert source.marks == dict.fromkeys([(0, 0), (0, 1), (1, 0), (1, 1)], WON)

    def test_an_average_has_no_winner(self) -> None:
        layers: Layers = [{"type": "conv", "weights": [[[[1]]]]}, {"type": "average_pool", "size": 2}]
        scenario = network(input=[[3, 1], [3, 3]], target=[[0]], layers=layers, learning_rate=0.1)
        assert all(not matrix.marks for matrix in matrices(card(opened(scenario), "average_pool1.forward")))
        assert "an equal share" in words(card(opened(scenario), "average_pool1.input_gradient"))

    @pytest.mark.parametrize("geometry", [{}, {"stride": 2, "padding": 1}, {"dilation": 2, "padding": 1}])
    def test_an_input_gradient_is_shown_both_ways_and_they_are_equal(self, geometry: dict[str, int]) -> None:
        conv = {"type": "conv", "weights": [[[[1, 2], [3, 4]]], [[[0, 1], [-1, 0]]]], **geometry}
        scenario = network(
            input=np.arange(16.0).reshape(4, 4).tolist(),
            layers=[
                conv,
                {"type": "flatten"},
                {"type": "dense", "weights": {"init": "he_normal", "outputs": 1}},
            ],
            target=[0],
            learning_rate=0.1,
        )
        iteration = opened(scenario)
        blocks = card(iteration, "conv1.input_gradient")
        shown = {block.title: block.rows for block in matrices(blocks)}
        assert any(number for row in shown["∂L/∂X"] for number in row)
        assert shown["∂L/∂X, scattered"] == shown["∂L/∂X"]
        assert np.array(shown["∂L/∂X, by correlation"]) == pytest.approx(np.array(shown["∂L/∂X"]), abs=1e-12)
        assert shown["W1 rotated, filter 0, channel 0"] == ((4.0, 3.0), (2.0, 1.0))
        assert "The two are equal, cell by cell." in words(blocks)

    def test_softmax_shows_its_jacobian_and_the_short_form_equal(self) -> None:
        iteration = opened(smallest())
        blocks = card(iteration, "softmax1.input_gradient")
        p = iteration.values["softmax1.forward"][0]
        assert matrices(blocks)[1].rows == tuple(map(tuple, jacobian(p).tolist()))
        assert "The short form, p6 − t: [0.2689, -0.2689]. The two are equal, cell by cell." in words(blocks)

    def test_without_cross_entropy_there_is_no_short_form(self) -> None:
        iteration = opened(smallest(loss="half_squared_error"))
        assert "short form" not in words(card(iteration, "softmax1.input_gradient"))

    def test_the_loss_of_one_class_is_written_out(self) -> None:
        assert "L = −Σ y·ln p = −ln 0.7311 = 0.3133" in words(card(opened(smallest()), "error"))

    def test_squares_are_written_out_from_output_and_target(self) -> None:
        layers: Layers = [{"type": "flatten"}, {"type": "dense", "weights": [[1, 1]]}]
        iteration = opened(network(input=[[1, 2]], target=[5], layers=layers, learning_rate=0.1))
        assert "L = ½ Σ e² = ½ ((-2)²) = 2, with e = z2 − t" in words(card(iteration, "error"))


class TestBigArrays:
    def test_they_are_summed_up_and_the_first_matrices_follow(self) -> None:
        blocks = card(opened(digits_like()), "conv1.forward", sample=0)
        (table,) = (block for block in blocks if isinstance(block, Table))
        z = opened(digits_like()).values["conv1.forward"][:1]
        assert table.rows[0][:2] == ("z1", "8×6×6")
        assert table.rows[0][2:5] == pytest.approx((z.min(), z.mean(), z.max()))
        assert len(matrices(blocks)) == 4
        assert "… and 4 more matrices of z1; conv1.forward[4] names one." in words(blocks)

    def test_a_matrix_too_big_to_read_says_how_to_name_a_part(self) -> None:
        blocks = card(opened(digits_like()), "dense1.gradient", sample=0)
        assert not matrices(blocks)
        assert "dense1.gradient[0] names unit 0" in words(blocks)

    def test_a_part_is_shown_whole(self) -> None:
        iteration = opened(digits_like())
        cards = list(blocks_of(iteration_cards(iteration, AS_USUAL, ("dense1.gradient[2]", "conv1.forward[5]"), 7)))
        row, plane = matrices(cards)
        assert row.rows[0] == tuple(iteration.values["dense1.gradient"][2])
        assert plane.rows == tuple(map(tuple, iteration.values["conv1.forward"][7, 5].tolist()))

    def test_a_layers_name_stands_for_all_its_steps(self) -> None:
        iteration = opened(digits_like())
        cards = iteration_cards(iteration, AS_USUAL, ("relu1",), 0)
        assert [block.text for block in cards if isinstance(block, Heading)] == [
            "2 relu1: activation",
            "14 relu1: delta",
        ]

    @pytest.mark.parametrize("name", ["conv1.gradient[8]", "conv1.gradient[0,0,0,0,0]", "conv7", "forward", "[0]"])
    def test_a_part_a_layer_or_a_step_that_is_not_there_is_refused(self, name: str) -> None:
        with pytest.raises(InputError):
            iteration_cards(opened(digits_like()), AS_USUAL, (name,), 0)

    def test_a_comma_in_brackets_parts_no_names(self) -> None:
        assert names_of("error, conv1.gradient[3,0],,conv1") == ("error", "conv1.gradient[3,0]", "conv1")

    def test_the_first_layers_input_gradient_is_worked_out_where_it_is_asked_for(self) -> None:
        assert "conv1.input_gradient" not in lesson_for(digits_like()).names
        assert "conv1.input_gradient" in lesson_for(digits_like(), ("conv1.input_gradient[0]",)).names
        assert "conv1.input_gradient" in lesson_for(digits_like(), ("conv1",)).names
        assert "conv1.input_gradient" in lesson_for(smallest()).names


class TestOneSample:
    def test_its_part_of_every_array_is_shown_and_gradients_are_sums(self) -> None:
        iteration = opened(batch())
        own = one_sample(iteration, 2)
        assert own.matrix("conv1.forward").tolist() == iteration.values["conv1.forward"][2].tolist()
        assert own.matrix("dense1.gradient").tolist() == iteration.values["dense1.gradient"].tolist()
        assert "Added up over all 3 samples." in words(card(iteration, "conv1.gradient", sample=2))
        assert "Added up" not in words(card(opened(smallest()), "conv1.gradient"))

    def test_its_dead_cells_are_its_own(self) -> None:
        iteration = opened(batch())
        for sample in range(3):
            dead = int((iteration.values["conv1.forward"][sample] <= 0).sum())
            blocks = card(iteration, "relu1.input_gradient", sample=sample)
            assert next(b.text for b in blocks if isinstance(b, Note)).startswith(f"{dead} inactive cells")
            assert len(matrices(blocks)[0].marks) == dead

    def test_its_part_of_the_loss_is_said(self) -> None:
        iteration = opened(batch())
        p = iteration.values["softmax1.forward"]
        own = -np.log(p[1, 1])
        text = words(card(iteration, "error", sample=1))
        assert f"= {iteration.loss:.4f} over all 3 samples; this sample adds {own:.4f}." in text

    def test_the_iteration_as_a_whole_stays_as_it_was(self) -> None:
        iteration = opened(batch())
        assert one_sample(iteration, None) is iteration
        assert one_sample(opened(smallest()), 0).matrix("conv1.forward").shape == (1, 3, 3)


class TestWhy:
    @pytest.mark.parametrize("sign", ["output_minus_target", "target_minus_output"])
    @pytest.mark.parametrize("loss", ["cross_entropy", "half_squared_error"])
    def test_every_number_is_its_sum_and_every_gradient_is_proved_by_a_nudge(self, loss: str, sign: str) -> None:
        layers: Layers = [
            {"type": "conv", "weights": {"init": "he_normal", "seed": 3, "filters": 2, "size": 2}, "bias": 0.1},
            {"type": "tanh"},
            {"type": "average_pool", "size": 2, "stride": 1},
            {"type": "flatten"},
            {"type": "dense", "weights": {"init": "he_normal", "seed": 4, "outputs": 2}, "bias": 0.1},
            {"type": "softmax"},
        ]
        iteration = opened(batch(2, layers=layers, loss=loss, error=sign))
        nudged = 0
        for step in iteration.lesson.steps:
            for cell in np.ndindex(*iteration.matrix(step.name).shape):
                blocks = asked(iteration, step.name, *cell)
                assert comes_to(blocks, float(iteration.matrix(step.name)[cell]))
                assert "differ" not in words(blocks)
                nudged += " agree" in words(blocks)
        gradients = [s for s in iteration.lesson.steps if "gradient" in s.name or s.name == "error"]
        assert nudged == sum(iteration.values[step.name].size for step in gradients)

    def test_max_pooling_shows_the_windows_that_a_number_won(self) -> None:
        blocks = asked(opened(smallest()), "max_pool1.input_gradient", 0, 1, 2)
        own, windows = matrices(blocks)
        assert list(own.marks) == [(1, 2)]
        assert set(windows.marks) == {(0, 1), (1, 1)}

    def test_a_number_that_won_nothing_says_so(self) -> None:
        blocks = asked(opened(smallest()), "max_pool1.input_gradient", 0, 0, 1)
        assert "No window took this number" in words(blocks)
        assert not any(isinstance(block, Sum) for block in blocks)

    def test_where_numbers_tie_the_nudge_says_why_it_differs(self) -> None:
        layers: Layers = [{"type": "conv", "weights": [[[[1]]]]}, {"type": "max_pool", "size": 2}]
        scenario = network(input=[[3, 1], [3, 3]], target=[[0]], layers=layers, learning_rate=0.1)
        said = words(asked(opened(scenario), "max_pool1.input_gradient", 0, 0, 0))
        assert "the nudge changes which number wins a pooling window" in said

    def test_softmax_is_worked_out_whole_and_in_short(self) -> None:
        blocks = asked(opened(smallest()), "softmax1.input_gradient", 0)
        (total,) = (block for block in blocks if isinstance(block, Sum))
        assert [line.labels[2] for line in total.lines] == ["(1 − p6[0])", "(0 − p6[0])"]
        assert "The short form: p6[0] − t[0] = 0.2689 − 0 = 0.2689. The two are equal." in words(blocks)

    def test_with_the_other_sign_the_short_form_turns_round(self) -> None:
        blocks = asked(opened(smallest(error="target_minus_output")), "softmax1.input_gradient", 0)
        assert "t[0] − p6[0] = 0 − 0.2689 = -0.2689. The two are equal." in words(blocks)

    def test_where_the_targets_add_up_to_another_number_the_short_form_has_their_sum(self) -> None:
        for sign, written in (
            ("output_minus_target", "p6[0]·Σt − t[0] = 0.2689·1.5 − 1 = -0.5966"),
            ("target_minus_output", "t[0] − p6[0]·Σt = 1 − 0.2689·1.5 = 0.5966"),
        ):
            blocks = asked(opened(smallest(error=sign, target=[1, 0.5])), "softmax1.input_gradient", 0)
            assert f"The short form: {written}. The two are equal." in words(blocks)

    def test_a_cell_without_its_sample_is_one_of_the_sample_that_is_looked_at(self) -> None:
        iteration = opened(batch())
        assert asked(iteration, "conv1.forward", 0, 1, 1, sample=2) == asked(iteration, "conv1.forward", 2, 0, 1, 1)
        assert asked(iteration, "conv1.gradient", 0, 0, 1, 1, sample=2) == asked(
            iteration, "conv1.gradient", 0, 0, 1, 1
        )

    def test_of_a_large_batch_one_samples_products_are_written_out_and_the_others_added_up(self) -> None:
        iteration = opened(batch(9))
        blocks = asked(iteration, "conv1.gradient", 0, 0, 0, 1, sample=7)
        (total,) = (block for block in blocks if isinstance(block, Sum))
        own = iteration.values["relu1.input_gradient"][7, 0] * iteration.values["input"][7, 0, :3, 1:]
        assert len(total.lines) == 10  # 3 × 3 outputs and the other samples
        assert total.lines[0].labels == ("∂L/∂z1[7,0,0,0]", "X[7,0,1]")
        assert [line.value for line in total.lines[:-1]] == pytest.approx(own.ravel())
        assert total.lines[-1].labels == ("the other 8 samples",)
        assert total.total == pytest.approx(iteration.values["conv1.gradient"][0, 0, 0, 1])
        whole = next(b for b in asked(iteration, "conv1.gradient", 0, 0, 0, 1) if isinstance(b, Sum))
        assert len(whole.lines) == 81

    def test_no_finding_stands_at_a_step_that_is_not_searched_for_them(self) -> None:
        for scenario in (smallest(), batch(), digits_like()):
            steps = {finding.step for finding in findings(opened(scenario))}
            assert not {opened(scenario).lesson.step(name).role for name in steps} & set(SILENT)
