"""`healer audit leaks`: tells whether any registered secret is in any sink.

Exit codes: 0 no hit and every sink read; 1 a hit; 2 a sink could not be read, or the vault could not be opened.
"""

import json
import sys
from enum import IntEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from healer.audit import Audit, Finding
from healer.errors import HealerError
from healer.settings import AuditSettings, SinkSettings, load

audit = typer.Typer(no_args_is_help=True, help="Prove that no secret came to rest where it must not.")

_PLACES = 20
_WIDTH = 132


class Exit(IntEnum):
    """How an audit ended."""

    CLEAN = 0
    LEAK = 1
    UNREAD = 2


@audit.callback()
def _of_what() -> None:
    """Prove that no secret came to rest where it must not."""


@audit.command()
def leaks(
    case: Annotated[str | None, typer.Option(help="Only this case's runs, branch, pull request and ticket.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Search every sink for every value that the vault holds and every secret of the settings, in all encodings; never print one."""
    from healer.wiring_audit import leaks as search  # noqa: PLC0415 - it imports every client, which --help need not

    err = Console(stderr=True)
    try:
        with err.status("opening the vault") as status:
            found = search(
                load(AuditSettings), load(SinkSettings), case, lambda sink: status.update(f"searching {sink}")
            )
    except HealerError as error:
        typer.echo(f"healer: {error}", err=True)
        raise typer.Exit(Exit.UNREAD) from None
    if as_json:
        typer.echo(json.dumps(found.document(), indent=1, ensure_ascii=False))
    else:
        _show(found)
    raise typer.Exit(Exit.LEAK if found.hits else Exit.UNREAD if found.unread else Exit.CLEAN)


def _show(found: Audit) -> None:
    table = Table("sink", "pieces", "hits", "where", title="Leak audit")
    for finding in found.findings:
        table.add_row(finding.sink, str(finding.pieces), _hits(finding), escape(_where(finding)))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(table)
    console.print(f"{found.hits} hits of {found.values} values; {len(found.unread)} sinks unread")
    if found.left_out:
        console.print(f"too short or too common to be searched for: {', '.join(found.left_out)}", markup=False)


def _hits(finding: Finding) -> str:
    if finding.absent:
        return "-"
    return f"[red]{finding.hits}[/]" if finding.hits else "[red]?[/]" if finding.unread else "[green]0[/]"


def _where(finding: Finding) -> str:
    lines = [f"unread: {finding.unread}"] if finding.unread else []
    lines += [f"absent: {finding.absent}"] if finding.absent else []
    lines += [f"{place} ({hits})" for place, hits in list(finding.places.items())[:_PLACES]]
    more = len(finding.places) - _PLACES
    return "\n".join([*lines, f"and {more} more places"] if more > 0 else lines)
