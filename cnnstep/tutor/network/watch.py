"""What happens in the course of a run: cells and units that become inactive and active again, gradients that vanish."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from cnnstep.engine.findings import dead_units, findings, gradient_lengths
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.lesson import Lesson
from cnnstep.engine.quantity import Layout, bracketed
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import listed

LENGTHS = {
    "vanishing-gradient": "next to nothing comes back to the first layers",
    "exploding-gradient": "far more comes back to the first layers than to the last",
}
"""What is said when a gradient begins to shrink or to grow on its way back."""
MOST_NAMED = 6
"""So many units are named in one line."""


class CellWatch:
    """Looks at one iteration of one filter after another: which cells have a slope of 0. Only the last mask is kept."""

    def __init__(self, lesson: Lesson) -> None:
        self._flat = [(step, step.part.phi) for step in lesson.called("delta") if _is_flat(step.part)]
        self._before: list[NDArray[np.bool_]] = []
        self._told = False

    def changes(self, iteration: Iteration) -> list[str]:
        """Which cells have become inactive, and which active again, since the iteration before."""
        now = [phi.slope(iteration.values[step.inputs[-1].name]) == 0 for step, phi in self._flat]
        words: list[str] = []
        for (step, _), was, is_now in zip(self._flat, self._before, now, strict=False):
            if was.tobytes() != is_now.tobytes():
                layout = step.inputs[-1].layout
                words += [*_cells("now inactive", layout, is_now & ~was), *_cells("now active", layout, was & ~is_now)]
        self._before = now
        return words

    def stuck(self, iteration: Iteration) -> list[str]:
        """That every cell is inactive and an error left: told once."""
        values, flat = iteration.values, zip(self._flat, self._before, strict=True)
        blocked = any(mask.all() and values[step.inputs[0].name].any() for (step, _), mask in flat)
        if self._told or not blocked:
            return []
        found = [one.message.rstrip(".") for one in findings(iteration) if one.code == "all-dead" and one.blocked]
        self._told = bool(found)
        return found


def _is_flat(part: object) -> TypeGuard[ActivationLayer]:
    return isinstance(part, ActivationLayer) and part.phi.flat


def _cells(word: str, layout: Layout, where: NDArray[np.bool_]) -> list[str]:
    cells = [layout.shown_cell(tuple(cell)) for cell in np.argwhere(where).tolist()]
    if not cells:
        return []
    more = f" and {len(cells) - MOST_NAMED} more" if len(cells) > MOST_NAMED else ""
    return [f"{word}: {listed([bracketed(cell) for cell in cells[:MOST_NAMED]])}{more}"]


@dataclass
class NetworkWatch:
    """Looks at one iteration after another; only the last one's dead units are kept."""

    _dead: dict[str, set[int]] = field(default_factory=dict)
    _began: bool = False
    _vanished: str = ""

    def changes(self, iteration: Iteration) -> list[str]:
        """What is different from the iteration before."""
        now = _dead_units(iteration)
        words = [line for name, units in now.items() for line in self._of_layer(name, *units)] if self._began else []
        self._dead, self._began = {name: units for name, (units, _, _) in now.items()}, True
        found = next((finding.code for finding in gradient_lengths(iteration)), "")
        if found and found != self._vanished:
            words.append(f"{found}: {LENGTHS[found]}")
        self._vanished = found
        return words

    def stuck(self, iteration: Iteration) -> list[str]:
        """Nothing: of a network's layers it is told where they become inactive."""
        return []

    def _of_layer(self, name: str, units: set[int], count: int, kind: str) -> list[str]:
        before, words = self._dead.get(name, set()), []
        for changed, state in ((units - before, "inactive"), (before - units, "active")):
            if len(units) == count and state == "inactive" and changed:
                words.append(f"now inactive: all of {name}; the layers before it learn nothing")
            elif changed:
                named = listed([str(unit) for unit in sorted(changed)[:MOST_NAMED]])
                more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
                words.append(f"now {state}: {kind}{'s' if len(changed) > 1 else ''} {named}{more} of {name}")
        return words


def _dead_units(iteration: Iteration) -> dict[str, tuple[set[int], int, str]]:
    """For each flat activation: the maps or units dead everywhere, how many there are, what they are called."""
    found = {}
    for step in iteration.lesson.called("delta"):
        if isinstance(step.part, ActivationLayer) and step.part.phi.flat:
            z = iteration.values[step.inputs[-1].name]
            where = dead_units(step.part.phi.slope(z) == 0, least=1)
            units = set() if where is None else set(np.flatnonzero(where).tolist())
            found[step.layer] = units, z.shape[1], "map" if z.ndim == 4 else "unit"
    return found
