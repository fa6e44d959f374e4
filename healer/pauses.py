"""What people have paused: one importer, one class of failure, or everything. Pure; the list itself is a variable in Prefect.

Entries are `everything`, `class:KIND` (a kind of failure, such as `silent_wrong`) and importers' names. A list that cannot be read
pauses everything: whoever wrote it wanted something to stop.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from pydantic import Field

from healer.contracts import Case, Contract, FailureClass

VARIABLE: Final = "healer_paused"
"""Name of the variable in Prefect: a JSON list of entries."""
EVERYTHING: Final = "everything"
HELD: Final = "held"
"""Kind of the event, and reason of the error, by which a flow run leaves a paused case as it is."""
CLASS: Final = "class:"
ENTRY: Final = rf"^({EVERYTHING}|{CLASS}({'|'.join(FailureClass)})|[a-z][a-z0-9_-]{{0,39}})$"
Entry = Annotated[str, Field(pattern=ENTRY)]


class Pauses(Contract):
    """What is paused. `unreadable` says why the list could not be read; then everything is."""

    entries: tuple[str, ...] = ()
    unreadable: str = ""

    def holds(self, case: Case) -> str:
        """Say by which entry a case is paused; empty where it is not."""
        if self.unreadable:
            return f"{EVERYTHING} ({self.unreadable})"
        failure = case.diagnosis.failure if case.diagnosis else None
        kind = f"{CLASS}{failure.kind.value}" if failure else ""
        return next((entry for entry in (EVERYTHING, case.importer, kind) if entry and entry in self.entries), "")


class _List(Contract):
    entries: tuple[Entry, ...] = Field(max_length=500)


def parse(value: Any) -> Pauses:
    """Read the variable's value; None, where there is no such variable, pauses nothing."""
    if value is None:
        return Pauses()
    try:
        return Pauses(entries=_List.model_validate({"entries": value}).entries)
    except ValueError:
        return Pauses(unreadable=f"the variable {VARIABLE} is no list of importers, {CLASS}KIND or {EVERYTHING}")


def changed(pauses: Pauses, pause: Iterable[str], resume: Iterable[str]) -> tuple[str, ...]:
    """Give the list after more was paused and some resumed; resuming everything empties it."""
    gone = set(resume)
    kept = () if EVERYTHING in gone else (entry for entry in pauses.entries if entry not in gone)
    return tuple(dict.fromkeys((*kept, *pause)))
