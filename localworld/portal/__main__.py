"""`python -m localworld.portal`: serve the six utilities' portals until the process is told to end."""

import json
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from localworld.errors import WorldError
from localworld.portal.app import create_app
from localworld.portal.server import serving
from localworld.portal.site import Login
from localworld.portal.switches import SwitchError, month_of


def read_logins(path: Path) -> dict[str, Login]:
    """Read `{"UTILITY": {"username": …, "password": …}}`.

    Raises: WorldError without any value of the file.
    """
    try:
        given = json.loads(path.read_text())
        return {name: Login(login["username"], login["password"]) for name, login in given.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise WorldError(f"{path} must be JSON that gives username and password by utility.") from None


def serve(
    credentials: Annotated[Path, typer.Option(help="JSON file: username and password by utility.")],
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    host: Annotated[list[str] | None, typer.Option(help="Address to listen on; may be given several times.")] = None,
    month: Annotated[str, typer.Option(help="Month of the newest bill, YYYY-MM; default: this month.")] = "",
) -> None:
    """Serve the portals of the made-up utilities that have a login."""
    try:
        newest = month_of(month or f"{datetime.now(UTC):%Y-%m}")
    except SwitchError as error:
        raise typer.BadParameter(str(error), param_hint="--month") from None
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with serving(create_app(read_logins(credentials), newest), host or ["127.0.0.1"], port) as listening:
        print(f"portal ready on {' '.join(listening.urls)}", flush=True)  # noqa: T201 - this is the program's output
        ended.wait()


if __name__ == "__main__":
    typer.run(serve)
