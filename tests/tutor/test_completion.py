"""What Tab offers in a session."""

from __future__ import annotations

import pytest

from cnnstep.surface.loading import scenario
from cnnstep.tutor.session.commands import COMMANDS
from cnnstep.tutor.session.completion import completions
from cnnstep.tutor.session.state import begin
from cnnstep.tutor.topics import TOPICS


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("wh", ("why",)),
        ("s", ("set", "sample", "show", "save")),
        ("why gra", ("gradient",)),
        ("w gra", ("gradient",)),
        ("goto 3 up", ("update",)),
        ("set learn", ("learning_rate",)),
        ("why gradient ", ()),
        ("s gra", ()),
        ("zzz ", ()),
        ("next ", ()),
    ],
)
def test_a_word_is_completed_where_it_stands(line: str, words: tuple[str, ...]) -> None:
    session, _ = begin("first-filter", scenario("first-filter"))
    assert completions(session, line) == words


def test_of_nothing_all_is_offered() -> None:
    session, _ = begin("smallest-network", scenario("smallest-network"))
    assert completions(session, "") == tuple(COMMANDS)
    assert completions(session, "explain ") == tuple(TOPICS)
    assert "conv1.gradient" in completions(session, "why ")
    assert "conv1" in completions(session, "show ")
