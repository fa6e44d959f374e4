"""`python -m localworld.github`: serve one GitHub."""

import json
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from localworld.github.app import create_app
from localworld.github.store import Store
from localworld.github.templates import Templates

CONTRACT = Path(__file__).resolve().parents[2] / "tests/contracts/github-slim.json.gz"


class _Server(uvicorn.Server):
    """Says so when it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(f"github ready on {self._url}")


def main(
    root: Annotated[Path, typer.Option(help="where repositories, runs and record are")],
    config: Annotated[Path, typer.Option(help="JSON: repositories, app, tokens, webhook, act")],
    port: int = 8080,
    host: Annotated[list[str] | None, typer.Option(help="address to listen on; may be repeated")] = None,
    public_url: Annotated[str, typer.Option(help="address that answers carry; default http://HOST:PORT")] = "",
    contract: Annotated[Path, typer.Option(help="the vendor's document")] = CONTRACT,
) -> None:
    """Serve until stopped."""
    hosts = host or ["127.0.0.1"]
    url = public_url.rstrip("/") or f"http://{hosts[0]}:{port}"
    store = Store(root, json.loads(config.read_text()), url, Templates(contract))
    app = create_app(store, root / "record/github.jsonl")
    _Server(uvicorn.Config(app, log_level="warning"), url).run([_listen(name, port) for name in hosts])


def _listen(host: str, port: int) -> socket.socket:
    # Only a socket that names its protocol gets TCP_NODELAY from asyncio; without it each answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


if __name__ == "__main__":
    typer.run(main)
