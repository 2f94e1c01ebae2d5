"""Every kind of sheet that the diagnosis is tried on, and what it must not say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from cnnstep.tutor.check.diagnose import Diagnosis
from tests.oracle.cells import times
from tests.oracle.drawing import draw
from tests.oracle.judge import wrongness
from tests.oracle.right import right_sheet
from tests.oracle.sheet import EXACT, Page
from tests.oracle.working import Wrong
from tests.oracle.wrong import WRONG_GRADIENTS, exchanged_filters, sheet

LEAST = 2.0
"""So many half-units of the last digit from every convention: no rounding, and no matter of taste."""


@dataclass(frozen=True)
class Trial:
    """A sheet, what it is, and what is wrong with a diagnosis of it ("" where nothing is)."""

    page: Page
    what: str
    fault: Callable[[Diagnosis], str]


def not_correct(found: Diagnosis) -> str:
    """The fault of a diagnosis that has something against a right sheet."""
    return "" if found.verdict == "correct" else f"{found.verdict} {list(found.mistakes)}"


def correct(found: Diagnosis) -> str:
    """The fault of a diagnosis that calls wrong numbers right."""
    return f"called right {conventions(found)}" if found.verdict == "correct" else ""


def named(*but: str) -> Callable[[Diagnosis], str]:
    """The fault of a diagnosis that names something, unless it is one of these or they are among its equals."""

    def fault(found: Diagnosis) -> str:
        equals = {code for mark in found.marks for codes in mark.alternatives for code in codes}
        others = set(found.mistakes) - set(but)
        return f"named {sorted(others)}" if others and not equals & set(but) else ""

    return fault


def conventions(found: Diagnosis) -> str:
    """The conventions that a diagnosis found, in short."""
    return ", ".join(f"{one.key}={one.value}{' turned' * one.negate}" for one in found.conventions)


def right(random: Random) -> Trial:
    """A right sheet is never given a name or called wrong."""
    made = right_sheet(random, draw(random))
    return Trial(made.page, str(made.manner), not_correct)


def wrong_gradient(random: Random) -> Trial:
    """Numbers further than two half-units from every convention are never called right."""
    what, digits = random.choice(list(WRONG_GRADIENTS)), random.choice((1, 2, 3, 4, EXACT))
    slant = WRONG_GRADIENTS[what]
    page = wrong_page(random, "gradient", lambda done: slant(random, done, done.right("gradient")), digits)
    return Trial(page, what, correct)


def noise(random: Random) -> Trial:
    """Noise in one matrix is not given a name."""
    step = random.choice(("forward", "activation", "error", "delta", "gradient", "update"))
    slant, digits = WRONG_GRADIENTS["noise"], random.choice((2, EXACT))
    page = wrong_page(random, step, lambda done: slant(random, done, done.right(step)), digits)
    return Trial(page, f"noise in {step}", named())


def untouched(random: Random) -> Trial:
    """A filter that was written again is named as nothing else."""
    page = wrong_page(random, "update", lambda done: dict(done["filter"]))
    return Trial(page, "the old filter again", named("not-updated"))


def zero(random: Random) -> Trial:
    """A gradient of zeros is not given a name."""
    page = wrong_page(random, "gradient", lambda done: times(0.0, done.right("gradient")))
    return Trial(page, "a gradient of zeros", named())


def filters_exchanged(random: Random) -> Trial:
    """Two filters' gradients exchanged are named as nothing else."""
    page = wrong_page(random, "gradient", lambda done: exchanged_filters(done.right("gradient")))
    return Trial(page, "two filters' gradients exchanged", named("filters-exchanged"))


def wrong_page(random: Random, step: str, wrong: Wrong, digits: int = EXACT) -> Page:
    """A sheet with this step wrong, of the first question where that shows."""
    while True:
        page = sheet(random, draw(random), {step: wrong}, digits)
        if wrongness(page, step) > LEAST:
            return page


KINDS: Mapping[str, Callable[[Random], Trial]] = {
    "right": right,
    "wrong-gradient": wrong_gradient,
    "noise": noise,
    "untouched": untouched,
    "zero": zero,
    "filters-exchanged": filters_exchanged,
}
"""By the name to type: `python -m tests.oracle KIND COUNT` tries so many of a kind and shows each that fails."""


def trial(kind: str, number: int) -> Trial:
    """The kind's trial of this number: always the same one."""
    return KINDS[kind](Random(f"{kind} {number}"))
