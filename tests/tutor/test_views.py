"""What is shown of one filter and of a network are two views; a scenario's vocabulary says which."""

from __future__ import annotations

from cnnstep.surface.loading import scenario
from cnnstep.tutor.cards import view_of
from cnnstep.tutor.network.view import NetworkView
from cnnstep.tutor.view import View


def public(view: type[View]) -> set[str]:
    return {name for name in vars(view) if not name.startswith("_")}


def test_a_network_has_a_view_of_its_own() -> None:
    assert type(view_of(scenario("first-filter"))) is View
    assert type(view_of(scenario("smallest-network"))) is NetworkView


def test_no_part_of_one_filters_view_is_shown_of_a_network() -> None:
    assert public(View) == public(NetworkView)
