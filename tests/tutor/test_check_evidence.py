"""A name needs evidence: what chance, or a convention that is only near, would explain as well is none."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from cnnstep.engine.build import one_filter
from cnnstep.engine.scenario import Scenario
from cnnstep.tutor.check.diagnose import diagnose
from cnnstep.tutor.check.sheet import Sheet, written
from tests.examples import some

HAND_MADE: dict[str, Any] = {"input": [[1, -3, 0]], "filter": [[-1, 0]], "target": [[1, -2]]}


def others(scenario: Scenario, **work: Any) -> list[tuple[tuple[str, ...], int]]:
    """What else the gradient's numbers are said to come from, and how many cells that leaves over."""
    found = diagnose(Sheet(scenario, {name: written(rows) for name, rows in work.items()})).mark("gradient")
    return [(other.codes, other.slips) for other in found.explanations if other.codes]


def small(**keys: Any) -> Scenario:
    return one_filter(activation="relu", learning_rate=0.1, **keys)


def test_a_mistake_that_leaves_the_only_telling_cell_over_is_not_offered_beside_one_cell_off() -> None:
    """Doubled, G = [-15, 0] is still off in the one cell; a nudge that doubles it explains no more than a 0."""
    assert others(small(**HAND_MADE), delta=[[0, 5]], gradient=[[-9, 0]]) == []


@pytest.mark.parametrize("seed", range(some(40)))
def test_no_mistake_is_offered_for_noise_that_it_leaves_in_every_cell_but_those_that_are_right(seed: int) -> None:
    random = Random(seed)
    x, w, t = ([random.randint(-3, 3) for _ in range(n)] for n in (3, 2, 2))
    e = [max(0, x[i] * w[0] + x[i + 1] * w[1]) - t[i] for i in (0, 1)]
    d = [e[i] * (x[i] * w[0] + x[i + 1] * w[1] > 0) for i in (0, 1)]
    noise = [random.choice((0, random.randint(-9, 9))) for _ in (0, 1)]
    gradient = [x[u] * d[0] + x[u + 1] * d[1] + noise[u] for u in (0, 1)]
    named = others(small(input=[x], filter=[w], target=[t]), delta=[d], gradient=[gradient])
    assert [codes for codes, slips in named if slips] == []
