"""What can be worked by hand in some five minutes: few products, no long numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.typed import EXACT

MOST_TERMS: Mapping[int, int] = {1: 12, 2: 24, 3: 36}
"""So many products or summands that are not 0, by level: some eight a minute."""
MOST_CELLS: Mapping[int, int] = {1: 8, 2: 12, 3: 20}
"""So many numbers to type, by level."""
LARGEST = 99
DECIMALS = 2
SMALLEST = 0.01
"""Of an answer with endless decimals: of a smaller one, three decimals would not tell much."""


def are_short(numbers: Array) -> bool:
    """Whether no number has more than two digits before the point and two after it."""
    rest = np.abs(numbers - np.round(numbers, DECIMALS))
    return bool((np.abs(numbers) <= LARGEST).all() and (rest <= EXACT).all())


def terms(iteration: Iteration, steps: Iterable[Step]) -> int:
    """The summands that are not 0, over all cells of these steps."""
    return sum(
        sum(term.value != 0 for term in step.working(iteration.values, cell).terms)
        for step in steps
        for cell in np.ndindex(*iteration.values[step.name].shape)
    )


def shows_something(answer: Array) -> bool:
    """Whether an answer is no single number over and over, and not 0 alone."""
    return bool(np.unique(answer).size > 1 if answer.size > 1 else answer.any())
