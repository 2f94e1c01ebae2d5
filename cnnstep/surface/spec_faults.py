"""What pydantic found, in our words and at its place in the file."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from cnnstep.errors import Fault, Path
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.matrices import depth_of, named
from cnnstep.surface.files.scalars import why_no_number
from cnnstep.surface.files.source import quoted
from cnnstep.surface.files.yaml_reader import Document, Items, Keys, Node, Scalar, Unreadable
from cnnstep.surface.spec import ALTERNATIVE, KEYS, MATRICES, Sample

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LIMITS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
_NESTING = {"bias": ("one number, or a list of them", "0.5")} | dict.fromkeys(
    MATRICES, ("a list of rows", "[[…], […]]")
)


def in_our_words(tree: Document, detail: ErrorDetails) -> Fault | None:
    """The fault, or None where the reader of the file has reported this value already."""
    path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith(ALTERNATIVE)))
    node = tree.locate(path)
    if isinstance(node, Unreadable):
        return None
    if detail["type"] == "extra_forbidden":
        what = f"there is no key {quoted(str(path[-1]))} here"
        return tree.fault("unknown-key", what, did_you_mean(str(path[-1]), _known(path)), path, key=True)
    if detail["type"] == "missing":
        return _missing(tree, path)
    if detail["type"] == "union_tag_invalid" and path[-1] in MATRICES and isinstance(node, Items):
        path = (*path, *_first_text(node))
    code, what, hint = _wrong(detail, path, tree.locate(path))
    return tree.fault(code, what, hint, path)


def _first_text(node: Items) -> Path:
    """Where a row was written as text, `- 1 0 1`: the first such row, if there is one."""
    texts = (k for k, item in enumerate(node.items) if isinstance(item, Scalar) and isinstance(item.value, str))
    return tuple(islice(texts, 1))


def _known(path: Path) -> tuple[str, ...]:
    if len(path) == 1:
        return KEYS
    return tuple(Sample.model_fields) if path[0] == "samples" and len(path) == 3 else ("file",)


def _missing(tree: Document, path: Path) -> Fault | None:
    """A key that a part of the scenario lacks; the scenario's own keys have been counted before."""
    if len(path) == 1:
        return None
    key, owner = path[-1], tree.locate(path[:-1])
    if key == "file" and isinstance(owner, Keys) and owner.entries:
        return None  # the key that stands in its place is reported, with the one that was meant
    what = f"this sample has no {key}" if path[0] == "samples" and len(path) == 3 else f"{path[0]} has no {key} here"
    return tree.fault("missing-key", what, f"add it: {{{key}: …}}", path)


def _wrong(detail: ErrorDetails, path: Path, node: Node) -> tuple[str, str, str]:
    """Code, what and hint for a value of the wrong kind or size."""
    kind, name, limits = detail["type"], str(path[-1]), detail.get("ctx", {})
    key = next(str(part) for part in reversed(path) if isinstance(part, str))
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        bound: Any = limits[limit]
        return "value", f"{name} is {detail['input']:g}; it must be {words} {bound:g}", "change the number"
    if kind in ("float_type", "finite_number"):
        return _no_number(key, path, node)
    if kind == "int_type":
        if isinstance(node, Scalar) and not isinstance(node.value, float):
            return ("not-a-number", *why_no_number(node.text, node.quoted))
        return "value", f"{name} is {_shown(node)}; it must be a whole number", f"write {name}: 1"
    if kind == "string_type":
        return "type", f"{name} is {_shown(node)}; it must be a name", f"write {name}: and a word"
    if path[0] == "samples" and len(path) < 3:
        return "type", f"{_sample(path)} is {_shown(node)}", "write samples: [{input: …, target: …}, …]"
    if kind == "list_type":
        return _no_row(key, path, node)
    if key in _NESTING:
        return _wrong_depth(key, node)
    return "type", f"{key} is {_shown(node)}; it must be a name", f"write {key}: and its name"


def _sample(path: Path) -> str:
    return "samples" if len(path) == 1 else "this sample"


def _no_number(key: str, path: Path, node: Node) -> tuple[str, str, str]:
    if isinstance(node, Scalar):
        return ("not-a-number", *why_no_number(node.text, node.quoted))
    return "not-a-number", f"{_shown(node)} stands here, where {key} has a number", "write one number"


def _no_row(key: str, path: Path, node: Node) -> tuple[str, str, str]:
    """A number, a text or a mapping among rows."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return ("not-a-number", *why_no_number(node.text, node.quoted))
    indices = tuple(part for part in path if isinstance(part, int) and path[-1] != key)
    what = f"{named(key, indices[-1:], len(indices[-1:]) + 1)} is {_shown(node)}, the others are lists"
    return "ragged", what, "write it in brackets: [1, 0]"


def _wrong_depth(key: str, node: Node) -> tuple[str, str, str]:
    wanted, such_as = _NESTING[key]
    if isinstance(node, Scalar) and isinstance(node.value, str):
        what, hint = why_no_number(node.text, node.quoted)
        return "not-a-number", what, hint
    return "shape", f"{key} is {_shown(node)}; it must be {wanted}", f"write {key}: {such_as}"


def _shown(node: Node) -> str:
    """A value in words: `one number`, `"abc"`, `one list`."""
    if isinstance(node, Scalar):
        value = node.value
        return "empty" if value is None else quoted(node.text) if isinstance(value, str) else node.text[:40]
    if isinstance(node, Items):
        nested = depth_of(node)
        return "one list" if nested == 1 and node.items else f"a list nested {nested} deep"
    return "a mapping {key: value}"
