"""Plays cells: brings the world to the step, strikes, lets the journey end, and looks whether everything holds."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, assert_never

from localworld.crash import invariants
from localworld.crash.cells import Callback, Cell, Felled, Full, Refused, Skewed, Step, Stopped, Struck
from localworld.crash.journey import Journey, Late, Lookout
from localworld.crash.place import Place
from localworld.crash.tripwire import Side, Tripwire, Wire

_PATIENCE_S: Final = {"published": 400.0, "stopped": 400.0, "needs_engineer": 400.0, "confirmed": 780.0}
"""A merge that GitHub told to nobody is found by `reconcile`'s look at pull requests, each ten minutes."""
_SETTLES_S: Final = 120.0
"""Who died while he told a ticket holds it for 10 s more, and `reconcile` comes after that; several worlds share a machine."""
_LATER_S: Final = 3.0
_WRONG_S: Final = 12.0
_LOOK_S: Final = 0.3
_ALL: Final = ("gateway", "runner", "prefect", "redis")
_DYING: Final = {
    "kill job": ("job",),
    "kill gateway": ("gateway",),
    "kill run": ("run",),
    "kill runner": ("runner",),
    "kill redis": ("redis",),
    "kill prefect": ("prefect",),
    "cut": (),
    "power cut": _ALL,
}


@dataclass(frozen=True)
class Outcome:
    """How a cell ended: what did not hold, and how long it took (seconds)."""

    name: str
    case: str
    seconds: float
    broken: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether everything held."""
        return not self.broken


def play(place: Place, cell: Cell, number: int) -> Outcome:
    """Play one cell on a ticket of its own; `number` makes its key."""
    began, case_id = time.monotonic(), place.lay(number)
    journey = Journey(place, case_id, cell.end, began + _PATIENCE_S[cell.end])
    found: list[str] = []
    with Lookout(place, case_id):
        try:
            _strike(place, cell, case_id, journey)
            found = _settled(place, case_id, cell)
        except Late as late:
            found = [str(late), *invariants.broken(place, case_id, cell)]
        finally:
            place.faultless()
    return Outcome(cell.name, case_id, round(time.monotonic() - began, 1), found)


def leaks(place: Place) -> Outcome:
    """Have the product look for every secret in every sink, over all that this world has seen."""
    began, name = time.monotonic(), "leak audit / of every world / any"
    document = place.world.audit()
    found = [f"a secret {row['hits']} times in {row['sink']}" for row in document["sinks"] if row["hits"]]
    found += [f"not looked into: {row['sink']}: {row['why']}" for row in document["sinks"] if row["state"] == "unread"]
    return Outcome(name, "all", round(time.monotonic() - began, 1), found)


def _strike(place: Place, cell: Cell, case_id: str, journey: Journey) -> None:
    match cell:
        case Struck(step, side, blow):
            _at(place, step, side, case_id, journey, lambda: _blow(place, step, _DYING[blow]))
        case Felled():
            _fell(place, cell, case_id, journey)
        case Stopped(step, side):
            _at(place, step, side, case_id, journey, lambda: _stop(place, step, journey))
            time.sleep(_LATER_S)
        case Refused():
            place.fault(
                cell.part,
                match=cell.match,
                status=cell.status,
                after=cell.after,
                times=cell.times,
                headers=dict(cell.headers),
                body={"message": cell.message, "errorMessages": [], "errors": {}},
            )
            journey.travel()
        case Callback("diagnose" | "verify" as mode, "held"):
            _late(place, mode, case_id, journey)
        case Callback(mode, report):
            place.order(case_id, mode, report)
            journey.travel()
        case Skewed() | Full():
            with _wrong(place, cell):
                traveller = _traveller(journey)
                time.sleep(_WRONG_S)
            _arrived(*traveller)
        case _:
            assert_never(cell)


def _at(place: Place, step: Step, side: Side, case_id: str, journey: Journey, act: Callable[[], None]) -> None:
    """Let the case travel, act where it comes to the step, and let it arrive."""
    link = _lay(place, step, side, case_id)
    traveller = _traveller(journey)
    _reached(link, case_id, traveller)
    act()
    _arrived(*traveller)


def _lay(place: Place, step: Step, side: Side, case_id: str) -> Tripwire:
    link = place.links[step.link]
    link.arm(Wire(step.pattern.replace("{case}", case_id).encode(), side, step.nth))
    return link


def _fell(place: Place, cell: Felled, case_id: str, journey: Journey) -> None:
    """Let the case travel, and kill its run at each step; the run that takes it on comes to the next."""
    first, *others = [(step, side) for step in cell.steps for side in cell.sides]
    link, traveller = _lay(place, *first, case_id), _traveller(journey)
    for following in (*others, None):
        _reached(link, case_id, traveller)
        place.kill(_DYING["kill run"])
        link.release(drop=True)
        if following:
            link = _lay(place, *following, case_id)
    _arrived(*traveller)


def _reached(link: Tripwire, case_id: str, traveller: tuple[threading.Thread, list[Late]]) -> None:
    """Wait until the case comes to the wire, however busy the machine; some seconds more at its end: its ticket may be told last.

    Raises: Late.
    """
    while not link.tripped.wait(_LOOK_S):
        if not traveller[0].is_alive() and not link.tripped.wait(_SETTLES_S):
            link.release(drop=False)
            raise Late(f"{case_id} never came to the step", *map(str, traveller[1]))


def _wrong(place: Place, cell: Skewed | Full) -> AbstractContextManager[None]:
    """Give the context within which a clock is wrong, or a disk full."""
    if isinstance(cell, Skewed):
        return place.skewed(cell.part, cell.hours)
    if not place.is_small:
        raise Late("this machine lets us mount no small disk; the cell needs root")
    return place.full()


def _traveller(journey: Journey) -> tuple[threading.Thread, list[Late]]:
    """Let a case travel in a thread; give it, and where it says that it came too late."""
    errors: list[Late] = []

    def travel() -> None:
        try:
            journey.travel()
        except Late as late:
            errors.append(late)

    thread = threading.Thread(target=travel, name="journey", daemon=True)
    thread.start()
    return thread, errors


def _arrived(traveller: threading.Thread, errors: list[Late]) -> None:
    traveller.join()
    if errors:
        raise errors[0]


def _blow(place: Place, step: Step, dying: tuple[str, ...]) -> None:
    place.kill(dying)
    place.links[step.link].release(drop=True)
    place.revive(dying)


def _stop(place: Place, step: Step, journey: Journey) -> None:
    journey.stop()
    place.links[step.link].release(drop=False)


def _late(place: Place, mode: str, case_id: str, journey: Journey) -> None:
    """Stop the case while its gate runs; the gate reports afterwards."""
    place.order(case_id, mode, "held")
    journey.deliver()
    journey.arrive("diagnosing" if mode == "diagnose" else "verifying", receipted=False)
    journey.stop()
    time.sleep(_LATER_S)
    place.order(case_id, mode, "released")
    journey.arrive("stopped")
    time.sleep(_LATER_S)


def _settled(place: Place, case_id: str, cell: Cell) -> list[str]:
    """Look until all holds; what does not within some seconds does not. A second look after it shows what came late."""
    deadline = time.monotonic() + _SETTLES_S
    while (found := invariants.broken(place, case_id, cell)) and time.monotonic() < deadline:
        time.sleep(_LOOK_S)
    return found
