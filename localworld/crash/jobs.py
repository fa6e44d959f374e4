"""Several worlds at once: each in a process of its own asks for one cell after another, and tells how it ended."""

import multiprocessing
import signal
import sys
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from localworld.crash import driver
from localworld.crash.cells import Cell, Struck
from localworld.crash.driver import Outcome
from localworld.crash.place import Place
from localworld.errors import WorldError
from localworld.seed import CHECKOUT

ROOT: Final = CHECKOUT / "var/crash"
_FIRST: Final = 2001
_IN_ONE_WORLD: Final = 60
"""So many cells are played before the world is laid anew and searched for leaks; a cell that failed is the last of its world."""
_ENDS_S: Final = 60
"""What a world that is told to end may take for it."""


def outcomes(cells: Iterable[Cell], jobs: int, root: Path = ROOT) -> Iterator[Outcome]:
    """Play cells in `jobs` worlds at once, each in `root/world-N`, and give each outcome when it is known, those of the leak audits too.

    Raises: WorldError where a world ended before its time.
    """
    waiting, lines = iter(cells), [_begun(root / f"world-{number}") for number in range(1, jobs + 1)]
    players = {line: process for process, line in lines}
    try:
        while players:
            ready = wait(list(players))
            for line in [each for each in players if each in ready]:
                try:
                    told = line.recv()
                except EOFError:
                    _ended(players.pop(line))
                    continue
                if told is None:
                    line.send(next(waiting, None))
                else:
                    yield told
    finally:
        for process, _ in lines:
            process.terminate()
        for process, _ in lines:
            process.join(_ENDS_S)


def _begun(root: Path) -> tuple[SpawnProcess, Connection]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_play, args=(root, theirs))
    process.start()
    theirs.close()
    return process, ours


def _ended(process: SpawnProcess) -> None:
    process.join(_ENDS_S)
    if process.exitcode:
        raise WorldError(f"{process.name} ended with {process.exitcode} before all cells were played")


def _play(root: Path, line: Connection) -> None:
    """Play what the line gives, in one world after another, and tell each outcome at once."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    waiting = _asked(line)
    while (first := next(waiting, None)) is not None:
        with Place(root, "act" if isinstance(first, Struck) and first.real else "scripted") as place:
            for number, cell in enumerate(_until_full(first, waiting), _FIRST):
                outcome = driver.play(place, cell, number)
                line.send(outcome)
                if not outcome.ok:
                    break
            line.send(driver.leaks(place))


def _asked(line: Connection) -> Iterator[Cell]:
    while True:
        line.send(None)
        if (cell := line.recv()) is None:
            return
        yield cell


def _until_full(first: Cell, waiting: Iterator[Cell]) -> Iterator[Cell]:
    yield first
    for _ in range(_IN_ONE_WORLD - 1):
        if (cell := next(waiting, None)) is None:
            return
        yield cell
