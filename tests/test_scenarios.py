"""The shipped scenarios: every file is in order, and what its comment says must happen does happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from cnnstep.engine.build import one_filter, rebuilt
from cnnstep.engine.findings import findings
from cnnstep.engine.layers.conv import input_gradient
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.patches import PLAIN
from cnnstep.engine.quantity import Array, Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.status import outcome
from cnnstep.engine.trace import Iteration, trace
from cnnstep.surface.loading import load, shipped
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS
from tests.scenario_files import NAMES, SOBEL

Claim = Callable[[Scenario, list[Iteration]], None]


CLAIMS: dict[str, Claim] = {}


def claim(name: str) -> Callable[[Claim], Claim]:
    """Puts a claim under its scenario's name. It gets the scenario and the run of its own number of iterations."""

    def keep(function: Claim) -> Claim:
        assert CLAIMS.setdefault(name, function) is function, f"{name} is claimed twice"
        return function

    return keep


def changed(scenario: Scenario, **changes: Any) -> Scenario:
    return one_filter(**(scenario.data() | changes))


def ran(scenario: Scenario, iterations: int) -> list[Iteration]:
    return list(trace(scenario, iterations))


def final(run: list[Iteration]) -> tuple[str, Array]:
    """The status after the last update, and the filter then."""
    end = outcome(run[0], run[-1])
    return end.status, end.matrix("filter")


def first_with(code: str, run: list[Iteration]) -> int | None:
    """The first iteration that has a finding of this code."""
    return next((i.number for i in run if any(found.code == code for found in findings(i))), None)


def assert_first_step(run: list[Iteration], forward: Any, gradient: Any, before: float, after: float) -> None:
    assert_array_equal(run[0].matrix("forward"), forward)
    assert_array_equal(run[0].matrix("gradient"), gradient)
    assert before == pytest.approx(run[0].loss, rel=1e-12)
    assert after == pytest.approx(run[0].loss_after, rel=1e-12)


def assert_converges(run: list[Iteration], at: int, filter: Any, within: float = 1e-5) -> None:
    assert at == first_with("converged", run)
    status, found = final(run)
    assert status == "converged"
    assert_allclose(found, filter, rtol=0, atol=within)


@claim("first-filter")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_first_step(run, [[3, 0], [-2, 1]], [[2, -2], [0, 2]], 2, 1.5)
    assert_array_equal(run[0].matrix("update"), [[0, 0], [1, 0]])
    longer = ran(scenario, 100)
    assert first_with("all-dead", longer) == 34
    assert {i.loss for i in longer[34:]} == {1.0}
    status, found = final(longer)
    assert status == "stuck"
    assert_allclose(found, [[-0.0663, -0.0998], [-0.0663, -0.0998]], atol=5e-5)


@claim("first-filter-slow")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_converges(run, 128, [[0.6328, 0.1836], [0.1836, 0.5508]], 5e-5)


@claim("first-filter-linear")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_converges(run, 733, [[1, 0], [0, 0]], 5e-6)
    assert_allclose(final(ran(scenario, 3000))[1], [[1, 0], [0, 0]], atol=1e-14)


@claim("first-filter-linear-fast")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert (run[0].loss, run[0].loss_after) == (4.5, 7.625)
    assert all(i.loss_after > i.loss for i in run)
    assert first_with("diverged", run) == 8
    assert final(run)[0] == "diverged"


@claim("six-outputs")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    for skill, count in {"forward": 2, "activation": 2, "error": 3, "delta": 5, "update": 4}.items():
        question = StepQuestion(scenario, skill)
        possible = tuple(code for code in SKILLS[skill].mistakes if code in question.by_mistake)
        assert replace(question, tells=possible[:count]).blurred(9) == ()
        assert len(possible) >= count
    assert (scenario.inputs.shape[-2:], scenario.targets.shape[-2:]) == ((3, 4), (2, 3))


@claim("unreachable-target")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    (found,) = (f for f in findings(run[0]) if f.code == "unreachable-target")
    assert found.cells == ((0, 1),)
    assert final(run)[0] == "settled"
    assert run[-1].loss_after == pytest.approx((0 - (-1)) ** 2 / 2, rel=1e-9)


