"""A page in a real Chromium: `tab` is an empty tab, `tabs(color_scheme="dark")` opens others, each as it is asked for.

A test of a page is marked `@needs("browser")`. Chromium starts once a session and has no network: what a page asks
for that is not in it or beside it, what its scripts stumble over and what its console warns of fails the test.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, get_running_loop
from asyncio.events import _set_running_loop
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from tests.extras import CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

    Tabs: TypeAlias = Callable[..., Page]

ARGUMENTS = (
    "--no-sandbox",  # in a container there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITHOUT_NETWORK = ("file:", "data:", "blob:", "about:")


@dataclass(frozen=True)
class Chromium:
    """The browser, and the loop through which it is spoken to."""

    browser: Browser
    loop: AbstractEventLoop

    @contextmanager
    def spoken_to(self) -> Iterator[None]:
        """Playwright's loop counts as running in this thread; outside of this it does not, so that others can run."""
        _set_running_loop(self.loop)
        try:
            yield
        finally:
            _set_running_loop(None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """The one Chromium of the session."""
    from playwright.sync_api import sync_playwright  # there is none where tests that need it are skipped

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        started = Chromium(browser, get_running_loop())
        _set_running_loop(None)
        yield started
        with started.spoken_to():
            browser.close()
        _set_running_loop(started.loop)  # for Playwright's own end


@contextmanager
def watched(chromium: Chromium) -> Iterator[Tabs]:
    """Opens tabs, and fails at the end if a page has done something wrong."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(WITHOUT_NETWORK):
            wrong.append(f"asks for {request.url}")

    def logged(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            wrong.append(f"{message.type}: {message.text}")

    def opened(**kind: Any) -> Page:
        context = chromium.browser.new_context(offline=True, **kind)
        contexts.append(context)
        context.on("request", asked)
        context.on("console", logged)
        context.on("weberror", lambda found: wrong.append(f"script: {found.error}"))
        return context.new_page()

    with chromium.spoken_to():
        yield opened
        for context in contexts:
            context.close()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def tabs(chromium: Chromium) -> Iterator[Tabs]:
    """Opens a tab: `tabs()`, or with what Playwright's new_context takes: `color_scheme`, `viewport`, `reduced_motion`.

    `java_script_enabled=False` shows what a page is without scripts.
    """
    with watched(chromium) as opened:
        yield opened


@pytest.fixture
def tab(tabs: Tabs) -> Page:
    """An empty tab."""
    return tabs()
