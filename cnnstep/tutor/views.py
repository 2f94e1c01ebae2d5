"""The view that goes with a scenario's vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnnstep.engine.scenario import Scenario
from cnnstep.engine.vocabulary import NETWORK, ONE_FILTER, Vocabulary
from cnnstep.tutor.view import View


def _network_view() -> View:
    from cnnstep.tutor.network.view import NetworkView  # what one filter's run starts without

    return NetworkView()


_VIEWS: Mapping[Vocabulary, Callable[[], View]] = {ONE_FILTER: View, NETWORK: _network_view}


def view_of(scenario: Scenario) -> View:
    """What is shown in these words: one filter's view, or a network's."""
    return _VIEWS[scenario.vocabulary]()
