"""`advance(session, line)`: the next session and what to show, of whatever was typed."""

from __future__ import annotations

from dataclasses import replace

from cnnstep.errors import InputError
from cnnstep.tutor.session.commands import carry_out, is_command
from cnnstep.tutor.session.guess import guessing, still_asked
from cnnstep.tutor.session.state import Answer, Reply, Session
from cnnstep.tutor.told import told


def advance(session: Session, line: str) -> Answer:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why.

    While a matrix is being guessed, whatever is said ends with what is still asked, and how to give up.
    """
    after, reply = _answered(session, line)
    if after.guess is not None and reply.blocks and not after.done:
        reply = replace(reply, blocks=(*reply.blocks, still_asked(after)))
    return after, reply


def _answered(session: Session, line: str) -> Answer:
    try:
        if session.guess is not None and not is_command(session, line):
            return guessing(session, line)
        return carry_out(session, line)
    except InputError as error:
        return session, Reply(tuple(map(told, error.faults)))
