"""What the diagnosis may get wrong, of so many sheets of every kind that were written without the product's help.

`CHECK_SCALE` multiplies the number of sheets: 1 in the suite, 250 for the README's figures, which `-s` shows.
"""

from __future__ import annotations

import os

import pytest

from cnnstep.tutor.mistakes import MISTAKES
from tests.examples import SHARE
from tests.oracle.mistaken import CODES
from tests.oracle.trials import SHEETS, trial

SCALE = int(os.environ.get("CHECK_SCALE", "1"))
WHOLE = 250
"""The scale at which every goal is measured in full."""

GOALS = {
    "right": (10_000, 0.0),
    "right-network": (2_000, 0.0),
    "wrong": (10_000, 0.0),
    "wrong-network": (1_000, 1 / 100),
    "noise": (3_000, 2 / 3000),
    "structured": (3_000, 1 / 100),
    "printed": (2_000, 0.0),
    "untouched": (2_000, 0.0),
    "zero": (2_000, 0.0),
    "filters-exchanged": (1_000, 0.0),
    "in-network": (1_000, 0.0),
    "two": (2_500, 1 / 100),
    "three": (1_000, 5 / 100),
}
"""So many sheets of each kind in full, and the share of them that may be told wrongly."""
EACH_MISTAKE = 200


@pytest.mark.parametrize("kind", GOALS)
def test_the_diagnosis_is_right_about_sheets_of_this_kind(kind: str) -> None:
    faults_are_at_most(GOALS[kind][1], kind, GOALS[kind][0])


@pytest.mark.parametrize("code", CODES)
def test_every_mistake_is_found_alone_or_among_equals(code: str) -> None:
    faults_are_at_most(0.0, f"mistake {code}", EACH_MISTAKE)


def faults_are_at_most(share: float, kind: str, in_full: int) -> None:
    """Of the sheets of a kind, or as many of them as are tried now, no more than this share are told wrongly."""
    count = max(1, in_full * SCALE // (WHOLE * SHARE))
    tried = (trial(kind, number) for number in range(count))
    faults = {n: f"{one.what}: {one.fault}" for n, one in enumerate(tried) if one.fault}
    print(f"\n{kind}: {len(faults)} of {count} told wrongly")
    assert len(faults) <= share * count, f"python -m tests.oracle '{kind}' 1 NUMBER shows each of {faults}"


def test_every_kind_has_a_goal_and_every_mistake_a_formula() -> None:
    assert set(SHEETS) == set(GOALS)
    assert set(MISTAKES) == set(CODES)
