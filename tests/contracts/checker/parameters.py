"""Path and query parameters of a request."""

import re
from collections.abc import Iterator

from contracts.checker.dialect import Json
from contracts.checker.document import Document, Operation, group
from contracts.checker.finding import Note
from contracts.checker.record import Exchange

_MOST_A_PAGE = 100


def check_parameters(document: Document, operation: Operation, exchange: Exchange) -> Iterator[Note]:
    """Judge types, values, and presence of what the URL carries."""
    yield from _path(document, operation, exchange)
    known = {_bare(p["name"]): p for p in operation.parameters if p["in"] == "query"}
    for name, value in exchange.query:
        yield from _query(document, known.get(_bare(name)), name, value)
    for name in {n for n, p in known.items() if p.get("required")} - {_bare(n) for n, _ in exchange.query}:
        yield "VIOLATION", f"required query parameter {name} is missing"


def _path(document: Document, operation: Operation, exchange: Exchange) -> Iterator[Note]:
    match = operation.pattern.fullmatch(exchange.path)
    values = match.groupdict() if match else {}
    for parameter in operation.parameters:
        value = values.get(group(parameter["name"])) if parameter["in"] == "path" else None
        wrong = None if value is None else _wrong(document.resolve(parameter.get("schema", {})), value)
        if wrong:
            yield "VIOLATION", f"path parameter {parameter['name']}={value!r} is not {wrong}"


def _query(document: Document, parameter: Json, name: str, value: str) -> Iterator[Note]:
    if parameter is None:
        yield "WARN", f"query parameter {name} is not documented"
        return
    wrong = _wrong(document.resolve(parameter.get("schema", {})), value)
    if wrong:
        yield "VIOLATION", f"query parameter {name}={value!r} is not {wrong}"
    elif name == "per_page" and int(value) > _MOST_A_PAGE:
        yield "WARN", f"per_page={value}: the service caps it at {_MOST_A_PAGE}"


def _wrong(schema: Json, value: str) -> str | None:
    """Name the type or values that `value` should have had."""
    if schema.get("type") == "integer" and not re.fullmatch(r"-?\d+", value):
        return "an integer"
    if schema.get("type") == "boolean" and value.lower() not in {"true", "false"}:
        return "true or false"
    if "enum" in schema and value not in map(str, schema["enum"]):
        return "one of " + ", ".join(map(str, schema["enum"]))
    return None


def _bare(name: str) -> str:
    return name.removesuffix("[]")
