"""`python -m localworld.github`: serve one GitHub."""

import json
from pathlib import Path
from typing import Annotated

import typer

from localworld.announce import serve
from localworld.github.app import create_app
from localworld.github.store import Store
from localworld.github.templates import Templates

CONTRACT = Path(__file__).resolve().parents[2] / "tests/contracts/github-slim.json.gz"


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
    serve(app, "github", url, hosts, port)


if __name__ == "__main__":
    typer.run(main)
