"""What of a scenario file does not stand as its keys are declared: keys, kinds of values, limits; each at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from cnnstep.engine.keys import (
    NUMBERS_FILE,
    Form,
    Key,
    Layers,
    Named,
    Nested,
    OneOf,
    Pairs,
    Part,
    Text,
    Two,
    Whole,
    Word,
)
from cnnstep.engine.layers.entry import LAYER_NAME
from cnnstep.engine.layers.kinds import LAYERS
from cnnstep.engine.scenario_keys import KEYS, SAMPLE_KEYS
from cnnstep.errors import MOST_FAULTS, Fault, Path
from cnnstep.registry import Real, did_you_mean
from cnnstep.surface.files.source import quoted, why_no_number
from cnnstep.surface.files.yaml_reader import Items, Keys, Node, Scalar, Unreadable, YamlDocument, depth_of, named

_TYPE = Key("type", Text())
_BOUNDS = {"above": "greater than", "least": "at least", "most": "at most", "below": "less than"}


def faults_of(tree: YamlDocument, data: dict[str, Any], form: Part) -> list[tuple[Path, Fault | None]]:
    """Where something is wrong, and what; None where the reader of the file has reported the value already."""
    check = _Check(tree)
    check.keys(form, data, (), KEYS)
    return check.found


def depth(value: Any) -> int:
    """How deep lists are nested; 0 for what is no list."""
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@dataclass
class _Check:
    """One walk over the values of a file, side by side with the declaration."""

    tree: YamlDocument
    found: list[tuple[Path, Fault | None]] = field(default_factory=list)

    def note(self, code: str, what: str, hint: str, path: Path, *, key: bool = False) -> None:
        unreadable = isinstance(self.tree.locate(path), Unreadable)
        self.found.append((path, None if unreadable else self.tree.fault(code, what, hint, path, key=key)))

    # mappings

    def keys(self, part: Part, given: dict[str, Any], path: Path, known: tuple[str, ...] = ()) -> None:
        """A mapping's keys: first those that are missing or at fault, in their order, then those that are unknown.

        `known` are all that could stand here, other ways to write the same included.
        """
        known = known or part.names
        for key in part.keys:
            if key.name in given:
                self.value(key, given[key.name], (*path, key.name))
            elif key.is_needed and path:  # the scenario's own keys have been counted before
                self.missing(key, part, known, given, path)
        for number, name in enumerate(name for name in given if name not in part.names):
            owner = f"a {part.name} layer has" if _is_layer(path) else "there is"
            what = f"{owner} no key {quoted(name)}" + (" here" if owner == "there is" else "")
            hint = did_you_mean(name, known) if number < MOST_FAULTS else ""  # the rest is only counted
            self.note("unknown-key", what, hint, (*path, name), key=True)

    def missing(self, key: Key, part: Part, known: tuple[str, ...], given: dict[str, Any], path: Path) -> None:
        odd = [*islice((name for name in given if name not in part.names), MOST_FAULTS)]
        if (key.name in ("file", "class") and odd) or f'did you mean "{key.name}"?' in [
            did_you_mean(name, known) for name in odd if name not in known
        ]:
            self.found.append(((*path, key.name), None))  # the key in its place is reported, with the one meant
            return
        what, hint = f"{_last_key(path)} has no {key.name} here", f"add it: {{{key.name}: …}}"
        if _is_layer(path):
            what, hint = f"this {part.name} layer has no {key.name}", f"add it: {key.name}: {key.such_as}"
        elif path[0] in ("samples", "test") and key.name in SAMPLE_KEYS:
            what = f"this sample has no {key.name}"
        self.note("missing-key", what, hint, (*path, key.name))

    # values

    def value(self, key: Key, value: Any, path: Path) -> None:
        """What stands after a key; nothing may, where nothing is its default."""
        if value is not None or key.default is not None:
            self.form(key.form, value, path)

    def form(self, form: Form, value: Any, path: Path) -> None:
        match form:
            case Real() | Whole():
                self.number(form, value, path)
            case Text() | Word():
                if not isinstance(value, str):
                    self.no_name(path, "and a word")
            case Nested():
                self.rows(form.depth, value, path)
            case OneOf():
                self.one_of(form, value, path)
            case Named():
                self.named(value, path)
            case Part():
                self.file_of_a_batch(form, value, path)
            case Pairs():
                self.pairs(form, value, path)
            case Layers():
                self.layers(value, path)

    def number(self, form: Real | Whole, value: Any, path: Path) -> None:
        key, node = _last_key(path), self.tree.locate(path)
        if not isinstance(value, int if isinstance(form, Whole) else int | float):
            if isinstance(node, Scalar) and not (isinstance(form, Whole) and isinstance(node.value, float)):
                self.note("not-a-number", *why_no_number(node.text, node.quoted), path)
            elif isinstance(form, Whole):
                self.note("value", f"{key} is {_shown(node)}; it must be a whole number", f"write {key}: 1", path)
            else:
                what = f"{_shown(node)} stands here, where {key} has a number"
                self.note("not-a-number", what, "write one number", path)
            return
        for limit, bound in form.limits.items():
            beyond = {"above": value <= bound, "least": value < bound, "most": value > bound, "below": value >= bound}
            if beyond[limit]:
                what = f"{key} is {value:g}; it must be {_BOUNDS[limit]} {bound:g}"
                self.note("value", what, "change the number", path)

    def rows(self, deep: int, value: Any, path: Path) -> None:
        """Numbers nested so deep."""
        if not isinstance(value, list):
            self.no_row(path)
            return
        for index, item in enumerate(value):
            if deep > 1:
                self.rows(deep - 1, item, (*path, index))
            elif type(item) is not int and type(item) is not float:  # most of a file, and right
                self.number(Real(), item, (*path, index))

    def two(self, form: Two, asked: str, value: list[Any], path: Path) -> None:
        before, key = len(self.found), _last_key(path)
        for index, item in enumerate(value if len(value) <= 2 else ()):
            self.number(form.of, item, (*path, index))
        if len(value) != 2 and len(self.found) == before:
            what = f"{key} is a list of length {len(value)}; it must be {asked}"
            self.note("shape", what, f"write {key}: 2", path)

    def one_of(self, form: OneOf, value: Any, path: Path) -> None:
        """The alternative that the value is meant as, by how deep it is nested and by its keys."""
        chosen = _meant(form, value)
        if isinstance(chosen, Two):
            self.two(chosen, form.asked, value, path)
        elif isinstance(chosen, Part):
            parts = [one for one in form.forms if isinstance(one, Part)]
            parts.sort(key=lambda one: one is NUMBERS_FILE)
            self.keys(chosen, value, path, tuple(name for one in parts for name in one.names))
        elif chosen is not None:
            self.form(chosen, value, path)
        else:
            self.wrong_depth(form, path)

    def named(self, value: Any, path: Path) -> None:
        """A name in a registry, or a mapping with it: which names and numbers there are, the registry says."""
        if isinstance(value, list):
            self.no_name(path, "and its name")
        elif not isinstance(value, dict):
            self.form(Text(), value, path)
        else:
            name = Key("name", Text())
            numbers = tuple(Key(key, Real()) for key in value if key != "name")
            self.keys(Part("", "", (name, *numbers)), value, path)

    def pairs(self, form: Pairs, value: Any, path: Path) -> None:
        if isinstance(value, dict):
            self.keys(form.batch, value, path)
            return
        hint = f"write {path[0]}: [{{input: …, target: …}}, …]"
        if not isinstance(value, list):
            self.note("type", f"{path[0]} is {_shown(self.tree.locate(path))}", hint, path)
            return
        for index, one in enumerate(value):
            at = (*path, index)
            if isinstance(one, dict):
                self.keys(form.one, one, at)
            else:
                self.note("type", f"this sample is {_shown(self.tree.locate(at))}", hint, at)

    def file_of_a_batch(self, form: Part, value: Any, path: Path) -> None:
        if isinstance(value, dict):
            self.keys(form, value, path)
            return
        key = _last_key(path)
        what = f"{key} is {_shown(self.tree.locate(path))}; for all samples together it is a file"
        hint = f"write {key}: {{file: …}}, or samples one by one: [{{input: …, target: …}}, …]"
        self.note("type", what, hint, path)

    def layers(self, value: Any, path: Path) -> None:
        if not isinstance(value, list):
            self.note("type", f"layers is {_shown(self.tree.locate(path))}", "write layers: [{type: conv, …}, …]", path)
            return
        for index, layer in enumerate(value):
            kind = str(layer.get("type")) if isinstance(layer, dict) else ""
            if kind in LAYERS:
                part = Part(kind, "", (_TYPE, LAYER_NAME, *LAYERS[kind].keys))
                self.keys(part, layer, (*path, index))
            else:
                self.no_layer((*path, index))

    # what is said of a value that is no such thing

    def no_layer(self, path: Path) -> None:
        """What stands in the place of a layer and has no type that there is."""
        node = self.tree.locate(path)
        if not isinstance(node, Keys):
            self.note("type", f"this layer is {_shown(node)}", "write {type: relu}, or another type", path)
            return
        kind = node.get("type")
        if kind is None:
            near = [key.text for key, _ in node.entries if did_you_mean(key.text, ("type",)).startswith("did you mean")]
            if near:
                what = f"there is no key {quoted(near[0])} here"
                self.note("unknown-key", what, 'did you mean "type"?', (*path, near[0]), key=True)
            else:
                self.note("missing-key", "this layer has no type", f"available: {', '.join(LAYERS)}", path)
            return
        name = kind.text if isinstance(kind, Scalar) else ""
        what = f"there is no layer type {quoted(name)}" if name else f"the type is {_shown(kind)}; it must be a name"
        self.note("unknown-layer", what, did_you_mean(name, LAYERS), (*path, "type"))

    def no_name(self, path: Path, hint: str) -> None:
        key = _last_key(path)
        self.note("type", f"{key} is {_shown(self.tree.locate(path))}; it must be a name", f"write {key}: {hint}", path)

    def no_row(self, path: Path) -> None:
        """A number, a text or a mapping among rows."""
        node, key = self.tree.locate(path), _last_key(path)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            self.note("not-a-number", *why_no_number(node.text, node.quoted), path)
            return
        indices = tuple(part for part in path if isinstance(part, int) and path[-1] != key)
        what = f"{named(key, indices[-1:], len(indices[-1:]) + 1)} is {_shown(node)}, the others are lists"
        self.note("ragged", what, "write it in brackets: [1, 0]", path)

    def wrong_depth(self, form: OneOf, path: Path) -> None:
        """A list nested too deep or not deep enough, or no list; the first of rows written as text is named."""
        key, node = _last_key(path), self.tree.locate(path)
        holds_rows = any(isinstance(one, Nested) and one.depth > 1 for one in form.forms)
        if isinstance(node, Items) and holds_rows:
            path = (*path, *_first_text(node))
            node = self.tree.locate(path)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            self.note("not-a-number", *why_no_number(node.text, node.quoted), path)
        else:
            self.note(
                "shape", f"{key} is {_shown(node)}; it must be {form.asked}", f"write {key}: {form.such_as}", path
            )


def _meant(form: OneOf, value: Any) -> Form | None:
    """Which form a value is meant as; None where it is none of them."""
    if isinstance(value, dict):
        parts = [one for one in form.forms if isinstance(one, Part)]
        if len(parts) > 1 and not value.keys() & {*NUMBERS_FILE.names}:
            parts.remove(NUMBERS_FILE)
        return parts[0] if parts else None
    deep = depth(value)
    if deep:
        lists = (one for one in form.forms if isinstance(one, Nested | Two))
        return next((one for one in lists if (one.depth if isinstance(one, Nested) else 1) == deep), None)
    word = next((one for one in form.forms if isinstance(one, Word)), None)
    if word is not None and isinstance(value, str):
        return word
    return next((one for one in form.forms if isinstance(one, Real | Whole)), None)


def _first_text(node: Items) -> Path:
    """Where a row was written as text, `- 1 0 1`: the first such row, if there is one."""
    texts = (k for k, item in enumerate(node.items) if isinstance(item, Scalar) and isinstance(item.value, str))
    return tuple(islice(texts, 1))


def _is_layer(path: Path) -> bool:
    return path[:1] == ("layers",) and len(path) == 2


def _last_key(path: Path) -> str:
    """The key that stands nearest above a place."""
    return next(str(part) for part in reversed(path) if isinstance(part, str))


def _shown(node: Node) -> str:
    """A value in words: `one number`, `"abc"`, `one list`."""
    if isinstance(node, Scalar):
        value = node.value
        return "empty" if value is None else quoted(node.text) if isinstance(value, str) else node.text[:40]
    if isinstance(node, Items):
        nested = depth_of(node)
        return "one list" if nested == 1 and node.items else f"a list nested {nested} deep"
    return "a mapping {key: value}"
