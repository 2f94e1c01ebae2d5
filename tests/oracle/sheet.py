"""A sheet as somebody writes it: numbers and how far each may be from the true one; the one door to the product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cnnstep import network, one_filter
from cnnstep.tutor.check.diagnose import Diagnosis, diagnose
from cnnstep.tutor.check.sheet import Sheet, Written
from tests.oracle.cells import Cells, Nested, nested, rounded
from tests.oracle.question import Question, Work, work

EXACT = 17
"""So many digits are written by somebody who does not round: all there are."""


@dataclass(frozen=True)
class Page:
    """The steps that were written down, all axes present, and to how many digits.

    `printed`: as a program prints rounded numbers, 0.5 for 0.50 and 2.0 for 2.00.
    """

    question: Question
    numbers: Mapping[str, Cells]
    digits: int
    printed: bool = False

    @classmethod
    def of(cls, question: Question, numbers: Mapping[str, Cells], digits: int, *, printed: bool = False) -> Page:
        """Everything rounded to so many digits."""
        written = {name: rounded(cells, digits) if digits < EXACT else cells for name, cells in numbers.items()}
        return cls(question, written, digits, printed)

    @cached_property
    def exact(self) -> Work:
        """The scenario's own numbers."""
        done: Work = work(self.question)
        return done

    @cached_property
    def sheet(self) -> Sheet:
        """What `diagnose` takes."""
        keys = self.question.keys()
        scenario = network(**keys) if "layers" in keys else one_filter(**keys)
        return Sheet(scenario, dict(self._written()), self.question.iteration)

    def _written(self) -> Mapping[str, Written]:
        found = {}
        for name, cells in self.numbers.items():
            shown = self.question.shown(name, cells)
            tolerances = {cell: self.tolerance(value) for cell, value in shown.items()}
            found[name] = Written(np.array(nested(shown)), np.array(nested(tolerances)))
        return found

    def text(self, number: float) -> str:
        """The number as it was typed."""
        if self.digits >= EXACT:
            return f"{number:.0f}" if number == int(number) else repr(number)
        return repr(number) if self.printed else f"{number:.{self.digits}f}"

    def tolerance(self, number: float) -> float:
        """Half a unit of the last digit that was typed; none where all were."""
        decimals = len(self.text(number).partition(".")[2])
        return 0.0 if self.digits >= EXACT else 0.5 * 10.0**-decimals

    def work_file(self) -> str:
        """The sheet as a file for `cnnstep check`."""
        lines = ["scenario:", *(f"  {key}: {json.dumps(value)}" for key, value in self.question.keys().items())]
        lines += [f"iteration: {self.question.iteration}", "work:"]
        lines += [f"  {name}: {self._typed(nested(self.question.shown(name, x)))}" for name, x in self.numbers.items()]
        return "\n".join(lines) + "\n"

    def _typed(self, numbers: Nested) -> str:
        if isinstance(numbers, list):
            return f"[{', '.join(map(self._typed, numbers))}]"
        return self.text(numbers)

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What the product says."""
        return diagnose(self.sheet)
