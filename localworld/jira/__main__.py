"""`python -m localworld.jira`: serve one JIRA site."""

import json
import socket
from pathlib import Path
from typing import Annotated, cast

import typer
import uvicorn

from localworld.jira.app import create_app
from localworld.jira.store import Mode, Store


class _Server(uvicorn.Server):
    """Says so when it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        typer.echo(f"jira ready on {self._url}")


def main(
    root: Annotated[Path, typer.Option(help="where state and record go")],
    config: Annotated[Path, typer.Option(help="JSON: project, components, users, tickets")],
    port: int = 8081,
    host: str = "127.0.0.1",
    mode: Annotated[str, typer.Option(help="cloud or datacenter")] = "cloud",
    public_url: Annotated[str, typer.Option(help="address that answers carry; default http://HOST:PORT")] = "",
) -> None:
    """Serve until stopped."""
    if mode not in ("cloud", "datacenter"):
        raise typer.BadParameter("mode is cloud or datacenter")
    url = public_url.rstrip("/") or f"http://{host}:{port}"
    store = Store(json.loads(config.read_text()), cast("Mode", mode), url, root / "state.json")
    store.save()
    app = create_app(store, root / "record/jira.jsonl")
    _Server(uvicorn.Config(app, host=host, port=port, log_level="warning"), url).run()


if __name__ == "__main__":
    typer.run(main)
