"""Members of a body that its schema does not name: code must not lean on them."""

from collections import defaultdict

from contracts.checker.dialect import Json
from contracts.checker.document import Document

_DEPTH, _ITEMS = 12, 50


def undocumented(document: Document, schema: Json, instance: Json, path: str = "", depth: int = 0) -> set[str]:
    """Give the paths (`/a/b[]/c`) of all such members; where a schema names nothing, everything is documented."""
    if depth > _DEPTH or not isinstance(instance, dict | list):
        return set()
    parts = document.alternatives(schema)
    if isinstance(instance, list):
        items = next((part["items"] for part in parts if isinstance(part.get("items"), dict)), None)
        found = (undocumented(document, items, item, path + "[]", depth + 1) for item in instance[:_ITEMS])
        return set() if items is None else set().union(*found)
    return _members(document, parts, instance, path, depth)


def _members(document: Document, parts: list[Json], instance: dict[str, Json], path: str, depth: int) -> set[str]:
    named: dict[str, list[Json]] = defaultdict(list)
    for part in parts:
        for key, schema in part.get("properties", {}).items():
            named[key].append(schema)
    free = any(part.get("additionalProperties") not in (None, False) for part in parts)
    unknown = {f"{path}/{key}" for key in instance if key not in named} if named and not free else set()
    for key in named.keys() & instance.keys():
        per_schema = [undocumented(document, s, instance[key], f"{path}/{key}", depth + 1) for s in named[key]]
        unknown |= set.intersection(*per_schema)
    return unknown
