"""Sessions as they are read: every file of tests/transcripts is replayed line by line and must come out the same.

A transcript begins with the command that opens it. A line `> …` is typed; above it stands where the prompt says one
is, below it the reply at 80 columns. To add a story, write its first line and what is typed, and let
`pytest --update-goldens` write the rest; then read it.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import scenario
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document
from cnnstep.tutor.session.commands import advance
from cnnstep.tutor.session.state import Reply, Session, begin, prompt
from tests.conftest import Golden

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
STORIES = sorted(path.stem for path in TRANSCRIPTS.glob("*.txt"))
TYPED = "> "


def replay(transcript: str) -> str:
    """The transcript as the session tells it now, from its first line and what is typed in it."""
    opening, *lines = transcript.splitlines()
    name = opening.removeprefix("$ cnnstep step ").removesuffix(" --interactive")
    session, reply = begin(name, scenario(name), load=scenario)
    told = [opening, *shown(session, reply)]
    for line in lines:
        if line.startswith(TYPED.rstrip()):
            typed = line.removeprefix(TYPED.rstrip()).removeprefix(" ")
            told += ["", prompt(session).rstrip("> "), f"{TYPED}{typed}".rstrip()]
            session, reply = advance(session, typed)
            told += shown(session, reply)
    return "\n".join([*told, "", "(the session is over)" if session.done else "(the input ends here)"]) + "\n"


def shown(session: Session, reply: Reply) -> list[str]:
    text = render(Document(reply.blocks, session.style), Screen(io.StringIO(), io.StringIO()))
    lines = text.splitlines() + ([f"(writes {reply.save.path}) {reply.save.words}".rstrip()] if reply.save else [])
    assert not any(line.startswith(TYPED.rstrip()) for line in lines), "a reply would be read as something typed"
    return lines


@pytest.mark.parametrize("story", STORIES)
def test_a_session_is_told_as_it_was(story: str, golden: Golden) -> None:
    kept = (TRANSCRIPTS / f"{story}.txt").read_text(encoding="utf-8")
    golden(f"transcripts/{story}.txt", replay(kept))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 10
