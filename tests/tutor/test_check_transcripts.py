"""Sheets as they are typed in: every file of tests/transcripts/check is replayed and must come out the same.

The first line is the command that opens it; a line `> …` is typed. `pytest --update-goldens` writes the rest.
Where the sheet is done, its verdict follows.
"""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from cnnstep.errors import InputError
from cnnstep.surface.formats.text import render
from cnnstep.surface.loading import load
from cnnstep.surface.screen import Screen
from cnnstep.tutor.check.diagnose import diagnose
from cnnstep.tutor.check.entry import SheetEntry, advance, begin, prompt
from cnnstep.tutor.check.report import report
from cnnstep.tutor.document import Block, Document, Heading
from cnnstep.tutor.numbers import AS_USUAL
from tests.conftest import Golden

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts" / "check"
STORIES = sorted(path.stem for path in TRANSCRIPTS.glob("*.txt"))
TYPED = ">"
WIDTH = 60


def replay(transcript: str) -> str:
    opening, *lines = transcript.splitlines()
    name = opening.removeprefix("$ cnnstep check --interactive").strip() or "first-filter"
    entry, blocks = begin(name, load(name).scenario)
    told = [opening, *shown(blocks)]
    for line in (line for line in lines if line.startswith(TYPED)):
        typed = line.removeprefix(TYPED).removeprefix(" ")
        told += ["", prompt(entry).rstrip(), f"{TYPED} {typed}".rstrip()]
        entry, blocks = advance(entry, typed)
        told += shown(blocks)
    return "\n".join([*told, "", *ending(entry)]) + "\n"


def shown(blocks: tuple[Block, ...]) -> list[str]:
    lines = render(Document(blocks, AS_USUAL), Screen(io.StringIO(), io.StringIO(), width=WIDTH)).splitlines()
    assert not any(line.startswith(TYPED) for line in lines), "a reply would be read as something typed"
    return lines


def ending(entry: SheetEntry) -> list[str]:
    if not entry.done:
        return ["(the input ends here)"]
    try:
        verdict = report(diagnose(entry.sheet), AS_USUAL)[0]
    except InputError as error:
        return [f"(the sheet is done: {error.faults[0].what})"]
    assert isinstance(verdict, Heading)
    return [f"(the sheet is done: {verdict.text})"]


@pytest.mark.parametrize("story", STORIES)
def test_a_sheet_is_typed_in_as_it_was(story: str, golden: Golden) -> None:
    kept = (TRANSCRIPTS / f"{story}.txt").read_text(encoding="utf-8")
    golden(f"transcripts/check/{story}.txt", replay(kept))


def test_there_are_stories() -> None:
    assert len(STORIES) >= 6
