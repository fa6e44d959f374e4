"""A vendor's OpenAPI document: its schemas by pointer, its operations by path."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from referencing import Registry
from referencing.jsonschema import DRAFT7

from contracts.checker.dialect import Json, to_draft7

_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
# Values of these may hold slashes: branch and file names.
_SLASHES = {"ref", "path", "branch", "basehead"}
_DEPTH = 8


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path; everything at its first level is resolved."""

    name: str
    pattern: re.Pattern[str]
    weight: tuple[int, int]
    parameters: tuple[Json, ...]
    request: Json
    responses: dict[str, Json]


class Document:
    """A vendor document, read from a gzip file, as draft 7 schemas under a URI of its own."""

    def __init__(self, path: Path, uri: str) -> None:
        self.uri = uri
        self.tree: Json = json.loads(gzip.decompress(path.read_bytes()))
        to_draft7(self.tree)
        self._pointers = dict(_pointers(self.tree))
        self.registry: Registry[Any] = Registry().with_resource(uri, DRAFT7.create_resource(self.tree))

    def pointer(self, schema: Json) -> str:
        """Give the JSON pointer (RFC 6901, as a URI fragment) of a dict of this very document, or ?."""
        return self._pointers.get(id(schema), "?")

    def resolve(self, node: Json) -> Json:
        """Follow `$ref` until there is none."""
        while isinstance(node, dict) and "$ref" in node:
            target = self.tree
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def alternatives(self, schema: Json, depth: int = 0) -> list[Json]:
        """Give the schema and all that it is composed of, resolved."""
        schema = self.resolve(schema)
        if depth > _DEPTH or not isinstance(schema, dict):
            return []
        parts = [part for key in ("allOf", "anyOf") for part in schema.get(key, [])]
        return [schema, *(found for part in parts for found in self.alternatives(part, depth + 1))]

    def find(self, method: str, path: str) -> Operation | None:
        """Give the operation that serves a request, literal segments before parameters."""
        return next((o for o in self.operations.get(method, ()) if o.pattern.fullmatch(path)), None)

    @cached_property
    def operations(self) -> dict[str, list[Operation]]:
        """All operations by upper-case method, most specific first."""
        found: dict[str, list[Operation]] = {}
        for template, item in self.tree["paths"].items():
            for method in _METHODS & set(item):
                operation = self._operation(method.upper(), template, item, item[method])
                found.setdefault(method.upper(), []).append(operation)
        for operations in found.values():
            operations.sort(key=lambda operation: operation.weight)
        return found

    def _operation(self, method: str, template: str, item: Json, spec: Json) -> Operation:
        parameters = tuple(map(self.resolve, [*item.get("parameters", []), *spec.get("parameters", [])]))
        multi = {p["name"] for p in parameters if p["in"] == "path" and p.get("x-multi-segment")} | _SLASHES
        pieces = re.split(r"\{([^}]+)\}", template)
        names = pieces[1::2]
        weight = sum(2 if name in multi else 1 for name in names)
        return Operation(
            name=f"{method} {template}",
            pattern=re.compile(_pattern(pieces, multi)),
            weight=(weight, -len(template)),
            parameters=parameters,
            request=self.resolve(spec.get("requestBody", {})),
            responses={status: self.resolve(answer) for status, answer in spec.get("responses", {}).items()},
        )


def group(name: str) -> str:
    """Give the name of a path parameter as a regular expression's group has it."""
    return re.sub(r"\W", "_", name)


def media(spec: Json) -> Json:
    """Give the JSON media type of a request or response, or None where there is none with a schema."""
    described = {name: each for name, each in (spec.get("content") or {}).items() if "schema" in each}
    return described.get("application/json") or next((m for name, m in described.items() if "json" in name), None)


def _pattern(pieces: list[str], multi: set[str]) -> str:
    literals = [re.escape(piece) for piece in pieces[::2]]
    groups = [f"(?P<{group(name)}>{'.+' if name in multi else '[^/]+'})" for name in pieces[1::2]]
    return "".join(a + b for a, b in zip(literals, [*groups, "/?"], strict=True))


def _pointers(tree: Json) -> Iterator[tuple[int, str]]:
    stack: list[tuple[Json, str]] = [(tree, "#")]
    while stack:
        node, pointer = stack.pop()
        if isinstance(node, dict):
            yield id(node), pointer
            stack.extend((v, f"{pointer}/{k.replace('~', '~0').replace('/', '~1')}") for k, v in node.items())
        elif isinstance(node, list):
            stack.extend((value, f"{pointer}/{n}") for n, value in enumerate(node))
