"""One JSON document on one line, for programs: full precision, and no token that is not JSON."""

from __future__ import annotations

import json

from cnnstep.errors import Fault, InputError
from cnnstep.surface.answer import Answer
from cnnstep.surface.screen import Screen


def write(answer: Answer, screen: Screen) -> str:
    """The answer's data. Infinities would be no JSON, so none may be in it."""
    if answer.data is None:
        raise InputError(Fault("no-data", "this command has no JSON", "leave --format out"))
    return json.dumps(answer.data(), allow_nan=False) + "\n"
