"""OpenAPI 3.0's dialect of JSON Schema, turned into draft 7 in place."""

from typing import Any

Json = Any
_DATA = {"example", "examples", "default", "enum", "x-github-breaking-changes"}
_STRUCTURE = ("allOf", "anyOf", "$ref", "properties", "required")


def to_draft7(node: Json) -> None:
    """Rewrite a whole document or any part of it."""
    if isinstance(node, list):
        for item in node:
            to_draft7(item)
    elif isinstance(node, dict):
        for key, value in list(node.items()):
            if key not in _DATA:
                to_draft7(value)
        _one_of(node)
        _limits(node)
        _nullable(node)


def _one_of(node: dict[str, Json]) -> None:
    # The alternatives of both vendors overlap, so that even their own examples match more than one.
    if isinstance(node.get("oneOf"), list):
        node["anyOf"] = node.get("anyOf", []) + node.pop("oneOf")


def _limits(node: dict[str, Json]) -> None:
    for name, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(node.get(name), bool) and node.pop(name) and limit in node:
            node[name] = node.pop(limit)


def _nullable(node: dict[str, Json]) -> None:
    # A schema whose *property* is called "nullable" has a dict there.
    if node.get("nullable") is not True:
        return
    del node["nullable"]
    if not isinstance(node.get("type"), str):
        inner = {key: node.pop(key) for key in _STRUCTURE if key in node}
        node["anyOf"] = [{"type": "null"}, inner]
        return
    node["type"] = [node["type"], "null"]
    if isinstance(node.get("enum"), list) and None not in node["enum"]:
        node["enum"].append(None)
    if "anyOf" in node:
        node["anyOf"].append({"type": "null"})
