"""`healer deploy`: makes Prefect hold what `deployments/` says, or says where it does not.

Exit codes: 0 done, or nothing differs; 1 something differs (`--check`), or Prefect refused. It is a command of `healer` by an entry point,
so that the command itself needs no Prefect.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from flows.runner import DEPLOYMENTS, prove_server_is_named
from healer.errors import Misconfigured
from healer.settings import OperatorSettings, load


def deploy(
    deployments: Annotated[Path, typer.Option(help="The file that defines the deployments.")] = DEPLOYMENTS,
    template: Annotated[
        Path | None, typer.Option(help="The base job template of HEALER_TASK_POOL, the pool of heal and publish.")
    ] = None,
    kind: Annotated[str, typer.Option("--type", help="The type of that pool: ecs or kubernetes.")] = "ecs",
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; end with 1 where something differs.")] = False,
) -> None:
    """Make work pools, deployments and automations in Prefect those of the files; each line says what differed."""
    prove_server_is_named()
    settings = load(OperatorSettings)
    if (template is None) is not (settings.task_pool is None):
        remedy = "Give both --template and HEALER_TASK_POOL, or none of them."
        raise Misconfigured("a template is for the pool that HEALER_TASK_POOL names.", reason="settings", remedy=remedy)
    from flows import applying, pools  # noqa: PLC0415 - Prefect reads its settings when it is imported

    pool = pools.read(settings.task_pool, kind, template) if template and settings.task_pool else None
    drift, notes = asyncio.run(applying.applied(deployments, settings.notify_block, pool, check=check))
    for line in (*drift, *notes):
        typer.echo(line)
    if not drift:
        typer.echo("nothing differs")
    raise typer.Exit(1 if check and drift else 0)
