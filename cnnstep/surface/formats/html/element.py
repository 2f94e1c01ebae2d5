"""Markup and text are two types: text becomes markup by being escaped, and in no other way."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import NewType

from cnnstep.surface.screen import harmless
from cnnstep.tutor.numbers import Numbers

Html = NewType("Html", str)
"""Markup."""


@dataclass(frozen=True)
class Context:
    """What every block is drawn with: how numbers are written, and the level of a document's own title."""

    numbers: Numbers
    top: int


def text(words: str) -> Html:
    """The words as they are, line for line; what is markup in them is none, and what can't be seen is written out."""
    return Html(lines(words).replace("\n", "<br>"))


def lines(words: str) -> Html:
    """The same for an element that keeps lines as they are."""
    return Html(escape(harmless(words)))


def element(name: str, *inside: Html, cls: str = "", **attributes: str) -> Html:
    """`<name class="cls" …>inside</name>`; an attribute that is empty is left out, `aria_label` is `aria-label`."""
    named = {"class": cls, **{key.replace("_", "-"): value for key, value in attributes.items()}}
    written = "".join(f' {key}="{escape(harmless(value))}"' for key, value in named.items() if value)
    return Html(f"<{name}{written}>{''.join(inside)}</{name}>")


def joined(*parts: Html) -> Html:
    """One part a line."""
    return Html("\n".join(part for part in parts if part))


def scrolled(table: Html) -> Html:
    """A table in a frame of its own, so that a wide one moves in a narrow window and the page does not."""
    return element("div", table, cls="scrolled")
