"""What happens to a network in the course of a run: units that die and come back, gradients that vanish."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cnnstep.engine.findings import dead_units, gradient_lengths
from cnnstep.engine.layers.activation import ActivationLayer
from cnnstep.engine.trace import Iteration
from cnnstep.tutor.numbers import listed

LENGTHS = {
    "vanishing-gradient": "next to nothing comes back to the first layers",
    "exploding-gradient": "far more comes back to the first layers than to the last",
}
"""What is said when a gradient begins to shrink or to grow on its way back."""
MOST_NAMED = 6
"""So many units are named in one line."""


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
    for step in iteration.lesson.of_role("delta"):
        if isinstance(step.part, ActivationLayer) and step.part.phi.flat:
            z = iteration.values[step.inputs[-1].name]
            where = dead_units(step.part.phi.slope(z) == 0, least=1)
            units = set() if where is None else set(np.flatnonzero(where).tolist())
            found[step.layer] = units, z.shape[1], "map" if z.ndim == 4 else "unit"
    return found
