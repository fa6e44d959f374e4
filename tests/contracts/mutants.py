"""Good exchanges made of the vendors' own examples, and what can go wrong with them, one thing at a time."""

import copy
import hashlib
import hmac
import json
import random
import re
import uuid
from collections.abc import Iterator
from typing import Any

from contracts.checker.document import Document, Operation, media
from contracts.checker.schemas import values
from localworld.github.templates import Templates

Change = tuple[tuple[Any, ...], Any]  # where in a body, and what comes to stand there
SECRET = "planted-webhook-secret"
EVENTS = (
    ("push", None),
    ("ping", None),
    ("workflow_run", "completed"),
    ("pull_request", "closed"),
    ("check_run", "created"),
    ("workflow_job", "queued"),
)
_OF_TYPE = {
    "string": "s",
    "integer": 7,
    "number": 7.5,
    "boolean": True,
    "array": [],
    "object": {},
}
_HEADERS = {
    "user-agent": "importer-healer",
    "x-github-api-version": "2022-11-28",
    "content-type": "application/json; charset=utf-8",
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4999",
    "x-ratelimit-reset": "1767225600",
}


def exchanges(document: Document, prefix: str) -> Iterator[tuple[Operation, dict[str, Any]]]:
    """Give an exchange for every example of a successful answer; not all examples keep their own document's rules.

    `prefix` stands before the document's paths.
    """
    for operation in sorted((o for each in document.operations.values() for o in each), key=lambda o: o.name):
        asked = next(iter(_bodies(document, operation.request)), None)
        for status, answer in sorted(operation.responses.items()):
            if status.startswith("2"):
                yield from (
                    (operation, _line(operation, prefix, asked, int(status), body))
                    for body in _bodies(document, answer)
                )


def webhooks(templates: Templates) -> Iterator[dict[str, Any]]:
    """Give a signed webhook for some events."""
    for event, action in EVENTS:
        name = "-".join(filter(None, [event, action])).replace("_", "-")
        raw = json.dumps(templates.conform_webhook(name, {"action": action} if action else {}))
        signature = hmac.new(SECRET.encode(), raw.encode(), hashlib.sha256).hexdigest()
        headers = {
            "User-Agent": "GitHub-Hookshot/044aadd",
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.UUID(int=7)),
            "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        yield {"kind": "webhook", "headers": headers, "raw": raw}


def wrong_types(document: Document, schema: Any, body: Any) -> Iterator[Change]:
    """Change each typed member to each other type."""
    for path, each in _places(document, schema, body):
        types = _types(document, each)
        right = types | ({"integer"} if "number" in types else set())
        yield from ((path, value) for wrong, value in _OF_TYPE.items() if types and wrong not in right)


def nulls(document: Document, schema: Any, body: Any) -> Iterator[Change]:
    """Change each member that may not be null to null."""
    for path, each in _places(document, schema, body):
        types = _types(document, each)
        if types and "null" not in types:
            yield path, None


def without(document: Document, schema: Any, body: Any) -> Iterator[Change]:
    """Leave out each required member."""
    for path, each in _places(document, schema, body):
        here = _at(body, path)
        for name in sorted(_required(document, each) & set(here if isinstance(here, dict) else ())):
            yield path, {key: value for key, value in here.items() if key != name}


def changed(body: Any, change: Change) -> Any:
    """Give a copy of a body with one change."""
    path, value = change
    if not path:
        return value
    body = copy.deepcopy(body)
    _at(body, path[:-1])[path[-1]] = value
    return body


def other_statuses(operation: Operation, line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the exchange with statuses that its operation does not document."""
    for status in (202, 206, 226, 299, 307, 418, 451):
        if str(status) not in operation.responses:
            yield {**line, "status": status}


def other_paths(line: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the exchange with paths that no operation has."""
    for wrong in (r"\1nowhere/", r"\1x"):
        yield {**line, "url": re.sub(r"(/api/v3/|/rest/api/3/)", wrong, line["url"], count=1)}


def forgeries(webhook: dict[str, Any], rng: random.Random) -> Iterator[dict[str, Any]]:
    """Give the webhook with a changed byte, a changed signature, another key's signature, and none."""
    headers, raw = webhook["headers"], webhook["raw"]
    name, at = "X-Hub-Signature-256", rng.randrange(len(raw))
    other = hmac.new(b"another key", raw.encode(), hashlib.sha256).hexdigest()
    yield {**webhook, "raw": raw[:at] + chr(ord(raw[at]) ^ 1) + raw[at + 1 :]}
    yield {**webhook, "headers": {**headers, name: headers[name][:-1] + ("0" if headers[name][-1] != "0" else "1")}}
    yield {**webhook, "headers": {**headers, name: f"sha256={other}"}}
    yield {**webhook, "headers": {key: value for key, value in headers.items() if key != name}}


def _line(operation: Operation, prefix: str, asked: Any, status: int, answered: Any) -> dict[str, Any]:
    method, template = operation.name.split(" ")
    path = {p["name"]: p.get("schema", {}).get("type") for p in operation.parameters if p["in"] == "path"}
    url = re.sub(r"\{([^}]+)\}", lambda m: "7" if path.get(m[1]) == "integer" else "name", template)
    return {
        "method": method,
        "url": f"http://127.0.0.1:1{prefix}{url}",
        "request_headers": _HEADERS,
        "request_body": asked,
        "status": status,
        "response_headers": _HEADERS,
        "response_body": answered,
    }


def _bodies(document: Document, spec: Any) -> list[Any]:
    content = media(spec)
    return list(values(document, content)) if content else []


def _places(document: Document, schema: Any, body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Give (path, schema) of the body and all that it holds and that a schema names."""
    yield path, schema
    for part in document.alternatives(schema):
        if isinstance(body, dict):
            for name in sorted(part.get("properties", {}).keys() & body.keys()):
                yield from _places(document, part["properties"][name], body[name], (*path, name))
        elif isinstance(body, list) and body and isinstance(part.get("items"), dict):
            yield from _places(document, part["items"], body[0], (*path, 0))


def _types(document: Document, schema: Any) -> set[str]:
    """Give the types that a schema takes; none means that it does not say."""
    schema = document.resolve(schema)
    if "type" in schema:
        return {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    of_all = [types for part in schema.get("allOf", []) if (types := _types(document, part))]
    of_any = [_types(document, part) for part in schema.get("anyOf", [])]
    if of_all:
        return set.intersection(*of_all)
    return set().union(*of_any) if all(of_any) else set()


def _required(document: Document, schema: Any) -> set[str]:
    schema = document.resolve(schema)
    return set(schema.get("required", [])).union(*(_required(document, part) for part in schema.get("allOf", [])))


def _at(body: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        body = body[step]
    return body
