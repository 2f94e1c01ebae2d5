"""Forms: how a learner lays out arrays, of all the engine's axes, of some, or in another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import Array
from cnnstep.tutor.grade.case import Case

SINGLE = frozenset({"sample", "channel", "filter"})


@dataclass(frozen=True)
class Form:
    """`drops` are axes of length 1 that the learner's arrays have not got; `name` is what it is called."""

    name: str
    drops: frozenset[str] = frozenset()

    def fits(self, case: Case) -> bool:
        """Whether all that is dropped has length 1 in this case."""
        counts = {"sample": len(case.scenario.inputs)}
        for quantity in (*case.lesson.leaves, *(step.quantity for step in case.lesson.steps)):
            counts |= dict(zip(quantity.layout.axes, case.values[quantity.name].shape, strict=False))
        return all(counts.get(axis, 1) == 1 for axis in self.drops)

    def shown(self, axes: tuple[str, ...], array: Array) -> Array:
        """The array as this form has it; one of other axes than these stays as it is."""
        if array.ndim != len(axes):
            return array
        dropped = tuple(at for at, axis in enumerate(axes) if axis in self.drops and array.shape[at] == 1)
        return np.squeeze(array, dropped) if dropped else array


FULL = Form("4-D")
PLAIN = Form("2-D", SINGLE)
ONE_SAMPLE = Form("3-D", frozenset({"sample"}))
ONE_FILTER = Form("3-D, one filter", frozenset({"sample", "filter"}))
