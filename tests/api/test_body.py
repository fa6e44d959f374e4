"""Rules of requests that come slowly, not at all, or as no HTTP, over real connections."""

import contextlib
import http.client
import itertools
import json
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from api.connection import Connection
from api.main import create_app
from gateway_site import PREFECT, REGISTRY, make_parts
from healer.clients import store
from loopback import NO_TLS
from serving import serving

PATIENCE_S = 0.3
WHOLE_S = 0.6


@pytest.fixture
def address(redis_url: str, wire: respx.Router, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Serve a gateway that waits less than in production."""
    monkeypatch.setattr("api.body._PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr("api.connection.PATIENCE_S", WHOLE_S)

    def make(_: str) -> Any:
        prefect, issuer = httpx.AsyncClient(base_url=PREFECT, verify=NO_TLS), httpx.AsyncClient(verify=NO_TLS)
        return create_app(make_parts(store.connect(SecretStr(redis_url)), prefect, issuer, [REGISTRY]))

    with serving(make, lifespan="on", http=Connection) as url:
        yield "127.0.0.1", int(url.rpartition(":")[2])


def _begin(address: tuple[str, int], path: str, length: int) -> socket.socket:
    """Announce a body and send none of it."""
    line = socket.create_connection(address, timeout=5)
    line.sendall(f"POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-length: {length}\r\n\r\n".encode())
    return line


def _answer(line: socket.socket) -> tuple[int, str]:
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return answer.status, json.loads(answer.read())["reason"]


@pytest.mark.parametrize("path", ["/v1/hooks/workato", "/v1/hooks/github", "/v1/leases", "/v1/gate/reports"])
def test_body_that_stops_is_cut(address: tuple[str, int], path: str) -> None:
    """A sender that announces a body and falls silent is refused when the time is over."""
    began = time.monotonic()
    with _begin(address, path, 100) as line:
        line.sendall(b'{"ticket"')
        assert _answer(line) == (408, "too_slow")
    assert time.monotonic() - began < PATIENCE_S + 1


def test_body_that_drips_is_cut(address: tuple[str, int]) -> None:
    """The time is for the whole body: a byte now and then does not buy more of it."""
    began = time.monotonic()
    with _begin(address, "/v1/hooks/workato", 1000) as line:
        while time.monotonic() - began < PATIENCE_S * 0.9:
            line.sendall(b" ")
            time.sleep(0.02)
        assert _answer(line) == (408, "too_slow")
    assert time.monotonic() - began < PATIENCE_S + 1


def test_sender_that_leaves_disturbs_nobody(address: tuple[str, int]) -> None:
    """A connection that breaks within a body leaves a gateway that answers others."""
    with _begin(address, "/v1/hooks/workato", 100) as line:
        line.sendall(b"{")
    with _begin(address, "/v1/hooks/workato", 2) as line:
        line.sendall(b"{}")
        assert _answer(line) == (401, "bad_signature")


# ---------------------------------------------------------------- heads, and what is no HTTP


def _drip(line: socket.socket, what: bytes) -> float:
    """Send a byte every 20 ms until the other side has closed; give how long that took, and fail where it did not."""
    began = time.monotonic()
    line.setblocking(False)
    for byte in itertools.cycle(what):
        if time.monotonic() - began > WHOLE_S + 2:
            raise AssertionError("it was never cut")
        with contextlib.suppress(BlockingIOError):
            if not line.recv(65_536):
                break
        try:
            line.send(bytes([byte]))
        except (BrokenPipeError, ConnectionResetError):
            break
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.parametrize("began", [b"", b"G", b"POST /v1/hooks/workato HTTP/1.1\r\nhost: gateway\r\nx-a"])
def test_head_that_stops_is_cut(address: tuple[str, int], began: bytes) -> None:
    """Who opens a connection and sends nothing, or a part of a head, is refused when the time is over, and the connection is closed."""
    opened = time.monotonic()
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(began)
        assert _answer(line) == (408, "too_slow")
        assert line.recv(1) == b""
    assert WHOLE_S * 0.9 < time.monotonic() - opened < WHOLE_S + 1


def test_head_that_drips_is_cut(address: tuple[str, int]) -> None:
    """The time is for the whole head: header after header does not buy more of it."""
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nhost: gateway\r\n")
        assert _drip(line, b"x-a: b\r\n") < WHOLE_S + 1


def test_second_head_that_drips_is_cut(address: tuple[str, int]) -> None:
    """A request that was answered buys the next one no more time than the first had."""
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\nhost: gateway\r\n\r\n")
        assert http.client.HTTPResponse(line).fp.readline() == b"HTTP/1.1 200 OK\r\n"
        assert _drip(line, b"x") < WHOLE_S + 1


@pytest.mark.parametrize("head", [b"POST /v1/hooks/workato HTTP/1.1", b"GET /livez HTTP/1.1"])
def test_body_that_drips_after_its_answer_is_cut(address: tuple[str, int], head: bytes) -> None:
    """An answered request that goes on holds its connection no longer than one that was not."""
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(head + b"\r\nhost: gateway\r\ncontent-length: 1000000\r\n\r\n")
        assert _drip(line, b" ") < WHOLE_S + 1


def test_connection_in_time_is_kept(address: tuple[str, int]) -> None:
    """Requests that are each there in time are served on one connection for longer than one of them may take."""
    began = time.monotonic()
    line = http.client.HTTPConnection(*address, timeout=5)
    while time.monotonic() - began < WHOLE_S * 1.5:
        line.request("GET", "/livez")
        answer = line.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"status":"alive"}')
        time.sleep(0.05)
    assert line.sock is not None
    line.close()


@pytest.fixture
def heard(address: tuple[str, int], caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Give what the server and its event loop log, uvicorn's own loggers included."""
    uvicorn = logging.getLogger("uvicorn")  # it does not hand on to the root
    uvicorn.addHandler(caplog.handler)
    with caplog.at_level(logging.DEBUG, "uvicorn.error"), caplog.at_level(logging.INFO):
        yield caplog
    uvicorn.removeHandler(caplog.handler)


NO_HTTP = {
    "noise": b"\x16\x03\x01\x02\0\r\n\r\n",
    "no host": b"GET /livez HTTP/1.1\r\n\r\n",
    "two lengths": b"POST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "huge head": b"GET /livez HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 200_000,
    "chunk of no size": b"POST /v1/leases HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_a_problem_too(address: tuple[str, int], name: str, heard: pytest.LogCaptureFixture) -> None:
    """What is no HTTP is refused as a problem with its reason; nothing of it is echoed, and no line is logged for it."""
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(NO_HTTP[name])
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
        assert json.loads(answer.read())["reason"] == "bad_http"
    assert heard.records == []


def test_what_is_no_http_behind_an_answer_is_closed(address: tuple[str, int], heard: pytest.LogCaptureFixture) -> None:
    """A body that turns into no HTTP after its request was answered ends the connection, without a second answer or a line in the log."""
    with socket.create_connection(address, timeout=5) as line:
        line.sendall(b"POST /nowhere HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n")
        answer = http.client.HTTPResponse(line)
        answer.begin()
        answer.read()
        line.sendall(b"zz\r\n")
        assert (answer.status, line.recv(1)) == (404, b"")
    assert heard.records == []
