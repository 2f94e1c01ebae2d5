"""YAML read strictly: what stands in the file and where, and nothing that the file's writer did not see.

Built from the pure Python parser's events. They carry every place, they don't guess types (`no` stays a word,
`1e-3` can become a number), and a nesting of any depth is cut off here, not by the recursion limit.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from cnnstep.errors import Fault, InputError
from cnnstep.surface.files.source import Source, number_in, quoted

if TYPE_CHECKING:
    from yaml.error import MarkedYAMLError

    from cnnstep.errors import Path

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
class YamlDocument:
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


def read_yaml(source: Source) -> YamlDocument:
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

    def document(self) -> YamlDocument:
        self._next()
        if isinstance(self._next(), yaml.StreamEndEvent):
            self._stop("empty", "there is nothing in the file", "write at least one key: value", 0)
        root = self._node(self._next(), 1)
        self._next()
        end = self._next()
        if isinstance(end, yaml.DocumentStartEvent):
            hint = "keep one; a line --- begins another"
            self._stop("several-documents", "a second document begins here", hint, _begin(end))
        return YamlDocument(self._source, root, tuple(self._faults))

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


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PARTS = (("number", "numbers"), ("row", "rows"), ("matrix", "matrices"), ("filter", "filters"), ("list", "lists"))


def ordinal(index: int) -> str:
    """`first` for 0; `12th` from eleven on, where a word takes longer to read than a numeral."""
    if index < len(_ORDINALS):
        return _ORDINALS[index]
    number = index + 1
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def counted(number: int, depth: int) -> str:
    """`3 numbers`, `1 row`: how many parts a list holds whose items are nested `depth` deep."""
    one, many = _part(depth)
    return f"{number} {one if number == 1 else many}"


def _part(depth: int) -> tuple[str, str]:
    """What is nested `depth` deep; what is deeper than a filter has no name of its own."""
    return _PARTS[max(min(depth, len(_PARTS) - 1), 0)]


def named(name: str, place: tuple[int, ...], depth: int) -> str:
    """`the second row of the first matrix of filter`; `depth` is how deep a whole matrix is nested."""
    words = [f"the {ordinal(i)} {_part(depth - step)[0]}" for step, i in enumerate(place, start=1)]
    return " of ".join([*reversed(words), name])


@dataclass(frozen=True)
class Uneven:
    """One list whose length is not that of the other lists on its level; `place` are its indices."""

    node: Items
    place: tuple[int, ...]
    what: str
    hint: str


def depth_of(node: Node) -> int:
    """How deep the numbers of a matrix stand: 2 for rows of numbers."""
    return 1 + max(map(depth_of, node.items), default=0) if isinstance(node, Items) else 0


def uneven(source: Source, name: str, matrix: Node) -> list[Uneven]:
    """Every list of a matrix that is longer or shorter than most lists of its level."""
    depth, found = depth_of(matrix), []
    level: list[tuple[tuple[int, ...], Node]] = [((), matrix)]
    for inside in range(depth - 1, 0, -1):
        level = [
            ((*place, index), item)
            for place, node in level
            if isinstance(node, Items)
            for index, item in enumerate(node.items)
        ]
        lists = [(place, node) for place, node in level if isinstance(node, Items)]
        lengths = [len(node.items) for _, node in lists]
        usual = usual_length(lengths)
        for place, node in lists:
            if len(node.items) != usual:
                others = others_have(lengths, usual)
                what = f"{named(name, place, depth)} has {counted(len(node.items), inside - 1)}, {others} {usual}"
                hint = decimal_comma(source, node) or f"write {counted(usual, inside - 1)} in each"
                found.append(Uneven(node, place, what, hint))
    return found


def usual_length(lengths: list[int]) -> int:
    """The most frequent length; the first row's, where several are."""
    return Counter(lengths).most_common(1)[0][0]


def others_have(lengths: list[int], usual: int) -> str:
    """Who has the usual length: the words before that number."""
    if len(lengths) == 2:
        return "the first has"
    return "the others have" if lengths.count(usual) == len(lengths) - 1 else "most have"


def decimal_comma(source: Source, matrix: Node) -> str:
    """What to write where `[0,5, 1]` looks like a decimal comma: its commas stand now with, now without a space."""
    if not isinstance(matrix, Items):
        return ""
    scalars = [item for item in matrix.items if isinstance(item, Scalar)]
    if len(scalars) < len(matrix.items):
        return next((hint for item in matrix.items if (hint := decimal_comma(source, item))), "")
    between = [source.text[a.index + len(a.text) : b.index] for a, b in pairwise(scalars)]
    if len(set(between)) < 2:
        return ""
    for gap, (a, b) in zip(between, pairwise(scalars), strict=True):
        if gap == "," and b.text.isdigit() and a.text.lstrip("+-").isdigit():
            return f"a comma separates numbers: if {a.text},{b.text} is meant as one number, write {a.text}.{b.text}"
    return ""
