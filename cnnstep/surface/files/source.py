"""A text with a name: every place in it as line and column, every fault with its line; and a word of it as a number."""

from __future__ import annotations

import math
import os
import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TextIO

from cnnstep.errors import Fault, InputError

if TYPE_CHECKING:
    from cnnstep.errors import Path as KeyPath

YAML_LIMIT = 1_000_000
"""Bytes of a YAML file: a megabyte takes the reader many seconds, and large matrices have files of their own."""


@dataclass(frozen=True)
class Source:
    """A text, the name it has for the user, and the folder that its own file names start from."""

    text: str
    file: str | None = None
    folder: Path = Path()

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins. A line ends as an editor sees it: at \\n, \\r\\n or \\r and at nothing else."""
        starts, index = [0], 0
        for line in self.text.replace("\r\n", " \n").replace("\r", "\n").split("\n"):
            index += len(line) + 1
            starts.append(index)
        return starts[:-1]

    def lines(self) -> list[tuple[int, str]]:
        """Each line with where it begins."""
        ends = [*self._starts[1:], len(self.text)]
        return [(start, self.text[start:end]) for start, end in zip(self._starts, ends, strict=True)]

    def place(self, index: int) -> tuple[int, int]:
        """(line, column), both from 1, of the character at `index`."""
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    @cached_property
    def _lines(self) -> dict[int, str]:
        """The lines that were asked for: thousands of faults may stand in one."""
        return {}

    def line(self, number: int) -> str:
        """The text of a line, as wide as its columns: tabs and unprintable characters take one place each."""
        if number not in self._lines:
            end = self._starts[number] if number < len(self._starts) else len(self.text) + 1
            text = self.text[self._starts[number - 1] : end - 1].rstrip("\r")
            self._lines[number] = "".join(c if c.isprintable() else " " if c == "\t" else "�" for c in text)
        return self._lines[number]

    def fault(self, code: str, what: str, hint: str, index: int, path: KeyPath = ()) -> Fault:
        """A fault of the character at `index`."""
        line, column = self.place(index)
        return Fault(code, what, hint, path, self.file, line, column, self.line(line))


def quoted(text: str, longest: int = 40) -> str:
    """The user's text in quotes, fit to stand in a sentence: short, one line, printable."""
    clean = "".join(c if c.isprintable() else "�" for c in text[: longest + 1])
    return f'"{clean[: longest - 1]}…"' if len(text) > longest else f'"{clean}"'


