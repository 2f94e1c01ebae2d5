"""Exercises on the gradient check: a weight is moved both ways, and the losses show the slope that it must have.

On one side of every kink the loss ½Σe² is a parabola in each weight: there (L(w + h) − L(w − h)) / 2h is its slope, for
every h, and so each answer is proved by the gradient that the steps give.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cnnstep.engine.lesson import lesson_of
from cnnstep.engine.quantity import frozen
from cnnstep.engine.scenario import Scenario
from cnnstep.engine.trace import Iteration, first_iteration
from cnnstep.tutor.document import Block, Paragraph, Table
from cnnstep.tutor.numbers import Numbers
from cnnstep.tutor.practice.exercises.drawing import Draw, variant
from cnnstep.tutor.practice.exercises.rates import sheet
from cnnstep.tutor.practice.questions.fit import LARGEST
from cnnstep.tutor.practice.questions.plain import (
    ChoiceQuestion,
    NumberQuestion,
    Offered,
    WrongNumber,
    so_it_is,
)
from cnnstep.tutor.practice.questions.question import Question
from cnnstep.tutor.typed import EXACT

NEAR, FAR = 0.1, 1.0
"""A nudge to work with on paper, and one over which a ReLU's z can change its sign."""
TEXT = Numbers(6).text
FORMULA = "(L(w + h) − L(w − h)) / 2h"


class Nudged(NamedTuple):
    """A weight's losses at w − h, w and w + h."""

    below: float
    here: float
    above: float

    def slope(self, h: float) -> float:
        """(L(w + h) − L(w − h)) / 2h."""
        return (self.above - self.below) / (2 * h)

    def divided(self, h: float) -> str:
        """The same, written out."""
        return f"({TEXT(self.above)} − {TEXT(self.below)}) / {TEXT(2 * h)} = {TEXT(self.slope(h))}"


def _nudged(scenario: Scenario, place: int, h: float) -> Nudged:
    """The losses with one weight moved: a forward pass for each."""
    return Nudged(*(_first(_moved(scenario, place, by)).loss for by in (-h, 0.0, h)))


def _moved(scenario: Scenario, place: int, by: float) -> Scenario:
    weights = scenario.conv.weights.copy()
    weights.flat[place] += by
    return replace(scenario, layers=(replace(scenario.conv, weights=frozen(weights)), *scenario.layers[1:]))


def _first(scenario: Scenario) -> Iteration:
    return first_iteration(lesson_of(scenario))


def _gradient(scenario: Scenario, place: int) -> float:
    return float(_first(scenario).values["gradient"].flat[place])


def _are_short(*losses: Nudged) -> bool:
    """At most two digits before the point and three after it."""
    numbers = np.array(losses)
    return bool((np.abs(numbers) <= LARGEST).all() and np.allclose(numbers, np.round(numbers, 3), rtol=0, atol=EXACT))


def _wrong_ways(losses: Nudged, h: float) -> tuple[WrongNumber, ...]:
    """One side alone, either of them; the difference over one h; the difference alone."""
    one_sided = "You nudged to one side only. That is off by half of h times the curvature; both ways, it cancels."
    between = "From w − h to w + h it is 2h: divide by that."
    return (
        WrongNumber((losses.above - losses.here) / h, one_sided, "one-sided-difference"),
        WrongNumber((losses.here - losses.below) / h, one_sided, "one-sided-difference"),
        WrongNumber((losses.above - losses.below) / h, between),
        WrongNumber(losses.above - losses.below, f"That is how far the loss rises. {between}"),
    )


@variant("gradient-check", "from-losses")
def _from_losses(draw: Draw) -> Question:
    """Losses at two nudges, of which the larger one reaches across a kink."""
    scenario = draw.lesson(sizes=draw.pick(((1, 3), (1, 2)), ((3, 1), (2, 1))))
    label = _label(scenario, place := draw.pick(0, 1))
    near, far = _nudged(scenario, place, NEAR), _nudged(scenario, place, FAR)
    w, right = float(scenario.conv.weights.flat[place]), near.slope(NEAR)
    ways = ((-FAR, far.below), (-NEAR, near.below), (0.0, near.here), (NEAR, near.above), (FAR, far.above))
    rows = tuple((TEXT(w + by), TEXT(loss)) for by, loss in ways)
    too_far = "Your nudge is too large: over so long a way some z crosses 0, where the slope of relu jumps."
    hints = (
        (Paragraph(f"Look at the losses nearest to {label} = {TEXT(w)}, one on each side."),),
        (Paragraph(f"{FORMULA}: how far the loss rises from one side to the other, over how far the weight moves."),),
        (Paragraph(f"h = {TEXT(NEAR)}: {near.divided(NEAR)}."), so_it_is(right)),
    )
    told = f"relu, loss ½Σe². The filter has {label} = {TEXT(w)}; here is the loss for five values of that weight."
    told += f" Its slope at {label} is close to the central difference {FORMULA}." if draw.level == 1 else ""
    return NumberQuestion(
        (
            Paragraph(told),
            Table((label, "loss"), rows),
        ),
        f"What is the central difference at {label} = {TEXT(w)}, with the smallest nudge?",
        right,
        hints,
        (*_wrong_ways(near, NEAR), WrongNumber(far.slope(FAR), too_far, "nudge-too-large")),
        proved=_are_short(near, far) and abs(right) > EXACT and _agrees(scenario, place, right),
    )


