"""A fault as a session tells it: what could not be done, and what to do instead, as sentences."""

from __future__ import annotations

from cnnstep.errors import Fault
from cnnstep.tutor.document import Note

LONGEST = 300
"""Characters of a fault that quotes what was typed: a page pasted by mistake need not come back whole."""


def told(fault: Fault) -> Note:
    """The fault as a note."""
    what = fault.what if len(fault.what) <= LONGEST else f"{fault.what[: LONGEST - 1]}…"
    return Note(fault.code, " ".join(ended(begun(words)) for words in (what, fault.hint) if words))


def begun(sentence: str) -> str:
    """With a capital, unless it begins with something to type: `learning_rate`, `cnnstep`, a quotation."""
    word = sentence.partition(" ")[0].rstrip(":,")
    return sentence if not word.isalpha() or word == "cnnstep" else sentence[0].upper() + sentence[1:]


def ended(sentence: str) -> str:
    """With a full stop, unless it has an end already."""
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."
