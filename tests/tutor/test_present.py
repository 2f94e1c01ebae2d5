"""From an iteration to a document: cards in the order of the steps, marks on dead cells, matrices one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.dense import Dense
from cnnstep.engine.layers.flatten import Flatten
from cnnstep.engine.layers.layer import WithWeights
from cnnstep.engine.layers.pool import AveragePool, MaxPool
from cnnstep.engine.layers.softmax import Softmax
from cnnstep.engine.layers.transposed_conv import TransposedConv
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.losses import LOSSES
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.surface.loading import scenario, shipped
from cnnstep.tutor.cards import iteration_cards, question, step_card
from cnnstep.tutor.document import Beside, Block, Heading, Matrix, Note, Paragraph
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.present import BLOCKED, DEAD, MOST_PLANES, loss_line
from cnnstep.tutor.sentences import WORDS, title_of

HALF_MEAN = "half_mean_squared_error"


def opened(name: str = "first-filter") -> Iteration:
    return first_iteration(lesson_of(scenario(name)))


def built(**more: Any) -> Iteration:
    given: dict[str, Any] = {
        "input": [[1, 2]],
        "filter": [[1]],
        "target": [[0, 0]],
        "activation": "relu",
        "learning_rate": 0.1,
    }
    return first_iteration(lesson_of(one_filter(**(given | more))))


def card(iteration: Iteration, step: str, **more: Any) -> tuple[Block, ...]:
    return step_card(iteration, iteration.lesson.step(step), AS_USUAL, **more)


def flat(blocks: tuple[Block, ...]) -> list[Block]:
    return [part for block in blocks for part in (block.blocks if isinstance(block, Beside) else (block,))]


def matrices(blocks: tuple[Block, ...]) -> list[Matrix]:
    return [block for block in flat(blocks) if isinstance(block, Matrix)]


def words(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in flat(blocks) if isinstance(block, Paragraph | Note))


def test_cards_come_in_the_order_of_the_lesson_and_are_numbered() -> None:
    headings = [block.text for block in iteration_cards(opened(), AS_USUAL) if isinstance(block, Heading)]
    assert headings == ["1 Forward pass", "2 Activation", "3 Error", "4 Delta", "5 Filter gradient", "6 Update"]


def test_a_card_alone_keeps_its_number() -> None:
    (heading,) = (block for block in iteration_cards(opened(), AS_USUAL, ("delta",)) if isinstance(block, Heading))
    assert (heading.text, heading.note) == ("4 Delta", "δ = e ⊙ relu′(z)")


@pytest.mark.parametrize("name", [one.name for one in shipped() if not one.has_layers])
def test_every_step_of_every_scenario_has_a_title_a_sentence_and_its_whole_matrix(name: str) -> None:
    iteration = opened(name)
    for step in iteration.lesson.steps:
        blocks = card(iteration, step.name, all_of_them=True)
        assert isinstance(blocks[0], Heading)
        assert title_of(step) in blocks[0].text
        assert words(blocks).endswith((".", "?")) or "Loss  L" in words(blocks)
        numbers = [number for matrix in matrices(blocks) for row in matrix.rows for number in row]
        assert numbers == iteration.matrix(step.name).ravel().tolist()


def test_dead_cells_carry_a_sign_and_those_with_an_error_another() -> None:
    (matrix,) = matrices(card(built(filter=[[-1]], target=[[0, 1]]), "delta"))
    assert matrix.marks == {(0, 0): DEAD, (0, 1): BLOCKED}


def test_the_question_shows_what_an_iteration_starts_from_and_no_memory_of_the_optimizer() -> None:
    titles = [matrix.title for matrix in matrices(question(opened("adam")))]
    assert titles == ["Input X", "Target t", "Filter W"]
    assert [matrix.title for matrix in matrices(question(opened("bias")))][-1] == "Bias b"


def test_many_matrices_are_counted_and_shown_on_request() -> None:
    many = built(input=np.ones((6, 1, 2)).tolist(), filter=np.ones((6, 1, 1)).tolist())
    assert len(matrices(card(many, "gradient"))) == MOST_PLANES
    assert "and 2 more matrices of ∂L/∂W; --only gradient shows all." in words(card(many, "gradient"))
    assert len(matrices(card(many, "gradient", all_of_them=True))) == 6


@pytest.mark.parametrize(
    ("loss", "line"),
    [
        ("half_squared_error", "L = ½ Σ e² = ½ (1² + 2²) = 2.5"),
        ("squared_error", "L = Σ e² = (1² + 2²) = 5"),
        ("mean_squared_error", "(1² + 2²) / 2 = 2.5"),
    ],
)
def test_the_loss_is_written_out_where_there_are_few_cells(loss: str, line: str) -> None:
    assert line in loss_line(built(loss=loss), AS_USUAL)


@pytest.mark.parametrize("loss", [name for name, one in LOSSES.items() if "Σ e²" in one.formula])
def test_a_loss_that_is_written_out_comes_to_what_it_says(loss: str) -> None:
    for target in ([[0, 0]], [[3, -1]], [[0.5, 4]]):
        written, total = loss_line(built(loss=loss, target=target), AS_USUAL).split(" = ")[2:]
        sums = written.replace("½", "0.5 *").replace("²", "**2").replace("·", "*")
        assert eval(sums) == pytest.approx(float(total), abs=0.5001e-4)


def test_the_loss_of_one_sample_of_a_batch_is_its_share_of_the_whole() -> None:
    # z = 1·x: errors 1 and 2 − 3 in sample 0, 4 in sample 1, so Σe²/(2·4) = (1 + 1 + 16 + 0)/8, the last two 16/8
    samples = [{"input": [[1, 2]], "target": [[0, 3]]}, {"input": [[4, 0]], "target": [[0, 0]]}]
    iteration = first_iteration(
        lesson_of(one_filter(samples=samples, filter=[[1]], activation="relu", learning_rate=0.1, loss=HALF_MEAN))
    )
    blocks = step_card(iteration, iteration.lesson.step("error"), AS_USUAL, sample=1)
    assert "= 2.25 over all 2 samples; this sample adds 2." in words(blocks)


def test_the_loss_of_many_cells_is_only_named() -> None:
    assert loss_line(built(input=[[1] * 7], target=[[0] * 7]), AS_USUAL) == "Loss  L = ½ Σ e² = 3.5"


@pytest.mark.parametrize(
    ("step", "more", "said"),
    [
        ("forward", {}, "2 of 2 outputs are positive."),
        ("forward", {"filter": [[-1]]}, "0 of 2 outputs are positive."),
        ("forward", {"input": [[1]], "target": [[0]]}, "1 of 1 output is positive."),
        ("activation", {}, "none was negative"),
        ("activation", {"filter": [[-1]]}, "2 negative numbers became 0"),
        ("activation", {"activation": "linear"}, "linear changes nothing"),
        (
            "activation",
            {"activation": "sigmoid"},
            "sigmoid acts on each number by itself. Largest change: z[0,1], from 2 to 0.8808",
        ),
        ("error", {}, "2 of 2 outputs are off; largest: e[0,1], 2 too high."),
        ("error", {"target": [[0, 5]]}, "largest: e[0,1], 3 too low."),
        ("error", {"target": [[0, 5]], "error": "target_minus_output"}, "largest: e[0,1], 3 too low."),
        ("error", {"target": [[1, 2]]}, "Every output equals its target"),
        ("delta", {"filter": [[-1]]}, "Nothing passes back"),
        ("delta", {"target": [[1, 0]]}, "1 of 2 cells passes something back."),
        ("gradient", {"filter": [[-1]]}, "All 0: nothing tells the weights which way to move."),
        ("gradient", {}, "how fast the loss grows as that weight grows. The steepest is ∂L/∂W[0,0] = 5."),
        ("gradient", {"error": "target_minus_output"}, "With e = t − a this points downhill."),
        ("update", {"filter": [[-1]]}, "Nothing moves: the step is 0 everywhere."),
        ("update", {}, "The weight moves by −0.1 × its gradient, from 1 to 0.5."),
    ],
)
def test_the_sentence_says_what_happened(step: str, more: dict[str, Any], said: str) -> None:
    assert said in words(card(built(**more), step))


def test_every_step_has_a_title_and_an_introduction_from_its_layer_or_from_here() -> None:
    assert all(entry.title and entry.why for entry in WORDS.values())
    kinds = (ActivationLayer, AveragePool, Conv, Dense, Flatten, MaxPool, Softmax, TransposedConv)
    for kind in kinds:
        roles = {"forward", "input_gradient", *(("gradient", "bias_gradient") if issubclass(kind, WithWeights) else ())}
        assert roles == {*kind.told}
        assert all(told.title and told.why for told in kind.told.values())
