"""What was missed while an importer was broken, and which account is which: for whoever feeds the production scheduler."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from healer.cli_store import with_store
from healer.clients.front_door import FrontDoor
from healer.settings import OperatorSettings, load

if TYPE_CHECKING:
    from healer.wiring_store import OperatorStore

backfill = typer.Typer(
    no_args_is_help=True, help="Accounts and billing periods that were missed while an importer was broken."
)


@backfill.command()
def show(
    ticket: Annotated[str, typer.Argument(help="The JIRA ticket's key, for example UTIL-101.")],
    *,
    csv: Annotated[bool, typer.Option("--csv", help="CSV in place of JSON.")] = False,
) -> None:
    """Print what was missed until a case's end."""
    settings = load(OperatorSettings)
    typer.echo(FrontDoor(settings.url, settings.api_token).backfill(ticket, csv=csv), nl=False)


@backfill.command()
def accounts(importer: Annotated[str, typer.Argument(help="The importer's name in importers.toml.")]) -> None:
    """Say under which hash each account stands in the list: account numbers on standard input, one a line; needs the vault's keys."""
    numbers = [line.strip() for line in sys.stdin if line.strip()]

    async def marks(store: "OperatorStore") -> list[str]:
        hasher = store.evidence.hasher(importer)
        return [hasher.account_number(number) for number in numbers]

    for number, mark in zip(numbers, with_store(marks), strict=True):
        typer.echo(f"{mark} {number}")
