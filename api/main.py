"""The gateway: console script `healer-gateway`.

`uvicorn --factory api.main:app --http api.connection:Connection` is the same; without the connection's class slow requests are not cut.
"""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from api import autonomy, cases, commands, fetches, fleet, health, hooks, leases, logins, pauses, problems, reports
from api.connection import Connection
from api.dispatch import Dispatcher
from api.openapi import Described
from api.parts import AppParts, parts_of
from healer import logs, programs
from healer.settings import GatewaySettings, load
from healer.wiring import GatewayParts, gateway_parts

_AGAIN_S = 0.2
_UVICORN = ("uvicorn", "uvicorn.error")


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse a Redis that forgets, then dispatch for as long as the application serves."""
    parts = parts_of(app)
    await parts.gateway.cases.check_durability()
    await parts.gateway.outbox.prepare()
    dispatching = asyncio.create_task(Dispatcher(parts.gateway, parts.metrics, parts.under_way).run())
    try:
        yield
    finally:
        await _end(dispatching)
        await parts.gateway.close()


async def _end(task: "asyncio.Task[None]") -> None:
    """Cancel until it has ended: a cancellation that meets a time-out within a client is lost."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_S)


def create_app(parts: GatewayParts) -> FastAPI:
    """Give the application over its parts; nothing is contacted before it starts."""
    app = Described(title="Importer Healer gateway", version="1", lifespan=_lifespan, docs_url=None, redoc_url=None)
    app.state.parts = AppParts(parts)
    problems.install(app)
    for room in (hooks, leases, reports, logins, fetches, cases, commands, fleet, autonomy, pauses, health):
        app.router.routes.extend(room.router.routes)  # an included router matches each request twice
    return app


def app() -> FastAPI:
    """Give the application as the environment configures it.

    Raises: Misconfigured naming what is missing or wrong.
    """
    parts = gateway_parts(load(GatewaySettings))
    logs.install(parts.redactor, adopt=_UVICORN)
    _silence_access_log()
    made = create_app(parts)
    _keep_what_is_loaded()
    return made


def _keep_what_is_loaded() -> None:
    """Let the garbage collector pass over what lives as long as the process: a full pass holds every delivery up for some 60 ms."""
    gc.collect()
    gc.freeze()


def _silence_access_log() -> None:
    """Write no line per request: a flood would fill the disk, and addresses hold what strangers put into them."""
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


def serve(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Serve webhooks, leases, gate reports and cases. Settings come from the environment."""
    made = app()  # first, so that uvicorn's first line is redacted too
    uvicorn.run(
        made,
        host=host,
        port=port,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )


def main() -> None:
    """Run the console script. Exit codes: SPEC, section 4."""
    programs.run("healer-gateway", lambda: typer.run(serve))
