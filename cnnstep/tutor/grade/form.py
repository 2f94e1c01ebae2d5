"""Forms: how a learner lays out arrays, of all the engine's axes, of some, or in another order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cnnstep.engine.quantity import BIAS, DENSE_WEIGHTS, IMAGE, MAP, WEIGHTS, Array
from cnnstep.tutor.grade.case import Case

LAST: Mapping[tuple[str, ...], tuple[int, ...]] = {IMAGE: (0, 2, 3, 1), MAP: (0, 2, 3, 1), WEIGHTS: (2, 3, 1, 0)}
"""The order of the axes where channels and filters come last."""


@dataclass(frozen=True)
class Form:
    """`drops` are axes of length 1 that the learner's arrays have not got; `name` is what it is called.

    With `turned` a dense layer's weights are [in][out]. With `last` channels and filters stand behind rows and columns:
    maps (N, H, W, C), filters (kh, kw, C, F), a bias (1, 1, 1, F).
    """

    name: str
    drops: frozenset[str] = frozenset()
    turned: bool = False
    last: bool = False

    def fits(self, case: Case) -> bool:
        """Whether all that is dropped has length 1 in this case."""
        counts = {"sample": case.samples}
        for quantity in (*case.lesson.leaves, *(step.quantity for step in case.lesson.steps)):
            counts |= dict(zip(quantity.layout.axes, case.values[quantity.name].shape, strict=False))
        return all(counts.get(axis, 1) == 1 for axis in self.drops)

    def shown(self, axes: tuple[str, ...], array: Array) -> Array:
        """The array as this form has it; one of other axes than these stays as it is."""
        if array.ndim != len(axes):
            return array
        if self.turned and axes == DENSE_WEIGHTS:
            return array.T
        if self.last:
            return array.reshape(1, 1, 1, -1) if axes == BIAS else array.transpose(LAST[axes])
        dropped = tuple(at for at, axis in enumerate(axes) if axis in self.drops and array.shape[at] == 1)
        return np.squeeze(array, dropped) if dropped else array

    def plain(self, axes: tuple[str, ...], array: Array) -> Array:
        """An array of this form with rows and columns behind the rest again, so that it is shown as matrices."""
        if self.last and array.ndim == len(axes) > 1:
            return array.transpose(np.argsort(LAST[axes]))
        return array


FULL = Form("every axis", turned=True)
ONE_SAMPLE = Form("no axis for samples", frozenset({"sample"}))
ONE_FILTER = Form("no axes for samples and filters", frozenset({"sample", "filter"}))
CHANNELS_LAST = Form("channels last", last=True)
PLAIN = Form("matrices", frozenset({"sample", "channel", "filter"}))
