"""`python -m localworld.portal`: serve the six utilities' portals."""

import json
import re
import socket
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from localworld.errors import WorldError
from localworld.portal.app import create_app
from localworld.portal.site import Login
from localworld.portal.switches import month_of
from localworld.portal.utilities import UTILITIES

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


def read_logins(path: Path) -> dict[str, Login]:
    """Read `{"UTILITY": {"username": …, "password": …}}`.

    Raises: WorldError naming the utilities that have no login; no value of the file is in it.
    """
    try:
        given = json.loads(path.read_text())
        return {u.name: Login(given[u.name]["username"], given[u.name]["password"]) for u in UTILITIES}
    except (ValueError, KeyError, TypeError):
        names = ", ".join(utility.name for utility in UTILITIES)
        raise WorldError(f"{path} must give username and password for each of {names}.") from None


def bind(hosts: list[str], port: int) -> list[socket.socket]:
    """Listen on one port of several addresses; with port 0 the kernel chooses the first one's."""
    sockets: list[socket.socket] = []
    for host in hosts:
        listener = socket.create_server((host, port))
        port = listener.getsockname()[1]
        sockets.append(listener)
    return sockets


class _Server(uvicorn.Server):
    """Says on standard output when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()
            print(f"portal ready on http://{host}:{port}", flush=True)  # noqa: T201 - this is the program's output


def serve(
    credentials: Annotated[Path, typer.Option(help="JSON file: username and password by utility.")],
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 0,
    host: Annotated[list[str] | None, typer.Option(help="Address to listen on; may be given several times.")] = None,
    month: Annotated[str, typer.Option(help="Month of the newest bill, YYYY-MM; default: this month.")] = "",
) -> None:
    """Serve the portals of six made-up utilities."""
    if month and not _MONTH.fullmatch(month):
        raise typer.BadParameter("must be YYYY-MM", param_hint="--month")
    newest: date = month_of(month) if month else datetime.now(UTC).date().replace(day=1)
    app = create_app(read_logins(credentials), newest)
    # No access log: what a portal is asked for is not for log files.
    server = _Server(uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off"))
    server.run(sockets=bind(host or ["127.0.0.1"], port))


if __name__ == "__main__":
    typer.run(serve)
