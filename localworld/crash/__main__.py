"""`python -m localworld.crash`: the whole matrix, resumed where it was left, or a soak of random cells.

Exit codes: 0 everything held; 1 something did not; 2 the world could not be set up.
"""

import random
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from localworld.crash import driver
from localworld.crash.cells import Cell, Struck, matrix, real_gate
from localworld.crash.driver import Outcome
from localworld.crash.place import Place
from localworld.crash.sheet import Sheet
from localworld.errors import WorldError
from localworld.seed import CHECKOUT

_ROOT: Final = CHECKOUT / "var/crash/world"
_FIRST: Final = 2001
_IN_ONE_WORLD: Final = 25
"""So many cells are played before the world is laid anew and searched for leaks; a cell that failed is the last of its world."""
console = Console(width=None if sys.stdout.isatty() else 160)


def play(cells: Iterable[Cell], sheet: Sheet) -> None:
    """Play cells in one world after another, and write each outcome down at once."""
    waiting = iter(cells)
    while (first := next(waiting, None)) is not None:
        with Place(_ROOT, "act" if isinstance(first, Struck) and first.real else "scripted") as place:
            for number, cell in enumerate(_until_full(first, waiting), _FIRST):
                outcome = driver.play(place, cell, number)
                _tell(outcome)
                sheet.write(outcome)
                if not outcome.ok:
                    break
            leaks = driver.leaks(place)
            _tell(leaks)
            sheet.write(leaks)


def _until_full(first: Cell, waiting: Iterator[Cell]) -> Iterator[Cell]:
    yield first
    for _ in range(_IN_ONE_WORLD - 1):
        if (cell := next(waiting, None)) is None:
            return
        yield cell


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


def main(
    cell: Annotated[str, typer.Option(help="Only cells whose name holds this text.")] = "",
    out: Annotated[
        Path, typer.Option(help="Where outcomes are kept; cells that hold there are not played again.")
    ] = Path("out/crash.json"),
    minutes: Annotated[float, typer.Option(help="Soak: play random cells for so long, instead of each once.")] = 0,
    seed: Annotated[int, typer.Option(help="Of a soak; the same one draws the same cells.")] = 1,
    *,
    real: Annotated[bool, typer.Option("--real-gate", help="The cells of the real gate, with containers.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what was played before.")] = False,
) -> None:
    """Play the matrix; cells that held before are passed over."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sheet = Sheet(out, fresh=fresh or bool(minutes), about={"seed": seed, "minutes": minutes} if minutes else {})
    if minutes:
        console.print(f"soak of {minutes:g} min, seed {seed}")
        play(_chance(seed, time.monotonic() + 60 * minutes), sheet)
    else:
        chosen = [each for each in (real_gate() if real else matrix()) if cell in each.name]
        left = [each for each in chosen if not sheet.holds(each.name)]
        console.print(f"{len(chosen)} cells, {len(left)} of them not played yet or failed")
        play(left, sheet)
    console.print(sheet.table())
    raise typer.Exit(0 if sheet.ok else 1)


if __name__ == "__main__":
    try:
        typer.run(main)
    except WorldError as error:
        console.print(f"[red]{error}[/]")
        raise SystemExit(2) from None
