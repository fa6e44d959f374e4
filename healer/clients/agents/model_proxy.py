"""The agent's only way out: a small proxy to one model endpoint. The key is here and nowhere near the agent, which has a token of this run.

It passes on what the run may ask, adds the key, and streams the answer back. Everything else is refused.
"""

import contextlib
import hmac
import json
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from healer.clients.agents import inside
from healer.clients.agents.home import Home
from healer.clients.agents.walls import Walls

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a request, as the Messages API has it."""
_CONNECT_S, _READ_S, _ARRIVAL_S, _GOODBYE_S = 10.0, 600.0, 30.0, 1
_PASSED: Final = ("content-type", "accept", "anthropic-version", "anthropic-beta", "x-claude-code-session-id")
_RETURNED: Final = ("content-type", "content-encoding", "retry-after", "request-id", "x-should-retry")


@dataclass(frozen=True)
class Endpoint:
    """A model endpoint. `paths` are what may be asked of it and `model` which model may be named; None for any."""

    url: str
    key: SecretStr
    paths: frozenset[str] | None = None
    model: str | None = None


class ModelProxy:
    """One run's proxy. `token` is what the agent shows instead of the key; `answered` counts the answers that cost money."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint, self._http = endpoint, httpx.AsyncClient(timeout=httpx.Timeout(_READ_S, connect=_CONNECT_S))
        self.token = SecretStr(secrets.token_urlsafe(32))
        self.answered = 0
        self.app = Starlette(
            routes=[Route("/{path:path}", self._forward, methods=["POST", "GET"])], lifespan=self._lifespan
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._http:
            yield

    async def _forward(self, request: Request) -> Response:
        login = self._login(request)
        if login is None:
            return _refused(401, "authentication_error", "this token is not the run's")
        if self._endpoint.paths is not None and request.url.path not in self._endpoint.paths:
            return _refused(404, "not_found_error", "not a path of this run")
        body = await _body(request)
        if body is None or not self._is_ours(body):
            return _refused(400, "invalid_request_error", "not a request of this run")
        return await self._passed_on(request, body, login)

    def _login(self, request: Request) -> dict[str, str] | None:
        """Give the key in the header in which the token came, None where the token is not ours."""
        for name, prefix in (("x-api-key", ""), ("authorization", "Bearer ")):
            shown = request.headers.get(name, "")
            if hmac.compare_digest(shown.encode(), f"{prefix}{self.token.get_secret_value()}".encode()):
                return {name: f"{prefix}{self._endpoint.key.get_secret_value()}"}
        return None

    def _is_ours(self, body: bytes) -> bool:
        if self._endpoint.model is None:
            return True
        try:
            asked = json.loads(body)
        except ValueError:
            return False
        return isinstance(asked, dict) and asked.get("model") == self._endpoint.model

    async def _passed_on(self, request: Request, body: bytes, login: dict[str, str]) -> Response:
        headers = {name: request.headers[name] for name in _PASSED if name in request.headers} | login
        query = f"?{request.url.query}" if request.url.query else ""
        address = f"{self._endpoint.url.rstrip('/')}{request.url.path}{query}"
        try:
            asked = self._http.build_request(request.method, address, content=body, headers=headers)
            answer = await self._http.send(asked, stream=True)
        except httpx.HTTPError as error:
            return _refused(502, "api_error", f"the model endpoint does not answer ({type(error).__name__})")
        self.answered += answer.is_success
        back = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
        closing = BackgroundTask(answer.aclose)
        return StreamingResponse(_stream(answer), answer.status_code, back, background=closing)


async def _stream(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Pass an answer on; one that breaks off ends here, and the agent sees that its end is missing."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.HTTPError:
        return


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _refused(status: int, kind: str, message: str) -> Response:
    """Refuse in the form of the Messages API (docs.anthropic.com, "Errors")."""
    return JSONResponse({"type": "error", "error": {"type": kind, "message": message}}, status)


# ---------------------------------------------------------------- serving


@contextmanager
def serving(proxy: ModelProxy, home: Home, walls: Walls) -> Iterator[str]:
    """Serve the proxy to one agent until the context ends; give the address at which the agent finds it.

    In namespaces the agent's side opens the socket and hands it over; it may do so once.
    """
    with _door(home, walls) as (waiting, url):
        config = uvicorn.Config(
            proxy.app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=_GOODBYE_S
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=_serve, args=(server, waiting, walls.namespaces), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            server.should_exit = True
            if walls.namespaces:
                # Nobody came: this wakes the thread that still waits.
                with contextlib.suppress(OSError):
                    waiting.shutdown(socket.SHUT_RDWR)
            thread.join(_ARRIVAL_S)


@contextmanager
def _door(home: Home, walls: Walls) -> Iterator[tuple[socket.socket, str]]:
    if walls.namespaces:
        place = home.door / "way"
        with socket.socket(socket.AF_UNIX) as waiting:
            waiting.bind(str(place))
            Path(place).chmod(0o666)
            waiting.listen(1)
            yield waiting, f"http://127.0.0.1:{inside.PORT}"
        return
    # Only a socket that names its protocol gets TCP_NODELAY from asyncio.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as waiting:
        waiting.bind(("127.0.0.1", 0))
        yield waiting, f"http://127.0.0.1:{waiting.getsockname()[1]}"


def _serve(server: uvicorn.Server, waiting: socket.socket, handed_over: bool) -> None:  # noqa: FBT001 - a thread's target
    if not handed_over:
        server.run([waiting])
        return
    try:
        waiting.settimeout(_ARRIVAL_S)
        host, _ = waiting.accept()
        with host:
            _, descriptors, _, _ = socket.recv_fds(host, 1, 1)
            way = socket.socket(fileno=descriptors[0])
            host.sendall(b"w")
    except (OSError, IndexError):
        return
    with way:
        server.run([way])
