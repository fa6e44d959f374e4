"""`healer fleet`: how each importer stands, in a terminal."""

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from healer.clients.front_door import FrontDoor
from healer.fleet import COLUMNS, Board, cells
from healer.settings import OperatorSettings, load

_WHOLE: Final = 400
"""Where no terminal is, no line is folded."""


def fleet(*, as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False) -> None:
    """Show how each importer stands: those first that a person should look at."""
    settings = load(OperatorSettings)
    board = Board.model_validate(FrontDoor(settings.url, settings.api_token).fleet())
    if as_json:
        typer.echo(board.model_dump_json(indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column in {"importer", "standing"})
    for row in board.rows:
        table.add_row(*cells(row))
    is_terminal = Console().is_terminal
    Console(markup=False, highlight=False, width=None if is_terminal else _WHOLE).print(table)
    typer.echo(", ".join(f"{count} {standing.value}" for standing, count in board.counts.items()))
