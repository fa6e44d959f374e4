"""Serves an ASGI application over real HTTP on a free port of loopback."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Literal

import uvicorn
from starlette.types import ASGIApp


@contextlib.contextmanager
def serving(
    make: Callable[[str], ASGIApp],
    lifespan: Literal["on", "off"] = "off",
    port: int = 0,
    http: type[asyncio.Protocol] | Literal["auto"] = "auto",
) -> Iterator[str]:
    """Serve the application that `make` builds for an address, with its start and end where they are asked for; give the address.

    `http` is the class of connections, uvicorn's own by default.
    """
    # Only a socket that names its protocol gets TCP_NODELAY from asyncio; without it each answer waits 40 ms for an ACK.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(make(url), log_level="critical", lifespan=lifespan, http=http))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            yield url
        finally:
            server.should_exit = True
            thread.join()
