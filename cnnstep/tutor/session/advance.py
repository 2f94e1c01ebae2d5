"""`advance(session, line)`: the next session and what to show, of whatever was typed."""

from __future__ import annotations

from cnnstep.errors import InputError
from cnnstep.tutor.session.commands import carry_out
from cnnstep.tutor.session.guess import guessing
from cnnstep.tutor.session.state import Answer, Reply, Session
from cnnstep.tutor.told import told


def advance(session: Session, line: str) -> Answer:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why."""
    try:
        return guessing(session, line) if session.guess is not None else carry_out(session, line)
    except InputError as error:
        return session, Reply(tuple(map(told, error.faults)))
