"""`advance(practice, line)`: the next state, what to keep and what to show, of whatever was typed."""

from __future__ import annotations

from cnnstep.errors import InputError
from cnnstep.tutor.practice.commands import carry_out
from cnnstep.tutor.practice.session import Practice, Reply
from cnnstep.tutor.told import told


def advance(practice: Practice, line: str) -> tuple[Practice, Reply]:
    """What a typed line leads to; one that can't be carried out changes nothing and says why."""
    try:
        return carry_out(practice, line)
    except InputError as error:
        return practice, Reply(tuple(map(told, error.faults)))
