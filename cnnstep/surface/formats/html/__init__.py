"""HTML: a document that stands alone and can be printed, or a fragment of one, for a notebook or a page of one's own.

Tables have captions and heads, marks are told in words, and nothing depends on the style sheet: GitHub takes it away.
There is no script, and nothing is fetched. Text is drawn by `blocks`, numbers by `tables`, what is drawn by `figures`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cnnstep.surface.formats import Answer
from cnnstep.surface.formats.html.blocks import drawn
from cnnstep.surface.formats.html.element import Context, Html, element, joined, text
from cnnstep.surface.screen import Screen
from cnnstep.tutor.document import Block, Document, Heading

IN_A_NOTEBOOK = 3
"""The level of a fragment's first heading: above it are the headings of the notebook itself."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""What a browser is to hold the document to: no script, nothing from elsewhere."""


def write(answer: Answer, screen: Screen) -> tuple[str]:
    """The answer as a whole document; where the screen has only ASCII, other signs are written as references."""
    written = page(Document(answer.blocks(), answer.numbers))
    return (written.encode("ascii", "xmlcharrefreplace").decode("ascii") if screen.ascii else written,)


def page(document: Document) -> str:
    """The document as an HTML file of its own, its first heading the title."""
    head = joined(
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        element("title", text(_title(document.blocks))),
        element("style", style()),
    )
    body = element("main", drawn(document.blocks, Context(document.numbers, 1)), cls="cnnstep cnnstep-page")
    return f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n'


def fragment(document: Document, top: int = IN_A_NOTEBOOK) -> str:
    """The document as a part of another page, its style sheet with it; the first heading has the level `top`."""
    content = drawn(document.blocks, Context(document.numbers, top))
    return element("div", element("style", style()), Html("\n"), content, cls="cnnstep")


@cache
def style() -> Html:
    """The style sheet; each of its rules begins with `.cnnstep`, so that it touches nothing around a fragment."""
    return Html(Path(__file__).with_name("style.css").read_text(encoding="utf-8"))


def _title(blocks: tuple[Block, ...]) -> str:
    return next((block.text for block in blocks if isinstance(block, Heading)), "cnnstep")
