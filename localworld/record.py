"""A record of all exchanges with a stand-in, in the form that the contract checker judges."""

import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECRET_HEADERS = {"authorization", "proxy-authorization", "cookie", "set-cookie"}
REDACTED = "REDACTED"


class Record:
    """A JSONL file: one exchange or webhook a line, without secrets."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    def append(self, line: dict[str, Any]) -> None:
        """Add one line."""
        with self._lock, self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


class Recorded:
    """ASGI middleware that records what passes under the given path prefixes. `public_url` is the stand-in's address."""

    def __init__(self, app: ASGIApp, record: Record, public_url: str, prefixes: tuple[str, ...]) -> None:
        self._app, self._record, self._url, self._prefixes = app, record, public_url, prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it with its answer; an answer that was cut off is none."""
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        asked, answered, head = bytearray(), bytearray(), dict[str, Any]()

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.update(status=message["status"], headers=message.get("headers", []))
            answered.extend(message.get("body", b""))
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                self._record.append(self._line(scope, bytes(asked), head, bytes(answered)))
            await send(message)

        await self._app(scope, hear, tell)

    def _line(self, scope: Scope, asked: bytes, head: dict[str, Any], answered: bytes) -> dict[str, Any]:
        query = scope["query_string"].decode("ascii")
        path = scope.get("raw_path", scope["path"].encode()).decode("ascii")
        return {
            "method": scope["method"],
            "url": self._url + path + ("?" + query if query else ""),
            "request_headers": _headers(scope["headers"]),
            "request_body": _body(asked),
            "status": head["status"],
            "response_headers": _headers(head["headers"]),
            "response_body": _body(answered),
        }


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    pairs = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)
    return {name: REDACTED if name.lower() in _SECRET_HEADERS else value for name, value in pairs}


def _body(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")