@claim("sigmoid")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert first_with("dead-relu", run) is None
    assert first_with("saturated", run) == 201
    assert all(i.loss_after < i.loss for i in run)
    assert final(run)[0] == "improving"
    assert round(run[-1].loss_after, 4) == 0.0009


@claim("sigmoid-cross-entropy")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    squares = ran(changed(scenario, loss="half_squared_error"), 11)
    assert_array_equal(run[0].matrix("delta"), run[0].matrix("error"))
    assert np.abs(run[10].matrix("error")).max() < 0.03
    assert np.abs(squares[10].matrix("error")).max() > 0.99


@claim("dead-from-the-start")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    for iteration in run:
        (found,) = (f for f in findings(iteration) if f.code == "all-dead")
        assert len(found.blocked) == 4
        assert not iteration.matrix("gradient").any()
        assert iteration.loss_after == 18.5
    assert final(run)[0] == "stuck"
    for rate in (0.001, 1, 1000):
        assert final(ran(changed(scenario, learning_rate=rate), 3))[0] == "stuck"


@claim("leaky-relu-rescue")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    twin = load("dead-from-the-start").scenario
    same = {"input", "filter", "target", "learning_rate"}
    assert {k: scenario.data()[k] for k in same} == {k: twin.data()[k] for k in same}
    assert_converges(run, 49, [[1, 2], [0, 1]])


@claim("at-the-kink")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_array_equal(run[0].matrix("error"), [[0, -1], [0, 0]])
    assert run[0].matrix("forward")[0, 1] == 0
    assert_converges(run, 151, [[1 / 3, -2 / 3], [4 / 3, 2]])
    usual = ran(changed(scenario, relu_slope_at_zero=0), 5)
    assert not usual[0].matrix("gradient").any()
    assert final(usual)[0] == "stuck"


@claim("stride")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_first_step(run, [[0, 6], [3, -1]], [[0, 1], [6, 1]], 3, 1.34)


@claim("padding")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert run[0].matrix("forward").shape == run[0].matrix("input").shape
    assert_first_step(run, [[-2, 4], [4, 7]], [[2, 4, 0], [9, 4, 0], [9, -3, 0]], 6.5, 0.5925)


@claim("dilation")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_first_step(run, [[18, 3]], [[0, 2], [17, 1]], 2.5, 0.89525)
    other = scenario.data()["input"]
    other[1] = [-9, 9, 9, -9]
    assert_array_equal(ran(changed(scenario, input=other), 1)[0].matrix("forward"), [[18, 3]])


@claim("two-channels")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_first_step(run, [[0, 8]], [[[-1, 4], [-1, -1]], [[2, 1], [-2, 2]]], 2.5, 1.16)


@claim("two-filters")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    alone = ran(load("first-filter-slow").scenario, len(run))
    for one, both in zip(alone, run, strict=True):
        assert_allclose(both.matrix("update")[0, 0], one.matrix("update"), rtol=0, atol=1e-12)
    assert_array_equal(run[0].matrix("gradient")[1, 0], [[1, 0], [-1, 1]])
    first, second = [[0.6328, 0.1836], [0.1836, 0.5508]], [[-0.2, 0.6], [-0.4, 1.8]]
    assert_converges(run, 126, [[first], [second]], 5e-5)


@claim("bias")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_converges(run, 63, [[1, 2]])
    assert outcome(run[0], run[-1]).matrix("bias") == pytest.approx(1, abs=1e-6)
    without = ran(changed(scenario, bias=None), 300)
    assert final(without)[0] == "settled"
    assert without[-1].loss_after == pytest.approx(float(Fraction(11, 6)), rel=1e-9)


@claim("momentum")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    twin = load("first-filter-linear").scenario
    assert changed(twin, optimizer={"name": "momentum", "momentum": 0.8}, title="", iterations=1).data() == (
        changed(scenario, title="", iterations=1).data()
    )
    assert_converges(run, 120, [[1, 0], [0, 0]])
    assert any(i.loss_after > i.loss for i in run)


