"""What a test needs besides the extra `dev`. Without it the test is skipped and says why; CI installs it all."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import TypeVar

import pytest

T = TypeVar("T", bound=Callable[..., object] | type)

MODULES = {
    "torch": "torch",
    "fast": "numba",
    "plot": "matplotlib",
    "dask": "distributed",
    "digits": "sklearn",
    "explore": "textual",
    "browser": "playwright",
    "notebook": "nbconvert",
    "node": "json",
    "pdf": "typst",
}
"""Each extra with the module that it brings; `digits` is scikit-learn, which our digits are compared with."""

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := which(name))), "")
"""The browser itself, which is no Python package: `apt-get install chromium`."""
NODE_MODULES = Path(os.environ.get("NODE_MODULES") or Path(__file__).parent / "javascript" / "node_modules")
"""What lints and checks the page's scripts: `npm install` in tests/javascript puts it there."""
ALL_THERE = bool(os.environ.get("EXTRAS_INSTALLED"))
"""Set where everything is installed: a test that is skipped all the same has failed."""


def marks(extra: str) -> list[pytest.MarkDecorator]:
    """For `pytestmark`: the module's tests need this extra."""
    missing = MODULES[extra] if find_spec(MODULES[extra]) is None else ""
    if extra == "browser" and not CHROMIUM:
        missing = "Chromium"
    if extra == "node" and not (which("node") and NODE_MODULES.is_dir()):
        missing = "Node, or what tests/javascript/package.json names,"
    skipped = pytest.mark.skipif(bool(missing), reason=f"{missing} is not installed ({extra})")
    return [pytest.mark.extra, skipped, *([pytest.mark.browser] if extra == "browser" else [])]


def needs(extra: str) -> Callable[[T], T]:
    """The decorator for a test, or a class of them, that needs this extra."""

    def marked(test: T) -> T:
        for mark in marks(extra):
            test = mark(test)
        return test

    return marked


def without(extra: str) -> pytest.MarkDecorator:
    """For a test of what is said to those who have not got this extra."""
    return pytest.mark.skipif(find_spec(MODULES[extra]) is not None, reason=f"{MODULES[extra]} is installed ({extra})")
