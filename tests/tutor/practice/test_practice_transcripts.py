"""Practice as it is read: every file of tests/transcripts/practice is replayed line by line and must come out the same.

The first line is the command that opens it; a line `> …` is typed. `pytest --update-goldens` writes the rest.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import scenario
from cnnstep.surface.practice.course_file import load_course, shipped_courses
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Document
from cnnstep.tutor.numbers import AS_USUAL
from cnnstep.tutor.practice.commands import advance
from cnnstep.tutor.practice.course import Course
from cnnstep.tutor.practice.plan import PracticeOptions
from cnnstep.tutor.practice.session import Around, Practice, PracticeReply, begin, prompt
from tests.conftest import Golden

TRANSCRIPTS = Path(__file__).parents[2] / "transcripts" / "practice"
STORIES = sorted(path.stem for path in TRANSCRIPTS.glob("*.txt"))
TYPED = ">"


def opened(command: str) -> tuple[Practice, PracticeReply]:
    """Practice as this command begins it, without a history."""
    words = command.removeprefix("$ cnnstep practice").split()
    typed = dict(zip(words[::2], words[1::2], strict=False))
    course: Course | None = load_course(words[0]) if words and words[0] in {c.name for c in shipped_courses()} else None
    level, seed = typed.get("--level"), typed.get("--seed")
    options = PracticeOptions(typed.get("--skill", ""), int(level) if level else None, int(seed) if seed else None)
    return begin((), options, course, AS_USUAL, Around(scenario, load_course))


def replay(transcript: str) -> str:
    opening, *lines = transcript.splitlines()
    practice, reply = opened(opening)
    told = [opening, *shown(reply)]
    for line in (line for line in lines if line.startswith(TYPED)):
        typed = line.removeprefix(TYPED).removeprefix(" ")
        told += ["", prompt(practice).rstrip("> "), f"{TYPED} {typed}".rstrip()]
        practice, reply = advance(practice, typed)
        told += shown(reply)
    return "\n".join([*told, "", "(practice is over)" if practice.done else "(the input ends here)"]) + "\n"


def shown(reply: PracticeReply) -> list[str]:
    lines = render(Document(reply.blocks, AS_USUAL), Screen(io.StringIO(), io.StringIO())).splitlines()
    assert not any(line.startswith(TYPED) for line in lines), "a reply would be read as something typed"
    event = reply.event
    if event is None:
        return lines
    mistakes = f", {' '.join(event.mistakes)}" if event.mistakes else ""
    return [f"(keeps: {event.skill} {event.outcome}, attempt {event.attempt}, hints {event.hints}{mistakes})", *lines]


@pytest.mark.parametrize("story", STORIES)
def test_practice_is_told_as_it_was(story: str, golden: Golden) -> None:
    kept = (TRANSCRIPTS / f"{story}.txt").read_text(encoding="utf-8")
    golden(f"transcripts/practice/{story}.txt", replay(kept))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 8
