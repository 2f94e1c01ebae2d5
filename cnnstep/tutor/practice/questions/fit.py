"""Whether a question can be set: worked by hand in some five minutes, and its answer proved on a second way.

By hand: few products, no long numbers; of endless decimals three are enough. Proved: each number term by term, each
gradient by nudging what it is the gradient of. The answer itself comes from whole arrays at once; a fault in that way,
or in the other, and the two differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.layers.pool import MaxPool
from cnnstep.engine.quantity import Array
from cnnstep.engine.step import Step
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.check import sheet
from cnnstep.tutor.nudge import NUDGE, slope_shown
from cnnstep.tutor.sentences import ties
from cnnstep.tutor.typed import EXACT

MOST_TERMS: Mapping[int, int] = {1: 12, 2: 24, 3: 36}
"""So many products or summands that are not 0, by level: some eight a minute."""
MOST_CELLS: Mapping[int, int] = {1: 8, 2: 12, 3: 20}
"""So many numbers to type, by level."""
LARGEST = 99
SHORT_DECIMALS = 2
SMALLEST = 0.01
"""Of an answer with endless decimals: of a smaller one, three decimals would not tell much."""


def are_short(numbers: Array) -> bool:
    """Whether no number has more than two digits before the point and two after it, and none is a 0 missed by rounding.

    For 0.3 − 0.1·3 is −5.6e-17, and so it would stand on the screen.
    """
    rest = np.abs(numbers - np.round(numbers, SHORT_DECIMALS))
    missed = (numbers != 0) & (np.abs(numbers) <= EXACT)
    return bool((np.abs(numbers) <= LARGEST).all() and (rest <= EXACT).all() and not missed.any())


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


DECIMALS = 3
UNIT = 10.0**-DECIMALS


def are_long(answer: str) -> bool:
    """Whether an answer, as it would be typed, has more decimals than are asked for."""
    return any(len(number.partition(".")[2]) > DECIMALS for number in answer.replace(";", " ").split())


def tolerance_for(answer: str, typed: Any) -> Any:
    """How far typed numbers may be off: by what they were rounded; a long answer by one in its third decimal.

    For who works with the rounded numbers on the screen has no more digits than that, whatever is typed.
    """
    return np.maximum(typed, UNIT) if are_long(answer) else typed


def refuse_coarse(values: Any, tolerances: Any, right: Any) -> None:
    """`InputError` where numbers fit only because they were rounded far: `0.0` would fit 0.0476.

    A number that is right to three decimals is none of these: `0.09` is 0.0900 without its zeros.
    """
    enough = np.abs(np.asarray(values) - np.round(right, DECIMALS)) <= EXACT
    sheet.refuse_coarse(values, np.where(enough, 0.0, tolerances), right, unit=UNIT)


NEAR = 1e-3
"""How far a slope seen by nudging may be from the gradient, relative to it where it is above 1."""


def is_proved(iteration: Iteration, steps: Sequence[Step]) -> bool:
    """Whether both ways give the same numbers in all of these steps."""
    return all(_term_by_term(iteration, step) and _by_nudging(iteration, step) for step in steps)


def _term_by_term(iteration: Iteration, step: Step) -> bool:
    numbers = iteration.values[step.name]
    return all(
        np.isclose(step.working(iteration.values, cell).value, numbers[cell], rtol=1e-9, atol=1e-9)
        for cell in np.ndindex(*numbers.shape)
    )


def _by_nudging(iteration: Iteration, step: Step) -> bool:
    """True too where the loss has a kink within reach of a nudge, at which it shows no one slope."""
    if _has_kink_near(iteration):
        return True
    numbers, sign = iteration.values[step.name], iteration.lesson.scenario.sign
    for cell in np.ndindex(*numbers.shape):
        seen = slope_shown(iteration, step, cell)
        if seen is not None and abs(seen - sign * float(numbers[cell])) > NEAR * max(1.0, abs(float(numbers[cell]))):
            return False
    return True


def _has_kink_near(iteration: Iteration) -> bool:
    """Whether a pre-activation is as good as at its kink, or a pooling window has two numbers as good as equal."""
    bends = [s for s in iteration.lesson.called("delta") if cast("ActivationLayer", s.part).phi.kinks]
    pools = [s for s in iteration.lesson.called("pool") if isinstance(s.part, MaxPool)]
    at_zero = any((np.abs(iteration.values[step.inputs[-1].name]) < 20 * NUDGE).any() for step in bends)
    return at_zero or any(ties(cast("MaxPool", s.part), iteration.values[s.inputs[0].name]).any() for s in pools)
