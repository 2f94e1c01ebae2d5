"""`advance(session, line)`: the next session and what to show, of whatever was typed."""

from __future__ import annotations

from cnnstep.errors import Fault, InputError
from cnnstep.tutor.document import Note
from cnnstep.tutor.session.commands import carry_out
from cnnstep.tutor.session.guess import guessing
from cnnstep.tutor.session.state import Answer, Reply, Session

LONGEST = 300
"""Characters of a fault that quotes what was typed: a page pasted by mistake need not come back whole."""


def advance(session: Session, line: str) -> Answer:
    """What a typed line leads to; a line that can't be carried out changes nothing and says why."""
    try:
        return guessing(session, line) if session.guess is not None else carry_out(session, line)
    except InputError as error:
        return session, Reply(tuple(_told(fault) for fault in error.faults))


def _told(fault: Fault) -> Note:
    what = fault.what if len(fault.what) <= LONGEST else f"{fault.what[: LONGEST - 1]}…"
    hint = fault.hint[:1].upper() + fault.hint[1:]
    return Note(fault.code, f"{what}. {hint}{'' if hint.endswith(('?', '.', '…')) or not hint else '.'}".strip())
