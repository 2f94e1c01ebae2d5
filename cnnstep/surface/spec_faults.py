"""What pydantic found, in our words and at its place in the file."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from cnnstep.engine.network import DRAW_KEYS, LAYER_KEYS
from cnnstep.errors import Fault, Path
from cnnstep.registry import did_you_mean
from cnnstep.surface.files.matrices import depth_of, named
from cnnstep.surface.files.scalars import why_no_number
from cnnstep.surface.files.source import quoted
from cnnstep.surface.files.yaml_reader import Document, Items, Keys, Node, Scalar, Unreadable
from cnnstep.surface.spec import ALTERNATIVE, FILE_KEYS, KEYS, MATRICES, Sample

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_LIMITS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
}
_NESTING = {
    "bias": ("one number, or a list of them", "0.5"),
    "size": ("one number, or two: [rows, columns]", "2"),
    "stride": ("one number, or two: [down, across]", "2"),
    "dilation": ("one number, or two: [down, across]", "2"),
    "padding": ("one number, two: [rows, columns], or same", "1"),
    "conv": ("a list of filters, each with a matrix for each channel", "[[[[…], […]]]], or {init: he_normal, …}"),
    "dense": ("a list of rows, one for each output", "[[…], […]], or {init: he_normal, …}"),
    "network target": ("a list of numbers, maps, or a class", "[1, 0], or {class: 0}"),
} | dict.fromkeys(MATRICES, ("a list of rows", "[[…], […]]"))


def in_our_words(tree: Document, detail: ErrorDetails) -> Fault | None:
    """The fault, or None where the reader of the file has reported this value already."""
    path = tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith(ALTERNATIVE)))
    node = tree.locate(path)
    if isinstance(node, Unreadable):
        return None
    if detail["type"] == "extra_forbidden":
        owner = f"a {kind} layer has" if (kind := _layer_type(tree, path)) and len(path) == 3 else "there is"
        what = f"{owner} no key {quoted(str(path[-1]))}" + (" here" if owner == "there is" else "")
        return tree.fault("unknown-key", what, did_you_mean(str(path[-1]), _known(tree, path)), path, key=True)
    if detail["type"] == "missing":
        return _missing(tree, path)
    if detail["type"] == "union_tag_invalid" and path[:1] == ("layers",) and len(path) == 2:
        return _no_layer(tree, path, node)
    if detail["type"] == "union_tag_invalid" and path[-1] in (*MATRICES, "weights") and isinstance(node, Items):
        path = (*path, *_first_text(node))
    code, what, hint = _wrong(tree, detail, path)
    return tree.fault(code, what, hint, path)


def _first_text(node: Items) -> Path:
    """Where a row was written as text, `- 1 0 1`: the first such row, if there is one."""
    texts = (k for k, item in enumerate(node.items) if isinstance(item, Scalar) and isinstance(item.value, str))
    return tuple(islice(texts, 1))


def _layer_type(tree: Document, path: Path) -> str:
    """The type of the layer that this path leads into; "" outside of layers."""
    layer = tree.locate(path[:2]) if path[:1] == ("layers",) else None
    kind = layer.get("type") if isinstance(layer, Keys) else None
    return kind.text if isinstance(kind, Scalar) else ""


def _known(tree: Document, path: Path) -> tuple[str, ...]:
    """The keys that may stand where this one does."""
    if len(path) == 1:
        return KEYS
    if path[0] in ("samples", "test") and len(path) == (3 if isinstance(path[1], int) else 2):
        return tuple(Sample.model_fields)
    kind = _layer_type(tree, path)
    if kind and len(path) == 3:
        return ("type", "name", *LAYER_KEYS[kind])
    if kind and path[2] == "weights":
        return *DRAW_KEYS[kind], *FILE_KEYS
    return ("class", *FILE_KEYS) if path[-2] == "target" and _is_network(tree) else FILE_KEYS


def _is_network(tree: Document) -> bool:
    return isinstance(tree.root, Keys) and tree.root.get("layers") is not None


def _no_layer(tree: Document, path: Path, node: Node) -> Fault:
    """What stands in the place of a layer and has no type that there is."""
    if not isinstance(node, Keys):
        return tree.fault("type", f"this layer is {_shown(node)}", "write {type: relu}, or another type", path)
    kind = node.get("type")
    if kind is None:
        near = [key.text for key, _ in node.entries if did_you_mean(key.text, ("type",)).startswith("did you mean")]
        if near:
            what = f"there is no key {quoted(near[0])} here"
            return tree.fault("unknown-key", what, 'did you mean "type"?', (*path, near[0]), key=True)
        return tree.fault("missing-key", "this layer has no type", f"available: {', '.join(LAYER_KEYS)}", path)
    name = kind.text if isinstance(kind, Scalar) else ""
    what = f"there is no layer type {quoted(name)}" if name else f"the type is {_shown(kind)}; it must be a name"
    return tree.fault("unknown-layer", what, did_you_mean(name, LAYER_KEYS), (*path, "type"))


def _missing(tree: Document, path: Path) -> Fault | None:
    """A key that a part of the scenario lacks; the scenario's own keys have been counted before."""
    if len(path) == 1:
        return None
    key, owner, kind = str(path[-1]), tree.locate(path[:-1]), _layer_type(tree, path)
    written = [name.text for name, _ in owner.entries] if isinstance(owner, Keys) else []
    meant = [did_you_mean(name, _known(tree, path)) for name in written if name not in _known(tree, path)]
    if (key in ("file", "class") and written) or f'did you mean "{key}"?' in meant:
        return None  # the key that stands in its place is reported, with the one that was meant
    if kind and len(path) == 3:
        such_as = f"{{init: he_normal, seed: 1, {_SUCH_AS_DRAWN[kind]}}}" if key == "weights" else "2"
        return tree.fault("missing-key", f"this {kind} layer has no {key}", f"add it: {key}: {such_as}", path)
    if path[0] in ("samples", "test") and key in Sample.model_fields:
        return tree.fault("missing-key", f"this sample has no {key}", f"add it: {{{key}: …}}", path)
    name = next(str(part) for part in reversed(path[:-1]) if isinstance(part, str))
    return tree.fault("missing-key", f"{name} has no {key} here", f"add it: {{{key}: …}}", path)


