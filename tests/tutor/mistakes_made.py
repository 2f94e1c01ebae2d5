"""Every way in which a step comes out with a mistake."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from cnnstep.engine.build import network, one_filter
from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.trace import trace
from cnnstep.tutor.check.sheet import as_shown
from cnnstep.tutor.mistakes import MISTAKES, StepContext, carry_out


def made(code: str, step: str, iteration: int = 0, **keys: Any) -> list[Any]:
    """Every way in which the step comes out with this mistake, everything before it being right."""
    lesson = lesson_of(network(**keys) if "layers" in keys else one_filter(**keys), input_gradient=True)
    at = next(islice(trace(lesson), iteration, None))
    here = lesson.step(step)
    return [
        as_shown(here, result).tolist() for result in carry_out(StepContext(lesson, here, at.values), MISTAKES[code])
    ]


def assert_made(expected: Any, ways: list[Any]) -> None:
    """That one of the ways gives these numbers."""
    found = [way for way in ways if np.shape(way) == np.shape(expected) and np.allclose(way, expected, rtol=1e-12)]
    assert found, f"{expected} is none of {ways}"


ROW: dict[str, Any] = {
    "input": [[1, 2]],
    "filter": [[1, 1]],
    "target": [[1]],
    "activation": "linear",
    "learning_rate": 0.1,
}
"""z = 1·1 + 2·1 = 3, e = 3 − 1 = 2, G = [2·1, 2·2]."""
