"""The diagnosis: named examples, follow-through, conventions, slips, alternatives, and never an invented cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario as shipped_scenario
from cnnstep.tutor.check.diagnose import check_data, diagnose
from cnnstep.tutor.check.report import report
from cnnstep.tutor.check.separate import separating
from cnnstep.tutor.check.sheet import Sheet, Written, written
from cnnstep.tutor.document import Command, Formula, Heading, Table
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.typed import read_matrix
from tests.tutor.blocks import blocks_of
from tests.tutor.sheets import FIRST, LOPSIDED, first, marked, right, verdicts, words


def test_the_uphill_sheet_has_one_cause_and_its_sign_is_a_convention() -> None:
    found = marked(first(), error=[[-2, 0], [0, 0]], gradient=[[-2, 2], [0, -2]], update=[[2, -2], [1, 2]])
    assert found.verdict == "mistaken"
    assert found.mistakes == ("uphill-update",)
    assert verdicts(found) == {"error": "correct", "gradient": "correct", "update": "mistake"}
    assert check_data(found)["conventions"] == {"error": "target_minus_output"}
    assert all(mark.alternatives == () for mark in found.marks)
    assert "Your way the loss goes 2 → 14.5 → 155.125; the right way 2 → 1.5 → 0.625." in words(found)


def test_the_worked_answer_has_two_turned_signs_and_lets_an_error_through_at_the_kink() -> None:
    scenario = first(target=[[1, -1], [0, 1]])
    found = marked(scenario, error=[[-2, -1], [0, 0]], gradient=[[1, 2], [1, -2]], update=[[0.5, 0], [0.5, 0]])
    gradient = found.mark("gradient")
    assert [(slip.cell, slip.yours, slip.expected, slip.reason) for slip in gradient.slips] == [
        ((0, 0), 1, -2 * 1 + -1 * -1, "its sign is turned"),
        ((1, 0), 1, -2 * 0 + -1 * 1, "its sign is turned"),
    ]
    assert verdicts(found) == {"error": "correct", "gradient": "slip", "update": "correct"}
    assert found.mark("update").from_intended
    assert check_data(found)["conventions"] == {"error": "target_minus_output", "relu_slope_at_zero": 1}
    assert ("slope-forgotten",) in gradient.alternatives
    assert "they can't tell which it was." in words(found)
    assert [b.code for b in blocks_of(report(found, AS_USUAL)) if hasattr(b, "code")][-1] == "unreachable-target"


def test_an_error_carried_forward_is_marked_once() -> None:
    scenario = one_filter(**LOPSIDED)
    lesson = mistaken(lesson_of(scenario), MISTAKES["flipped-filter"])
    iteration = first_iteration(lesson)
    found = marked(scenario, **{name: iteration.matrix(name).tolist() for name in lesson.names})
    assert verdicts(found)["forward"] == "mistake"
    assert set(list(verdicts(found).values())[1:]) == {"follows"}
    assert found.mistakes == ("flipped-filter",)


def test_the_last_line_alone_is_enough_to_find_a_mistake_two_steps_before() -> None:
    scenario = one_filter(**LOPSIDED)
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["delta-flipped"]))
    found = marked(scenario, update=wrong.matrix("update").tolist())
    assert found.mistakes == ("delta-flipped",)
    assert verdicts(found) == {"update": "mistake"}


def test_two_mistakes_in_different_steps_are_both_named() -> None:
    scenario = one_filter(**LOPSIDED)
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["squared-error"], MISTAKES["gradient-transposed"]))
    found = marked(scenario, **{name: wrong.matrix(name).tolist() for name in wrong.lesson.names})
    assert found.mistakes == ("squared-error", "gradient-transposed")


def summed_first() -> tuple[Scenario, dict[str, Any]]:
    """Two channels, added up before filtering on the way forward and for the gradient."""
    scenario = shipped_scenario("two-channels")
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["channels-summed-first"]))
    return scenario, {name: wrong.matrix(name).tolist() for name in wrong.lesson.names}


@pytest.mark.parametrize("given", ["gradient", "update"])
def test_one_misconception_in_two_steps_that_were_not_given_is_one_cause(given: str) -> None:
    scenario, work = summed_first()
    found = marked(scenario, **{given: work[given]})
    assert found.mark(given).mistakes == ("channels-summed-first",)
    assert {cause.step for cause in found.mark(given).causes} == {"forward", "gradient"}
    assert words(found).splitlines()[0].startswith("One thing went wrong, in the ")


def test_one_misconception_in_two_given_steps_is_one_thing_told_once() -> None:
    scenario, work = summed_first()
    found = marked(scenario, **work)
    assert [mark.step.name for mark in found.marks if mark.mistakes] == ["forward", "gradient"]
    assert words(found).splitlines()[0] == (
        "One thing went wrong, in the forward pass and the filter gradient: you added the channels up before filtering."
    )
    assert words(found).count("What you did: ") == 1
    assert words(found).count("The same misconception shows here again, so it counts once.") == 1


def test_slips_in_two_steps_are_two_things() -> None:
    work = right(first())
    work["forward"][0][0] += 1
    work["gradient"][1][1] += 1
    assert words(marked(first(), **work)).startswith("Two things went wrong: in the forward pass: 1 cell off")


def test_two_mistakes_in_one_step_are_both_named() -> None:
    scenario = one_filter(**LOPSIDED)
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["rate-twice"], MISTAKES["old-filter-forgotten"]))
    found = marked(scenario, gradient=wrong.matrix("gradient").tolist(), update=wrong.matrix("update").tolist())
    assert set(found.mistakes) == {"rate-twice", "old-filter-forgotten"}


def test_a_mistake_and_a_slip_in_one_matrix() -> None:
    scenario = one_filter(**LOPSIDED)
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["squared-error"])).matrix("error").copy()
    wrong[1, 2] += 1
    found = marked(scenario, error=wrong.tolist())
    assert found.mistakes == ("squared-error",)
    assert [slip.cell for slip in found.mark("error").slips] == [(1, 2)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda terms: sum(terms) - 2 * terms[1], "W[0,1] went in with its sign turned"),
        (lambda terms: sum(terms) - terms[1], "W[0,1] was left out"),
        (lambda terms: sum(terms) + terms[1], "W[0,1] was counted twice"),
    ],
)
def test_a_slip_names_the_term_that_explains_it(change: Any, reason: str) -> None:
    z = np.array(right(one_filter(**LOPSIDED), "forward")["forward"])
    z[0, 0] = change([1 * 1, 2 * -2, 0 * 2, 1 * 1, 1])
    (slip,) = marked(one_filter(**LOPSIDED), forward=z.tolist()).mark("forward").slips
    assert slip.cell == (0, 0)
    assert reason in slip.reason


def test_numbers_that_nothing_gives_are_not_explained() -> None:
    found = marked(first(), forward=[[7, 11], [13, 17]])
    assert found.verdict == "unexplained"
    assert found.mistakes == ()
    assert "The first that differs is z[0,0]: you wrote 7, it is 3." in words(found)


def test_a_matrix_of_another_size_is_said_to_be_one() -> None:
    found = marked(first(), forward=[[1, 2, 3], [4, 5, 6]])
    assert verdicts(found) == {"forward": "unexplained"}
    assert "Yours is 2×3; it should be 2×2." in words(found)


def test_work_is_judged_from_the_learners_own_unexplained_numbers() -> None:
    found = marked(first(), forward=[[7, -11], [13, 17]], activation=[[7, 0], [13, 17]])
    assert verdicts(found) == {"forward": "unexplained", "activation": "follows"}


def test_after_a_matrix_of_another_size_the_next_step_is_judged_from_the_right_one() -> None:
    found = marked(first(), gradient=[[2 * 3]], update=[[0, 0], [1, 0.5]])  # the output correlated with δ: one number
    assert found.mark("gradient").verdict == "mistake"
    assert "output-for-input" in found.mistakes
    assert [slip.cell for slip in found.mark("update").slips] == [(1, 1)]


def test_a_scenario_is_written_that_tells_the_alternatives_apart() -> None:
    scenario = first(target=[[1, -1], [0, 1]])
    found = marked(scenario, error=[[-2, -1], [0, 0]], gradient=[[1, 2], [1, -2]], update=[[0.5, 0], [0.5, 0]])
    other = separating(found)
    lesson = lesson_of(other)
    right_one = first_iteration(lesson).values["gradient"]
    forgotten = first_iteration(mistaken(lesson, MISTAKES["slope-forgotten"])).values["gradient"]
    assert not np.allclose(right_one, forgotten)
    assert other.relu_slope_at_zero == 1


SAME_ANYWHERE: dict[str, Any] = {
    "input": [[1, 2, 0], [0, -1, 2], [1, 1, -2]],
    "filter": [[1, -1], [-2, 0]],
    "target": [[3, 1], [2, 4]],
    "learning_rate": 0.1,
}
"""z = -1 4; -1 -5, so three inactive cells have an error: what lets it through is no mask, and no slope at all."""


def test_what_comes_to_the_same_everywhere_is_not_offered_to_be_told_apart() -> None:
    scenario = first(**SAME_ANYWHERE)
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["slope-forgotten"]))
    found = marked(scenario, **{name: wrong.matrix(name).tolist() for name in ("error", "delta", "gradient")})
    (mark,) = (mark for mark in found.marks if mark.alternatives)
    assert {mark.mistakes, *mark.alternatives} == {("slope-forgotten",), ("mask-not-strict",)}
    assert not any(isinstance(block, Command) and "--separate" in block.command for block in report(found, AS_USUAL))
    with pytest.raises(InputError, match="no scenario of this kind tells slope-forgotten and mask-not-strict apart"):
        separating(found)


def test_with_one_explanation_there_is_nothing_to_tell_apart() -> None:
    with pytest.raises(InputError, match="only one explanation"):
        separating(marked(first(), update=[[2, -2], [1, 2]]))


def test_the_json_has_the_contracts_keys() -> None:
    data = check_data(marked(first(), error=[[-2, 0], [0, 0]], forward=[[3, 0], [-2, 2]]))
    assert list(data) == ["schema", "verdict", "steps", "mistakes", "conventions"]
    assert [step["name"] for step in data["steps"]] == ["forward", "activation", "error", "delta", "gradient", "update"]
    forward = data["steps"][0]
    assert list(forward) == ["name", "verdict", "mistakes", "slips", "alternatives"]
    assert {k: forward["slips"][0][k] for k in ("cell", "yours", "expected")} == {
        "cell": [1, 1],
        "yours": 2,
        "expected": 1,
    }


def test_the_first_line_is_the_verdict_and_the_table_has_a_row_a_step() -> None:
    page = report(marked(first(), update=[[2, -2], [1, 2]]), AS_USUAL)
    assert isinstance(page[0], Heading)
    assert page[0].text == "One thing went wrong, in the update: you walked uphill."
    table = next(block for block in page if isinstance(block, Table))
    assert [row[0] for row in table.rows] == [
        "forward pass",
        "activation",
        "error",
        "delta",
        "filter gradient",
        "update",
    ]


def test_a_single_output_is_a_bare_number_a_list_of_one_or_a_matrix_of_one() -> None:
    single = first(input=[[1, -1], [0, 2]], filter=[[1, -1], [1, 1]], target=[[1]])  # z = 1 + 1 + 0 + 2
    for rows in (4, [4], [[4]], [[[4]]]):
        assert marked(single, forward=rows).verdict == "correct"


def test_a_vector_may_be_a_row_or_a_column() -> None:
    two = one_filter(
        **FIRST
        | {"filter": [[[[1, -1], [1, 1]]], [[[0, 1], [1, 0]]]], "bias": [0, 1]}
        | {"target": [[[1, 0], [0, 1]]] * 2}
    )
    gradient = first_iteration(lesson_of(two)).matrix("bias_gradient")
    assert gradient.shape == (2,)
    assert marked(two, bias_gradient=[gradient.tolist()]).verdict == "correct"
    assert marked(two, bias_gradient=[[number] for number in gradient.tolist()]).verdict == "correct"


def test_a_step_that_does_not_exist_and_an_empty_sheet_are_faults() -> None:
    with pytest.raises(InputError, match='no step called "gradiant"'):
        marked(first(), gradiant=[[1]])
    with pytest.raises(InputError, match="no step was given"):
        marked(first())


def test_a_later_iteration_can_be_checked_and_gradients_that_were_not_reset_are_found_there() -> None:
    scenario = first()
    lesson = mistaken(lesson_of(scenario), MISTAKES["gradients-not-reset"])
    second = first_iteration(lesson).next()
    work = {name: written(second.matrix(name).tolist()) for name in lesson_of(scenario).names}
    assert diagnose(Sheet(scenario, work, iteration=1)).mistakes == ("gradients-not-reset",)


def test_a_mark_knows_what_is_right_for_the_scenario_and_what_follows_from_the_learners_numbers() -> None:
    found = marked(first(), forward=[[1, -2], [0, 3]], activation=[[3, 0], [0, 1]])
    forward, activation = found.mark("forward"), found.mark("activation")
    assert forward.right is not None
    assert activation.right is not None
    assert activation.expected is not None
    assert forward.right.tolist() == [[3, 0], [-2, 1]]
    assert activation.right.tolist() == [[3, 0], [0, 1]]  # relu of the right z
    assert activation.expected.tolist() == [[1, 0], [0, 3]]  # relu of theirs


def test_what_follows_is_worked_rightly_even_where_the_cause_lies_in_a_step_that_was_not_given() -> None:
    scenario = one_filter(**LOPSIDED)
    lesson = lesson_of(scenario)
    wrong = first_iteration(mistaken(lesson, MISTAKES["squared-error"])).matrix("gradient")
    mark = marked(scenario, gradient=wrong.tolist()).mark("gradient")
    assert mark.mistakes == ("squared-error",)
    assert mark.expected is not None
    assert mark.expected.tolist() == first_iteration(lesson).matrix("gradient").tolist()


def test_what_is_right_for_the_scenario_is_right_though_it_does_not_follow_from_the_numbers_before_it() -> None:
    found = marked(first(), forward=[[1, -2], [0, 3]], activation=[[3, 0], [0, 1]], error=[[2, 0], [0, 0]])
    assert verdicts(found) == {"forward": "mistake", "activation": "correct", "error": "correct"}
    assert found.mark("activation").from_intended
    assert check_data(found)["steps"][1]["slips"] == []
    assert "you wrote 3, it is 1" not in words(found)


def test_a_slip_is_shown_with_the_numbers_put_in() -> None:
    # z[0,0] = 3, and 1 / (1 + e⁻³) = 0.9526
    mine = Written.of(read_matrix("0.9 0.5; 0.1192 0.7311"))
    found = diagnose(Sheet(shipped_scenario("sigmoid"), {"activation": mine}))
    formulas = [block.text for block in blocks_of(report(found, AS_USUAL)) if isinstance(block, Formula)]
    assert formulas == ["sigmoid(z[0,0]) = sigmoid(3) = 1 / (1 + e^(−3)) = 0.9526"]


def test_the_old_filter_written_again_is_named_as_nothing_but_that() -> None:
    found = marked(first(), **right(first(), "gradient"), update=FIRST["filter"])
    assert set(found.mistakes) <= {"not-updated"}
    assert found.mark("update").same_as == "filter" or found.mistakes == ("not-updated",)


def test_the_old_filter_again_is_that_and_nothing_else() -> None:
    found = marked(first(), update=[[1, -1], [1, 1]])
    assert (found.mistakes, found.mark("update").alternatives) == (("not-updated",), ())
    assert words(found).startswith("One thing went wrong, in the update: you wrote the old weights again.")


def test_a_gradient_of_zeros_is_that_and_has_no_name() -> None:
    found = marked(first(), gradient=[[0, 0], [0, 0]])
    assert (found.mistakes, found.mark("gradient").alternatives) == ((), ())
    assert words(found).startswith("One thing went wrong, in the filter gradient: nothing but zeros.")
