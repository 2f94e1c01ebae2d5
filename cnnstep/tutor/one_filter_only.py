"""Commands that ask one filter's question can't be asked of a network."""

from __future__ import annotations

from cnnstep.engine.scenario import Scenario
from cnnstep.errors import Fault, InputError
from cnnstep.tutor.numbers import counted


def one_filter_only(scenario: Scenario, command: str) -> None:
    """`InputError` where the scenario is a whole network; `command` is what was asked for: `analyze`."""
    if scenario.is_network:
        layers = counted(len(scenario.layers), "layer")
        what = f"{command} looks at one filter and its activation, and this is a network of {layers}"
        raise InputError(Fault("network", what, "cnnstep run shows it; or give a scenario with filter and activation"))