def _agrees(scenario: Scenario, place: int, slope: float) -> bool:
    return abs(slope - _gradient(scenario, place)) < EXACT


def _label(scenario: Scenario, place: int) -> str:
    """`W[0,1]`."""
    leaf = lesson_of(scenario).quantity("filter")
    cell = np.unravel_index(place, scenario.conv.weights.shape)
    return leaf.label(tuple(int(i) for i in cell))


@variant("gradient-check", "worked-out")
def _worked_out(draw: Draw) -> Question:
    """The losses are for the learner to work out: one output at first, then two."""
    small, large = (((1, 2), (1, 2)), ((2, 1), (2, 1))), (((1, 3), (1, 2)), ((3, 1), (2, 1)))
    scenario = draw.lesson(sizes=draw.pick(*(small if draw.level == 1 else large)), activation="linear")
    label = _label(scenario, place := draw.pick(0, 1))
    losses, first, w = _nudged(scenario, place, NEAR), _first(scenario), float(scenario.conv.weights.flat[place])
    right = losses.slope(NEAR)
    moved = (
        f"At {TEXT(w + by)} the loss is {TEXT(loss)}." for by, loss in ((-NEAR, losses.below), (NEAR, losses.above))
    )
    hints = (
        (
            Paragraph(
                f"Put {TEXT(w - NEAR)} in the place of {label}, work out z, e and the loss. Then {TEXT(w + NEAR)}."
            ),
        ),
        (Paragraph(f"{FORMULA}. Nothing else moves: each z changes by h times the input that the weight met there."),),
        (Paragraph(" ".join(moved)), Paragraph(f"{losses.divided(NEAR)}."), so_it_is(right)),
    )
    return NumberQuestion(
        (
            Paragraph(f"No activation, loss ½Σe². A gradient is close to the central difference {FORMULA}."),
            sheet(first, "input", "filter", "target", "forward"),
        ),
        f"Nudge {label} by h = {TEXT(NEAR)} both ways. Which slope do the two losses give?",
        right,
        hints,
        _wrong_ways(losses, NEAR),
        proved=_are_short(losses) and abs(right) > EXACT and _agrees(scenario, place, right),
    )


@variant("gradient-check", "which-weight")
def _which_weight(draw: Draw) -> Question:
    """Somebody's gradient of three weights beside their losses: one number may be wrong, and nudging finds it."""
    scenario = draw.lesson(sizes=draw.pick(((2, 4), (1, 3)), ((4, 2), (3, 1)), ((1, 4), (1, 3)), ((4, 1), (3, 1))))
    losses = [_nudged(scenario, place, NEAR) for place in range(3)]
    labels = [_label(scenario, place) for place in range(3)]
    slopes = [one.slope(NEAR) for one in losses]
    right = int(draw.random.integers(1, 5))
    off = draw.pick(-1.0, 2.0, 0.5)
    theirs = [slope * off if place == right - 1 else slope for place, slope in enumerate(slopes)]
    rows = tuple(
        (label, TEXT(one.below), TEXT(one.above), TEXT(number))
        for label, one, number in zip(labels, losses, theirs, strict=True)
    )
    shown = [f"{label}: {one.divided(NEAR)}" for label, one in zip(labels, losses, strict=True)]
    worked = tuple(Paragraph(f"{words}; the gradient says {TEXT(n)}.") for words, n in zip(shown, theirs, strict=True))
    hints = (
        (Paragraph("Work out the slope that the losses show for each weight, and compare it with ∂L/∂w."),),
        (Paragraph(f"{FORMULA}, and here 2h = {TEXT(2 * NEAR)}."),),
        (*worked, so_it_is(right)),
    )
    replies: list[tuple[Block, ...]] = [(Paragraph(f"{words}. The gradient says so too."),) for words in shown]
    options = [Offered(f"{label} is wrong", reply) for label, reply in zip(labels, replies, strict=True)]
    none = Offered("none: every number is right", (Paragraph("One number is not the slope that the losses show."),))
    return ChoiceQuestion(
        (
            Paragraph(
                f"Each weight was nudged by h = {TEXT(NEAR)} both ways, one after another. Beside the losses stands "
                "somebody's gradient, with one number wrong or none."
            ),
            Table(("weight", "L(w − h)", "L(w + h)", "∂L/∂w"), rows),
        ),
        "Which number of the gradient is wrong?",
        (*options, none),
        right,
        hints,
        proved=_are_short(*losses)
        and min(map(abs, slopes)) > EXACT
        and all(map(_agrees, [scenario] * 3, range(3), slopes)),
    )
