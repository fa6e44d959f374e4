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
    host: str = "127.0.0.1",
    public_url: Annotated[str, typer.Option(help="address that answers carry; default http://HOST:PORT")] = "",
    contract: Annotated[Path, typer.Option(help="the vendor's document")] = CONTRACT,
) -> None:
    """Serve until stopped."""
    url = public_url.rstrip("/") or f"http://{host}:{port}"
    store = Store(root, json.loads(config.read_text()), url, Templates(contract))
    app = create_app(store, root / "record/github.jsonl")
    _Server(uvicorn.Config(app, host=host, port=port, log_level="warning"), url).run()


if __name__ == "__main__":
    typer.run(main)
