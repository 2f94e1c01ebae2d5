"""A scenario that tells explanations apart: small numbers, in which every candidate gives another matrix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from cnnstep.engine.build import rebuilt
from cnnstep.engine.layers.conv import Conv
from cnnstep.engine.layers.layer import Layer, WithWeights
from cnnstep.engine.lesson import lesson_with
from cnnstep.engine.quantity import Array, frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import first_iteration
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.check.diagnose import Diagnosis
from cnnstep.tutor.mistakes import MISTAKES, mistaken
from cnnstep.tutor.numbers import listed

ATTEMPTS, HOPELESS = 60, 20
"""So many random scenarios are compared at most; fewer where none has told anything apart. The first that tells all
candidates apart is taken."""
LARGEST = 1000
"""A question of more numbers is worked out by nobody a second time."""
INPUT, WEIGHTS, TARGET = (-3, 4), (-2, 3), (0, 4)
"""From where to where, the end left out, the whole numbers are drawn."""

Readings = dict[str, list[tuple[str, ...]]]
"""By the step that they explain, the sets of mistakes to be told apart; the empty one is the right way."""


def separating(diagnosis: Diagnosis) -> Scenario:
    """A scenario of the same kind in which the explanations that fit equally give different numbers.

    Some mistakes come to the same thing (a mask that lets everything through is no mask); those stay together.
    `InputError` where the sheet leaves nothing to tell apart, or nothing can.
    """
    readings = _readings(diagnosis)
    if not readings:
        raise _none("there is only one explanation, so nothing needs telling apart", "leave --separate out")
    like = diagnosis.lesson.scenario
    if _size(like.data()) > LARGEST:
        raise _none("a scenario of this size would have too many numbers to work out again", "try a smaller one")
    random = np.random.default_rng(0)
    wanted = sum(len(sets) for sets in readings.values())
    best, most = like, len(readings)
    for attempt in range(ATTEMPTS):
        tried = _random(like, random)
        apart = sum(_told_apart(tried, sets, step) for step, sets in readings.items())
        if apart > most:
            best, most = tried, apart
        if apart == wanted or (best is like and attempt >= HOPELESS):
            break
    if best is like:
        names = listed([listed(codes) or "the right way" for sets in readings.values() for codes in sets])
        same = "they come to the same numbers, so either answer will do"
        raise _none(f"no scenario of this kind tells {names} apart", same)
    return best


def can_be_separated(diagnosis: Diagnosis) -> bool:
    """Whether there is such a scenario."""
    try:
        separating(diagnosis)
    except InputError:
        return False
    return True


def _none(what: str, hint: str) -> InputError:
    return InputError(Fault("separate", what, hint))


def _readings(diagnosis: Diagnosis) -> Readings:
    return {
        mark.step.name: list(dict.fromkeys((mark.mistakes, *mark.alternatives)))
        for mark in diagnosis.marks
        if set(mark.alternatives) - {mark.mistakes}
    }


def _random(like: Scenario, random: np.random.Generator) -> Scenario:
    """The same question with other small numbers."""

    def drawn(value: Any, low: int, high: int) -> Any:
        return random.integers(low, high, np.shape(value)).tolist()

    def target(value: Any) -> Any:
        if like.loss.only_with == "softmax":
            return value  # shares, of which one is 1
        return drawn(value, 0, 2) if like.loss.only_with else drawn(value, *TARGET)

    data = like.data() | {"title": "Which of them was it?"}
    pairs = data.get("samples", [data])
    for pair in pairs:
        pair |= {"input": drawn(pair["input"], *INPUT), "target": target(pair["target"])}

    def other(layer: Layer) -> Layer:
        if not isinstance(layer, WithWeights):
            return layer
        parts = 1 if isinstance(layer, Conv) else 4  # quarters, for shares that are not all 0 or 1
        return replace(layer, weights=frozen(np.asarray(drawn(layer.weights, *WEIGHTS)) / parts))

    question = rebuilt(data)
    return replace(question, layers=tuple(map(other, question.layers)))


def _size(data: Mapping[str, Any]) -> int:
    """How many numbers are among these keys."""
    return sum(
        _size(value) if isinstance(value, Mapping) else sum(map(_size, value)) if _has_keys(value) else np.size(value)
        for value in data.values()
    )


def _has_keys(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _told_apart(scenario: Scenario, readings: list[tuple[str, ...]], asked: str) -> int:
    """How many different matrices the candidates give for the step, two cells apart at least."""
    lesson = lesson_with(scenario, asked)
    distinct: list[Array] = []
    for codes in readings:
        try:
            wrong = mistaken(lesson, *(MISTAKES[code] for code in codes))
            result = first_iteration(wrong).values[asked]
        except InputError:
            return 0
        if all(int((~np.isclose(result, other)).sum()) >= min(2, result.size) for other in distinct):
            distinct.append(result)
    return len(distinct)
