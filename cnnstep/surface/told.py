"""A scenario as JSON tells it: number by number, but what is too long for that as its file tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnstep.surface.files.yaml_reader import plain
from cnnstep.tutor.run import MOST_NUMBERS

if TYPE_CHECKING:
    from cnnstep.surface.loading import Loaded

DATA = {"input", "target", "samples", "test"}
WEIGHTS = {"filter", "weights", "bias"}


def told(loaded: Loaded) -> dict[str, Any]:
    """The scenario with every default filled in.

    A part of more than `MOST_NUMBERS` numbers is what the scenario's file has there, such as `{file: …}` or
    `{init: …}`; weights that came from elsewhere name the file that they came from.
    """
    data, written = loaded.scenario.data(), plain(loaded.document.root)
    layers = zip(data.get("layers", ()), written.get("layers", ()), strict=True)
    for part, was, prefix in [(data, written, ""), *((one, was, f"{one['name']}.") for one, was in layers)]:
        for key in part.keys() & (DATA | WEIGHTS):
            if _count(part[key]) > MOST_NUMBERS:
                elsewhere = loaded.weights and key in WEIGHTS
                part[key] = {"file": loaded.weights, "key": f"{prefix}{key}"} if elsewhere else was[key]
    return data


def _count(value: Any) -> int:
    """How many numbers stand in it."""
    if isinstance(value, dict):
        return sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1
