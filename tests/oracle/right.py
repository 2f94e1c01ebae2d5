"""Right sheets: every convention, any steps left out, rounded at the end, on the way or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from tests.oracle.one_filter import OneFilter
from tests.oracle.question import SQUARES, Manner, Question, work
from tests.oracle.sheet import EXACT, Page

PLACES = ("error", "delta", "gradient")


@dataclass(frozen=True)
class RightSheet:
    """A page that is right under its manner."""

    page: Page
    manner: Manner


def draw_manner(random: Random, question: Question) -> Manner:
    """Any convention: a sign at the error, a minus at the gradient, another loss, its number anywhere, ReLU′(0)."""
    manner = Manner.of(question)
    if question.loss in SQUARES:
        remembers = question.iteration and question.optimizer != "sgd"  # under the scenario's own loss
        loss = question.loss if remembers else random.choice((question.loss, *SQUARES))
        manner = replace(manner, loss=loss, at=random.choice(PLACES) if isinstance(question, OneFilter) else "error")
    if random.random() < 0.5:
        manner = replace(manner, error=-manner.error)
    if question.into_relu and random.random() < 0.5:
        manner = replace(manner, at_zero=random.choice((0.0, 0.5, 1.0)))
    return replace(manner, turned=random.random() < 0.3)


def draw_steps(random: Random, question: Question, manner: Manner) -> tuple[str, ...]:
    """All the steps, or any of them. Where a number or a minus comes in at the gradient, ∂L/∂X is nobody's business."""
    plain = not manner.turned and manner.at != "gradient"
    every = question.names(sent_back=plain and random.random() < 0.3)
    if random.random() < 0.4:
        return every
    part = tuple(name for name in every if random.random() < 0.5)
    return part or (random.choice(every),)


def right_sheet(random: Random, question: Question) -> RightSheet:
    """A right sheet of this question."""
    manner = draw_manner(random, question)
    steps = draw_steps(random, question, manner)
    digits = random.choice((2, 3, 4, EXACT))
    if digits != EXACT and random.random() < 0.5:
        manner = replace(manner, digits=digits)
    done = work(question, manner)
    page = Page.of(question, {name: done[name] for name in steps}, digits, printed=random.random() < 0.3)
    return RightSheet(page, manner)
