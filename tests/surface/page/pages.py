"""Pages as tests make them, and what is packed in a page."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import decompress

from cnnstep import scenario
from cnnstep.engine.lesson import Lesson
from cnnstep.surface.page.html import page_html
from cnnstep.tutor.cards import lesson_for
from cnnstep.tutor.page.data import page_data
from cnnstep.tutor.page.run import PageRequest

if TYPE_CHECKING:
    from playwright.sync_api import Page


@cache
def lesson_called(name: str) -> Lesson:
    """The lesson of a shipped scenario, as its page shows it."""
    return lesson_for(scenario(name))


def page_of(name: str, last: int = 3, shown: int = 0, mistake: str = "", quiz: tuple[str, ...] = ()) -> str:
    """The page of a shipped scenario."""
    return page_html(page_data(PageRequest(lesson_called(name), name, last, shown, mistake, quiz)))


def written(folder: Path, text: str) -> str:
    """The page's address as a file."""
    path = folder / "lesson.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


def opens(tab: Page, folder: Path, text: str, shown: str = "") -> None:
    """Shows the page in a tab, from its file; `shown` is the end of its address."""
    tab.goto(written(folder, text) + shown)
    tab.wait_for_selector("html[data-ready]", state="attached")


def unpacked(text: str, part: str) -> str:
    """What is packed in a page: its `code`, or its `data`."""
    found = re.search(rf'id="{part}">([^<]*)<', text)
    assert found
    return decompress(b64decode(found[1])).decode()


def data_of(text: str) -> Any:
    """The data in a page."""
    return json.loads(unpacked(text, "data"))
