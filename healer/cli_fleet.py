"""`healer fleet`: how each importer stands, in a terminal."""

from collections.abc import Iterator
from typing import Annotated

import typer

from healer.clients.front_door import FrontDoor
from healer.fleet import COLUMNS, Board, cells
from healer.settings import OperatorSettings, load


def fleet(*, as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False) -> None:
    """Show how each importer stands: those first that a person should look at."""
    settings = load(OperatorSettings)
    board = Board.model_validate(FrontDoor(settings.url, settings.api_token).fleet())
    typer.echo(board.model_dump_json(indent=2) if as_json else "\n".join(_lines(board)))


def _lines(board: Board) -> Iterator[str]:
    """Give the table, its columns as wide as what stands in them, and a sum."""
    rows = [COLUMNS, *(cells(row) for row in board.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    yield ", ".join(f"{count} {standing.value}" for standing, count in board.counts.items())
