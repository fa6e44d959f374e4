"""Rules of bodies that come slowly or not at all, over real HTTP."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import respx
from pydantic import SecretStr

from api.main import create_app
from gateway_site import PREFECT, REGISTRY, make_parts
from healer.clients import store
from loopback import NO_TLS
from serving import serving

PATIENCE_S = 0.4


@pytest.fixture
def address(redis_url: str, wire: respx.Router, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Serve a gateway that waits less than in production."""
    monkeypatch.setattr("api.body._PATIENCE_S", PATIENCE_S)

    def make(_: str) -> Any:
        prefect, issuer = httpx.AsyncClient(base_url=PREFECT, verify=NO_TLS), httpx.AsyncClient(verify=NO_TLS)
        return create_app(make_parts(store.connect(SecretStr(redis_url)), prefect, issuer, [REGISTRY]))

    with serving(make, lifespan="on") as url:
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
