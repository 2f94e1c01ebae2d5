"""The JSON Schema of a lesson as data, which `run --json --links` writes: its quantities and its sums of products."""

from __future__ import annotations

from typing import Any, get_args

from cnnstep.engine.program import functions
from cnnstep.engine.quantity import Kind

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SIZES: Schema = {"type": "array", "items": COUNT}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _object(about: str, needed: dict[str, Schema], may: dict[str, Schema] | None = None) -> Schema:
    keys = {**needed, **(may or {})}
    said = {"description": about} if about else {}
    return {**said, "type": "object", "required": [*needed], "properties": keys, "additionalProperties": False}


LINKS: Schema = _ref("Links")
"""Where it stands in a document."""


def link_definitions() -> dict[str, Schema]:
    """What it is made of, by name."""
    return {"Links": _links(_list(_ref("SumOfProducts"))), **_parts()}


def _links(sums: Schema) -> Schema:
    carried = {"description": "What the next iteration begins with: the result of which step."}
    return _object(
        "How each number comes about; letters are numbers: a cell's own indices, then those that are summed over.",
        {
            "quantities": {"type": "object", "additionalProperties": _quantity()},
            "steps": _list(_step(sums)),
            "loss": sums,
            "carried": carried | {"type": "object", "additionalProperties": TEXT},
        },
    )


def _parts() -> dict[str, Schema]:
    """What a sum of products is made of."""
    return {
        "SumOfProducts": _object(
            "The product of the factors, added up as further letters run over these sizes.",
            {"factors": _list(_ref("Factor"))},
            {"over": SIZES},
        ),
        "Factor": {
            "anyOf": [
                {"type": "number"},
                _ref("Read"),
                _object("Outside the array a 0 is read.", {"padded": _ref("Read")}),
                _object("The value of a function.", {"call": _ref("FunctionName"), "with": _list(_ref("Argument"))}),
            ]
        },
        "Read": {
            "description": "A quantity with an index for each axis. Outside the array the product is left out.",
            "type": "array",
            "minItems": 1,
            "prefixItems": [TEXT],
            "items": {"anyOf": [{**COUNT, "description": "A letter."}, _ref("Index")]},
        },
        "Index": {
            "description": "[c, d, v, k, …] is (c + k·v + …)/d with letters v, and [c] is c.",
            "type": "array",
            "minItems": 1,
            "items": {"type": "integer"},
        },
        "Argument": {"anyOf": [{"type": "number"}, _ref("Read"), _ref("Index"), *_rows()]},
        "FunctionName": {"oneOf": [{"const": name, "description": one.formula} for name, one in functions().items()]},
    }


def _quantity() -> Schema:
    hidden = {**SIZES, "description": "Places of the axes that a learner does not see."}
    start = {"description": "What it starts from, in reading order; zeros where it is left out."}
    return _object(
        "",
        {"symbol": TEXT, "kind": {"enum": [*get_args(Kind)]}, "shape": SIZES},
        {"hidden": hidden, "start": _list({"type": "number"}) | start},
    )


def _step(sums: Schema) -> Schema:
    return _object(
        "A cell is the sum of its `sums`; `short` is the same in closed form, and `cells` has sums for each cell.",
        {"name": TEXT},
        {"sums": sums, "short": sums, "cells": _list(sums)},
    )


def _rows() -> list[Schema]:
    """Lists of numbers."""
    return [
        _object("The numbers that are read as further letters run.", {"each": SIZES, "read": _ref("Read")}),
        _object("The numbers one by one.", {"row": _list({"anyOf": [_ref("Read"), {"type": "null"}]})}),
    ]
