"""Each mistake that has a name, by a formula of its own: the code, the steps that it shows in, the wrong numbers.

A code may stand several times: learners do it in more than one way, or in more than one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.cells import Cells
from tests.oracle.working import Work

Formula = Callable[[Work, str], "Cells | None"]
"""The wrong numbers from those so far; the text is "bias_" where it is the bias's step. None: nobody can do it here."""


@dataclass(frozen=True)
class Misconception:
    """One way to make a named mistake, in these steps at once."""

    code: str
    steps: tuple[str, ...]
    formula: Formula


MISCONCEPTIONS: list[Misconception] = []


def entry(code: str, steps: str, formula: Formula) -> None:
    """Enters what a mistake gives in these steps."""
    MISCONCEPTIONS.append(Misconception(code, tuple(steps.split()), formula))
