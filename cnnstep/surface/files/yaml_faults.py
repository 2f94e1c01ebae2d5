"""What the YAML parser objects to, in everyday words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnnstep.errors import Fault
from cnnstep.surface.files.source import Source, quoted

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError

_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"expected ',' or '\]'.*stream end", "a list is never closed", "add the missing ]"),
    (r"expected ',' or '\}'.*stream end", "a { is never closed", "add the missing }"),
    (r"expected ',' or '\]'", "this list is not written correctly", "put a comma between its items and ] at its end"),
    (r"expected ',' or '\}'", "this part in { } is not written correctly", "write {key: value, key: value}"),
    (r"expected the node content.*stream end", "the file ends inside [ ] or { }", "close what is open"),
    (r"expected (the )?node content", "a value is missing here", "write one, or remove the comma"),
    (r"mapping values are not allowed", "there is a colon too many here", "put text with a colon in quotes"),
    (r"could not find expected ':'", "a key has no colon after it", "write key: value"),
    (r"found character '\\t'", "a tab stands where only spaces are allowed", "indent with spaces"),
    (r"found character (.+) that cannot start", r"\1 can't begin a value", "put the text in quotes"),
    (r"unexpected end of stream", "a quote is never closed", "add the missing quote"),
    (r"expected <block end>", "this line's indentation does not fit the lines above", "indent it as they are"),
    (r"sequence entries are not allowed", "a - can't stand here", "put it on a new line"),
    (r"expected '<document start>'", "the file should end here, but more follows", "is a bracket closed too early?"),
    (r"expected alphabetic or numeric", "* and & mean something else in YAML", "put the text in quotes"),
    (r"unknown escape character", "this backslash has no meaning", "use 'single quotes', where it stands for itself"),
    (r"undefined tag handle", "a ! begins a tag, and tags are not supported", "put the text in quotes"),
)


def in_our_words(source: Source, error: MarkedYAMLError) -> Fault:
    """The parser's complaint as a fault, with the place where the trouble began if that is another one."""
    problem = error.problem or "it ends too early"
    what, hint = f"this can't be read as YAML: {problem}", "compare with the lines above"
    for pattern, plainly, mend in _WORDS:
        if found := re.search(pattern, problem):
            what, hint = found.expand(plainly), mend
            break
    started = error.context_mark
    mark = started if "no colon" in what else error.problem_mark
    index = min(mark.index, len(source.text)) if mark else 0
    if started is not None and "never closed" in what:
        line, column = source.place(started.index)
        what += f"; it begins in line {line}, column {column}"
    return source.fault("yaml", what, hint, index)


def bad_character(source: Source, index: int) -> Fault:
    """A character that YAML does not allow anywhere, such as a control character."""
    what = f"the character U+{ord(source.text[index]):04X} can't stand in a file like this"
    return source.fault("yaml", what, "remove it; was the file copied from somewhere?", index)


def duplicate(source: Source, key: str, index: int, first: int) -> Fault:
    """A key that was given before."""
    what = f"{quoted(key)} is given twice; the first time in line {source.place(first)[0]}"
    return source.fault("duplicate-key", what, "keep one of them", index)
