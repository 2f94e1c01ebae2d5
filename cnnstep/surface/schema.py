"""The JSON Schema of a scenario file, for editors that complete and check YAML while it is typed."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from cnnstep.surface.spec import ScenarioFile


class _WithoutTitles(GenerateJsonSchema):
    """An editor shows a key and its description; "Learning Rate" between the two says nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12: every key with its description, default and examples, and no other keys."""
    schema = ScenarioFile.model_json_schema(schema_generator=_WithoutTitles)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        **schema,
        "title": "cnnstep scenario",
        "oneOf": [
            {"required": ["input", "target"], "not": {"required": ["samples"]}},
            {"required": ["samples"], "not": {"anyOf": [{"required": ["input"]}, {"required": ["target"]}]}},
        ],
    }
