"""Executes flow runs: Prefect's own runner, warm where that is possible, told by Redis when there is something to do.

Console script `healer-runner`. It makes the deployments of `deployments/prefect.yaml` at its start.
"""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from healer import logs, programs
from healer.clients import store
from healer.clients.nudges import nudges
from healer.errors import Misconfigured
from healer.redact import Redactor
from healer.settings import (
    FlowSettings,
    OperatorSettings,
    SinkSettings,
    StoreSettings,
    load,
    secret_values,
)

if TYPE_CHECKING:
    from prefect.runner import Runner

_SETTINGS: Final = {
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "healer",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
}
_STOCK_S: Final = 1
DEPLOYMENTS: Final = Path(__file__).resolve().parents[1] / "deployments" / "prefect.yaml"


def prove_server_is_named() -> None:
    """Refuse to go on without the server's address: Prefect's client would begin a server of its own, whose work nobody sees.

    Raises: Misconfigured.
    """
    if not load(OperatorSettings).prefect_api_url:
        remedy = "Set it to Prefect's API, for example http://127.0.0.1:4200/api."
        raise Misconfigured("PREFECT_API_URL is not set.", reason="settings", remedy=remedy)


def run(
    limit: Annotated[int, typer.Option(min=1, help="Most flow runs at the same time.")] = 2,
    deployments: Annotated[Path, typer.Option(help="The file that defines the deployments.")] = DEPLOYMENTS,
    *,
    stock: Annotated[
        bool, typer.Option("--stock", help="Do not preload: start each flow run in a new interpreter.")
    ] = False,
    look_every: Annotated[
        float,
        typer.Option(min=1, help="Seconds after which the warm runner looks for runs that nobody has told it of."),
    ] = 5,
) -> None:
    """Execute flow runs until told to stop."""
    prove_server_is_named()
    load(FlowSettings)  # each run needs them: what is missing is said now
    programs.prepare_environment(_SETTINGS)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(limit, deployments, None if stock else look_every))


async def _serve(limit: int, path: Path, look_every: float | None) -> None:
    # Prefect reads its settings when it is imported.
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - see above
    from prefect.runner import Runner  # noqa: PLC0415 - see above

    from flows import deployments, pools, warm  # noqa: PLC0415 - see above

    logs.install(Redactor(secret_values(load(SinkSettings))), level="WARNING", adopt=("prefect",))
    is_warm = look_every is not None and await asyncio.to_thread(warm.is_possible)
    every = look_every if look_every is not None and is_warm else _STOCK_S
    runner = Runner(name="healer", limit=limit, query_seconds=every, pause_on_shutdown=False)
    others = pools.APART if load(OperatorSettings).task_pool else frozenset()
    defined = [one for one in await asyncio.to_thread(deployments.read, path) if one.name not in others]
    async with get_client() as client:
        await pools.make(client, {one.work_pool_name for one in defined if one.work_pool_name})
    for deployment in defined:
        await runner.aadd_deployment(deployment)
    entrypoints = {deployment.name: deployment.entrypoint or "" for deployment in defined}
    work = asyncio.create_task(runner.start(webserver=False))
    looking = asyncio.create_task(_look_when_nudged(runner, entrypoints)) if is_warm else None
    await asyncio.sleep(0)  # the runner begins, and sets a handler for SIGTERM that forgets to await its own end
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    typer.echo(f"runner ready ({'warm' if is_warm else 'stock'}, {len(defined)} deployments)")
    with contextlib.suppress(asyncio.CancelledError):
        await work
    if looking:
        looking.cancel()


async def _look_when_nudged(runner: "Runner", entrypoints: dict[str, str]) -> None:
    """Look at once for each nudge, and when a slot is free again after all were taken. Nudges during a look are one more look."""
    from flows import warm  # noqa: PLC0415 - Prefect reads its settings when it is imported

    due, full = asyncio.Event(), asyncio.Event()

    def freed() -> None:
        if full.is_set():
            due.set()

    warm.install(entrypoints, on_exit=freed)
    listening = asyncio.create_task(_listen(due))
    try:
        while True:
            await due.wait()
            due.clear()
            if runner.started and not await warm.look(runner):
                full.set()
            else:
                full.clear()
    finally:
        listening.cancel()


async def _listen(due: asyncio.Event) -> None:
    async for _ in nudges(store.connect(load(StoreSettings).redis_url)):
        due.set()


def main() -> None:
    """Run the console script. Exit codes: SPEC, section 4."""
    programs.run("healer-runner", lambda: typer.run(run))
