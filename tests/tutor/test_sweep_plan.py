"""Axes and plans as they are typed, and everything that can be wrong with them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from cnnstep.engine.build import network
from cnnstep.errors import InputError
from cnnstep.surface.loading import scenario
from cnnstep.tutor.sweep.plan import Axis, Plan, check_plan
from cnnstep.tutor.sweep.runs import Sweep

FIRST = scenario("first-filter")


def test_an_axis_is_start_stop_and_count_with_both_ends_among_its_values() -> None:
    axis = Axis.read("learning_rate=0.1:0.5:5")
    np.testing.assert_allclose([0.1, 0.2, 0.3, 0.4, 0.5], axis.values(), rtol=1e-15)
    assert (axis.values()[0], axis.values()[-1]) == (0.1, 0.5)


def test_log_gives_even_ratios() -> None:
    np.testing.assert_allclose([0.01, 0.1, 1], Axis.read("learning_rate=0.01:1:3:log").values(), rtol=1e-12)


@pytest.mark.parametrize(
    ("typed", "axis"),
    [
        ("filter[0,1]=-2:2:80", Axis("filter", -2, 2, 80, cell=(0, 1))),
        (" filter[ 0 , 1 ] = −2 : 1/2 : 80 ", Axis("filter", -2, 0.5, 80, cell=(0, 1))),
        ("bias=0:1:2", Axis("bias", 0, 1, 2)),
        ("bias[2]=0:1:2", Axis("bias", 0, 1, 2, cell=(2,))),
        ("learning-rate=0.01:1:40:LOG", Axis("learning_rate", 0.01, 1, 40, log=True)),
        ("learning_rate=0.01:1:40:linear", Axis("learning_rate", 0.01, 1, 40)),
    ],
)
def test_axes_are_read_as_people_type_them(typed: str, axis: Axis) -> None:
    assert Axis.read(typed) == axis
    assert Axis.read(axis.text) == axis


@pytest.mark.parametrize(
    ("typed", "what", "hint"),
    [
        ("0.01:1:40", "it has no name and = before its values", "filter[0,0]=-2:2:80"),
        ("lerning_rate=0.01:1:40", 'there is no axis called "lerning_rate"', 'did you mean "learning_rate"?'),
        ("stride=1:2:2", 'there is no axis called "stride"', "available: learning_rate, filter, bias"),
        ("bias=0:1", "its values are not start:stop:count", "which is start:stop:count"),
        ("bias=0:1:2:log:3", "its values are not start:stop:count", "which is start:stop:count"),
        ("bias=a:1:3", 'the start "a" is not a number', "start:stop:count"),
        ("bias=0:1e999:3", 'the stop "1e999" is not a number', "start:stop:count"),
        ("bias=0:1/0:3", 'the stop "1/0" is not a number', "start:stop:count"),
        ("bias=0:1:1", 'the count "1" is not a whole number of 2 or more', "start:stop:count"),
        ("bias=0:1:2.5", 'the count "2.5" is not a whole number of 2 or more', "start:stop:count"),
        ("bias=2:1:3", "start 2 is not below stop 1", "exchange the two"),
        ("bias=1:1:3", "start 1 is not below stop 1", "give two different ends"),
        ("bias=-1:1:3:log", "a log scale needs a start above 0, not -1", "leave out log"),
        ("bias=0:1:3:exp", '"exp" is not a spacing', "write :log for a log scale"),
        ("learning_rate[0]=0.1:1:3", "learning_rate is one number and has no cells", "write learning_rate="),
        ("filter[0;1]=0:1:3", "[0;1] is not a cell", "row and column, counted from 0"),
        ("filter[-1,0]=0:1:3", "[-1,0] is not a cell", "row and column, counted from 0"),
    ],
)
def test_what_cannot_be_read_is_said_part_by_part(typed: str, what: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        Axis.read(typed)
    (fault,) = caught.value.faults
    assert fault.what == f'"{typed}": {what}'
    assert hint in fault.hint


@pytest.mark.parametrize(
    ("axis", "what", "hint"),
    [
        ({"of": "learning_rat"}, 'there is no axis called "learning_rat"', 'did you mean "learning_rate"?'),
        ({"start": "a"}, 'the start "a" is not a number', "start:stop:count"),
        ({"stop": float("nan")}, 'the stop "nan" is not a number', "start:stop:count"),
        ({"count": 1}, 'the count "1" is not a whole number of 2 or more', "start:stop:count"),
        ({"count": 2.5}, 'the count "2.5" is not a whole number of 2 or more', "start:stop:count"),
        ({"start": 3.0}, "start 3 is not below stop 1", "exchange the two"),
        ({"start": -1.0, "log": True}, "a log scale needs a start above 0, not -1", "leave out log"),
        ({"cell": (-1, 0)}, "(-1, 0) is not a cell", "counted from 0: cell=(0, 1)"),
        ({"cell": (0, 0.5)}, "(0, 0.5) is not a cell", "counted from 0: cell=(0, 1)"),
        ({"of": "learning_rate", "cell": (0, 0)}, "learning_rate is one number and has no cells", "learning_rate="),
    ],
)
def test_an_axis_made_in_python_is_checked_as_one_that_is_typed(axis: dict[str, Any], what: str, hint: str) -> None:
    usual: dict[str, Any] = {"of": "filter", "start": 0.5, "stop": 1, "count": 3}
    assert Axis(**usual).count == 3
    with pytest.raises(InputError) as caught:
        Axis(**usual | axis)
    (fault,) = caught.value.faults
    assert fault.what == what
    assert hint in fault.hint


def faults_of(plan: Plan, name: str = "first-filter") -> list[tuple[str, str]]:
    with pytest.raises(InputError) as caught:
        check_plan(plan, scenario(name))
    return [(fault.what, fault.hint) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("plan", "what", "hint"),
    [
        (Plan(), "there is nothing to sweep over", "add --starts 1000"),
        (Plan(starts=3, axes=(Axis.read("learning_rate=0.1:1:2"),)), "random starts and axes", "leave out --starts"),
        (Plan(starts=-1), "starts is -1; it must be 0 or more", "type: --starts 1"),
        (Plan(starts=1, seed=-1), "seed is -1; it must be 0 or more", "type: --seed 1"),
        (Plan(starts=1, iterations=0), "iterations is 0; it must be 1 or more", "type: --iterations 1"),
        (Plan(starts=1, init="gloro"), 'there is no init called "gloro"', 'did you mean "glorot"?'),
        (Plan(starts=1, learning_rate=0.0), "learning_rate is 0; it must be greater than 0", "change the number"),
        (Plan(axes=(Axis.read("learning_rate=0:1:3"),)), "a learning rate must be greater than 0", "such as 0.01"),
        (Plan(axes=(Axis.read("filter[0,2]=0:1:3"),)), "there is no filter[0,2]", "from filter[0,0] to filter[1,1]"),
        (Plan(axes=(Axis.read("filter[0]=0:1:3"),)), "there is no filter[0]", "from filter[0,0] to filter[1,1]"),
        (Plan(axes=(Axis.read("bias=0:1:3"),)), "this scenario has no bias", "bias: 0"),
        (Plan(axes=(Axis.read("filter[0,0]=0:1:3"),) * 2), "there are two axes called filter[0,0]", "leave one out"),
        (
            Plan(axes=(Axis.read("learning_rate=0.1:1:3"),), learning_rate=0.5),
            "learning_rate is an axis and a number as well",
            "leave one out",
        ),
        (
            Plan(axes=tuple(Axis.read(f"{name}=1:2:3") for name in ("filter[0,0]", "filter[0,1]", "learning_rate"))),
            "there are 3 axes; a map has one or two",
            "leave out all but two",
        ),
        (Plan(starts="many"), "starts is 'many'; it must be a whole number", "write starts=1"),  # type: ignore[arg-type]
        (Plan(starts=1, learning_rate="x"), "learning_rate is 'x'; it must be a number", "0.5"),  # type: ignore[arg-type]
        (Plan(axes="filter"), "axes is not a list of axes", "write axes=(Axis("),  # type: ignore[arg-type]
        (Plan(starts=100_000_000), "100000000 runs of 4 weights are more than fit in memory", "33333333 runs at most"),
    ],
)
def test_a_plan_that_does_not_fit_says_what_and_what_to_do(plan: Plan, what: str, hint: str) -> None:
    ((said, to_do),) = faults_of(plan)
    assert what in said
    assert hint in to_do


def test_a_bias_that_is_one_number_has_no_cells() -> None:
    ((said, hint),) = faults_of(Plan(axes=(Axis.read("bias[0]=0:1:3"),)), "bias")
    assert ("there is no bias[0]" in said, hint) == (True, "the bias has one number, bias")
    check_plan(Plan(axes=(Axis.read("bias=0:1:3"),)), scenario("bias"))


def test_everything_wrong_with_a_plan_comes_at_once() -> None:
    plan = Plan(iterations=0, seed=-2, axes=(Axis.read("bias=0:1:3"), Axis.read("filter[7,7]=0:1:3")))
    assert len(faults_of(plan)) == 4


def test_a_sweep_is_not_even_planned_where_its_plan_does_not_fit() -> None:
    with pytest.raises(InputError, match=re.escape("nothing to sweep over")):
        Sweep.planned(FIRST, Plan())


def test_a_plan_counts_its_runs() -> None:
    assert Plan(starts=7).runs == 7
    assert Plan(axes=(Axis.read("filter[0,0]=0:1:3"), Axis.read("learning_rate=0.1:1:4"))).runs == 12


def test_a_network_is_not_swept_yet_and_told_so() -> None:
    layers: list[dict[str, Any]] = [{"type": "conv", "weights": [[[[1, -1], [1, 1]]]]}, {"type": "relu"}]
    of = network(input=[[1, 2], [3, 4]], target=[[[1]]], layers=layers, learning_rate=0.1)
    with pytest.raises(InputError, match="one filter and its activation, not a network of layers"):
        check_plan(Plan(starts=3), of)
