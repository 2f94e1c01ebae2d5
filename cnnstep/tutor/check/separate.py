"""A scenario that tells explanations apart: small integers, in which every candidate gives another matrix."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnstep.engine.build import one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import MAP, WEIGHTS, Array
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import listed

ATTEMPTS = 200
"""So many random scenarios are compared; the one that tells most candidates apart is taken."""


def separating(diagnosis: Diagnosis) -> Scenario:
    """A scenario of the same kind in which the explanations that fit equally give different numbers.

    Some mistakes come to the same thing (a mask that lets everything through is no mask); those stay together.
    `InputError` where the sheet leaves nothing to tell apart, or nothing can.
    """
    if diagnosis.lesson.scenario.is_network:
        what = "scenarios that tell explanations apart are made for one filter, and this is a network"
        raise InputError(Fault("separate", what, "leave --separate out"))
    candidates = _candidates(diagnosis)
    if len(candidates) < 2:
        what = "there is only one explanation, so nothing needs telling apart"
        raise InputError(Fault("separate", what, "leave --separate out"))
    asked = [mark.step.name for mark in diagnosis.marks if mark.alternatives]
    random = np.random.default_rng(0)
    tried = (_random(diagnosis.lesson.scenario, random) for _ in range(ATTEMPTS))
    best = max(tried, key=lambda scenario: _told_apart(scenario, candidates, asked[-1]))
    if _told_apart(best, candidates, asked[-1]) < 2:
        names = listed([" with ".join(codes) or "the right way" for codes in candidates])
        what = f"no scenario of this kind tells {names} apart"
        raise InputError(Fault("separate", what, "they come to the same numbers, so either answer will do"))
    return best


def _candidates(diagnosis: Diagnosis) -> list[tuple[str, ...]]:
    """The sets of mistakes to be told apart; the empty one is the right way, under its convention."""
    found: list[tuple[str, ...]] = []
    for mark in diagnosis.marks:
        if mark.alternatives:
            found.extend((mark.mistakes, *mark.alternatives))
    return list(dict.fromkeys(found))


def _random(like: Scenario, random: np.random.Generator) -> Scenario:
    """The same question with other small integers."""
    data = like.data()

    def integers(array: Array, low: int, high: int) -> object:
        return random.integers(low, high + 1, array.shape).tolist()

    hidden = like.layout
    data["filter"] = integers(hidden(WEIGHTS).show(like.conv.weights), -2, 2)
    inputs = [integers(x, -3, 3) for x in _each(like, like.inputs, ("sample", "channel", "row", "column"))]
    targets = [integers(t, 0, 3) for t in _each(like, like.targets, MAP)]
    if "samples" in data:
        data["samples"] = [{"input": x, "target": t} for x, t in zip(inputs, targets, strict=True)]
    else:
        data["input"], data["target"] = inputs[0], targets[0]
    if like.loss.only_with:
        data = data | {"target": (np.asarray(data["target"]) > 1).astype(int).tolist()} if "target" in data else data
    data["title"] = "Which of them was it?"
    return one_filter(**data)


def _each(like: Scenario, array: Array, axes: tuple[str, ...]) -> Iterator[Array]:
    shown = like.layout(axes).show(array)
    if "sample" in like.hidden:
        yield shown
    else:
        yield from shown


def _told_apart(scenario: Scenario, candidates: list[tuple[str, ...]], asked: str) -> int:
    """How many different matrices the candidates give for the step, two cells apart at least."""
    lesson = lesson_of(scenario, input_gradient=asked.endswith("input_gradient"))
    distinct: list[Array] = []
    for codes in candidates:
        try:
            wrong = mistaken(lesson, *(MISTAKES[code] for code in codes))
            result = first_iteration(wrong).values[asked]
        except InputError:
            return 0
        if all(int((~np.isclose(result, other)).sum()) >= min(2, result.size) for other in distinct):
            distinct.append(result)
    return len(distinct)
