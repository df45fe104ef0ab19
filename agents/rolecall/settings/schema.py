"""The JSON Schema of the user file, for editors that complete and check YAML."""

from __future__ import annotations

from typing import Any

from rolecall.settings import catalogue
from rolecall.settings.masking import SECRETS
from rolecall.settings.model import Settings


def json_schema() -> dict[str, Any]:
    """Draft 2020-12. A group may be empty, as ``llm:`` with nothing below it is."""
    schema = Settings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Rolecall settings"
    schema["description"] = "The user file of Rolecall, config.yaml"
    for name, model in catalogue.groups().items():
        definition = schema["$defs"][model.__name__]
        definition["title"] = name
        for key, property_schema in definition["properties"].items():
            property_schema.pop("title", None)
            if f"{name}.{key}" in SECRETS:
                property_schema["writeOnly"] = True
        schema["properties"][name] = {
            "description": model.__doc__,
            "anyOf": [{"$ref": f"#/$defs/{model.__name__}"}, {"type": "null"}],
        }
    return schema
