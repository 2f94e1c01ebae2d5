"""A fault as a session tells it: sentences, whose capitals and full stops change nothing that can be typed."""

from __future__ import annotations

import pytest

from cnnstep.errors import Fault
from cnnstep.tutor.typed import fault_note


@pytest.mark.parametrize(
    ("what", "hint", "sentences"),
    [
        ("there is no command", "type help", "There is no command. Type help."),
        ("learning_rate is 0", "", "learning_rate is 0."),
        ("conv1.gradient has no row 9", "", "conv1.gradient has no row 9."),
        ("max_pool1: too many rows", "", "max_pool1: too many rows."),
        ('"x" is no row', 'did you mean "a"?', '"x" is no row. Did you mean "a"?'),
        ("no topic", "cnnstep explain lists them all", "No topic. cnnstep explain lists them all."),
        ("forward has no row 9", "", "Forward has no row 9."),
        ("it needs a value", "type: set bias …", "It needs a value. Type: set bias …"),
    ],
)
def test_a_fault_is_told_in_sentences(what: str, hint: str, sentences: str) -> None:
    assert fault_note(Fault("code", what, hint)).text == sentences


def test_a_page_that_is_quoted_is_cut() -> None:
    assert len(fault_note(Fault("code", "x" * 5000)).text) == 300
