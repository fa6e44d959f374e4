"""`python -m localworld.jira`: serve one JIRA site."""

import json
from pathlib import Path
from typing import Annotated, cast

import typer

from localworld.announce import serve
from localworld.jira.app import create_app
from localworld.jira.store import Mode, Store


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
    serve(app, "jira", url, [host], port)


if __name__ == "__main__":
    typer.run(main)
