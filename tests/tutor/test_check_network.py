"""A network's sheet is marked like one filter's: each layer from the learner's own numbers before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.hypothesis import Cause, Hypothesis
from cnnstep.tutor.check.lessons import Lessons
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.separate import separating
from cnnstep.tutor.check.sheet import Sheet, Written, written
from cnnstep.tutor.document import Heading
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL

CODES = [
    "flipped-filter", "bias-forgotten", "bias-per-product", "activation-skipped",
    "delta-flipped", "gradient-rotated", "filter-scaled", "bias-gradient-averaged", "updated-too-early",
    "pool-tie-copied", "pool-spread", "softmax-diagonal-only", "softmax-slope-twice", "uphill-update", "rate-twice",
]  # fmt: skip


def small(**changes: Any) -> Scenario:
    """conv (two filters, a bias) → relu → max pool with a tie → dense → softmax."""
    keys: dict[str, Any] = {
        "input": [[1, 0, 2, 1], [0, 1, 1, 0], [2, 1, 0, 1], [0, 0, 1, 2]],
        "target": {"class": 1},
        "layers": [
            {"type": "conv", "weights": [[[[1, -1], [0, 1]]], [[[0, 1], [1, -1]]]], "bias": [0.5, -0.5]},
            {"type": "relu"},
            {"type": "max_pool", "size": [3, 1]},
            {"type": "flatten"},
            {
                "type": "dense",
                "weights": [[0.1, 0.2, 0, -0.1, 0.3, 0], [0, -0.2, 0.1, 0.2, 0, 0.1], [0.2, 0, 0.1, 0, -0.1, 0.2]],
                "bias": [0, 0.1, -0.1],
            },
            {"type": "softmax"},
        ],
        "loss": "cross_entropy",
        "learning_rate": 0.1,
    }
    return network(**keys | changes)


def with_mistakes(*codes: str) -> Diagnosis:
    """The diagnosis of a whole sheet in which these mistakes are made and carried forward."""
    scenario = small()
    lesson = lesson_of(scenario, input_gradient=True)
    wrong = first_iteration(mistaken(lesson, *(MISTAKES[code] for code in codes)))
    return diagnose(Sheet(scenario, {name: Written.rounded(wrong.matrix(name), 12) for name in lesson.names}))


def named(diagnosis: Diagnosis) -> set[str]:
    equals = {code for mark in diagnosis.marks for codes in mark.alternatives for code in codes}
    return set(diagnosis.mistakes) | equals


def test_a_right_sheet_of_a_network_is_right() -> None:
    lesson = lesson_of(small())
    right = first_iteration(lesson)
    found = diagnose(Sheet(small(), {name: Written.rounded(right.matrix(name), 4) for name in lesson.names}))
    assert found.verdict == "correct"


def test_a_losss_number_that_a_gradient_shows_first_may_have_come_in_at_the_error_that_was_not_given() -> None:
    layers = small().data()["layers"][:-1]
    scenario = small(layers=layers, target=[1, 0, 2], loss="mean_squared_error")
    right = first_iteration(lesson_of(scenario))
    given = ("dense1.gradient", "flatten1.input_gradient", "conv1.gradient", "conv1.update")
    found = diagnose(Sheet(scenario, {name: Written.rounded(right.matrix(name), 4) for name in given}))
    assert (found.verdict, found.conventions) == ("correct", ())


@pytest.mark.parametrize("code", CODES)
def test_a_mistake_in_a_network_is_named_and_what_follows_from_it_is_not_blamed(code: str) -> None:
    found = with_mistakes(code)
    assert code in named(found)
    assert {mark.verdict for mark in found.marks} <= {"correct", "mistake", "follows"}


@pytest.mark.parametrize("by", ["a − t", "the chain rule"])
def test_where_the_outputs_are_wrong_both_ways_back_follow_from_them(by: str) -> None:
    layers = [*small().data()["layers"][:-1], {"type": "sigmoid"}]
    scenario = small(layers=layers, target=[0, 1, 0], loss="binary_cross_entropy")
    z = np.array([1.0, -1.0, 2.0])  # none of these is right
    a, t = np.array([0.5, 0.25, 0.5]), np.array([0.0, 1.0, 0.0])
    error = (a - t) / (a * (1 - a))  # 2, −4, 2
    slope = np.exp(z) / (1 + np.exp(z)) ** 2
    work = {
        "dense1.forward": z,
        "sigmoid1.forward": a,
        "error": error,
        "sigmoid1.input_gradient": a - t if by == "a − t" else error * slope,
    }
    found = diagnose(Sheet(scenario, {name: written(cells.tolist()) for name, cells in work.items()}))
    assert found.mark("sigmoid1.input_gradient").verdict == "follows"


def test_a_matrix_of_zeros_is_told_as_that_and_no_mistake_is_named_for_it() -> None:
    mark = with_mistakes("mask-inverted").mark("relu1.input_gradient")  # pooling let only active cells through
    assert (mark.verdict, mark.same_as, mark.mistakes) == ("unexplained", "zeros", ())
    assert mark.alternatives == ()  # zeros fit too many of them to speak for any


def test_mistakes_in_two_layers_are_both_named() -> None:
    found = with_mistakes("flipped-filter", "softmax-slope-twice")
    assert found.mistakes == ("flipped-filter", "softmax-slope-twice")


def test_the_last_layers_new_weights_alone_show_the_softmax_mistake() -> None:
    scenario = small()
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["softmax-slope-twice"]))
    work = {"dense1.update": Written.rounded(wrong.matrix("dense1.update"), 12)}
    assert diagnose(Sheet(scenario, work)).mistakes == ("softmax-slope-twice",)


@pytest.mark.parametrize("code", ["slope-forgotten", "slope-twice"])
def test_a_misconception_in_every_layer_is_one_cause_and_shows_in_the_last_line_alone(code: str) -> None:
    scenario = shipped_scenario("vanishing-gradient")  # five layers of sigmoid
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES[code]))
    found = diagnose(Sheet(scenario, {"conv1.update": Written.rounded(wrong.matrix("conv1.update"), 12)}))
    (mark,) = (mark for mark in found.marks if mark.verdict != "missing")
    assert (found.mistakes, len(mark.causes)) == ((code,), 5)


def test_a_misconception_that_was_given_up_does_not_come_back() -> None:
    lessons = Lessons(shipped_scenario("vanishing-gradient"))
    lesson, start = lessons.own, first_iteration(lessons.own).values
    back = list(lesson.called("delta"))
    line = Hypothesis(lesson, start, lessons).changed(
        causes=(Cause(back[0].name, mistake=MISTAKES["slope-forgotten"]),)
    )
    gone, held = (after for after, _ in line.ways(back[1], 0, widely=False))
    assert (gone.given_up, len(gone.causes)) == (frozenset({"slope-forgotten"}), 1)
    assert (held.given_up, len(held.causes)) == (frozenset(), 2)
    assert len(list(gone.ways(back[2], 0, widely=False))) == 1
    assert len(list(held.ways(back[2], 0, widely=False))) == 2


def test_the_report_names_the_layer() -> None:
    page = report(with_mistakes("pool-spread"), AS_USUAL)
    first = page[0]
    assert isinstance(first, Heading)
    assert first.text.startswith("One thing went wrong, in max_pool1's input gradient: ")
    assert "you spread the gradient over the window" in first.text


def test_a_bare_step_name_that_can_mean_several_layers_is_a_fault() -> None:
    with pytest.raises(InputError, match="can mean several steps"):
        diagnose(Sheet(small(), {"forward": Written.rounded(np.zeros((2, 3, 3)), 2)}))


def test_a_network_is_written_that_tells_the_alternatives_apart() -> None:
    scenario = shipped_scenario("smallest-network")
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["transposed-filter"]))
    found = diagnose(Sheet(scenario, {"conv1.gradient": Written.rounded(wrong.matrix("conv1.gradient"), 12)}))
    mark = found.mark("conv1.gradient")
    assert {("transposed-filter",), ("delta-transposed",)} <= set(mark.alternatives)
    told = {mark.mistakes, *mark.alternatives}
    lesson = lesson_of(separating(found))
    ways = [first_iteration(mistaken(lesson, *(MISTAKES[code] for code in codes))) for codes in told]
    gradients = [way.values["conv1.gradient"] for way in ways]
    apart = [one for i, one in enumerate(gradients) if not any(np.allclose(one, other) for other in gradients[:i])]
    assert len(apart) >= 2


def test_one_channel_and_one_filter_need_no_brackets_of_their_own() -> None:
    scenario = one_of_each()
    right = first_iteration(lesson_of(scenario, input_gradient=True))
    without = {name: squeezed(right.matrix(name)) for name in right.lesson.names}
    assert {name: matrix.ndim for name, matrix in without.items() if "conv" in name} == {
        "conv1.forward": 2, "conv1.gradient": 2, "conv1.input_gradient": 2, "conv1.update": 2,
    }  # fmt: skip
    found = diagnose(Sheet(scenario, {name: Written.rounded(matrix, 12) for name, matrix in without.items()}))
    assert {mark.verdict for mark in found.marks} == {"correct"}


def test_axes_of_one_may_be_left_out_each_by_itself() -> None:
    scenario = small()  # one input channel, two filters
    gradient = first_iteration(lesson_of(scenario)).matrix("conv1.gradient")
    assert gradient.shape == (2, 1, 2, 2)
    found = diagnose(Sheet(scenario, {"conv1.gradient": Written.rounded(gradient[:, 0], 12)}))
    assert found.mark("conv1.gradient").verdict == "correct"


def test_a_matrix_of_another_size_is_compared_without_those_axes_too() -> None:
    found = diagnose(Sheet(one_of_each(), {"conv1.forward": Written.rounded(np.arange(6.0).reshape(2, 3), 1)}))
    mark = found.mark("conv1.forward")
    assert (mark.verdict, mark.mine.values.shape if mark.mine else None) == ("unexplained", (1, 2, 3))


def squeezed(matrix: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Without the leading axes of one: [1][2][2] as it is written where the input is [H][W]."""
    while matrix.ndim and matrix.shape[0] == 1:
        matrix = matrix[0]
    return matrix


def one_of_each() -> Scenario:
    """conv (one channel, one filter) → relu → flatten → dense (one unit)."""
    return network(
        input=[[1, -1, 0], [0, 1, 0], [0, -1, 1]],
        target=[1],
        layers=[
            {"type": "conv", "weights": [[[[1, -1], [1, 1]]]]},
            {"type": "relu"},
            {"type": "flatten"},
            {"type": "dense", "weights": [[1, 2, 3, 4]], "bias": [0.5]},
        ],
        learning_rate=0.1,
    )
