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
from tests.oracle.question import Question

EXACT = 13
"""So many digits are written by somebody who does not round."""


@dataclass(frozen=True)
class Page:
    """The steps that were written down, all axes present, and to how many digits each."""

    question: Question
    numbers: Mapping[str, Cells]
    digits: Mapping[str, int]

    @classmethod
    def of(cls, question: Question, numbers: Mapping[str, Cells], digits: int) -> Page:
        """Everything rounded to so many digits."""
        written = {name: rounded(cells, digits) for name, cells in numbers.items()}
        return cls(question, written, dict.fromkeys(numbers, digits))

    @cached_property
    def sheet(self) -> Sheet:
        """What `diagnose` takes."""
        keys = self.question.keys()
        scenario = network(**keys) if "layers" in keys else one_filter(**keys)
        return Sheet(scenario, dict(self._written()), self.question.iteration)

    def _written(self) -> Mapping[str, Written]:
        found = {}
        for name, cells in self.numbers.items():
            values = np.array(nested(self.question.shown(name, cells)))
            tolerance = 0.0 if self.digits[name] >= EXACT else 0.5 * 10.0 ** -self.digits[name]
            found[name] = Written(values, np.full(values.shape, tolerance))
        return found

    def work_file(self) -> str:
        """The sheet as a file for `cnnstep check`."""
        lines = ["scenario:", *(f"  {key}: {json.dumps(value)}" for key, value in self.question.keys().items())]
        lines += [f"iteration: {self.question.iteration}", "work:"]
        lines += [
            f"  {name}: {typed(nested(self.question.shown(name, cells)), self.digits[name])}"
            for name, cells in self.numbers.items()
        ]
        return "\n".join(lines) + "\n"

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """What the product says."""
        return diagnose(self.sheet)


def typed(numbers: Nested, digits: int) -> str:
    """Nested lists with so many decimals each; exact whole numbers without."""
    if isinstance(numbers, list):
        return f"[{', '.join(typed(one, digits) for one in numbers)}]"
    return f"{numbers:g}" if digits >= EXACT and numbers == int(numbers) else f"{numbers:.{digits}f}"
