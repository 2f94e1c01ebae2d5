"""A fault as a session tells it: what could not be done, and what to do instead, as sentences."""

from __future__ import annotations

from cnnstep.errors import Fault
from cnnstep.tutor.document import Note
from cnnstep.tutor.numbers import capital

LONGEST = 300
"""Characters of a fault that quotes what was typed: a page pasted by mistake need not come back whole."""


def told(fault: Fault) -> Note:
    """The fault as a note."""
    what = fault.what if len(fault.what) <= LONGEST else f"{fault.what[: LONGEST - 1]}…"
    hint = capital(fault.hint)
    return Note(
        fault.code, f"{capital(what)}. {hint}{'' if not hint or hint.endswith(('?', '.', '…')) else '.'}".strip()
    )