_SUCH_AS_DRAWN = {"conv": "filters: 8, size: 3", "dense": "outputs: 10"}


def _wrong(tree: Document, detail: ErrorDetails, path: Path) -> tuple[str, str, str]:
    """Code, what and hint for a value of the wrong kind or size."""
    node = tree.locate(path)
    kind, limits = detail["type"], detail.get("ctx", {})
    key = next(str(part) for part in reversed(path) if isinstance(part, str))
    if kind in _LIMITS:
        limit, words = _LIMITS[kind]
        bound: Any = limits[limit]
        return "value", f"{key} is {detail['input']:g}; it must be {words} {bound:g}", "change the number"
    if kind in ("float_type", "finite_number"):
        return _no_number(key, path, node)
    if kind == "int_type":
        if isinstance(node, Scalar) and not isinstance(node.value, float):
            return ("not-a-number", *why_no_number(node.text, node.quoted))
        return "value", f"{key} is {_shown(node)}; it must be a whole number", f"write {key}: 1"
    if kind == "string_type":
        return "type", f"{key} is {_shown(node)}; it must be a name", f"write {key}: and a word"
    if kind in ("too_short", "too_long"):
        return (
            "shape",
            f"{key} is a list of length {limits['actual_length']}; it must be {_NESTING[key][0]}",
            f"write {key}: 2",
        )
    if kind == "model_type" and key in Sample.model_fields and len(path) == 2:
        hint = f"write {key}: {{file: …}}, or samples one by one: [{{input: …, target: …}}, …]"
        return "type", f"{key} is {_shown(node)}; for all samples together it is a file", hint
    if path[0] in ("samples", "test") and len(path) < 3:
        return "type", f"{_sample(path)} is {_shown(node)}", f"write {path[0]}: [{{input: …, target: …}}, …]"
    if path == ("layers",):
        return "type", f"layers is {_shown(node)}", "write layers: [{type: conv, …}, …]"
    if kind == "list_type":
        return _no_row(key, path, node)
    nesting = _layer_type(tree, path) if key == "weights" else key
    nesting = "network target" if key == "target" and _is_network(tree) else nesting
    if nesting in _NESTING:
        return _wrong_depth(key, _NESTING[nesting], node)
    return "type", f"{key} is {_shown(node)}; it must be a name", f"write {key}: and its name"


def _sample(path: Path) -> str:
    return str(path[0]) if len(path) == 1 else "this sample"


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


def _wrong_depth(key: str, nesting: tuple[str, str], node: Node) -> tuple[str, str, str]:
    wanted, such_as = nesting
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
