"""The page of `analyze`: words first, each number the engine's, one thing to type."""

from __future__ import annotations

import io
from typing import Any

import pytest

from cnnstep.engine.analysis import Analysis, analyze
from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import load, shipped
from cnnstep.surface.screen import Screen
from cnnstep.tutor.analyze.document import analyze_document
from cnnstep.tutor.analyze.verdict import analyze_data
from cnnstep.tutor.document import Block, Command, Curve, Document, Heading, Matrix, Note, Paragraph, Table
from cnnstep.tutor.numbers import AS_USUAL, Numbers
from tests.tutor.blocks import blocks_of

NAMES = [one.name for one in shipped() if not one.has_layers]
MADE: dict[str, Analysis] = {}


def analysis(name: str) -> Analysis:
    """The analysis of a shipped scenario, made once."""
    if name not in MADE:
        MADE[name] = analyze(load(name).scenario)
    return MADE[name]


def given(name: str, **changes: Any) -> Scenario:
    return one_filter(**(load(name).scenario.data() | changes))


def row(**keys: Any) -> Scenario:
    """One weight over a row of inputs."""
    return one_filter(**{"filter": [[1]], "activation": "linear", "learning_rate": 0.1, **keys})


def page(analysed: Analysis | Scenario, name: str = "mine", style: Numbers = AS_USUAL) -> tuple[Block, ...]:
    if isinstance(analysed, Scenario):
        analysed = analyze(analysed, 300)
    return analyze_document(analysed, name, style)


def text(blocks: tuple[Block, ...]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph | Note))


def verdict(blocks: tuple[Block, ...]) -> str:
    return next(block.text for block in blocks if isinstance(block, Paragraph))


def note(blocks: tuple[Block, ...], code: str) -> str:
    return next((block.text for block in blocks if isinstance(block, Note) and block.code == code), "")


def command(blocks: tuple[Block, ...]) -> Command:
    (found,) = [block for block in blocks if isinstance(block, Command)]
    assert found is blocks[-1]
    return found


VERDICTS = {
    "first-filter": "With this learning rate it will get stuck.",
    "target-minus-output": "With this learning rate it will get stuck.",
    "first-filter-slow": "It will learn: the loss is gone at iteration 128.",
    "first-filter-linear-fast": "With this learning rate it will diverge.",
    "dead-from-the-start": "It is stuck from the start.",
    "unreachable-target": "It will settle at a loss of 0.5: the least that its range allows.",
    "sigmoid": "It will learn: it comes ever closer to its target without quite reaching it.",
    "adam": "It will learn: the loss is gone at iteration 242.",
}


@pytest.mark.parametrize("name", list(VERDICTS))
def test_the_first_sentence_says_what_will_happen(name: str) -> None:
    assert VERDICTS[name] == verdict(page(analysis(name), name))


@pytest.mark.parametrize(
    ("scenario", "sentence"),
    [
        (row(input=[[2]], target=[[2]]), "There is nothing left to learn: the loss is gone already."),
        (row(input=[[1, 1]], target=[[0, 1]]), "It will settle at a loss of 0.25: the least there is."),
        (
            given("first-filter", activation={"name": "leaky_relu", "slope": 0.1}),
            "With this learning rate it keeps jumping and does not settle.",
        ),
        (row(input=[[1]], target=[[1]], filter=[[0]], learning_rate=2.001), "With this learning rate it gets worse."),
        (
            row(input=[[1]], target=[[1]], filter=[[0]], learning_rate=2),
            "With this learning rate it gets nowhere: after 300 iterations the loss is still 0.5.",
        ),
        (
            given("first-filter-linear", learning_rate=0.0001),
            "It learns slowly: after 300 iterations a loss of 3.",
        ),
    ],
)
def test_what_no_shipped_scenario_shows_is_said_too(scenario: Scenario, sentence: str) -> None:
    assert verdict(page(scenario)).startswith(sentence)