@claim("small-batch")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    alone = [ran(changed(scenario, samples=[sample]), 1)[0].matrix("gradient") for sample in scenario.data()["samples"]]
    assert_array_equal(alone, [[[-2, -4], [-6, 6]], [[0, -12], [0, 6]], [[-2, 2], [2, 4]]])
    assert_array_equal(run[0].matrix("gradient"), [[-2 + 0 - 2, -4 - 12 + 2], [-6 + 0 + 2, 6 + 6 + 4]])
    assert run[0].loss == 30
    assert_converges(run, 18, [[1, 1], [0, -1]])
    averaged = list(trace(mistaken(lesson_of(scenario), MISTAKES["averaged-over-batch"]), 100))
    assert first_with("converged", averaged) == 68


@claim("nesterov")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    plain = load("momentum").scenario
    nesterov = {"name": "nesterov", "momentum": 0.8}
    assert changed(plain, optimizer=nesterov, title="").data() == changed(scenario, title="").data()
    assert_converges(run, 97, [[1, 0], [0, 0]])
    assert highest_after_falling_below(0.2, run) < 0.3
    assert highest_after_falling_below(0.2, ran(plain, 150)) == pytest.approx(0.314, abs=5e-4)


def highest_after_falling_below(loss: float, run: list[Iteration]) -> float:
    first = next(i.number for i in run if i.loss < loss)
    return max(i.loss for i in run[first:])


@claim("adam")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_array_equal(run[0].matrix("gradient"), [[80, 7], [20, 114]])
    assert_allclose(run[0].matrix("filter") - run[0].matrix("update"), np.full((2, 2), 0.05), rtol=1e-8)
    assert first_with("converged", run) == 242


@claim("target-minus-output")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    usual = ran(load("first-filter").scenario, 1)
    for name in ("error", "delta", "gradient"):
        assert_array_equal(run[0].matrix(name), -usual[0].matrix(name))
    assert_first_step(run, [[3, 0], [-2, 1]], [[-2, 2], [0, -2]], 2, 1.5)
    assert_array_equal(run[0].matrix("update"), [[0, 0], [1, 0]])


@claim("digit-edge")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_converges(run, 257, SOBEL)


@claim("digits-edge-batch")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert_converges(run, 425, SOBEL)
    assert final(ran(changed(scenario, learning_rate=0.006), 200))[0] == "diverged"


@claim("pooling")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    first = run[0]
    window = first.matrix("relu1.forward")[0, 0:2, 2:4]
    assert_array_equal(window, [[0, 1], [0, 1]])
    sent_back = first.matrix("max_pool1.input_gradient")[0, 0:2, 2:4]
    assert sent_back[0, 1] == first.matrix("average_pool1.input_gradient")[0, 0, 1] != 0
    assert np.count_nonzero(sent_back) == 1
    assert first.matrix("average_pool1.forward").item() == (1 + 1 + 0 + 2) / 4
    assert first.loss == 0.5 * ((1 - 2) ** 2 + (-1 - -1) ** 2)
    assert first_with("converged", run) == 56


@claim("transposed-conv")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    assert run[0].matrix("transposed_conv1.forward")[0].tolist() == [[0, 1, 2], [1, 2, 1], [0, 1, 0]]
    middle = run[0].lesson.step("transposed_conv1.forward").working(run[0].values, (0, 0, 1, 1))
    assert {term.factors[0].cell for term in middle.terms} == {(0, 0, i, j) for i in (0, 1) for j in (0, 1)}
    assert run[0].loss == 14
    assert first_with("converged", run) == 49
    assert_allclose(run[-1].matrix("transposed_conv1.update")[0, 0], [[1, 0], [-1, 2]], atol=1e-6)


@claim("smallest-network")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    (first,) = run
    assert [first.matrix("conv1.forward")[f].max() for f in (0, 1)] == [2, 2]
    assert_array_equal(first.matrix("softmax1.forward"), [0.5, 0.5])
    assert first.loss == pytest.approx(np.log(2), rel=1e-12)
    assert_array_equal(first.matrix("softmax1.input_gradient"), [-0.5, 0.5])
    assert_array_equal(first.matrix("dense1.input_gradient"), [-0.5 * 2 + 0.5 * -1, -0.5 * -1 + 0.5 * 2])
    image = first.matrix("input")
    # the first map won at [0,1], the second at [1,0]; what comes back is 0 everywhere else
    assert_array_equal(first.matrix("relu1.input_gradient"), [[[0, -1.5], [0, 0]], [[0, 0], [1.5, 0]]])
    assert_array_equal(first.matrix("conv1.gradient")[:, 0], [-1.5 * image[0:3, 1:4], 1.5 * image[1:4, 0:3]])
    assert output_after(first)[0, 0] == pytest.approx(0.9997, abs=5e-5)


