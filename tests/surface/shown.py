"""A document's text, for tests of how it looks."""

import io

from cnnstep.surface.formats.text import render
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import (
    Block,
    Document,
    Mark,
)
from cnnstep.tutor.numbers import Numbers

DEAD = Mark("✝", "dead: slope 0, nothing passes", "quiet")


def screen(width: int = 80, *, colour: bool = False, ascii: bool = False, shades: bool = True) -> Screen:
    return Screen(io.StringIO(), io.StringIO(), width, colour, ascii, shades)


def shown(*blocks: Block, width: int = 80, ascii: bool = False, numbers: Numbers | None = None) -> str:
    """The text with a line end before it, as a sketch in a test begins."""
    return "\n" + render(Document(blocks, numbers or Numbers()), screen(width, ascii=ascii))
