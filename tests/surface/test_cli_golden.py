"""Whole pages as they are printed at three widths; `pytest --update-goldens` writes them anew."""

from __future__ import annotations

import pytest

from tests.conftest import Golden, Program

FAULTY = """\
input: [[1, -1, 0], [0, 1], [0, -1, 1]]
filter: [[1, -1], [1, yes]]
target: [[1, 0], [0, 1]]
activation: relo
learning_rate: −0.5
strid: 2
"""
PAGES = {
    "run-first-filter": ("run", "first-filter"),
    "run-first-filter-40": ("run", "first-filter", "--iterations", "40"),
    "run-two-filters": ("run", "two-filters"),
    "run-fractions": ("run", "bias", "--iterations", "2", "--only", "gradient,update", "--fractions"),
    "step-gradient": ("step", "first-filter", "--only", "gradient"),
    "step-iteration-34": ("step", "first-filter", "--iteration", "34", "--only", "delta,gradient"),
    "scenarios": ("scenarios",),
    "help": (),
    "help-run": ("run", "--help"),
    "error-command": ("rnu",),
    "error-scenario": ("run", "nope"),
    "error-option": ("run", "first-filter", "--iteration", "3"),
    "error-file": ("run", "-"),
}


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_printed_as_it_was(cnnstep: Program, golden: Golden, page: str, width: int) -> None:
    ran = cnnstep(*PAGES[page], width=width, stdin=FAULTY)
    assert ran.code == (2 if page.startswith("error") else 0)
    assert not (ran.out and ran.err)
    golden(f"golden/{page}-{width}.txt", ran.out or ran.err)
