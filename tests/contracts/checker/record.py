"""Lines of a record: what they are and which contract judges them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from contracts.checker.dialect import Json

Contract = Literal["github", "jira", "webhook", "skipped", "unreadable"]
_GITHUB = re.compile(r"/api/v3(?=/)")
_JIRA = re.compile(r"/rest/api/(2|3|latest)(?=/)")


@dataclass(frozen=True)
class Side:
    """A request or response: headers by lower-case name; the body is None where empty, a str where it is not JSON."""

    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer; `path` is that of the vendor's document."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    request: Side
    status: int
    response: Side


def lines(record: Path) -> Iterator[tuple[int, Json]]:
    """Give the numbered lines of a JSONL file; a line that is not JSON is None."""
    for number, line in enumerate(record.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            yield number, parse(line, otherwise=None)


def contract(entry: Json) -> Contract:
    """Say which contract judges a line; git, pages, control plane, OIDC and GraphQL are `skipped`."""
    if not isinstance(entry, dict):
        return "unreadable"
    if entry.get("kind") == "webhook":
        return "webhook"
    if not all(isinstance(entry.get(key), kind) for key, kind in (("method", str), ("url", str), ("status", int))):
        return "unreadable"
    path = urlsplit(entry["url"]).path
    return "github" if _GITHUB.match(path) else "jira" if _JIRA.match(path) else "skipped"


def exchange(entry: Json) -> Exchange:
    """Read a line of GitHub or JIRA. JIRA's API version 2 and `latest` are read as version 3."""
    parts = urlsplit(entry["url"])
    return Exchange(
        method=entry["method"].upper(),
        path=_JIRA.sub("/rest/api/3", _GITHUB.sub("", parts.path, count=1), count=1),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        request=Side(headers(entry.get("request_headers")), _body(entry.get("request_body"))),
        status=entry["status"],
        response=Side(headers(entry.get("response_headers")), _body(entry.get("response_body"))),
    )


def headers(given: Mapping[str, str] | None) -> dict[str, str]:
    """Give headers by lower-case name."""
    return {name.lower(): str(value) for name, value in (given or {}).items()}


def parse(text: str, otherwise: Json) -> Json:
    """Parse JSON, or give `otherwise`."""
    try:
        return json.loads(text)
    except ValueError:
        return otherwise


def _body(given: Json) -> Json:
    if not isinstance(given, str):
        return given
    return parse(given, otherwise=given) if given.strip() else None
