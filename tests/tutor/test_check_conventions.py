"""A convention is no mistake: signs, losses and where the minus stands, carried through or not."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import first_iteration
from cnnstep.tutor.check.diagnose import check_data, diagnose
from cnnstep.tutor.check.sheet import Sheet, Written
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.typed import read_matrix
from tests.tutor.sheets import first, marked, right, verdicts, words


@pytest.mark.parametrize("error", ["output_minus_target", "target_minus_output"])
@pytest.mark.parametrize("loss", ["half_squared_error", "squared_error", "mean_squared_error"])
def test_a_right_sheet_under_another_convention_is_right(error: str, loss: str) -> None:
    found = marked(first(), **right(first(error=error, loss=loss)))
    assert found.verdict == "correct"
    assert set(verdicts(found).values()) == {"correct"}
    expected = {"error": error} if error != "output_minus_target" else {}
    assert {one.key for one in found.conventions} == expected.keys() | (
        {"loss"} if loss != "half_squared_error" else set()
    )


def test_where_two_losses_make_the_numbers_right_both_are_named() -> None:
    single = first(input=[[1, -1], [2, 1]], target=[[1]])  # n = 1: Σe² and Σe²/n are the same
    found = marked(single, **right(one_filter(**single.data() | {"loss": "squared_error"})))
    data = check_data(found)
    assert data["conventions"] == {"loss": "squared_error"}
    assert data["also"] == {"loss": ["mean_squared_error"]}
    assert "with the loss squared_error or mean_squared_error" in words(found)


def test_a_loss_that_gives_the_same_numbers_as_the_scenarios_is_no_other_convention() -> None:
    pair = first(input=[[1, -1, 0], [0, 1, 2]], target=[[1, 0]])  # n = 2: 2/n = 1
    found = marked(pair, **right(one_filter(**pair.data() | {"loss": "mean_squared_error"})))
    assert check_data(found)["conventions"] == {}


def test_the_gradient_may_carry_the_minus_instead_of_the_update() -> None:
    found = marked(
        first(), error=[[-2, 0], [0, 0]], delta=[[-2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[0, 0], [1, 0]]
    )
    assert found.verdict == "correct"
    uphill = marked(
        first(), error=[[-2, 0], [0, 0]], delta=[[-2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[2, -2], [1, 2]]
    )
    assert uphill.mistakes == ("uphill-update",)


def test_sigmoid_with_the_slope_forgotten_is_told_that_cross_entropy_would_make_it_right() -> None:
    scenario = first(activation="sigmoid")
    wrong = first_iteration(mistaken(lesson_of(scenario), MISTAKES["slope-forgotten"]))
    names = ("error", "delta")
    found = diagnose(Sheet(scenario, {name: Written.rounded(wrong.matrix(name), 12) for name in names}))
    assert found.mistakes == ("slope-forgotten",)
    assert "cross-entropy" in words(found)


def test_a_minus_at_the_gradient_reaches_the_update_where_there_is_a_bias_too() -> None:
    sheet = {"error": [[-2, 0], [0, 0]], "gradient": [[2, -2], [0, 2]], "update": [[0, 0], [1, 0]]}
    assert marked(first(bias=0), **sheet).verdict == "correct"  # W − ½·G, as if e had been a − t


@pytest.mark.parametrize("place", ["error", "delta", "gradient"])
def test_the_losses_number_may_come_in_at_any_one_step(place: str) -> None:
    # e = a − t = 2 0; 0 0, the number 2 of Σe² comes in once, and then it is in all that follows
    plain = {"error": [[2, 0], [0, 0]], "delta": [[2, 0], [0, 0]], "gradient": [[2, -2], [0, 2]]}
    after = list(plain)[list(plain).index(place) :]
    work = {name: (np.array(rows) * (2 if name in after else 1)).tolist() for name, rows in plain.items()}
    found = marked(first(loss="squared_error"), **work, update=[[-1, 1], [1, -1]])  # W − ½·(4 −4; 0 4)
    assert (found.verdict, found.conventions) == ("correct", ())


def test_the_learning_rate_put_in_at_the_gradient_is_no_other_loss() -> None:
    scenario = first(input=[[0, 0, 2], [1, -1, 1], [2, -2, -2]], filter=[[2, -2], [0, -2]], target=[[3, 1], [0, 1]])
    gradient = right(scenario, "gradient")["gradient"]
    typed = [list(row) for row in read_matrix("; ".join(" ".join(f"{0.1 * g:.1f}" for g in row) for row in gradient))]
    assert diagnose(Sheet(scenario, {"gradient": Written.of(typed)})).verdict != "correct"


def test_a_sheet_that_is_right_under_a_convention_gets_no_name_though_a_mistake_gives_the_same_numbers() -> None:
    scenario = first(bias=0)  # e = t − a, and a minus at the gradient: X ⋆ e² is the same, up to a factor
    found = marked(scenario, error=[[-2, 0], [0, 0]], gradient=[[2, -2], [0, 2]], update=[[0, 0], [1, 0]])
    assert found.verdict == "correct"
    assert [mark.alternatives for mark in found.marks if mark.mine is not None] == [(), (), ()]
