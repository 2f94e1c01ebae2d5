"""The two forms of a scenario, one filter or a network: its keys, what it needs, and who builds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Path

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class Form:
    """The declaration of its keys, those that can't be left out, and what makes a scenario of them."""

    model: type[BaseModel]
    needed: tuple[str, ...]
    build: Callable[..., Scenario]


def form_of(data: Mapping[str, Any]) -> Form:
    """A network where there are `layers`, else one filter. A network's declaration is imported for networks alone."""
    if "layers" in data:
        from cnnstep.engine.build_network import network
        from cnnstep.surface.spec_network import NetworkFile

        return Form(NetworkFile, ("input", "layers", "target", "learning_rate"), network)
    from cnnstep.engine.build import one_filter
    from cnnstep.surface.spec import REQUIRED, ScenarioFile

    return Form(ScenarioFile, REQUIRED, one_filter)


def matrix_paths(data: Mapping[str, Any]) -> list[Path]:
    """Where matrices, and files of them, may stand in this scenario."""
    found: list[Path] = [("input",), ("target",), ("filter",)]
    for key in ("samples", "test"):
        samples = data.get(key)
        places: list[Path] = [(key,)] if isinstance(samples, dict) else []
        if isinstance(samples, list):
            places = [(key, index) for index, one in enumerate(samples) if isinstance(one, dict)]
        found.extend((*place, part) for place in places for part in ("input", "target"))
    layers = data.get("layers")
    for index, layer in enumerate(layers if isinstance(layers, list) else []):
        found.extend(("layers", index, key) for key in ("weights", "bias") if isinstance(layer, dict) and key in layer)
    return found


def part_of(path: Path) -> Path:
    """What a fault at this path spoils: one layer, or all that stands under a key."""
    return path[:2] if path[:1] == ("layers",) else path[:1]
