"""Serves the portal in this process."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from localworld.announce import listen
from localworld.errors import WorldError

_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Listening:
    """The addresses on which the portal listens; all share one port."""

    hosts: tuple[str, ...]
    port: int

    @property
    def url(self) -> str:
        """Give the address on the first host."""
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Give the address on each host."""
        return tuple(f"http://{host}:{self.port}" for host in self.hosts)


@contextmanager
def serving(app: ASGIApp, hosts: Sequence[str], port: int = 0) -> Iterator[Listening]:
    """Serve on one port of all hosts until the block ends; with port 0 the kernel chooses it.

    Raises: WorldError when an address is taken or the server does not come up.
    """
    sockets = _bind(hosts, port)
    # No access log: what a portal is asked for is not for log files.
    server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, name="portal", daemon=True)
    thread.start()
    _wait(server, thread)
    try:
        yield Listening(tuple(hosts), sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        for listener in sockets:
            listener.close()


def _bind(hosts: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    for host in hosts:
        try:
            listener = listen(host, port)
        except OSError as error:
            raise WorldError(f"the portal cannot listen on {host}:{port}: {error.strerror}.") from None
        port = listener.getsockname()[1]
        sockets.append(listener)
    return sockets


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise WorldError("the portal did not come up.")
        time.sleep(0.01)
