"""The workflow of the project: To Do → In Progress → In Review → Done, and Blocked from and to all of them."""

from dataclasses import dataclass
from typing import Literal

Category = Literal["new", "indeterminate", "done"]


@dataclass(frozen=True)
class Status:
    """One status of the workflow."""

    id: str
    name: str
    category: Category


@dataclass(frozen=True)
class Transition:
    """A way from some statuses to one; `screen` names the fields that it asks for, all required."""

    id: str
    name: str
    origins: tuple[str, ...]
    target: str
    screen: tuple[str, ...] = ()


STATUSES = {
    s.name: s
    for s in (
        Status("10000", "To Do", "new"),
        Status("3", "In Progress", "indeterminate"),
        Status("10001", "In Review", "indeterminate"),
        Status("10002", "Blocked", "indeterminate"),
        Status("10003", "Done", "done"),
    )
}
INITIAL = "To Do"
TRANSITIONS = (
    Transition("11", "Start progress", ("To Do", "Blocked"), "In Progress"),
    Transition("21", "Send to review", ("To Do", "In Progress", "Blocked"), "In Review"),
    Transition("31", "Finish", ("In Review", "Blocked"), "Done", ("resolution",)),
    Transition("41", "Block", ("To Do", "In Progress", "In Review", "Done"), "Blocked"),
    Transition("51", "Back to the start", ("Blocked",), "To Do"),
)
RESOLUTIONS = {"Done": "10000", "Won't Do": "10001", "Duplicate": "10002", "Cannot Reproduce": "10003"}
TYPES = {"Bug": "10004", "Task": "10002", "Incident": "10005", "Story": "10001"}


def leaving(status: str) -> list[Transition]:
    """Give the transitions that leave a status."""
    return [t for t in TRANSITIONS if status in t.origins]
