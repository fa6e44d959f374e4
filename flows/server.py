"""Our Prefect server: Prefect's own API and UI, behind redaction.

Console script `healer-prefect-server`. Its data lives in `PREFECT_HOME` (SQLite) or where `PREFECT_API_DATABASE_CONNECTION_URL` says.
"""

from pathlib import Path
from typing import Annotated, Final

import typer
import uvicorn

from flows.redaction import RedactingApp
from healer import logs, programs
from healer.redact import Redactor
from healer.settings import RedactionSettings, SinkSettings, load, secret_values

_SETTINGS: Final = {
    # Leases in memory are lost with the server, and healthy flows crash for it; ours are files.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_RESULTS_DEFAULT_SERIALIZER": "json",
    "PREFECT_SERVER_UI_ENABLED": "true",
    # A run that waits while all workers are busy is not late; telling so is a state and an event for each of them.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "300",
    # Prefect would write each state of each task in a transaction of its own, and events every five seconds. What came within a
    # second is one transaction, and seen a second later.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "1",
}


def serve(
    port: Annotated[int, typer.Option(help="Port of API and UI.")] = 4200,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    template: Annotated[Path | None, typer.Option(help="Where a migrated, empty SQLite database is kept.")] = None,
) -> None:
    """Serve Prefect's API and UI, with every secret that this environment names kept out of what is stored."""
    redactor = Redactor(secret_values(load(SinkSettings)), personal=load(RedactionSettings).redact_personal)
    programs.prepare_environment({**_SETTINGS, "PREFECT_SERVER_API_HOST": host, "PREFECT_SERVER_API_PORT": str(port)})
    # Prefect reads its settings when it is imported.
    from prefect.server.api.server import create_app  # noqa: PLC0415 - see above

    from flows import database  # noqa: PLC0415 - see above

    database.wait_briefly()
    database.prepare(template)
    app = RedactingApp(create_app(final=True), redactor)
    logs.install(redactor, level="WARNING", adopt=("uvicorn", "uvicorn.error"))
    uvicorn.run(app, host=host, port=port, log_config=None, access_log=False)


def main() -> None:
    """Run the console script. Exit codes: SPEC, section 4."""
    programs.run("healer-prefect-server", lambda: typer.run(serve))