def test_a_rest_above_the_least_loss_is_told_from_one_at_it() -> None:
    # w = 1 and 2w = 3 at once: w = 7/5 is best, ½ (0.4² + 0.2²) stays; the range of relu alone does not say so
    blocks = page(row(input=[[1, 2]], target=[[1, 3]], activation="relu"))
    assert verdict(blocks) == "It will settle with a loss of 0.1 left."
    assert note(blocks, "instead") == "Nothing that was tried helps; it is listed below."


def test_another_start_is_offered_where_it_helps() -> None:
    # relu, w from −1: the second cell (x = −1) is alive and pulls w up to 0, where the first one stays dead
    blocks = page(row(input=[[1, -1]], target=[[1, 0]], filter=[[-1]], activation="relu", learning_rate=0.5))
    assert verdict(blocks) == "It will get stuck."
    assert "every cell with an error is inactive, and the loss stays 0.5" in text(blocks)
    assert "reaches loss 0" in note(blocks, "instead")


def test_the_first_lesson_is_told_as_a_story_with_its_numbers() -> None:
    blocks = page(analysis("first-filter"), "first-filter")
    assert (
        "At 0.5 the loss falls from 2 to 0.0703 in 4 iterations, then begins to jump; "
        "at iteration 34 every cell is inactive, and the loss stays 1." in text(blocks)
    )
    assert note(blocks, "why") == (
        "0.5 is too long a step. 2 of 4 cells are active now; the steepest curvature there allows 0.4. "
        "With every cell active it is 0.2918."
    )
    assert note(blocks, "instead").startswith("A learning rate of 0.25 reaches loss 0 (iteration 48)")
    assert note(blocks, "note") == (
        "It may find a different filter than you expect: any filter works whose outputs are 1 in [0,0] and 1 in [1,1], "
        "and whose z is 0 or less in [0,1] and [1,0]."
    )
    assert "Active: [0,0] and [1,1]. Inactive: [0,1] and [1,0]." in text(blocks)
    assert "[0,1] becomes active at iteration 1 and [1,0] becomes active at iteration 7" in text(blocks)
    assert command(blocks) == Command(
        "cnnstep step first-filter --interactive", "type: set learning_rate 0.25, then: run 48"
    )


def test_everything_tried_is_listed_with_what_it_became() -> None:
    blocks = page(analysis("first-filter"), "first-filter")
    (table,) = [block for block in blocks if isinstance(block, Table) and "what was tried" in block.columns]
    assert len(table.rows) == 1 + len(analysis("first-filter").trials)
    assert table.rows[0] == ("as it is, learning_rate 0.5", "stuck", "iteration 34", 1.0)
    assert table.rows[1][:3] == ("learning_rate 0.25", "converged", "iteration 48")


def test_the_curve_shows_the_run_and_the_rate_that_helps_to_the_end_of_the_longer() -> None:
    (curve,) = [block for block in page(analysis("first-filter")) if isinstance(block, Curve)]
    own, better = curve.series
    assert (own.label, better.label) == ("η = 0.5", "η = 0.25")
    assert len(own.values) == len(better.values) == 49
    assert own.values[34:] == (1.0,) * 15


def test_a_run_that_diverges_ends_the_picture() -> None:
    (curve,) = [block for block in page(analysis("first-filter-linear-fast")) if isinstance(block, Curve)]
    assert [len(series.values) for series in curve.series] == [10, 10]
    assert curve.log


def test_the_filter_that_meets_the_target_stands_beside_the_one_found() -> None:
    blocks = page(analysis("first-filter-linear"))
    titles = {block.title: block.rows for block in blocks_of(blocks) if isinstance(block, Matrix)}
    assert [list(line) for line in titles["the filter that meets it"]] == [[1, 0], [0, 0]]
    assert titles["where the run ends"][0][0] == pytest.approx(1, abs=1e-5)
    assert "One filter meets the target, and no other. The patch matrix has rank 4; the filter has 4 weights." in text(
        blocks
    )


def test_a_bias_is_counted_beside_the_weights_and_told() -> None:
    told = text(page(analysis("bias")))
    assert "rank 3; the filter has 2 weights and a bias" in told
    assert "With a bias of 1; the run ends with 1." in told


