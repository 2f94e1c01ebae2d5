"""Wrong sheets by formula: numbers that nobody who works rightly writes, under whatever convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from tests.oracle.cells import Cells, each, sizes, times
from tests.oracle.question import Question
from tests.oracle.sheet import Page
from tests.oracle.working import Work, Wrong, names, work

Slant = Callable[[Random, Work, Cells], Cells]
"""What a wrong formula makes of a step's right result."""


def sheet(random: Random, question: Question, wrong: Mapping[str, Wrong], digits: int) -> Page:
    """A sheet with these steps wrong: all steps, carried forward; all up to the last wrong one; or those alone."""
    done = work(question, wrong=wrong)
    every = names(question, sent_back="input_gradient" in wrong)
    last = max(every.index(step) for step in wrong)
    given = random.choice((every, every[: last + 1], tuple(wrong)))
    return Page.of(question, {step: done[step] for step in given}, digits)


def scaled(by: Callable[[Random, Work], float]) -> Slant:
    """The right numbers times a number."""
    return lambda random, done, right: times(by(random, done), right)


def _row_repeated(random: Random, done: Work, right: Cells) -> Cells:
    return {cell: right[(*cell[:-2], 0, cell[-1])] for cell in right}


def _rolled(random: Random, done: Work, right: Cells) -> Cells:
    columns = sizes(right)[-1]
    return {cell: right[(*cell[:-1], (cell[-1] + 1) % columns)] for cell in right}


def _constant(random: Random, done: Work, right: Cells) -> Cells:
    number = random.choice((-2.0, -1.0, 1.0, 2.0))
    return each(lambda x: x + number, right)


def _noise(random: Random, done: Work, right: Cells) -> Cells:
    if random.random() < 0.5:
        return each(lambda x: x + random.randint(-4, 4), right)
    return each(lambda x: x + round(random.gauss(0.0, 1.0), 2), right)


def _later_delta(random: Random, done: Work, right: Cells) -> Cells:
    later = work(replace(done.question, iteration=done.question.iteration + 1))
    now = Work(done.question, done.manner, done.before, {**done.steps, "delta": later["delta"]})
    return now.right("gradient")


def _one_cell(random: Random, done: Work, right: Cells) -> Cells:
    cell = random.choice(list(right))
    return right | {cell: right[cell] + random.choice((-3.0, -1.0, -0.5, 0.5, 1.0, 2.0))}


WRONG_GRADIENTS: Mapping[str, Slant] = {
    "η·G": scaled(lambda random, done: done.question.rate),
    "G/η": scaled(lambda random, done: 1.0 / done.question.rate),
    "a scale": scaled(lambda random, done: random.choice((0.3, 0.7, 0.9, 1.1, 1.5, 3.0, 0.0625, 10.0))),
    "a row repeated": _row_repeated,
    "columns rolled": _rolled,
    "a constant added": _constant,
    "noise": _noise,
    "δ of the next iteration": _later_delta,
    "one cell": _one_cell,
}


def exchanged_filters(gradient: Cells) -> Cells:
    """The first filter's numbers in the second's place, and the other way round."""
    count = sizes(gradient)[0]
    return {(f, *rest): gradient[(f + 1) % count, *rest] for f, *rest in gradient}
