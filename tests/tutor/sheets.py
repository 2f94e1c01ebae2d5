"""Random questions with small numbers, and sheets filled in rightly or with mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import Lesson, lesson_of
from cnnstep.engine.quantity import Values
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.errors import InputError
from cnnstep.tutor.check.sheet import Sheet, Written, as_shown
from cnnstep.tutor.mistakes import Case, Mistake, carry_out, mistaken

ACTIVATIONS = ("relu", "relu", "leaky_relu", "sigmoid", "tanh", "linear")


def random_scenario(
    random: np.random.Generator, channels: int = 0, filters: int = 1, samples: int = 1, **fixed: Any
) -> Scenario:
    """A question of the size that is worked by hand: 3 to 5 rows, a filter of 2 or 3, small integers.

    One or two channels unless their number is said; with several filters or samples it is a question for those.
    """
    window = (int(random.integers(2, 4)), int(random.integers(2, 4)))
    stride = int(random.choice([1, 1, 2]))
    padding = int(random.choice([0, 0, 1]))
    outputs = (int(random.integers(2, 4)), int(random.integers(2, 4)))
    size = tuple((o - 1) * stride + k - 2 * padding for o, k in zip(outputs, window, strict=True))
    channels = channels or int(random.choice([1, 1, 2]))
    biased = bool(random.integers(2))
    several = (filters,) if filters > 1 else ()
    deep = (channels,) if channels > 1 or several else ()
    data: dict[str, Any] = {
        "input": random.integers(-3, 4, (*deep, *size)).tolist(),
        "filter": random.integers(-2, 3, (*several, *deep, *window)).tolist(),
        "target": random.integers(-1, 3, (*several, *outputs)).tolist(),
        "activation": str(random.choice(ACTIVATIONS)),
        "learning_rate": float(random.choice([0.5, 0.1, 0.05, 0.2])),
        "stride": stride,
        "padding": padding,
        "bias": int(random.choice([-2, -1, 1, 2])) if biased else None,
        "optimizer": str(random.choice(["sgd", "sgd", "sgd", "momentum"])),
    }
    if several and biased:
        data["bias"] = random.integers(-2, 3, filters).tolist()
    if samples > 1:
        pairs = [{key: data.pop(key) for key in ("input", "target")}]
        for _ in range(samples - 1):
            drawn = {"input": random.integers(-3, 4, np.shape(pairs[0]["input"])).tolist()}
            pairs.append(drawn | {"target": random.integers(-1, 3, np.shape(pairs[0]["target"])).tolist()})
        data["samples"] = pairs
    return one_filter(**data | fixed)


def steps_of(iteration: Iteration, names: tuple[str, ...] = (), digits: int = 13) -> dict[str, Written]:
    """The iteration's matrices as they would be written down, all or only some."""
    chosen = names or iteration.lesson.names
    return {name: Written.rounded(iteration.matrix(name), digits) for name in chosen}


def rounded_on_the_way(iteration: Iteration, names: tuple[str, ...], digits: int) -> dict[str, Written]:
    """The same matrices by somebody who goes on from the rounded ones."""
    values = dict(iteration.lesson.start)
    work: dict[str, Written] = {}
    for step in iteration.lesson.steps:
        values[step.name] = np.round(step.compute(values), digits) + 0.0
        if step.name in names:
            work[step.name] = Written.rounded(step.quantity.layout.show(values[step.name]), digits)
    return work


def wrong_sheet(scenario: Scenario, *mistakes: Mistake, iteration: int = 0) -> Sheet | None:
    """A whole sheet in which these mistakes are made and carried forward; None where they change nothing."""
    lesson = lesson_of(scenario, input_gradient=any("input_gradient" in one.roles for one in mistakes))
    if not all(_changes(lesson, one, iteration) for one in mistakes):
        return None
    try:
        values = _at(lesson, iteration, *mistakes)
    except InputError:
        return _until_the_sizes_differ(scenario, lesson, mistakes)
    shown = {step.name: step.quantity.layout.show(values[step.name]) for step in lesson.steps}
    rightly = _at(lesson, iteration)
    unseen = all(np.allclose(values[name], rightly[name]) for name in shown)  # another way of it has another size
    if unseen or not all(np.isfinite(array).all() for array in shown.values()):
        return None
    return Sheet(scenario, {name: Written.rounded(array, 13) for name, array in shown.items()}, iteration)


def _at(lesson: Lesson, number: int, *mistakes: Mistake) -> Values:
    """The iteration of this number with the mistakes in it; those before it are right."""
    wrong = mistaken(lesson, *mistakes)
    begin = dict(wrong.start)
    with np.errstate(all="ignore"):
        for _ in range(number):
            begin = wrong.next_begin({**begin, **lesson.carry_out(begin)})
        return wrong.carry_out(begin)


def _changes(lesson: Lesson, mistake: Mistake, iteration: int) -> bool:
    """Whether the mistake shows in some step when everything before it is right."""
    if iteration:
        right, wrong = _at(lesson, iteration), _at(lesson, iteration, mistake)
        return any(not np.allclose(right[n], wrong[n]) for n in lesson.names)
    values = first_iteration(lesson).values
    for step in lesson.steps:
        if mistake.fits(lesson, step):
            right_one = as_shown(step, values[step.name])
            for result in carry_out(Case(lesson, step, values), mistake)[:1]:
                shown = as_shown(step, result)
                if shown.shape != right_one.shape or not np.allclose(shown, right_one):
                    return True
    return False


def _until_the_sizes_differ(scenario: Scenario, lesson: Lesson, mistakes: tuple[Mistake, ...]) -> Sheet:
    """The sheet up to the matrix that has another size: nobody gets further."""
    values = dict(lesson.start)
    work: dict[str, Written] = {}
    for step in lesson.steps:
        here = [one for one in mistakes if one.fits(lesson, step)]
        results = carry_out(Case(lesson, step, values), *here)
        right = step.compute(values)
        result = results[0] if results else right
        work[step.name] = Written.rounded(as_shown(step, result), 13)
        if result.shape != right.shape:
            break
        values[step.name] = result
    return Sheet(scenario, work)
