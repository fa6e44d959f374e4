"""Serves a stand-in as a program that says when it listens."""

import socket
from collections.abc import Sequence

import typer
import uvicorn
from starlette.types import ASGIApp


def serve(app: ASGIApp, name: str, url: str, hosts: Sequence[str], port: int) -> None:
    """Serve on one port of all hosts until stopped; print `NAME ready on URL` once they listen."""
    _Server(uvicorn.Config(app, log_level="warning"), f"{name} ready on {url}").run(
        [listen(host, port) for host in hosts]
    )


def listen(host: str, port: int) -> socket.socket:
    """Give a bound socket. Only one that names its protocol gets TCP_NODELAY from asyncio; without it each answer waits 40 ms.

    Raises: OSError where the address is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, words: str) -> None:
        super().__init__(config)
        self._words = words

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(self._words)
