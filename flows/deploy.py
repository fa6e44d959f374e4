"""`healer deploy`: makes Prefect hold what `deployments/` says, or says where it does not.

Exit codes: 0 done, or nothing differs; 1 something differs (`--check`), or Prefect refused. It is a command of `healer` by an entry point,
so that the command itself needs no Prefect.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from flows.runner import DEPLOYMENTS, prove_server_is_named
from healer.settings import OperatorSettings, load


def deploy(
    deployments: Annotated[Path, typer.Option(help="The file that defines the deployments.")] = DEPLOYMENTS,
    *,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; end with 1 where something differs.")] = False,
) -> None:
    """Make work pools, deployments and automations in Prefect those of the files; each line says what differed."""
    prove_server_is_named()
    settings = load(OperatorSettings)
    from flows import applying  # noqa: PLC0415 - Prefect reads its settings when it is imported

    drift, notes = asyncio.run(applying.applied(deployments, settings.notify_block, check=check))
    for line in (*drift, *notes):
        typer.echo(line)
    if not drift:
        typer.echo("nothing differs")
    raise typer.Exit(1 if check and drift else 0)
