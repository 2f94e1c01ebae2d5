"""A scenario with some of its keys changed, checked again as a whole."""

from __future__ import annotations

from typing import Any

from cnnstep.engine.build import one_filter
from cnnstep.engine.build_network import network
from cnnstep.engine.scenario import Scenario


def rebuilt(data: dict[str, Any]) -> Scenario:
    """The scenario of these keys: a network where there are `layers`, else one filter. The inverse of `data()`."""
    return network(**data) if "layers" in data else one_filter(**data)


def with_keys(scenario: Scenario, **changes: Any) -> Scenario:
    """The scenario with these keys changed; `InputError` where it does not fit any more."""
    return rebuilt(scenario.data() | changes)
