"""The tests' own browser: it shows a page as it is asked for, and what a page does wrong fails its test."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import Chromium, watched
from tests.extras import marks

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser import Tabs

pytestmark = marks("browser")


def test_a_file_is_opened_and_its_script_runs(tab: Page, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<!doctype html><p>δ<script>document.querySelector('p').append(' = ', 1 + 1)</script>"
    )
    tab.goto((tmp_path / "a.html").as_uri())
    assert tab.inner_text("p") == "δ = 2"


def test_a_tab_can_be_dark_narrow_and_without_scripts(tabs: Tabs) -> None:
    dark = tabs(color_scheme="dark", viewport={"width": 320, "height": 600})
    asked = "[matchMedia('(prefers-color-scheme: dark)').matches, innerWidth]"
    assert [dark.evaluate(asked), tabs().evaluate(asked)[0]] == [[True, 320], False]
    still = tabs(java_script_enabled=False)
    still.set_content("<p>1</p><script>document.querySelector('p').textContent = 2</script>")
    assert still.inner_text("p") == "1"


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("<script>nothing.here</script>", "script: "),
        ("<script>console.warn('old')</script>", "warning: old"),
        ("<img src='https://example.invalid/a.png'>", "asks for https://example.invalid/a.png"),
    ],
)
def test_what_a_page_does_wrong_fails_its_test(chromium: Chromium, page: str, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint), watched(chromium) as opened:
        opened().set_content(page)


def test_between_the_pages_another_loop_can_run(chromium: Chromium) -> None:
    async def one() -> int:
        await asyncio.sleep(0)
        return 1

    assert asyncio.run(one()) == 1
    with chromium.spoken_to():
        assert chromium.browser.is_connected()
