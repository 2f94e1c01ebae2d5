"""The view that goes with a scenario's vocabulary: the one place where the tutor asks which of the two it has."""

from __future__ import annotations

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.vocabulary import ONE_FILTER
from cnnstep.tutor.view import View

_ONE_FILTER = View()


def view_of(scenario: Scenario) -> View:
    """One filter's view, or a network's."""
    if scenario.vocabulary is ONE_FILTER:
        return _ONE_FILTER
    from cnnstep.tutor.network.view import NetworkView  # what one filter's run starts without

    return NetworkView()
