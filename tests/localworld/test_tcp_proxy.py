"""Rules of the proxy that breaks the network on command."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from localworld.tcp_proxy import TcpProxy
from loopback import NO_TLS
from serving import serving


@pytest.fixture
def proxy() -> Iterator[TcpProxy]:
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    with serving(lambda _: app) as url, TcpProxy(int(url.rpartition(":")[2])) as running:
        yield running


@pytest.fixture
def client(proxy: TcpProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}", verify=NO_TLS, trust_env=False, timeout=0.3) as http:
        yield http


def _read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(1000):
        pass


def test_it_forwards(client):
    """What is asked through the proxy is answered by the server behind it."""
    assert client.get("/").text == "here"


def test_cut_resets_what_is_open_and_serves_what_is_new(proxy):
    """After a cut an open connection is reset; the next one is served."""
    with socket.create_connection(("127.0.0.1", proxy.port)) as open_one:
        open_one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert open_one.recv(10)
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            _read_to_the_end(open_one)
    assert httpx.get(f"http://127.0.0.1:{proxy.port}/", verify=NO_TLS, trust_env=False).text == "here"


def test_refuse_lets_nobody_connect_until_it_forwards(proxy, client):
    """A refusing proxy refuses connections, at the same port as it forwards again."""
    port = proxy.port
    proxy.refuse()
    with pytest.raises(httpx.ConnectError):
        client.get("/")
    proxy.forward()
    assert proxy.port == port
    assert client.get("/").text == "here"


def test_delay_holds_each_piece_each_way(proxy, client):
    """With a delay an answer takes at least twice as long, once each way."""
    proxy.delay(0.05)
    began = time.monotonic()
    assert client.get("/").text == "here"
    assert time.monotonic() - began >= 0.1


def test_black_hole_keeps_the_connection_and_says_nothing(proxy, client):
    """In a black hole a connection opens and no answer comes; what was held arrives when the way is open again."""
    proxy.black_hole()
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=0.2) as waiting:
        waiting.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            waiting.recv(10)
        proxy.forward()
        assert waiting.recv(10) == b"HTTP/1.1 2"


def test_absent_server_ends_the_connection_and_not_the_proxy():
    """Where nobody listens behind it, a connection ends at once, and the proxy serves on."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with TcpProxy(nobody.getsockname()[1]) as proxy:
            for _ in range(2):
                with socket.create_connection(("127.0.0.1", proxy.port), timeout=1) as connection:
                    assert connection.recv(10) == b""
