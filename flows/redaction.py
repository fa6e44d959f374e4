"""ASGI middleware: what a Prefect server is sent loses its secrets before the server sees it.

Prefect stores parameters, states with exception texts, logs, artifacts, events and variables as they come. Whoever sends them (a flow,
a worker, the UI, somebody with curl) sends them through here, so that one place keeps secrets out of Prefect's database.
"""

import json
import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from healer.redact import Redactor

_LOG: Final = logging.getLogger(__name__)
_WRITING: Final = frozenset({"POST", "PUT", "PATCH"})


def redacted(raw: bytes, redactor: Redactor) -> bytes:
    """Give a body or frame without secrets; one that has none stays byte for byte.

    JSON is redacted value by value, so that it stays JSON and escapes hide nothing.
    """
    text = raw.decode("utf-8", "surrogateescape")
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        return redactor.text(text).encode("utf-8", "surrogateescape")
    clean = redactor.data(sent)
    return raw if clean == sent else json.dumps(clean).encode()


class RedactingApp:
    """Wraps an ASGI application; passes on everything but secrets."""

    def __init__(self, app: ASGIApp, redactor: Redactor) -> None:
        self._app, self._redactor = app, redactor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "http" and scope["method"] in _WRITING:
            scope, receive = await self._read_whole(scope, receive)
        elif scope["type"] == "websocket":
            receive = self._frames(receive)
        await self._answered(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; an error that was answered already ends here.

        Starlette answers an error and raises it again for the log. The web server would close the connection for that, just when the
        client sends its request again on it: SQLite's "locked", answered by 503, is an everyday matter.
        """
        is_answered = False

        async def sending(message: Message) -> None:
            nonlocal is_answered
            await send(message)
            is_answered = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            if not is_answered:
                raise
            _LOG.warning("Prefect answered an error: %s", type(error).__name__)

    async def _read_whole(self, scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
        """Read the body to its end: a secret may lie across two chunks."""
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return scope, _replay(message, receive)
            body += message.get("body", b"")
            more = message.get("more_body", False)
        clean = redacted(body, self._redactor)
        headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
        whole = {"type": "http.request", "body": clean, "more_body": False}
        return {**scope, "headers": [*headers, (b"content-length", str(len(clean)).encode())]}, _replay(whole, receive)

    def _frames(self, receive: Receive) -> Receive:
        async def receive_clean() -> Message:
            message = await receive()
            if message["type"] != "websocket.receive":
                return message
            if message.get("text") is not None:
                return {**message, "text": redacted(message["text"].encode(), self._redactor).decode()}
            return {**message, "bytes": redacted(message.get("bytes") or b"", self._redactor)}

        return receive_clean


def _replay(first: Message, receive: Receive) -> Receive:
    """Give a `receive` that tells `first` once, and then what the connection tells."""
    told = False

    async def receive_again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return first

    return receive_again
