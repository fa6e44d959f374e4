"""Bodies of the vendor's own form: its examples as a start, its schemas as the measure (tests/contracts, MIT)."""

import copy
import gzip
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
_KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
_EMPTY: dict[str, Any] = {"array": [], "integer": 0, "number": 0, "boolean": False}


def now() -> str:
    """Give the time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Templates:
    """The contract document, and values conformed to it."""

    def __init__(self, document: Path) -> None:
        with gzip.open(document) as packed:
            self._document = json.load(packed)
        self._flat = cache(self._flatten)

    def example(self, name: str) -> Any:
        """Give a copy of one of the vendor's examples."""
        return copy.deepcopy(self._document["components"]["examples"][name]["value"])

    def conform(self, schema: str, value: Any) -> Any:
        """Drop members that the schema does not document and add those that it requires, all the way down."""
        return self._conform({"$ref": f"#/components/schemas/{schema}"}, value)

    def conform_webhook(self, name: str, payload: Any) -> Any:
        """Conform the payload of a webhook such as `workflow-run-completed`."""
        content = self._document["x-webhooks"][name]["post"]["requestBody"]["content"]
        return self._conform(content["application/json"]["schema"], payload)

    def has_webhook(self, name: str) -> bool:
        """Tell whether the document knows a webhook."""
        return name in self._document["x-webhooks"]

    def _conform(self, schema: Schema, value: Any) -> Any:
        schema = self._pick(schema, value)
        if isinstance(value, list):
            return [self._conform(schema.get("items", {}), item) for item in value]
        known = schema.get("properties")
        if not isinstance(value, dict) or not known:
            return value
        kept = {name: self._conform(known[name], member) for name, member in value.items() if name in known}
        missing = [name for name in schema.get("required", []) if name not in kept and name in known]
        return {**kept, **{name: self._default(known[name]) for name in missing}}

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            found = self._document
            for part in schema["$ref"].split("/")[1:]:
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        flat: Schema = self._flat(json.dumps(schema)) if "allOf" in schema else schema
        return flat

    def _flatten(self, text: str) -> Schema:
        schema: Schema = json.loads(text)
        parts = [self._resolve(part) for part in schema.pop("allOf")]
        # Of one member described twice the first part says more: later ones of the document only name its type.
        properties = {name: member for part in reversed(parts) for name, member in part.get("properties", {}).items()}
        required = [name for part in parts for name in part.get("required", [])]
        return {
            "type": "object",
            **schema,
            "properties": {**properties, **schema.get("properties", {})},
            "required": required,
        }

    def _pick(self, schema: Schema, value: Any) -> Schema:
        schema = self._resolve(schema)
        choices = [self._resolve(choice) for choice in schema.get("anyOf") or schema.get("oneOf") or ()]
        if not choices:
            return schema
        kind = _KINDS.get(type(value))
        fits = (c for c in choices if c.get("type") == kind or (kind == "object" and "properties" in c))
        return next(fits, choices[0])

    def _default(self, schema: Schema) -> Any:
        schema = self._resolve(schema)
        if schema.get("nullable"):
            return None
        choices = schema.get("anyOf") or schema.get("oneOf")
        if choices:
            return self._default(choices[0])
        if schema.get("enum"):
            return schema["enum"][0]
        if schema.get("type") == "string":
            return now() if schema.get("format") == "date-time" else ""
        if "properties" in schema:
            known = schema["properties"]
            return {name: self._default(known[name]) for name in schema.get("required", []) if name in known}
        return copy.copy(_EMPTY.get(schema.get("type", ""), {} if schema.get("type") == "object" else None))
