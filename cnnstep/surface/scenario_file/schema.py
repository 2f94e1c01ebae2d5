"""The JSON Schema of a scenario file, for editors that complete and check YAML while it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnstep.engine.activations import ACTIVATIONS
from cnnstep.engine.keys import (
    NEEDED,
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
    numbers_of,
)
from cnnstep.engine.layers.entry import LAYER_NAME
from cnnstep.engine.layers.kinds import LAYERS
from cnnstep.engine.scenario_keys import KEYS, NETWORK, ONE_FILTER, REPLACED_BY_LAYERS
from cnnstep.registry import Real

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BOUNDS = {"above": "exclusiveMinimum", "least": "minimum", "most": "maximum", "below": "exclusiveMaximum"}


def json_schema() -> Schema:
    """JSON Schema 2020-12: every key with its description, default and examples, and no other keys.

    The keys are those of a network, which take all that one filter's take; without `layers`, one filter's own.
    """
    definitions: dict[str, Schema] = {}
    one_filter, network = (_properties(form.keys, definitions) for form in (ONE_FILTER, NETWORK))
    keys = one_filter | network
    narrower = {key: part for key, part in one_filter.items() if part != keys[key]}
    return {
        "$schema": _DIALECT,
        "title": "cnnstep scenario",
        "description": "One step of backpropagation through a convolution, or through a whole network of layers.",
        "type": "object",
        "properties": {key: keys[key] for key in KEYS},
        "required": ["learning_rate"],
        "additionalProperties": False,
        "oneOf": [
            {"required": ["input", "target"], "not": _any_of("samples")},
            {"required": ["samples"], "not": _any_of("input", "target")},
        ],
        "if": {"required": ["layers"]},
        "then": {"not": _any_of(*REPLACED_BY_LAYERS)},
        "else": {"required": ["filter", "activation"], "properties": narrower, "not": _any_of("test")},
        "$defs": dict(sorted(definitions.items())),
    }


def _any_of(*keys: str) -> Schema:
    return {"required": [*keys]} if len(keys) == 1 else {"anyOf": [{"required": [key]} for key in keys]}


def _properties(keys: tuple[Key, ...], definitions: dict[str, Schema]) -> dict[str, Schema]:
    return {key.name: _of_key(key, definitions) for key in keys}


def _of_key(key: Key, definitions: dict[str, Schema]) -> Schema:
    """What may stand after a key, and what an editor shows with it."""
    schema = _of(key.form, definitions)
    if key.default is None:
        schema = {"anyOf": [schema, {"type": "null"}]}
    extras = {"description": key.about, "examples": _sorted([*key.examples])}
    default = {} if key.default is NEEDED else {"default": key.default}
    return dict(sorted((schema | default | {name: extra for name, extra in extras.items() if extra}).items()))


def _of(form: Any, definitions: dict[str, Schema]) -> Schema:
    """The schema of one form; a mapping's is kept among the definitions, and referred to."""
    match form:
        case Real():
            return {**_bounds(form), "type": "number"}
        case Whole():
            return {**_bounds(form), "type": "integer"}
        case Two():
            return {"items": _of(form.of, definitions), "maxItems": 2, "minItems": 2, "type": "array"}
        case Nested():
            inside = Nested(form.depth - 1) if form.depth > 1 else Real()
            return {"items": _of(inside, definitions), "minItems": 1, "type": "array"}
        case Text():
            return {"type": "string"}
        case Word():
            return {"const": next(iter(form.names))} if len(form.names) == 1 else {"enum": [*form.names]}
        case Named():
            return _named(form)
        case OneOf():
            return {"oneOf": [_of(one, definitions) for one in form.forms]}
        case Pairs():
            one = {"items": _of(form.one, definitions), "minItems": 1, "type": "array"}
            return {"oneOf": [one, _of(form.batch, definitions)]}
        case Layers():
            return {"items": {"oneOf": [_layer(kind, definitions) for kind in LAYERS]}, "minItems": 1, "type": "array"}
        case Part():
            needed = [key.name for key in form.keys if key.is_needed]
            return _defined(form.name, form.about, _properties(form.keys, definitions), needed, definitions)
    raise TypeError(form)


def _bounds(form: Real | Whole) -> Schema:
    return dict(sorted((_BOUNDS[limit], bound) for limit, bound in form.limits.items()))


def _named(form: Named) -> Schema:
    """An entry's name, or a mapping with its name and the numbers that it takes."""
    choices = []
    for name, make in form.registry.items():
        settings = _properties(numbers_of(make), {})
        choices.append(
            {
                "additionalProperties": False,
                "properties": {"name": {"const": name}, **settings},
                "required": ["name"],
                "type": "object",
            }
        )
    return {"oneOf": [{"enum": list(form.registry)}, *choices]}


def _layer(name: str, definitions: dict[str, Schema]) -> Schema:
    kind = LAYERS[name]
    title = name if name in ACTIVATIONS else f"{name.title().replace('_', '')}Layer"
    properties = _properties((LAYER_NAME,), definitions)
    properties |= {"type": {"const": name, "type": "string"}} | _properties(kind.keys, definitions)
    needed = sorted(["type", *(key.name for key in kind.keys if key.is_needed)])
    return _defined(title, kind.about, properties, needed, definitions)


def _defined(title: str, about: str, properties: Schema, needed: list[str], definitions: dict[str, Schema]) -> Schema:
    definitions[title] = {
        "additionalProperties": False,
        "description": about,
        "properties": properties,
        **({"required": needed} if needed else {}),
        "title": title,
        "type": "object",
    }
    return {"$ref": f"#/$defs/{title}"}


def _sorted(example: Any) -> Any:
    """The example, its keys in alphabetical order like all others of the schema."""
    if isinstance(example, Mapping):
        return {key: _sorted(example[key]) for key in sorted(example)}
    return [_sorted(one) for one in example] if isinstance(example, list) else example
