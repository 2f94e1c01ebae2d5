"""One self-contained HTML file: the page's own style and scripts, and the data that it is filled with.

Nothing is fetched, and the page's policy allows no more than its own style and script, each by its hash.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import compress

ASSETS = Path(__file__).parent / "assets"
MODULES = (
    "numbers",
    "functions",
    "evaluate",
    "mathml",
    "dom",
    "model",
    "lesson",
    "board",
    "cursor",
    "working",
    "iterations",
    "yaml",
    "whatif",
    "url",
    "findings",
    "mistaken",
    "quiz",
    "main",
)
"""The scripts, each after those that it imports from."""
_COMMENT = re.compile(r"^[ \t]*(?:/\*.*?\*/|//[^\n]*)[ \t]*\n", re.S | re.M)
_IMPORT = re.compile(r"^import [^;]*;\n", re.M)
_INDENT = re.compile(r"^[ \t]+|\n(?=\n)", re.M)


def page_html(data: Mapping[str, Any]) -> str:
    """The file's text."""
    style, script, loader = _style(), _script(), _plain("loader.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(loader)}' '{_hash(script)}'; style-src '{_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    parts = {
        "policy": policy,
        "title": escape(str(data["title"])),
        "style": style,
        "code": _packed_script(),
        "data": packed(text),
        "loader": loader,
    }
    return _filled("page.html", parts)


def _filled(name: str, parts: Mapping[str, str]) -> str:
    """A page's frame with its places filled, each once: what stands in a part is never a place."""
    return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], _read(name))


def index_html(lessons: Sequence[tuple[str, str, str]]) -> str:
    """A page that leads to the pages of lessons: each with its file, its title, and what it is about."""
    items = (
        f'<li><a href="{escape(quote(file))}">{escape(title)}</a><br><span class="quiet">{escape(about)}</span></li>'
        for file, title, about in lessons
    )
    policy = f"default-src 'none'; style-src '{_hash(_style())}'; base-uri 'none'; form-action 'none'"
    return _filled("index.html", {"policy": policy, "style": _style(), "lessons": "\n".join(items)})


def packed(text: str) -> str:
    """A text in few letters, none of which can be markup; the page's loader unpacks it."""
    return b64encode(compress(text.encode(), 9)).decode()


@cache
def _packed_script() -> str:
    return packed(_script())


@cache
def _script() -> str:
    """All scripts in one: what was imported stands before, and comments stay in the sources."""
    code = "".join(_IMPORT.sub("", _read(f"{name}.js")).replace("\nexport ", "\n") for name in MODULES)
    code = re.sub(r"^export ", "", code)
    return f'(() => {{\n"use strict";\n{_INDENT.sub("", _without_comments(code))}}})();'


@cache
def _style() -> str:
    return _plain("page.css")


@cache
def _plain(name: str) -> str:
    """A file without its comments and its indentation."""
    return _INDENT.sub("", _without_comments(_read(name)))


def _without_comments(code: str) -> str:
    """Whole lines of comment, and those between code and code on one line."""
    return _COMMENT.sub("", re.sub(r"/\*\* @(?:type|param)[^\n]*?\*/ ?", "", code))


def _read(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """A text's hash, as a policy names it."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