@pytest.mark.parametrize(
    ("scenario", "sentence"),
    [
        (row(input=[[1, 2]], target=[[1, 3]]), "No filter meets the target exactly."),
        (row(input=[[1, 2]], target=[[1, 3]], activation="relu"), "How much loss must remain is not known beforehand"),
        (row(input=[[1, 2]], target=[[1, 3]], activation="gelu"), "gelu gives some outputs for two different z"),
        (row(input=[[1, 2]], target=[[1, 1]], activation="sigmoid"), "The loss can come as close to 0 as you like"),
        (row(input=[[1]], target=[[-2]], activation="gelu"), "The loss can't fall below 1.6745."),
        (row(input=[[1]], target=[[-2]], activation="elu"), "elu gives only numbers above -1. The target in [0,0]"),
        (row(input=[[1]], target=[[2]], activation="tanh"), "tanh gives only numbers between -1 and 1."),
        (
            row(input=[[1, 2]], target=[[1, 3]]),
            "The targets contradict each other: no filter meets all of them at once.",
        ),
        (row(input=[[2, 3]], target=[[2, 3]]), "The gradient is 0 because no error is left"),
        (row(input=[[0, 3]], target=[[1, 3]]), "where it is not 0, the patches hold only zeros"),
        (row(input=[[1, 1]], target=[[0, 2]]), "what the cells contribute cancels exactly"),
        (row(input=[[-2]], target=[[1]], activation="relu"), "no learning rate can help"),
        (row(input=[[1]], filter=[[0]], target=[[1]], activation="relu"), "[0,0] is so close to a kink"),
        (row(input=[[1e200]], filter=[[1e200]], target=[[1]]), "The losses are no longer finite"),
        (
            given("first-filter-linear", optimizer={"name": "momentum", "momentum": 0.5}),
            "2/λmax is for plain gradient descent; momentum allows 1.5 times as much: 0.4377 now.",
        ),
        (given("adam"), "adam scales its own steps, so it is no limit here"),
        (given("sigmoid"), "φ is curved: λmax is the curvature near the goal"),
    ],
)
def test_each_case_has_its_sentence(scenario: Scenario, sentence: str) -> None:
    assert sentence in text(page(scenario))


def test_a_bound_is_named_only_where_the_rate_is_above_it() -> None:
    assert note(page(analysis("first-filter-slow")), "why") == ""
    assert note(page(analysis("adam")), "why") == ""
    at_odds = page(row(input=[[1, 2]], target=[[1, 3]], activation="relu"))  # 0.1 is below 2/5
    assert note(at_odds, "why") == "The targets contradict each other: no filter meets all of them at once."
    # 0.35 is above 0.2918, but only the two cells of 0.4 are ever active on this way
    near = page(given("first-filter", filter=[[0.5, -0.25], [-0.25, 0.5]], learning_rate=0.35))
    assert verdict(near).startswith("It will learn")
    assert note(near, "why") == ""


def test_a_bound_of_the_range_is_neared_and_what_lies_beyond_it_is_missed() -> None:
    assert "can only be approached" in note(page(analysis("sigmoid")), "why")
    assert "The target in [0,1] can't be met." in note(page(analysis("unreachable-target")), "why")


def test_a_loss_that_stumbles_on_a_good_way_does_not_jump() -> None:
    assert "then rises now and then; at iteration 120" in text(page(analysis("momentum")))


def test_one_row_tells_the_curvature_where_every_cell_is_active() -> None:
    def rows(name: str) -> list[str | float]:
        (table,) = [block for block in page(analysis(name)) if isinstance(block, Table) and "λmax" in block.columns]
        return [line[0] for line in table.rows]

    assert rows("first-filter-linear") == ["every cell at its steepest"]
    assert rows("first-filter") == ["the cells active now", "every cell at its steepest"]
    assert rows("dead-from-the-start") == ["the cells active now", "every cell at its steepest"]


def test_many_cells_are_counted_and_not_listed() -> None:
    assert "Every cell passes something back: 144 cells." in text(page(analysis("digits-edge-batch")))


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("first-filter-slow", "cnnstep run first-filter-slow --iterations 128"),
        ("-", "cnnstep run FILE --iterations 128"),
        ("my lesson.yaml", "cnnstep run 'my lesson.yaml' --iterations 128"),
    ],
)
def test_the_command_can_be_typed_as_it_stands(name: str, typed: str) -> None:
    assert command(page(analysis("first-filter-slow"), name)).command == typed


