"""Kills parts of a running system without warning, and starts them again, at moments that a seed decides."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Victim:
    """A part that can die. `kill` returns when it is dead, `start` when it serves again."""

    name: str
    kill: Callable[[], None]
    start: Callable[[], None]


@dataclass(frozen=True)
class Pace:
    """Shortest and longest time (seconds) between two deaths, and between death and restart."""

    alive_s: tuple[float, float] = (0.3, 1.2)
    dead_s: tuple[float, float] = (0.0, 0.5)


class Killer:
    """Works in a thread of its own from enter to exit; at exit every victim serves, or what went wrong is raised.

    Each time it takes one or more victims, any of them; they are started in the order in which they were given, so that
    what others need comes first. `deaths` lists who died together. The same seed gives the same list, as far as it got.
    """

    def __init__(self, victims: Sequence[Victim], seed: int, pace: Pace | None = None) -> None:
        self.deaths: list[tuple[str, ...]] = []
        self._victims, self._pace = tuple(victims), pace or Pace()
        self._dice = random.Random(seed)  # noqa: S311 - not for secrets: it must repeat
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="killer", daemon=True)
        self._error: Exception | None = None

    def _work(self) -> None:
        try:
            while not self._over.wait(self._dice.uniform(*self._pace.alive_s)):
                self._round()
        except Exception as error:  # noqa: BLE001 - raised where the thread is joined
            self._error = error

    def _round(self) -> None:
        chosen = set(self._dice.sample(self._victims, self._dice.randint(1, len(self._victims))))
        dying = [victim for victim in self._victims if victim in chosen]
        self.deaths.append(tuple(victim.name for victim in dying))
        for victim in dying:
            victim.kill()
        time.sleep(self._dice.uniform(*self._pace.dead_s))
        for victim in dying:
            victim.start()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._error:
            raise self._error
