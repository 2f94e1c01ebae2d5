"""YAML read strictly: what stands in the file and where, and nothing that the file's writer did not see.

Built from the pure Python parser's events. They carry every place, they don't guess types (`no` stays a word,
`1e-3` can become a number), and a nesting of any depth is cut off here, not by the recursion limit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.scalars import number_in
from cnnstep.surface.files.source import Source, quoted
from cnnstep.surface.files.yaml_faults import bad_character, duplicate, in_our_words

if TYPE_CHECKING:
    from cnnstep.errors import Path

DEEPEST = 24
"""Lists in lists; the filters of a network in a work file are 8 deep."""

_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True)
class Node:
    """One value of the file; `index` is where it begins."""

    index: int


@dataclass(frozen=True)
class Scalar(Node):
    """A word or a number, as it was typed."""

    text: str
    quoted: bool = False

    @property
    def value(self) -> int | float | str | None:
        """The number that it spells, None for nothing, or the text."""
        if self.quoted:
            return self.text
        if self.text in _NULLS:
            return None
        number = number_in(self.text)
        return self.text if number is None else number


@dataclass(frozen=True)
class Items(Node):
    """A list."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Keys(Node):
    """Keys with their values, in the file's order; each key once."""

    entries: tuple[tuple[Scalar, Node], ...]

    @cached_property
    def _by_text(self) -> dict[str, tuple[Scalar, Node]]:
        return {entry[0].text: entry for entry in self.entries}

    def get(self, key: str) -> Node | None:
        """The value of a key."""
        return self._by_text[key][1] if key in self._by_text else None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place."""
        return self._by_text[key][0] if key in self._by_text else None


@dataclass(frozen=True)
class Unreadable(Node):
    """What was left out, because it has been reported already."""


@dataclass(frozen=True)
class Document:
    """A file's content, its text, and the faults that did not stop the reading."""

    source: Source
    root: Node
    faults: tuple[Fault, ...] = ()

    def locate(self, path: Path, *, key: bool = False) -> Node:
        """The node at this path, or its nearest ancestor that exists; with `key` the last key, not its value."""
        node = self.root
        for step, part in enumerate(path):
            if isinstance(node, Keys) and node.get(str(part)) is not None:
                name, value = node.key(str(part)), node.get(str(part))
                node = name if key and step == len(path) - 1 and name else value or node
            elif isinstance(node, Items) and isinstance(part, int) and part < len(node.items):
                node = node.items[part]
            else:
                break
        return node

    def fault(self, code: str, what: str, hint: str, path: Path, *, key: bool = False) -> Fault:
        """A fault at this path of the file."""
        return self.source.fault(code, what, hint, self.locate(path, key=key).index, path)


def plain(node: Node) -> Any:
    """The node as dicts, lists, numbers, texts and None."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    if isinstance(node, Keys):
        return {name.text: plain(value) for name, value in node.entries}
    return None


def read_yaml(source: Source) -> Document:
    """The one document of a YAML text. `InputError` where it can't be read on; other faults are in the document."""
    if bad := Reader.NON_PRINTABLE.search(source.text):
        raise InputError(bad_character(source, bad.start()))
    return _Builder(source).document()


class _Events(Reader, Scanner, Parser):
    """The parser without the composer and the resolver, which guess types and follow aliases."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)


def _begin(event: yaml.Event) -> int:
    assert event.start_mark is not None
    return event.start_mark.index


class _Builder:
    """Turns the parser's events into nodes and notes what is refused."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._events = _Events(source.text)
        self._faults: list[Fault] = []

    def document(self) -> Document:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            self._stop("empty", "there is nothing in the file", "write at least one key: value", 0)
        root = self._node(self._next(), 1)
        self._next()
        end = self._next()
        if isinstance(end, yaml.DocumentStartEvent):
            hint = "keep one; a line --- begins another"
            self._stop("several-documents", "a second document begins here", hint, _begin(end))
        return Document(self._source, root, tuple(self._faults))

    def _next(self) -> yaml.Event:
        try:
            event: yaml.Event = self._events.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stub
        except yaml.MarkedYAMLError as error:
            raise InputError([*self._faults, in_our_words(self._source, error)]) from error
        except (ValueError, OverflowError) as error:  # "\UFFFFFFFF" is no character, and a version's digits no number
            index = min(self._events.index, len(self._source.text))
            what, hint = "this can't be read as YAML: a number in it is too large", "write the character itself"
            raise InputError([*self._faults, self._source.fault("yaml", what, hint, index)]) from error
        return event

    def _note(self, code: str, what: str, hint: str, index: int) -> None:
        self._faults.append(self._source.fault(code, what, hint, index))

    def _stop(self, code: str, what: str, hint: str, index: int) -> None:
        self._note(code, what, hint, index)
        raise InputError(self._faults)

    def _node(self, event: yaml.Event, depth: int) -> Node:
        index = _begin(event)
        if depth > DEEPEST:
            self._stop("too-deep", f"this is nested more than {DEEPEST} deep", "is a bracket closed too late?", index)
        if isinstance(event, yaml.AliasEvent):
            self._note(
                "alias", f"*{event.anchor} is an alias, and aliases are not supported", "write the value out", index
            )
            return Unreadable(index)
        self._refuse_marks(event, index)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._items(index, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._keys(index, depth)
        return self._scalar(event, index)

    def _refuse_marks(self, event: yaml.Event, index: int) -> None:
        if anchor := getattr(event, "anchor", None):
            self._note("alias", f"&{anchor} is an anchor, and anchors are not supported", f"take &{anchor} away", index)
        if tag := getattr(event, "tag", None):
            self._note("tag", f"{tag} is a tag, and tags are not supported", "take it away", index)

    def _scalar(self, event: yaml.Event, index: int) -> Node:
        assert isinstance(event, yaml.ScalarEvent)
        text: str = event.value
        if _UNSHOWABLE.search(text):
            self._note("yaml", f"{quoted(text)} holds a character that can't be shown", "take it out", index)
            return Unreadable(index)
        return Scalar(index, text, event.style is not None)

    def _items(self, index: int, depth: int) -> Items:
        items = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return Items(index, tuple(items))

    def _keys(self, index: int, depth: int) -> Keys:
        entries: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            value = self._node(self._next(), depth + 1)
            if not isinstance(key, Scalar):
                if not isinstance(key, Unreadable):
                    self._note("yaml", "a key has to be a word", "write key: value", key.index)
            elif key.text in entries:
                self._faults.append(duplicate(self._source, key.text, key.index, entries[key.text][0].index))
            else:
                entries[key.text] = (key, value)
        return Keys(index, tuple(entries.values()))