def read_file(path: Path, limit: int, shown: str) -> bytes:
    """The file's bytes, at most `limit` of them: a larger file, or one without end, is a fault before it is read."""
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            content = b"" if size > limit else stream.read(limit + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte in it
        raise InputError(cannot_read(shown, error)) from error
    _check_size(max(size, len(content)), limit, shown)
    return content


def read_stream(stream: TextIO | BinaryIO, limit: int) -> str:
    """The text that comes through standard input, at most `limit` bytes of it."""
    content = getattr(stream, "buffer", stream).read(limit + 1)
    _check_size(len(content), limit, "-")
    return content if isinstance(content, str) else decoded(content, "-")


def _check_size(size: int, limit: int, shown: str) -> None:
    if size > limit:
        what = f"{quoted(shown, 200)} is larger than {limit / 1e6:g} MB, the most that is read"
        raise InputError(Fault("too-large", what, "is it the file you meant?", file=shown))


def cannot_read(shown: str, error: OSError | ValueError) -> Fault:
    """Why a file can't be opened, and what to do."""
    name = quoted(shown, 200)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Fault("not-found", f"there is no file {name}", "check the name and the folder", file=shown)
    if isinstance(error, IsADirectoryError):
        return Fault("is-a-directory", f"{name} is a folder", "name a file in it", file=shown)
    if isinstance(error, PermissionError):
        return Fault("no-permission", f"you have no permission to read {name}", f"try: chmod u+r {shown}", file=shown)
    reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return Fault("cannot-read", f"{name} can't be read: {reason.lower()}", "check the name", file=shown)


def decoded(content: bytes, shown: str) -> str:
    """The bytes as UTF-8 text; a byte that is not UTF-8 is a fault with its line and column."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(_not_utf8(content, error, shown)) from error


def _not_utf8(content: bytes, error: UnicodeDecodeError, shown: str) -> Fault:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Fault("not-utf-8", "the file is written in UTF-16, not UTF-8", "save it as UTF-8", file=shown, line=1)
    text, start = error.object, error.start  # counted from behind the signature, where there is one
    source = Source(text.decode("utf-8", errors="replace"), shown)
    what = f"byte {len(content) - len(text) + start + 1} of the file, 0x{text[start]:02x}, is not UTF-8 text"
    return source.fault("not-utf-8", what, "save the file as UTF-8", len(text[:start].decode("utf-8")))


_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile("[-+]?0[0-9]+")
_EXACT = 2**53  # beyond it a float64 no longer holds every whole number
_MINUS_SIGNS = str.maketrans(dict.fromkeys("−–—‒﹣－‐‑", "-"))
_YES_OR_NO = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0, "off": 0}
_NOT_ORDINARY = {"nan", "inf", "infinity"}


def number_in(text: str) -> int | float | None:
    """The number that the text spells: `2`, `-.5`, `1e-3`, `+1`; None for everything else, infinities included.

    So is 012, which is 12 to a learner and 10 to other readers of YAML.
    """
    if not _NUMBER.fullmatch(text) or _OCTAL.fullmatch(text):
        return None
    value = float(text)
    if not math.isfinite(value):
        return None
    whole = "." not in text and value.is_integer() and abs(value) < _EXACT
    return int(value) if whole else value


def why_no_number(text: str, in_quotes: bool = False) -> tuple[str, str]:
    """What is wrong with a text that stands where a number belongs, and what to write instead."""
    shown = quoted(text)
    if in_quotes and number_in(text) is not None:
        return f"{shown} is in quotes, which makes it text", f"remove the quotes: {text}"
    if not text or text in ("~", "null"):
        return "a number is missing here", "write a number; 0 if none is meant"
    return _other_spelling(text, shown) or _no_spelling(text, shown)


def _other_spelling(text: str, shown: str) -> tuple[str, str] | None:
    """A number that was spelled in a way that is not read."""
    plain_minus = text.translate(_MINUS_SIGNS)
    if number_in(plain_minus) is not None:
        return f"{shown} has a long minus sign; a number needs the keyboard's short one", f"write {plain_minus}"
    with_point = plain_minus.replace(",", ".")
    if number_in(with_point) is not None:
        return f"{shown} has a decimal comma; a number needs a point", f"write {with_point}"
    if number_in(text.replace("_", "")) is not None:
        return f"{shown} has an underscore between its digits", f"write {text.replace('_', '')}"
    parts = re.split(r"[\s;,]+", text.strip())
    if len(parts) > 1 and all(number_in(part) is not None for part in parts):
        return f"{shown} is several numbers, not one", f"write a row as [{', '.join(parts)}]"
    above, slash, below = (part.strip() for part in text.partition("/"))
    top, bottom = number_in(above), number_in(below)
    if slash and top is not None and bottom:
        return f"{shown} is a fraction; a number is written with a point", f"write {top / bottom:.10g}"
    return None


def _no_spelling(text: str, shown: str) -> tuple[str, str]:
    word = text.lower()
    if word in _YES_OR_NO:
        return f"{shown} means yes or no, and is not a number", f"write {_YES_OR_NO[word]}"
    if word.lstrip("+-.") in _NOT_ORDINARY:
        return f"{shown} can't be calculated with", "write an ordinary number"
    if _OCTAL.fullmatch(text):
        decimal = text[: text[0] == "-"] + (text.lstrip("+-0") or "0")
        return f"{shown} begins with a 0, which some programs read as octal", f"write {decimal}"
    if _NUMBER.fullmatch(text):
        return f"{shown} is too large; numbers go up to about 1.8e308", "write a smaller number"
    return f"{shown} is not a number", "write a number such as 2, -1 or 0.5"
