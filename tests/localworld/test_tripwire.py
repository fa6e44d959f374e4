"""Rules of the proxy that stops the world at one moment."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from localworld.crash.tripwire import Side, Tripwire, Wire
from loopback import NO_TLS
from serving import serving


class Server:
    """Counts what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def hear(self, request: Request) -> PlainTextResponse:
        """Hear one word."""
        self.told.append((await request.body()).decode())
        return PlainTextResponse("heard")


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def wire(server: Server) -> Iterator[Tripwire]:
    app = Starlette(routes=[Route("/", server.hear, methods=["POST"])])
    with serving(lambda _: app) as url, Tripwire(int(url.rpartition(":")[2])) as running:
        yield running


def telling(wire: Tripwire, word: str) -> tuple[threading.Thread, list[Any]]:
    """Tell the server a word in a thread; give the thread and where its answer, or its error, will be."""
    found: list[Any] = []

    def tell() -> None:
        try:
            answer = httpx.post(f"http://127.0.0.1:{wire.port}/", content=word, verify=NO_TLS, trust_env=False)
            found.append(answer.text)
        except httpx.HTTPError as error:
            found.append(type(error).__name__)

    thread = threading.Thread(target=tell)
    thread.start()
    return thread, found


@pytest.mark.parametrize(("side", "heard"), [(Side.BEFORE, []), (Side.AFTER, ["two"])])
@pytest.mark.parametrize("drop", [True, False])
def test_it_stands_on_the_side_that_was_asked_for(wire, server, side, heard, drop):
    """Before: the server has not heard. After: it has, and nobody was told. Dropped, it stays so; let go, all is as without a wire."""
    wire.arm(Wire(rb"two", side))
    thread, found = telling(wire, "two")
    assert wire.tripped.wait(5)
    assert (server.told, found) == (heard, [])
    wire.release(drop=drop)
    thread.join()
    assert server.told == (heard if drop else ["two"])
    assert (found == ["heard"]) is not drop


def test_it_waits_for_the_message_that_was_named(wire, server):
    """Other messages pass, and so does the first of a kind where the second one was asked for."""
    wire.arm(Wire(rb"two", Side.BEFORE, nth=2))
    for word in ("one", "two"):
        thread, found = telling(wire, word)
        thread.join()
        assert found == ["heard"]
    assert not wire.tripped.is_set()
    thread, _ = telling(wire, "two")
    assert wire.tripped.wait(5)
    assert server.told == ["one", "two"]
    wire.release(drop=True)
    thread.join()