@claim("two-conv-layers")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    first = run[0]
    weights, upstream = first.values["conv2.weights"], first.values["tanh1.input_gradient"]
    assert weights.shape == (2, 2, 3, 3)
    alone = [input_gradient(upstream[:, [f]], weights[[f]], (4, 4), PLAIN) for f in (0, 1)]
    assert_allclose(first.values["conv2.input_gradient"], alone[0] + alone[1], rtol=0, atol=1e-14)
    assert len(run) == 60
    assert (output_after(run[-1])[scenario.targets == 1] > 0.99).all()


@claim("vanishing-gradient")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    layers = [*(f"dense{number}" for number in (5, 4, 3, 2, 1)), "conv1"]

    def length(iteration: Iteration, layer: str) -> float:
        return float(np.sqrt(np.square(iteration.values[f"{layer}.gradient"]).sum()))

    def moved(layer: str) -> float:
        weights = f"{layer}.weights"
        return float(np.sqrt(np.square(run[-1].following[weights] - run[0].values[weights]).sum()))

    assert_allclose([length(run[0], layer) for layer in layers], [0.658, 0.254, 0.057, 0.019, 0.005, 0.0009], atol=5e-4)
    assert len(run) == 20
    assert (round(moved("dense5"), 1), round(moved("conv1"), 3)) == (1.5, 0.002)
    tanh = [{**one, "type": one["type"].replace("sigmoid", "tanh")} for one in scenario.data()["layers"]]
    (other,) = ran(rebuilt(scenario.data() | {"layers": tanh}), 1)
    assert (round(length(other, "conv1"), 2), round(length(other, "dense5"), 2)) == (1.03, 0.85)


def output_after(iteration: Iteration) -> Array:
    """What the network gives after this iteration's update."""
    return iteration.following[iteration.lesson.output.name]


@claim("digits-cnn")
def _(scenario: Scenario, run: list[Iteration]) -> None:
    lesson = lesson_of(scenario)
    assert scenario.test_inputs is not None
    assert scenario.test_targets is not None
    test = {"input": scenario.test_inputs, "target": scenario.test_targets}
    classes = scenario.test_targets.argmax(axis=1)

    def read_rightly(values: Values) -> float:
        """The share of the test digits whose largest output is the right one."""
        start = {name: values[name] for name in lesson.start} | test
        return float((lesson.output_of(start).argmax(axis=1) == classes).mean())

    assert (len(scenario.inputs), len(classes)) == (1437, 360)
    shares = {}
    for iteration in trace(lesson, scenario.iterations):  # one after another: all of them would fill the memory
        shares[iteration.number] = read_rightly(iteration.values) if iteration.number in (0, 40) else 0.0
        if iteration.number == 0:
            assert iteration.loss == pytest.approx(3522, abs=0.5)
    assert shares[0] == pytest.approx(0.11, abs=0.005)
    assert shares[40] == pytest.approx(0.91, abs=0.01)
    assert read_rightly(iteration.following) == pytest.approx(0.93, abs=0.01)
    assert iteration.loss_after < 40


ON_ITS_OWN = "digits-cnn"
"""The claim that runs its scenario itself."""


@pytest.mark.parametrize("name", sorted(CLAIMS))
def test_what_must_happen_does_happen(name: str) -> None:
    scenario = load(name).scenario
    CLAIMS[name](scenario, [] if name == ON_ITS_OWN else ran(scenario, scenario.iterations))


def test_every_scenario_has_its_claim_and_there_are_at_least_fourteen() -> None:
    assert sorted(CLAIMS) == NAMES == sorted(one.name for one in shipped())
    assert len(NAMES) >= 14
