"""Faults on demand for any stand-in: refusals, slow answers, and writes whose answer gets lost."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTROL = "/_control/"
CUT = 0
"""Status that stands for a connection that ends in the middle of the answer."""


@dataclass
class Fault:
    """What happens to the next `times` requests whose `METHOD /path` contains the pattern `match`.

    `after` lets the request do its work first, so that only its answer is replaced. Without a `status` the request is
    merely slow by `delay_s`. A `stale` one gives, so many times, what the same address answered when it was asked first: a read that
    lags behind a write.
    """

    match: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    times: int = 1
    after: bool = False
    delay_s: float = 0.0
    stale: bool = False

    def hits(self, method: str, path: str) -> bool:
        """Tell whether the fault applies, and use it up once if so."""
        if self.times < 1 or not re.search(self.match, f"{method} {path}"):
            return False
        self.times -= 1
        return True

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the answer of the fault, or half of one."""
        if self.status == CUT:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            return
        await JSONResponse({} if self.body is None else self.body, self.status or 500, self.headers)(
            scope, receive, send
        )


class Faults:
    """ASGI middleware that holds the faults of one stand-in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._faults = app, list[Fault]()
        self._first: dict[tuple[int, str, bytes], list[Message]] = {}

    async def control(self, request: Request) -> Response:
        """Answer `/_control/faults`: POST adds one fault, GET lists them, DELETE forgets all.

        Raises: TypeError for a member that a fault does not have.
        """
        if request.method == "POST":
            self._faults.append(Fault(**json.loads(await request.body())))
        elif request.method == "DELETE":
            self._faults.clear()
        return JSONResponse([asdict(fault) for fault in self._faults])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, faulty or not."""
        fault = self._next(scope)
        if fault is None:
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(fault.delay_s)
        if fault.stale:
            await self._as_first(fault, scope, receive, send)
            return
        if fault.after or fault.status is None:
            await self._app(scope, receive, send if fault.status is None else _nowhere)
        if fault.status is not None:
            await fault.answer(scope, receive, send)

    async def _as_first(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as this address answered first, which costs the fault nothing."""
        place = (id(fault), scope["path"], scope["query_string"])
        if place not in self._first:
            fault.times += 1
            kept = list[Message]()
            await self._app(scope, receive, _keeping(kept))
            self._first[place] = kept
        for message in self._first[place]:
            await send(message)

    def _next(self, scope: Mapping[str, Any]) -> Fault | None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL):
            return None
        return next((fault for fault in self._faults if fault.hits(scope["method"], scope["path"])), None)


def _keeping(kept: list[Message]) -> Send:
    async def keep(message: Message) -> None:
        kept.append(message)

    return keep


async def _nowhere(message: Message) -> None:
    """Swallow an answer."""