def test_where_only_another_activation_helps_the_command_sets_it() -> None:
    found = command(page(analysis("dead-from-the-start"), "dead-from-the-start"))
    assert found.why == "type: set activation leaky_relu slope 0.1"


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_has_a_whole_page_at_any_width(name: str) -> None:
    blocks = page(analysis(name), name)
    assert [type(block) for block in blocks[:2]] == [Heading, Paragraph]
    for width in (40, 60, 80, 200):
        drawn = render(Document(blocks, AS_USUAL), Screen(io.StringIO(), io.StringIO(), width=width))
        lines = [line for line in drawn.splitlines() if not line.lstrip().startswith("cnnstep ")]
        assert max(map(len, lines)) <= width
        for word in ("nan", "inf", "-0 ", "nvalid", "None", "simply", "error occurred"):
            assert f" {word}" not in drawn


@pytest.mark.parametrize("name", NAMES)
def test_fractions_are_written_where_they_are_asked_for(name: str) -> None:
    drawn = render(
        Document(page(analysis(name), name, Numbers(4, True)), Numbers(4, True)),
        Screen(io.StringIO(), io.StringIO(), width=80),
    )
    assert drawn
    assert name != "first-filter" or "2/5" in drawn


class TestData:
    def test_the_first_lesson(self) -> None:
        data = analyze_data(analysis("first-filter"))
        assert (data["schema"], data["rank"], data["weights"], data["solutions"]) == (1, 4, 4, "family")
        assert data["example"] == [[0.4, -0.2], [-0.2, 0.4]]
        assert (data["unreachable"], data["loss_floor"]) == ([], 0)
        assert (data["active"], data["dead"]) == ([[0, 0], [1, 1]], [[0, 1], [1, 0]])
        assert data["comes_back"] == [{"cell": [0, 1], "iteration": 1}, {"cell": [1, 0], "iteration": 7}]
        assert data["lambda_max"] == pytest.approx(5)
        assert data["stable_learning_rate"] == pytest.approx(0.4)
        assert data["stable_learning_rate_all_active"] == pytest.approx(0.291796, abs=1e-6)
        assert data["zero_gradient"] == {"whole": None, "weights": {"zero-patch": [[1, 0]]}}
        check = data["gradient_check"]
        assert check["relative_error"] < 1e-7
        assert (check["band"], check["near_kink"], check["checked"]) == ("tight", [[0, 1]], 4)
        told = data["forecast"]
        assert (told["status"], told["iteration"], told["loss"]) == ("stuck", 34, 1)
        assert told["filter"][0] == pytest.approx([-0.0663, -0.0998], abs=5e-5)
        assert data["tried"][0] == {
            "change": "rate", "what": "learning_rate 0.25", "learning_rate": 0.25, "status": "converged",
            "iteration": 48, "loss": data["tried"][0]["loss"], "helps": True,
        }  # fmt: skip

    def test_what_is_not_there_is_null(self) -> None:
        data = analyze_data(analysis("dead-from-the-start"))
        assert (data["lambda_max"], data["stable_learning_rate"]) == (None, None)
        assert data["optimizer"] == {"name": "sgd", "stable_learning_rate": None}
        assert analyze_data(analysis("adam"))["optimizer"]["stable_learning_rate"] is None
        assert analyze_data(analysis("unreachable-target"))["example"] is None

    def test_a_bias_has_keys_of_its_own(self) -> None:
        data = analyze_data(analysis("bias"))
        assert (data["weights"], data["example"], data["example_bias"]) == (3, [[1, 2]], 1)
        assert data["forecast"]["bias"] == pytest.approx(1, abs=1e-6)

    def test_cells_have_the_axes_that_the_learner_wrote(self) -> None:
        data = analyze_data(analysis("two-filters"))
        assert data["active"] == [[0, 0, 0], [0, 1, 1], [1, 0, 0], [1, 1, 1]]
        assert len(data["example"]) == 2
        assert data["filters"] == 2
