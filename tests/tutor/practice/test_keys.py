"""Every answer key again, by plain loops, differences of losses, and the descent itself, read from the screen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import sqrt

import pytest

from cnnstep.engine.quantity import frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.document import Beside, Block, Matrix, Paragraph, Table
from cnnstep.tutor.practice.generate import Exercise
from cnnstep.tutor.practice.questions.plain import ChoiceQuestion, NumberQuestion
from cnnstep.tutor.practice.questions.step import StepQuestion
from cnnstep.tutor.practice.skills import SKILLS
from tests.tutor.practice.by_loops import Cells, Plain, cells
from tests.tutor.practice.kinds import KINDS, STEPS, asked, draws

WEIGHTS = {"gradient": "weights", "bias_gradient": "biases"}


def by_brute_force(question: StepQuestion) -> Cells:
    """The numbers of the step that is asked for."""
    plain, step = Plain(question.scenario), question.step
    layers = list(question.scenario.layers)
    number = next((n for n, layer in enumerate(layers) if layer is step.part), 0)
    if step.role == "forward":
        return plain.outputs[number]
    if step.role == "error":
        return {cell: a - plain.target[cell] for cell, a in plain.outputs[-1].items()}
    if step.role == "input_gradient":
        return plain.gradient_of_input(number)
    if step.role in WEIGHTS:
        parts = [Plain(one).gradient_of(WEIGHTS[step.role], number) for one in samples(question.scenario)]
        return {cell: sum(part[cell] for part in parts) for cell in parts[0]}
    assert step.role == "update"
    gradient = plain.gradient_of("weights", 0)
    return {cell: w - question.scenario.learning_rate * gradient[cell] for cell, w in plain.weights[0].items()}


def at_iteration(question: StepQuestion) -> Cells:
    """The same, and what an optimizer remembers, of one filter without a bias: iteration after iteration, by loops."""
    scenario, optimizer = question.scenario, question.scenario.optimizer.name
    numbers, rate = question.scenario.optimizer.parameters, question.scenario.learning_rate
    w = cells(scenario.conv.weights)
    v, m, s = (dict.fromkeys(w, 0.0) for _ in range(3))
    results: dict[str, Cells] = {}
    for k in range(1, question.number + 2):
        weights = scenario.conv.weights.copy()
        for cell, number in w.items():
            weights[cell] = number
        there = replace(scenario, layers=(replace(scenario.conv, weights=frozen(weights)), *scenario.layers[1:]))
        g = {cell: round(slope, 6) for cell, slope in Plain(there).gradient_of("weights", 0).items()}
        if optimizer == "adam":
            b, c = numbers["beta1"], numbers["beta2"]
            m = {cell: b * m[cell] + (1 - b) * g[cell] for cell in w}
            s = {cell: c * s[cell] + (1 - c) * g[cell] ** 2 for cell in w}
            along = {cell: m[cell] / (1 - b**k) / (sqrt(s[cell] / (1 - c**k)) + 1e-12) for cell in w}
        else:
            mu = numbers.get("momentum", 0.0)
            v = {cell: mu * v[cell] + g[cell] for cell in w}
            along = {cell: g[cell] + mu * v[cell] if optimizer == "nesterov" else v[cell] for cell in w}
        w = {cell: w[cell] - rate * along[cell] for cell in w}
        results = {"gradient": g, "velocity": v, "first_moment": m, "second_moment": s, "update": w}
    return results[question.name]


def samples(scenario: Scenario) -> list[Scenario]:
    """Each sample of a batch alone."""
    places = (slice(n, n + 1) for n in range(len(scenario.inputs)))
    return [replace(scenario, inputs=scenario.inputs[at], targets=scenario.targets[at]) for at in places]


@pytest.mark.parametrize(("skill", "variant"), [kind for kind in KINDS if kind[0] in STEPS])
def test_the_key_of_a_step_is_what_loops_and_differences_give(skill: str, variant: str) -> None:
    for one in draws(skill, variant, 5):
        question = asked(one.question)
        remembers = question.number or question.scenario.optimizer.memory
        every = at_iteration(question) if remembers else by_brute_force(question)
        numbers = [value for _, value in sorted(every.items())]
        if question.cell is not None:
            numbers = [value for cell, value in every.items() if cell[-len(question.cell) :] == question.cell]
        typed = [float(word) for word in question.answer.replace(";", " ").split()]
        assert typed == pytest.approx(numbers, abs=2e-6), one


def matrices(blocks: tuple[Block, ...]) -> dict[str, Cells]:
    """The matrices on the screen by their symbols."""
    found: dict[str, Cells] = {}
    for block in blocks:
        if isinstance(block, Beside):
            found |= matrices(block.blocks)
        elif isinstance(block, Matrix):
            numbers: Cells = {(r, c): float(x or 0) for r, row in enumerate(block.rows) for c, x in enumerate(row)}
            found[block.title.split()[-1]] = numbers
    return found


def rate(one: Exercise) -> float:
    """η as the question says it."""
    words = " ".join(block.text for block in one.question.asked() if isinstance(block, Paragraph))
    found = re.search(r"η = (\d+(?:\.\d+)?)", words)
    assert found, words
    return float(found[1])


def correlated(x: Cells, w: Cells) -> Cells:
    """z = X ⋆ W, by loops."""
    rows, columns = (max(cell[axis] for cell in x) - max(cell[axis] for cell in w) + 1 for axis in (0, 1))
    return {
        (i, j): sum(weight * x[i + u, j + v] for (u, v), weight in w.items())
        for i in range(rows)
        for j in range(columns)
    }


def descended(x: Cells, w: Cells, t: Cells, rate: float, *, relu: bool = True) -> Cells:
    """The filter after one update of plain gradient descent on ½Σe²."""
    z = correlated(x, w)
    delta = {cell: 0.0 if relu and z[cell] <= 0 else z[cell] - t[cell] for cell in z}
    return {(u, v): w[u, v] - rate * sum(d * x[i + u, j + v] for (i, j), d in delta.items()) for u, v in w}


def outputs(x: Cells, w: Cells, *, relu: bool = True) -> Cells:
    return {cell: max(z, 0.0) if relu else z for cell, z in correlated(x, w).items()}


def course(errors: list[float]) -> int:
    """What the error does, as the choices say it."""
    if all(abs(e) < 1e-9 for e in errors[1:]):
        return 3
    grows = {abs(b) > abs(a) for a, b in pairwise(errors)}
    turns = {a * b < 0 for a, b in pairwise(errors)}
    assert len(grows) == len(turns) == 1
    return 4 if grows.pop() else 2 if turns.pop() else 1


def test_the_error_takes_the_course_that_is_called_right() -> None:
    for one in draws("learning-rate", "what-the-error-does", 20):
        shown = matrices(one.question.asked())
        x, w, t = shown["X"], shown["W"], shown["t"]
        errors = []
        for _ in range(5):
            errors.append(outputs(x, w, relu=False)[0, 0] - t[0, 0])
            w = descended(x, w, t, rate(one), relu=False)
        assert one.question.answer == str(course(errors)), one


def shrinks(shown: dict[str, Cells], cell: tuple[int, ...], rate: float) -> bool:
    x, w, t = shown["X"], shown["W"], shown["t"]
    before, after = (abs(outputs(x, filter)[cell] - t[cell]) for filter in (w, descended(x, w, t, rate)))
    return after < before - 1e-12


def test_below_the_largest_rate_the_active_cells_error_gets_smaller_and_above_it_at_no_rate() -> None:
    for one in draws("learning-rate", "stable-rate", 20):
        question = one.question
        assert isinstance(question, NumberQuestion)
        shown = matrices(question.asked())
        (cell,) = (cell for cell, z in correlated(shown["X"], shown["W"]).items() if z > 0)
        limit = question.right
        assert all(shrinks(shown, cell, limit * part / 100) for part in range(1, 100)), one
        assert not any(shrinks(shown, cell, limit * (1 + part / 100)) for part in (*range(1, 100), 500, 9900)), one


def test_the_update_leads_to_what_is_called_right() -> None:
    for one in draws("learning-rate", "after-an-update", 20):
        shown = matrices(one.question.asked())
        x, w, t = shown["X"], shown["W"], shown["t"]
        new = descended(x, w, t, rate(one))
        before, after = (sum((a - t[cell]) ** 2 / 2 for cell, a in outputs(x, f).items()) for f in (w, new))
        z = correlated(x, new).values()
        assert min(abs(number) for number in z) > 1e-9, "no cell is at the kink, where a convention would decide"
        state = 2 if after < 1e-9 else 3 if after < before else 4
        if max(z) < 0:
            state = 1
            assert after > 1e-9
        assert one.question.answer == str(state), one


def tables(blocks: tuple[Block, ...]) -> list[tuple[float | str, ...]]:
    """The rows of the tables on the screen, their numbers read."""
    rows = [row for block in blocks if isinstance(block, Table) for row in block.rows]
    return [tuple(float(word) if re.fullmatch(r"-?[\d.]+", str(word)) else word for word in row) for row in rows]


def test_the_losses_of_the_smallest_nudge_give_the_slope_and_it_is_a_parabola_there() -> None:
    for one in draws("gradient-check", "from-losses", 20):
        losses = {w: loss for w, loss in tables(one.question.asked()) if not isinstance(w, str)}
        far_below, below, here, above, far_above = (float(loss) for loss in losses.values())
        weights = [float(w) for w in losses]
        assert [round(w - weights[2], 9) for w in weights] == [-1, -0.1, 0, 0.1, 1]
        slope, bend = (above - below) / 0.2, (above - 2 * here + below) / 0.01
        assert float(one.question.answer) == pytest.approx(slope, abs=1e-9), one
        curve = [here + slope * h + bend * h * h / 2 for h in (-1, 1)]
        assert curve != pytest.approx([far_below, far_above], abs=1e-6), "the larger nudge reaches across a kink"


def test_the_losses_that_are_to_be_worked_out_show_the_slope() -> None:
    for one in draws("gradient-check", "worked-out", 20):
        shown = matrices(one.question.asked())
        place = re.search(r"W\[(\d),(\d)\]", one.question.task)
        assert place
        cell = int(place[1]), int(place[2])
        ways = [shown["W"] | {cell: shown["W"][cell] + h} for h in (-0.1, 0.1)]
        below, above = (
            sum((a - shown["t"][at]) ** 2 / 2 for at, a in outputs(shown["X"], w, relu=False).items()) for w in ways
        )
        assert float(one.question.answer) == pytest.approx((above - below) / 0.2, abs=1e-9), one


def test_the_wrong_number_of_a_gradient_is_the_one_that_its_losses_do_not_show() -> None:
    for one in draws("gradient-check", "which-weight", 20):
        rows = [tuple(map(float, row[1:])) for row in tables(one.question.asked())]
        wrong = [n for n, (below, above, told) in enumerate(rows, 1) if abs((above - below) / 0.2 - told) > 1e-6]
        assert len(wrong) < 2
        assert one.question.answer == str(wrong[0] if wrong else 4), one


@pytest.mark.parametrize("level", [1, 2, 3])
def test_no_choice_is_right_most_of_the_time(level: int) -> None:
    for variant in ("what-the-error-does", "after-an-update"):
        every = [one for one in draws("learning-rate", variant, 90) if one.level == level]
        if len(every) < 20:  # where several Pythons divide the draws among them
            continue
        rights = Counter(one.question.answer for one in every)
        assert len(rights) == 4
        assert max(rights.values()) <= len(every) / 2, (variant, rights)


def test_every_choice_question_has_a_key_among_four_choices() -> None:
    for skill, variant in KINDS:
        for one in draws(skill, variant, 3):
            if isinstance(one.question, ChoiceQuestion):
                assert len(one.question.options) == 4
                assert 1 <= one.question.right <= 4
    assert {skill for skill, _ in KINDS} == set(SKILLS)
