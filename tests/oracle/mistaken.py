"""Sheets with something wrong in them, carried forward: a step by a formula without a name, or named mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import product
from random import Random

from tests.oracle.cells import Cells
from tests.oracle.drawing import draw
from tests.oracle.drawing_networks import draw_network
from tests.oracle.judge import LEAST, wrongness
from tests.oracle.misconceptions.entry import Attempt
from tests.oracle.misconceptions.named import MISCONCEPTIONS, InNetwork, Misconception
from tests.oracle.one_filter import OneFilter
from tests.oracle.question import Question, Work, Wrong, work
from tests.oracle.sheet import EXACT, Page
from tests.oracle.wrong import WrongWay

CODES = tuple(dict.fromkeys(one.code for one in MISCONCEPTIONS))


def draw_wrong(random: Random, step: str, slant: WrongWay, digits: int) -> Page:
    """A sheet with this step wrong, of the first question where that shows."""
    while True:
        question = draw(random)
        if step in question.names():
            page = _wrong_in(random, question, step, slant, digits)
            if wrongness(page, step) > LEAST:
                return page


def draw_wrong_network(random: Random, slant: Callable[[str], WrongWay], digits: int) -> tuple[str, Page]:
    """A network's sheet with any step wrong, and the step."""
    while True:
        network = draw_network(random)
        step = random.choice(network.names())
        page = _wrong_in(random, network, step, slant(step), digits)
        if wrongness(page, step) > LEAST:
            return step, page


def _wrong_in(random: Random, question: Question, step: str, slant: WrongWay, digits: int) -> Page:
    """The question's sheet with a step wrong: all steps, those up to the wrong one, or that one alone."""
    every = question.names()
    done = work(question, wrong={step: lambda w: slant(random, w)})
    given = random.choice((every, every[: every.index(step) + 1], (step,)))
    return Page.of(question, {name: done[name] for name in given}, digits)


IN_NETWORKS_TOO = (
    *("flipped-filter", "transposed-filter", "bias-forgotten", "bias-per-product", "activation-skipped"),
    *("slope-forgotten", "slope-at-output", "slope-twice", "mask-inverted", "mask-alone", "delta-flipped"),
    *("gradient-rotated", "gradient-transposed", "filter-scaled", "first-patch-only", "last-patch-only"),
    *("bias-gradient-averaged", "bias-gradient-not-summed", "filter-not-rotated", "valid-not-full"),
    *("overwritten-not-added", "updated-too-early", "uphill-update", "rate-forgotten", "rate-twice"),
    *("old-filter-forgotten", "rounded-to-integers"),
)
"""Mistakes of one filter that are tried in a network's convolutions."""


class NotHereError(Exception):
    """The mistake can't be made in this question."""


def page_with(question: Question, digits: int, *mistakes: Misconception) -> Page | None:
    """All the steps of a question with these mistakes; None where one of them can't be made, or nobody sees it."""
    wrong = _wrong(question, mistakes)
    if len(wrong) < sum(len(one.attempts(question)) for one in mistakes):
        return None  # two of them in one step
    try:
        done = work(question, wrong=wrong)
    except (NotHereError, ArithmeticError):  # wrong numbers divide by 0 where right ones don't
        return None
    sent_back = any(step.endswith("input_gradient") for step in wrong)
    given = [name for name in question.names(sent_back=sent_back) if name in done.steps]
    page = Page.of(question, {name: done[name] for name in given}, digits)
    return page if wrong.keys() <= done.steps.keys() and all(_seen(page, one) for one in mistakes) else None


def draw_without_its_step(random: Random) -> tuple[str, Page]:
    """A sheet of one matrix after the step in which a mistake was made, and the mistake's code."""
    while True:
        code = random.choice(CODES)
        page = draw_with(random, code, tries=20)
        if page is None or not isinstance(page.question, OneFilter) or len(page.question.hides) < 3:
            continue
        wrong = [step for one in ways(code) for step in one.attempts(page.question)]
        after = [name for name in page.numbers if name in MATRICES and name not in wrong]
        one_step = [replace(page, numbers={name: page.numbers[name]}) for name in after]
        seen = [one for one in one_step if wrongness(one, next(iter(one.numbers))) > LEAST]
        if seen:
            return code, random.choice(seen)


MATRICES = ("activation", "error", "delta", "gradient", "input_gradient", "update")


def comes_of(page: Page, codes: Iterable[str]) -> bool:
    """Whether these named mistakes give the sheet's numbers, whoever wrote them and why."""
    every = product(product(*map(ways, codes)), (False, True))
    return any(_gives(page, _wrong(page.question, mistakes), turned) for mistakes, turned in every)


def _gives(page: Page, wrong: Mapping[str, Wrong], turned: bool) -> bool:
    try:
        return all(wrongness(page, step, wrong, turned=turned) <= LEAST for step in page.numbers)
    except (NotHereError, ArithmeticError):
        return False


def _wrong(question: Question, mistakes: Iterable[Misconception]) -> dict[str, Wrong]:
    return {step: _done(attempt) for one in mistakes for step, attempt in one.attempts(question).items()}


def _done(attempt: Attempt) -> Wrong:
    def wrong(done: Work) -> Cells:
        result = attempt(done)
        if result is None:
            raise NotHereError
        return result

    return wrong


def _seen(page: Page, one: Misconception) -> bool:
    """Whether the mistake shows: a step of it that no convention gives from the numbers before it."""
    steps = one.attempts(page.question)
    return any(step in page.numbers and wrongness(page, step) > LEAST for step in steps)


def ways(code: str) -> list[Misconception]:
    """The ways to make a mistake."""
    return [one for one in MISCONCEPTIONS if one.code == code]


def draw_with(random: Random, *codes: str, network: bool = False, tries: int = 3000) -> Page | None:
    """A sheet with these mistakes, of a question where they all show; None where so many have none."""
    for _ in range(tries):
        mistakes = [random.choice(ways(code)) for code in codes]
        in_network = network or any(isinstance(one, InNetwork) for one in mistakes)
        question: Question = draw_network(random) if in_network else draw(random)
        digits = EXACT if question.optimizer == "adam" else random.choice((EXACT, EXACT, 4))  # it divides by 0.0000
        page = page_with(question, digits, *mistakes)
        if page is not None:
            return page
    return None
