"""Every kind of sheet that the diagnosis is tried on, and what it must not say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random

from cnnstep.errors import InputError
from cnnstep.tutor.check.diagnose import Diagnosis
from tests.oracle.cells import times
from tests.oracle.drawing import draw
from tests.oracle.drawing_networks import draw_network
from tests.oracle.misconceptions.named import InNetwork
from tests.oracle.misconceptions.shapes import exchanged
from tests.oracle.mistaken import (
    CODES,
    IN_NETWORKS_TOO,
    comes_of,
    draw_with,
    draw_without_its_step,
    draw_wrong,
    draw_wrong_network,
    ways,
)
from tests.oracle.printed import printed_wrongly
from tests.oracle.right import right_sheet
from tests.oracle.sheet import EXACT, Page
from tests.oracle.told import called_right, missed, named, not_correct
from tests.oracle.wrong import NOISE, ONE_CELL, WITHOUT_NAME, noise, one_cell, scaled


@dataclass(frozen=True)
class Trial:
    """A sheet, what it is, and what is wrong with a diagnosis of it ("" where nothing is)."""

    page: Page
    what: str
    judge: Callable[[Diagnosis], str]

    @cached_property
    def fault(self) -> str:
        """What is wrong with what the product says; to ask for more digits where all are 0.00 is no fault."""
        try:
            return self.judge(self.page.diagnosis)
        except InputError as error:
            return "" if {one.code for one in error.faults} == {"digits"} else f"refused: {error}"


def right(random: Random) -> Trial:
    """A right sheet is never given a name or called wrong."""
    made = right_sheet(random, draw(random))
    return Trial(made.page, str(made.manner), not_correct)


def right_network(random: Random) -> Trial:
    """Nor is a network's."""
    made = right_sheet(random, draw_network(random))
    return Trial(made.page, str(made.manner), not_correct)


def wrong_numbers(random: Random) -> Trial:
    """Numbers further than two half-units from every convention are never called right."""
    what, (step, slant) = random.choice([*WITHOUT_NAME.items(), *random.choice((NOISE, ONE_CELL)).items()])
    page = draw_wrong(random, step, slant, random.choice((1, 2, 3, 4, EXACT)))
    return Trial(page, what, called_right(page))


def wrong_network(random: Random) -> Trial:
    """In a network neither is noise given a name, nor are wrong numbers called right."""
    slant = random.choice((noise, one_cell, lambda step: scaled(step, 0.3, 1.5)))
    step, page = draw_wrong_network(random, slant, random.choice((2, 3, EXACT)))
    return Trial(page, f"{step} wrong", lambda found: called_right(page)(found) or named()(found))


def noisy(random: Random) -> Trial:
    """Noise in one matrix is not given a name."""
    what, (step, slant) = random.choice(list(NOISE.items()))
    return Trial(draw_wrong(random, step, slant, random.choice((2, EXACT))), what, named())


def structured(random: Random) -> Trial:
    """A mistake that has a structure and no name is not given another's, unless that gives the very same numbers."""
    what, (step, slant) = random.choice(list(WITHOUT_NAME.items()))
    page = draw_wrong(random, step, slant, random.choice((2, EXACT)))
    return Trial(page, what, lambda found: "" if comes_of(page, found.mistakes) else named()(found))


def printed(random: Random) -> Trial:
    """What is printed as right, where the cause lies in a step that was not given, is right."""
    code, page = draw_without_its_step(random)
    return Trial(page, code, lambda found: printed_wrongly(page, found))


def untouched(random: Random) -> Trial:
    """A filter that was written again is named as nothing else."""
    page = draw_wrong(random, "update", lambda _, w: dict(w["filter"]), EXACT)
    return Trial(page, "the old filter again", named("not-updated"))


def zero(random: Random) -> Trial:
    """A gradient of zeros is not given a name."""
    page = draw_wrong(random, "gradient", lambda _, w: times(0.0, w.right("gradient")), EXACT)
    return Trial(page, "a gradient of zeros", named())


def filters_exchanged(random: Random) -> Trial:
    """Two filters' gradients exchanged are named as nothing else."""
    page = draw_wrong(random, "gradient", lambda _, w: exchanged(w.right("gradient"), 0), EXACT)
    return Trial(page, "two filters' gradients exchanged", named("filters-exchanged"))


def in_network(random: Random) -> Trial:
    """A mistake of one filter is found in a network's convolutions."""
    code = random.choice(IN_NETWORKS_TOO)
    page = draw_with(random, code, network=True)
    assert page is not None, f"no network shows {code}"
    return Trial(page, code, missed(page, (code,)))


def mistake(code: str) -> Callable[[Random], Trial]:
    """A mistake is found, alone or among stated equals."""

    def one(random: Random) -> Trial:
        page = draw_with(random, code)
        assert page is not None, f"no question shows {code}"
        return Trial(page, code, missed(page, (code,)))

    return one


def together(count: int) -> Callable[[Random], Trial]:
    """So many mistakes in different steps, all steps given, are all found, or fewer that give the very same numbers."""

    def one(random: Random) -> Trial:
        while True:
            codes = tuple(random.sample(KNOWN, count))
            page = draw_with(random, *codes, tries=40)
            if page is not None:
                return Trial(page, " + ".join(codes), missed(page, codes))

    return one


KNOWN = [code for code in CODES if not any(isinstance(one, InNetwork) for one in ways(code))]
"""The mistakes of one filter."""

SHEETS: Mapping[str, Callable[[Random], Trial]] = {
    "right": right,
    "right-network": right_network,
    "wrong": wrong_numbers,
    "wrong-network": wrong_network,
    "noise": noisy,
    "structured": structured,
    "printed": printed,
    "untouched": untouched,
    "zero": zero,
    "filters-exchanged": filters_exchanged,
    "in-network": in_network,
    "two": together(2),
    "three": together(3),
}
KINDS = dict(SHEETS) | {f"mistake {code}": mistake(code) for code in CODES}
"""By the name to type: `python -m tests.oracle KIND COUNT` tries so many of a kind and shows each that fails."""


def trial(kind: str, number: int) -> Trial:
    """The kind's trial of this number: always the same one."""
    return KINDS[kind](Random(f"{kind} {number}"))
