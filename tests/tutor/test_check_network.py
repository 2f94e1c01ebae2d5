"""A network's sheet is marked like one filter's: each layer from the learner's own numbers before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build_network import network
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.line import Cause, Line
from cnnstep.tutor.check.options import Lessons
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.separate import separating
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.document import Heading
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL

CODES = [
    "flipped-filter", "bias-forgotten", "bias-per-product", "activation-skipped", "mask-inverted",
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


@pytest.mark.parametrize("code", CODES)
def test_a_mistake_in_a_network_is_named_and_what_follows_from_it_is_not_blamed(code: str) -> None:
    found = with_mistakes(code)
    assert code in named(found)
    assert {mark.verdict for mark in found.marks} <= {"correct", "mistake", "follows"}


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
    lesson = lesson_of(shipped_scenario("vanishing-gradient"))
    start = first_iteration(lesson).values
    lessons = Lessons(sizes={name: value.shape for name, value in start.items()})
    back = list(lesson.of_role("delta"))
    line = Line(lesson, start, lessons).changed(causes=(Cause(back[0].name, mistake=MISTAKES["slope-forgotten"]),))
    gone, held = (after for after, _ in line.ways(back[1], 0))
    assert (gone.given_up, len(gone.causes)) == (frozenset({"slope-forgotten"}), 1)
    assert (held.given_up, len(held.causes)) == (frozenset(), 2)
    assert len(list(gone.ways(back[2], 0))) == 1
    assert len(list(held.ways(back[2], 0))) == 2


def test_the_report_names_the_layer() -> None:
    page = report(with_mistakes("pool-spread"), AS_USUAL)
    first = page[0]
    assert isinstance(first, Heading)
    assert first.text.startswith("One thing went wrong, in max_pool1's input gradient: ")
    assert "you spread the gradient over the window" in first.text


def test_a_bare_step_name_that_can_mean_several_layers_is_a_fault() -> None:
    with pytest.raises(InputError, match="can mean several steps"):
        diagnose(Sheet(small(), {"forward": Written.rounded(np.zeros((2, 3, 3)), 2)}))


def test_no_separating_scenario_is_made_for_a_network() -> None:
    with pytest.raises(InputError, match="made for one filter"):
        separating(with_mistakes("slope-forgotten"))
