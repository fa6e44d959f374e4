"""`python -m localworld.crash`: the whole matrix, resumed where it was left, or a soak of random cells.

Exit codes: 0 everything held; 1 something did not; 2 the world could not be set up.
"""

import random
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from localworld.crash.cells import Cell, matrix, real_gate
from localworld.crash.driver import Outcome
from localworld.crash.jobs import outcomes
from localworld.crash.sheet import Sheet
from localworld.errors import WorldError

console = Console(width=None if sys.stdout.isatty() else 160)


def play(cells: Iterable[Cell], sheet: Sheet, jobs: int) -> None:
    """Play cells, and write each outcome down at once."""
    for outcome in outcomes(cells, jobs):
        _tell(outcome)
        sheet.write(outcome)


def _tell(outcome: Outcome) -> None:
    mark = "[green]holds[/]" if outcome.ok else "[red]FAILS[/]"
    console.print(f"{mark} {outcome.seconds:6.1f} s  {outcome.name}  ({outcome.case})", highlight=False)
    for words in outcome.broken:
        console.print(f"        [red]{words}[/]", highlight=False)


def _chance(seed: int, until: float) -> Iterator[Cell]:
    """Draw cells until the time is over; the same seed draws the same ones."""
    dice, cells = random.Random(seed), matrix()  # noqa: S311 - not for secrets: it must repeat
    while time.monotonic() < until:
        yield dice.choice(cells)


def main(  # noqa: PLR0913 - the options of a command
    cell: Annotated[str, typer.Option(help="Only cells whose name holds this text.")] = "",
    out: Annotated[
        Path, typer.Option(help="Where outcomes are kept; cells that hold there are not played again.")
    ] = Path("out/crash.json"),
    minutes: Annotated[float, typer.Option(help="Soak: play random cells for so long, instead of each once.")] = 0,
    seed: Annotated[int, typer.Option(help="Of a soak; the same one draws the same cells.")] = 1,
    jobs: Annotated[
        int, typer.Option(min=1, help="So many worlds play at once; the real gate's containers allow one.")
    ] = 1,
    *,
    real: Annotated[bool, typer.Option("--real-gate", help="The cells of the real gate, with containers.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what was played before.")] = False,
) -> None:
    """Play the matrix; cells that held before are passed over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sheet = Sheet(out, fresh=fresh or bool(minutes), about={"seed": seed, "minutes": minutes} if minutes else {})
    if minutes:
        console.print(f"soak of {minutes:g} min, seed {seed}")
        play(_chance(seed, time.monotonic() + 60 * minutes), sheet, jobs)
    else:
        chosen = [each for each in (real_gate() if real else matrix()) if cell in each.name]
        left = [each for each in chosen if not sheet.holds(each.name)]
        console.print(f"{len(chosen)} cells, {len(left)} of them not played yet or failed")
        play(left, sheet, 1 if real else jobs)
    console.print(sheet.table())
    raise typer.Exit(0 if sheet.ok else 1)


if __name__ == "__main__":
    try:
        typer.run(main)
    except WorldError as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(2) from None
