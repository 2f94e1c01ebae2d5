"""The JSON Schema of a scenario file, for editors that complete and check YAML while it is typed."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from cnnstep.surface.spec import KEYS, REPLACED_BY_LAYERS, ScenarioFile
from cnnstep.surface.spec_network import NetworkFile


class _WithoutTitles(GenerateJsonSchema):
    """An editor shows a key and its description; "Learning Rate" between the two says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12: every key with its description, default and examples, and no other keys.

    The keys are those of a network, which take all that one filter's take; without `layers`, one filter's own.
    """
    _, together = models_json_schema(
        [(ScenarioFile, "validation"), (NetworkFile, "validation")], schema_generator=_WithoutTitles
    )
    definitions = together["$defs"]
    one_filter, network = definitions.pop("ScenarioFile")["properties"], definitions.pop("NetworkFile")["properties"]
    keys = one_filter | network
    narrower = {key: part for key, part in one_filter.items() if part != keys[key]}
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
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
        "$defs": definitions,
    }


def _any_of(*keys: str) -> dict[str, Any]:
    return {"required": [*keys]} if len(keys) == 1 else {"anyOf": [{"required": [key]} for key in keys]}
